//! Lists of an audit as CSV, one line a rule, an opening or a group.

use std::io::Write;

use ipnet::IpNet;
use jiff::Timestamp;

use crate::answer::Audit;
use crate::catalogue::PortRange;

/// What stands between several values of a cell.
const BETWEEN: &str = " ";

/// Rules.
pub(super) fn rules(out: &mut impl Write, audit: &Audit) -> anyhow::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record([
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
        "shared_with",
        "first_seen",
        "last_seen",
        "active_days",
        "since",
        "observed_s",
        "cadence",
        "conditions",
        "remarks",
    ])?;
    for rule in &audit.rules {
        csv.write_record([
            rule.rule.clone(),
            rule.verdict.clone(),
            rule.service.clone(),
            rule.from.clone(),
            rule.to.clone(),
            rule.grade.name().to_owned(),
            rule.why.clone(),
            rule.packets.to_string(),
            rule.bytes.to_string(),
            rule.flows.to_string(),
            rule.answered_flows.to_string(),
            rule.initiators.to_string(),
            rule.responders.to_string(),
            rule.pairs.possible.to_string(),
            rule.pairs.observable.to_string(),
            rule.pairs.used.to_string(),
            rule.shared_with.join(BETWEEN),
            moment(rule.first_seen),
            moment(rule.last_seen),
            rule.active_days.to_string(),
            rule.since.to_string(),
            rule.observed_s.to_string(),
            rule.cadence.clone(),
            rule.conditions.join(BETWEEN),
            rule.remarks.join("; "),
        ])?;
    }
    csv.flush()?;
    Ok(())
}

/// Lines of a firewall.
pub(super) fn openings(out: &mut impl Write, audit: &Audit) -> anyhow::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record([
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
        csv.write_record([
            addresses(&opening.sources),
            opening.source_roles.join(BETWEEN),
            addresses(&opening.destinations),
            opening.destination_roles.join(BETWEEN),
            opening.protocol.clone(),
            ports(&opening.ports),
            opening.dynamic.to_string(),
            opening.rules.join(BETWEEN),
            opening.verdict.clone(),
            opening.grade.name().to_owned(),
            opening.why.clone(),
            opening.packets.to_string(),
            opening.flows.to_string(),
            opening.answered_flows.to_string(),
            moment(opening.last_seen),
        ])?;
    }
    csv.flush()?;
    Ok(())
}

/// What nothing explains.
pub(super) fn unexplained(out: &mut impl Write, audit: &Audit) -> anyhow::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record([
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
        let examples = group.examples.iter();
        let examples: Vec<_> = examples
            .map(|[from, to]| format!("{}>{}", short(*from), short(*to)))
            .collect();
        let nearest = group.nearest.as_ref();
        csv.write_record([
            group.initiator_roles.join(BETWEEN),
            group.responder_roles.join(BETWEEN),
            group.protocol.clone(),
            group.port.to_string(),
            group.verdict.clone(),
            group.initiators.to_string(),
            group.responders.to_string(),
            examples.join(BETWEEN),
            group.packets.to_string(),
            group.bytes.to_string(),
            group.flows.to_string(),
            group.answered_flows.to_string(),
            group.first_seen.to_string(),
            group.last_seen.to_string(),
            nearest.map(|nearest| nearest.rule.clone()).unwrap_or_default(),
            nearest.map(|nearest| nearest.why_not.clone()).unwrap_or_default(),
            group.guess.clone().unwrap_or_default(),
        ])?;
    }
    csv.flush()?;
    Ok(())
}

fn moment(at: Option<Timestamp>) -> String {
    at.map(|at| at.to_string()).unwrap_or_default()
}

/// An address without its length, a prefix with it.
pub(super) fn short(prefix: IpNet) -> String {
    if prefix.prefix_len() == prefix.max_prefix_len() {
        prefix.addr().to_string()
    } else {
        prefix.to_string()
    }
}

fn addresses(prefixes: &[IpNet]) -> String {
    let short: Vec<_> = prefixes.iter().map(|prefix| short(*prefix)).collect();
    short.join(BETWEEN)
}

pub(super) fn ports(ranges: &[PortRange]) -> String {
    let ranges: Vec<_> = ranges.iter().map(ToString::to_string).collect();
    ranges.join(BETWEEN)
}
