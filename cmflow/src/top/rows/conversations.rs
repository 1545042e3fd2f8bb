//! Conversations of one group, in words.

use crate::answer::{Unexplained, UnexplainedGroup};
use crate::top::units;

/// A group and its conversations, line by line.
#[must_use]
pub fn conversations(group: &UnexplainedGroup, found: Option<&[Unexplained]>) -> Vec<String> {
    let mut lines = vec![
        format!(
            "{}: {} -> {}",
            group.verdict,
            many(&group.initiator_roles, group.initiators),
            many(&group.responder_roles, group.responders)
        ),
        format!(
            "service {}/{}, {} flows, {} packets, {}",
            group.protocol,
            group.port,
            units::count(group.flows),
            units::count(group.packets),
            units::bytes(group.bytes),
        ),
        format!(
            "first seen {} UTC, last seen {} UTC",
            units::time(group.first_seen),
            units::time(group.last_seen)
        ),
    ];
    match &group.nearest {
        Some(nearest) => {
            lines.push(format!("nearest {}", nearest.rule));
            lines.push(format!("  {}", nearest.why_not));
        }
        None => lines.push("no rule comes near it".to_owned()),
    }
    lines.push(String::new());
    let Some(found) = found else {
        lines.push("asking for its conversations".to_owned());
        return lines;
    };
    let widest = |of: fn(&Unexplained) -> String| found.iter().map(|one| of(one).len()).max();
    let from = widest(|one| one.initiator.to_string()).unwrap_or_default();
    let to = widest(|one| one.responder.to_string()).unwrap_or_default();
    lines.push(format!(
        "{} conversation{}, newest first:",
        found.len(),
        if found.len() == 1 { "" } else { "s" }
    ));
    lines.extend(found.iter().map(|one| {
        format!(
            "{:from$} -> {:to$} {:>6} flows {:>9}  {}",
            one.initiator.to_string(),
            one.responder.to_string(),
            units::count(one.flows),
            units::bytes(one.bytes),
            units::time(one.first_seen),
        )
    }));
    lines
}

fn many(roles: &[String], count: u64) -> String {
    match roles {
        [] => format!("{count} of no role"),
        roles => format!("{count} {}", roles.join(", ")),
    }
}
