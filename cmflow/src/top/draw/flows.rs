//! The tab of flows.

use jiff::Timestamp;

use super::look::Tone;
use super::table::{Column, Row};
use crate::top::rows::{FlowRow, service, total};
use crate::top::units;

/// Columns, by what a reader misses first.
pub const COLUMNS: [Column; 15] = [
    Column::address("initiator", 15, 39, 0),
    Column::text("role", 19, 25, 7),
    Column::text("", 2, 2, 0),
    Column::address("responder", 15, 39, 1),
    Column::text("role", 19, 25, 8),
    Column::text("service", 9, 9, 2),
    Column::text("verdict", 12, 12, 3),
    Column::number("rate", 8, 4),
    Column::number("bytes", 6, 5),
    Column::number("packets", 7, 12),
    Column::number("packets/s", 9, 13),
    Column::text("state", 10, 18, 10),
    Column::number("age", 6, 11),
    Column::address("rule", 30, 60, 9),
    Column::text("basis", 11, 11, 14),
];

/// Rows, at the time of the daemon's last answer.
#[must_use]
pub fn rows(flows: &[FlowRow<'_>], now: Option<Timestamp>) -> Vec<Row> {
    flows.iter().map(|row| cells(row, now)).collect()
}

fn cells(row: &FlowRow<'_>, now: Option<Timestamp>) -> Row {
    let flow = row.flow;
    let sum = total(flow);
    let quiet = row.rate.is_some_and(|rate| rate.packets == 0.0);
    let (mark, tone) = match (&*flow.verdict, row.new) {
        ("undocumented" | "reversed", true) => ('*', Tone::Bad),
        ("undocumented" | "reversed", false) => ('!', Tone::Bad),
        (_, true) => ('+', Tone::New),
        ("foreign", false) => ('?', Tone::Plain),
        _ if quiet => (' ', Tone::Faint),
        _ => (' ', Tone::Plain),
    };
    let rule = match flow.rules.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [one, rest @ ..] => format!("{one} +{}", rest.len()),
    };
    let role = |roles: &[String]| match roles {
        [] => "-".to_owned(),
        [one] => one.clone(),
        [one, rest @ ..] => format!("{one} +{}", rest.len()),
    };
    Row {
        mark,
        tone,
        cells: vec![
            flow.initiator.address.to_string(),
            role(&flow.initiator.roles),
            if flow.initiator_seen { "->" } else { "~>" }.to_owned(),
            flow.responder.address.to_string(),
            role(&flow.responder.roles),
            service(flow),
            flow.verdict.clone(),
            units::bytes_rate(row.rate),
            units::bytes(sum.bytes),
            units::count(sum.packets),
            units::packets_rate(row.rate),
            flow.state.clone(),
            now.map(|now| units::age(flow.first_seen, now))
                .unwrap_or_default(),
            rule,
            flow.basis.clone().unwrap_or_default(),
        ],
    }
}

/// What is said of the selected flow, whatever columns there are.
#[must_use]
pub fn said(row: &FlowRow<'_>) -> String {
    let flow = row.flow;
    let role = |roles: &[String]| roles.first().map_or("no role", String::as_str).to_owned();
    let by = match flow.rules.as_slice() {
        [] => "no rule explains it".to_owned(),
        rules => rules.join(", "),
    };
    format!(
        "   {} -> {}, {}: {by}",
        role(&flow.initiator.roles),
        role(&flow.responder.roles),
        flow.state
    )
}
