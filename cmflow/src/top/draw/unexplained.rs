//! The tab of what nothing explains.

use jiff::Timestamp;

use super::look::Tone;
use super::table::{Column, Row};
use crate::top::rows::GroupRow;
use crate::top::units;

/// Columns, by what a reader misses first.
pub const COLUMNS: [Column; 10] = [
    Column::text("initiators", 14, 26, 0),
    Column::text("", 2, 2, 0),
    Column::text("responders", 14, 26, 1),
    Column::text("service", 9, 9, 2),
    Column::text("verdict", 12, 12, 3),
    Column::number("flows", 6, 4),
    Column::number("since", 6, 5),
    Column::number("rate", 8, 6),
    Column::number("bytes", 6, 8),
    Column::text("nearest rule, and why it does not fit", 30, 120, 7),
];

/// Rows, at the time of the daemon's last answer.
#[must_use]
pub fn rows(groups: &[GroupRow<'_>], now: Option<Timestamp>) -> Vec<Row> {
    groups.iter().map(|row| cells(row, now)).collect()
}

fn cells(row: &GroupRow<'_>, now: Option<Timestamp>) -> Row {
    let group = row.group;
    let many = |roles: &[String], count: u64| {
        let count = units::count(count);
        match roles {
            [] => format!("{count} of no role"),
            [one] => format!("{count} {one}"),
            [one, rest @ ..] => format!("{count} {one} +{}", rest.len()),
        }
    };
    let nearest = group.nearest.as_ref();
    Row {
        mark: if row.new { '*' } else { '!' },
        tone: Tone::Bad,
        cells: vec![
            many(&group.initiator_roles, group.initiators),
            "->".to_owned(),
            many(&group.responder_roles, group.responders),
            format!("{}/{}", group.protocol, group.port),
            group.verdict.clone(),
            units::count(group.flows),
            now.map(|now| units::age(group.first_seen, now))
                .unwrap_or_default(),
            units::bytes_rate(row.rate),
            units::bytes(group.bytes),
            nearest.map_or("none comes near".to_owned(), |nearest| {
                format!("{}: {}", nearest.rule, nearest.why_not)
            }),
        ],
    }
}

/// What is said of the selected group, whatever columns there are.
#[must_use]
pub fn said(row: &GroupRow<'_>) -> String {
    match &row.group.nearest {
        Some(nearest) => format!("   {} (nearest: {})", nearest.why_not, nearest.rule),
        None => "   no rule comes near it".to_owned(),
    }
}
