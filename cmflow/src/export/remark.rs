//! What stands beside a line: which rules ask for it, how far it is used, who has to look at it.

use super::lines::{LeftOut, Line};
use super::sets::is_all;
use crate::answer::Opening;
use crate::catalogue::PortRange;

/// Rules that a long remark names at most.
const RULES: usize = 12;

/// From here on a range is one out of which the operating system picks, rather than a few ports.
const WIDE: u16 = 100;

/// Everything about a line, in sentences.
pub(super) fn long(line: &Line) -> Vec<String> {
    let mut said = vec![format!(
        "{} -> {}: {}, {}",
        roles(&line.source_roles),
        roles(&line.destination_roles),
        service(line),
        evidence(line)
    )];
    let more = line.rules.len().saturating_sub(RULES);
    let rules = line
        .rules
        .iter()
        .take(RULES)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    let more = if more == 0 {
        String::new()
    } else {
        format!(" and {more} more")
    };
    said.push(format!("{}: {rules}{more}", line.verdict));
    said.extend(line.approvals.iter().cloned());
    said.extend(line.review.iter().map(|why| format!("REVIEW: {why}")));
    if line.is_tftp() {
        said.push("TFTP answers come from another port than 69 (RFC 1350)".to_owned());
    }
    if line.leads_outside() && !is_all(&line.destinations) {
        said.push(
            "internet: every address that is not private; take out public networks of your own that it must not reach"
                .to_owned(),
        );
    }
    if is_wide(line) {
        said.push(format!(
            "RPC: the operating system picks one of {} ports; {}. A narrower range at the servers (rpccfg, or netsh int \
             ipv4 set dynamicport) and in the site file makes this line smaller",
            width(&line.ports),
            asked_at(line)
        ));
    }
    said
}

/// The same in as few words as a comment of a rule has room for.
pub(super) fn short(line: &Line) -> String {
    let last = line
        .last_seen
        .map(|at| format!(" last {}", at.strftime("%Y-%m-%d")));
    let review = if line.review.is_empty() { "" } else { "REVIEW " };
    let mut rules = line.rules.clone();
    if rules.len() > 1 {
        rules[0] = format!("{} +{}", rules[0], rules.len() - 1);
    }
    format!(
        "{review}{} {} hits{} {} {}",
        line.grade.name(),
        line.packets,
        last.unwrap_or_default(),
        line.verdict,
        rules.first().cloned().unwrap_or_default(),
    )
}

/// How far a line is used.
pub(super) fn evidence(line: &Line) -> String {
    let last = line.last_seen.map(|at| format!(", last {at}"));
    format!(
        "{}, {} packets in {} flows, {} answered{}",
        line.grade.name(),
        line.packets,
        line.flows,
        line.answered_flows,
        last.unwrap_or_default()
    )
}

/// What an opening without a line is.
pub(super) fn left_out(left: &LeftOut<'_>) -> String {
    let Opening {
        source_roles,
        destination_roles,
        protocol,
        ports: asked,
        rules,
        ..
    } = left.opening;
    format!(
        "{} -> {}: {protocol} {} ({}): {}",
        roles(source_roles),
        roles(destination_roles),
        ports(asked),
        rules.join(", "),
        left.why
    )
}

/// Roles of an end.
pub(super) fn roles(roles: &[String]) -> String {
    if roles.is_empty() {
        return "anybody".to_owned();
    }
    roles.join(" + ")
}

/// Protocol and ports.
pub(super) fn service(line: &Line) -> String {
    let name = line.transport.name(line.ipv6);
    if line.ports.is_empty() {
        return name;
    }
    format!("{name} {}", ports(&line.ports))
}

/// Ports as people write them.
pub(super) fn ports(ports: &[PortRange]) -> String {
    ports
        .iter()
        .map(PortRange::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

/// How many of its dynamic ports were really asked at.
pub(super) fn asked_at(line: &Line) -> String {
    match line.asked_at {
        Some(asked) => format!(
            "those asked at lay in {asked}, {} at most, and cmflow rpc counts them",
            width(&[asked])
        ),
        None if line.packets == 0 => "none was asked at".to_owned(),
        None => "cmflow rpc counts those that were asked at".to_owned(),
    }
}

/// Whether the ports of a line are many for what they are used for.
pub(super) fn is_wide(line: &Line) -> bool {
    line.dynamic && width(&line.ports) > u32::from(WIDE)
}

fn width(ports: &[PortRange]) -> u32 {
    ports
        .iter()
        .map(|range| u32::from(range.last) - u32::from(range.first) + 1)
        .sum()
}
