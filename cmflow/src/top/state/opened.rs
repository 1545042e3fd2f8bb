//! What Enter opens: all that is known of the selected row.

use jiff::Timestamp;

use super::{Model, Popup, Rows};
use crate::answer::Flow;
use crate::top::rows::{Cell, RuleRow};
use crate::top::units;
use crate::top::wanted::Asked;

impl Model {
    pub(super) fn open(&mut self) {
        let view = self.view();
        let popup = match self.rows() {
            Rows::Flows(rows) => rows.get(view.selected).map(|row| Popup::Flow {
                flow: Box::new(row.flow.clone()),
                asked: asked_of(row.flow),
                said: None,
                scrolled: 0,
            }),
            Rows::Groups(rows) => rows.get(view.selected).map(|row| Popup::Group {
                group: Box::new(row.group.clone()),
                found: None,
                scrolled: 0,
            }),
            Rows::Rules(rows) => rows.get(view.selected).map(|row| Popup::Lines {
                title: row.rule.rule.clone(),
                lines: rule(row),
                scrolled: 0,
            }),
            Rows::Matrix(matrix) => {
                let ends = (view.selected, view.column);
                matrix.cells.get(&ends).map(|found| Popup::Lines {
                    title: format!("{} -> {}", matrix.sources[ends.0], matrix.destinations[ends.1]),
                    lines: cell(found),
                    scrolled: 0,
                })
            }
            Rows::None => None,
        };
        self.popup = popup;
    }
}

/// What `cmflow explain` is asked of a flow.
fn asked_of(flow: &Flow) -> Asked {
    Asked {
        initiator: flow.initiator.address,
        responder: flow.responder.address,
        protocol: flow.protocol.clone(),
        port: match &*flow.protocol {
            "tcp" | "udp" | "sctp" => flow.responder.port,
            _ => 0,
        },
        after: match (flow.basis.as_deref(), &*flow.protocol) {
            (Some("expectation"), "tcp") => Some("tcp/135"),
            (Some("expectation"), "udp") => Some("udp/69"),
            _ => None,
        },
    }
}

fn rule(row: &RuleRow<'_>) -> Vec<String> {
    let rule = row.rule;
    let seen = |at: Option<Timestamp>| at.map_or("never".to_owned(), |at| units::time(at) + " UTC");
    vec![
        format!("verdict     {}", rule.verdict),
        format!("packets     {}", rule.packets),
        format!("bytes       {} ({})", rule.bytes, units::bytes(rule.bytes)),
        format!("flows       {}", rule.flows),
        format!(
            "rate        {}, {} packets",
            units::bytes_rate(row.rate),
            units::packets_rate(row.rate)
        ),
        format!("first seen  {}", seen(rule.first_seen)),
        format!("last seen   {}", seen(rule.last_seen)),
        String::new(),
        "Its ports and notes:".to_owned(),
        format!("  cmflow catalogue show --rule {}", rule.rule),
        "Its flows: key 1, then / and the id.".to_owned(),
    ]
}

/// The rules and services in a cell, a line each.
fn cell(cell: &Cell) -> Vec<String> {
    let widest = cell
        .parts
        .iter()
        .map(|part| part.name.len())
        .max()
        .unwrap_or_default();
    let line = |name: &str, verdict: &str, rate: &str, bytes: &str, flows: &str| {
        format!("{name:widest$}  {verdict:12}  {rate:>9}  {bytes:>7}  {flows:>6}")
    };
    let mut lines = vec![line("", "verdict", "rate", "bytes", "flows")];
    lines.extend(cell.parts.iter().map(|part| {
        line(
            &part.name,
            &part.verdict,
            &units::bytes_rate(part.rate),
            &units::bytes(part.bytes),
            &units::count(part.flows),
        )
    }));
    lines
}
