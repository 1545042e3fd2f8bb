//! Fewer lines that let the same through.

use ipnet::IpNet;

use super::lines::Line;
use crate::catalogue::PortRange;

/// Joins lines that differ in one thing only: ports, sources or destinations. What lines that are not equally well known
/// say stays apart, so that each keeps its grade.
pub(super) fn merged(mut lines: Vec<Line>) -> Vec<Line> {
    for line in &mut lines {
        line.ports = joined(&line.ports);
    }
    loop {
        let before = lines.len();
        lines = by(lines, |a, b| same_ends(a, b) && can_share_ports(a, b));
        lines = by(lines, |a, b| {
            a.ports == b.ports && a.destinations == b.destinations
        });
        lines = by(lines, |a, b| a.ports == b.ports && a.sources == b.sources);
        if lines.len() == before {
            return lines;
        }
    }
}

fn same_ends(a: &Line, b: &Line) -> bool {
    a.sources == b.sources && a.destinations == b.destinations
}

/// A line without ports means all of its protocol, and TFTP needs a line of its own.
fn can_share_ports(a: &Line, b: &Line) -> bool {
    !a.ports.is_empty() && !b.ports.is_empty() && a.is_tftp() == b.is_tftp()
}

/// What has to be equal in lines that become one.
fn alike(a: &Line, b: &Line) -> bool {
    (a.ipv6, a.transport, a.dynamic, a.grade) == (b.ipv6, b.transport, b.dynamic, b.grade)
        && a.verdict == b.verdict
        && a.review.is_empty() == b.review.is_empty()
        && a.approvals == b.approvals
}

fn by(lines: Vec<Line>, fit: impl Fn(&Line, &Line) -> bool) -> Vec<Line> {
    let mut kept: Vec<Line> = Vec::new();
    for line in lines {
        match kept.iter_mut().find(|one| alike(one, &line) && fit(one, &line)) {
            Some(one) => absorb(one, line),
            None => kept.push(line),
        }
    }
    kept
}

fn absorb(one: &mut Line, other: Line) {
    let ends = |a: &mut Vec<IpNet>, b: Vec<IpNet>| {
        a.extend(b);
        *a = IpNet::aggregate(a);
    };
    ends(&mut one.sources, other.sources);
    ends(&mut one.destinations, other.destinations);
    one.ports.extend(other.ports);
    one.ports = joined(&one.ports);
    let asked = [one.asked_at, other.asked_at].into_iter().flatten();
    one.asked_at = asked.reduce(|a, b| PortRange {
        first: a.first.min(b.first),
        last: a.last.max(b.last),
    });
    for (all, more) in [
        (&mut one.source_roles, other.source_roles),
        (&mut one.destination_roles, other.destination_roles),
        (&mut one.rules, other.rules),
        (&mut one.why, other.why),
        (&mut one.review, other.review),
    ] {
        let new: Vec<_> = more.into_iter().filter(|word| !all.contains(word)).collect();
        all.extend(new);
    }
    one.packets += other.packets;
    one.flows += other.flows;
    one.answered_flows += other.answered_flows;
    one.last_seen = one.last_seen.max(other.last_seen);
}

/// Ranges in order, those that touch each other as one.
pub(super) fn joined(ranges: &[PortRange]) -> Vec<PortRange> {
    let mut sorted = ranges.to_vec();
    sorted.sort();
    let mut all: Vec<PortRange> = Vec::new();
    for range in sorted {
        match all.last_mut() {
            Some(last) if range.first <= last.last.saturating_add(1) => last.last = last.last.max(range.last),
            _ => all.push(range),
        }
    }
    all
}
