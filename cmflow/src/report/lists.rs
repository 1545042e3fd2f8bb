//! Lists of an audit as CSV: rules, openings, what nothing explains.

use std::io;

use ipnet::IpNet;

use super::plain::end;
use super::sheet::{Sheet, all, maybe, text};
use crate::answer::{Audit, AuditGroup};

/// Rules with their grades.
///
/// # Errors
/// None in practice: memory is written.
pub fn rules(audit: &Audit) -> io::Result<Vec<u8>> {
    let mut sheet = Sheet::new([
        "rule",
        "verdict",
        "service",
        "from",
        "to",
        "grade",
        "why",
        "packets",
        "bytes",
        "flows",
        "answered_flows",
        "initiators",
        "responders",
        "pairs_possible",
        "pairs_observable",
        "pairs_used",
        "first_seen",
        "last_seen",
        "active_days",
        "since",
        "observed_s",
        "cadence",
        "conditions",
        "shared_with",
        "remarks",
    ])?;
    for rule in &audit.rules {
        sheet.row([
            text(&rule.rule),
            text(&rule.verdict),
            text(&rule.service),
            text(&rule.from),
            text(&rule.to),
            rule.grade.name().to_owned(),
            text(&rule.why),
            rule.packets.to_string(),
            rule.bytes.to_string(),
            rule.flows.to_string(),
            rule.answered_flows.to_string(),
            rule.initiators.to_string(),
            rule.responders.to_string(),
            rule.pairs.possible.to_string(),
            rule.pairs.observable.to_string(),
            rule.pairs.used.to_string(),
            maybe(rule.first_seen),
            maybe(rule.last_seen),
            rule.active_days.to_string(),
            rule.since.to_string(),
            rule.observed_s.to_string(),
            text(&rule.cadence),
            all(&rule.conditions),
            all(&rule.shared_with),
            all(&rule.remarks),
        ])?;
    }
    sheet.finish()
}

/// Lines of a firewall.
///
/// # Errors
/// As [`rules`].
pub fn openings(audit: &Audit) -> io::Result<Vec<u8>> {
    let mut sheet = Sheet::new([
        "sources",
        "source_roles",
        "destinations",
        "destination_roles",
        "protocol",
        "ports",
        "dynamic",
        "rules",
        "verdict",
        "grade",
        "why",
        "packets",
        "flows",
        "answered_flows",
        "last_seen",
    ])?;
    for opening in &audit.openings {
        sheet.row([
            ends(&opening.sources),
            all(&opening.source_roles),
            ends(&opening.destinations),
            all(&opening.destination_roles),
            text(&opening.protocol),
            all(&opening.ports),
            opening.dynamic.to_string(),
            all(&opening.rules),
            text(&opening.verdict),
            opening.grade.name().to_owned(),
            text(&opening.why),
            opening.packets.to_string(),
            opening.flows.to_string(),
            opening.answered_flows.to_string(),
            maybe(opening.last_seen),
        ])?;
    }
    sheet.finish()
}

/// What nothing explains.
///
/// # Errors
/// As [`rules`].
pub fn unexplained(audit: &Audit) -> io::Result<Vec<u8>> {
    let mut sheet = Sheet::new([
        "initiator_roles",
        "responder_roles",
        "protocol",
        "port",
        "verdict",
        "initiators",
        "responders",
        "examples",
        "packets",
        "bytes",
        "flows",
        "answered_flows",
        "first_seen",
        "last_seen",
        "nearest",
        "why_not",
        "guess",
    ])?;
    for group in &audit.unexplained {
        let nearest = group.nearest.as_ref();
        sheet.row([
            all(&group.initiator_roles),
            all(&group.responder_roles),
            text(&group.protocol),
            group.port.to_string(),
            text(&group.verdict),
            group.initiators.to_string(),
            group.responders.to_string(),
            examples(group),
            group.packets.to_string(),
            group.bytes.to_string(),
            group.flows.to_string(),
            group.answered_flows.to_string(),
            group.first_seen.to_string(),
            group.last_seen.to_string(),
            nearest.map(|one| text(&one.rule)).unwrap_or_default(),
            nearest.map(|one| text(&one.why_not)).unwrap_or_default(),
            group.guess.as_deref().map(text).unwrap_or_default(),
        ])?;
    }
    sheet.finish()
}

fn ends(prefixes: &[IpNet]) -> String {
    let told: Vec<_> = prefixes.iter().map(end).collect();
    all(&told)
}

/// `10.10.1.7>10.20.0.11`, who opened first.
fn examples(group: &AuditGroup) -> String {
    let pairs = group.examples.iter();
    let told: Vec<_> = pairs
        .map(|[from, to]| format!("{}>{}", end(from), end(to)))
        .collect();
    all(&told)
}
