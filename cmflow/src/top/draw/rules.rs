//! The tab of rules.

use jiff::Timestamp;

use super::look::Tone;
use super::table::{Column, Row};
use crate::top::rows::RuleRow;
use crate::top::units;

/// Columns, by what a reader misses first.
pub const COLUMNS: [Column; 9] = [
    Column::address("rule", 36, 70, 0),
    Column::text("verdict", 10, 12, 5),
    Column::number("rate", 8, 1),
    Column::number("packets/s", 9, 6),
    Column::number("bytes", 6, 2),
    Column::number("packets", 7, 7),
    Column::number("flows", 7, 3),
    Column::number("new", 6, 8),
    Column::number("last hit", 9, 4),
];

/// Rows, at the time of the daemon's last answer.
#[must_use]
pub fn rows(rules: &[RuleRow<'_>], now: Option<Timestamp>) -> Vec<Row> {
    rules.iter().map(|row| cells(row, now)).collect()
}

fn cells(row: &RuleRow<'_>, now: Option<Timestamp>) -> Row {
    let rule = row.rule;
    let (mark, tone) = match (row.new_flows, rule.packets) {
        (0, 0) => (' ', Tone::Faint),
        (0, _) => (' ', Tone::Plain),
        _ => ('+', Tone::New),
    };
    let last = match (rule.last_seen, now) {
        (Some(last), Some(now)) => format!("{} ago", units::age(last, now)),
        (None, _) => "no hit".to_owned(),
        (Some(_), None) => String::new(),
    };
    // What was never hit has nothing but its name.
    let of = |text: String| if rule.packets == 0 { String::new() } else { text };
    Row {
        mark,
        tone,
        cells: vec![
            rule.rule.clone(),
            rule.verdict.clone(),
            of(units::bytes_rate(row.rate)),
            of(units::packets_rate(row.rate)),
            of(units::bytes(rule.bytes)),
            of(units::count(rule.packets)),
            of(units::count(rule.flows)),
            match row.new_flows {
                0 => String::new(),
                count => format!("+{}", units::count(count)),
            },
            last,
        ],
    }
}
