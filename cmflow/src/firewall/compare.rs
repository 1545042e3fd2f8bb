//! Each line of a firewall, by what came to it and what has to come.

use super::ranges::Ranges;
use super::region::{Block, Region, addresses, services};
use super::traffic::of_opening;
use super::{Action, Chain, RuleBase, Traffic};
use crate::answer::{
    Audit, ComparedLine, Enough, FirewallComparison, Grade, LineTraffic, MissingOpening, UnreadLine,
};

/// Unexplained traffic that is told of a line at most.
const TOLD: usize = 20;

/// What is known of a line so far.
#[derive(Default)]
struct Seen<'a> {
    traffic: Vec<&'a Traffic>,
    unexplained: Vec<(&'a Traffic, Region)>,
    /// What of it is used or documented.
    needed: Vec<Block>,
}

/// Compares a firewall with what crossed and with what an audit says is to be open; `step` is told each time a part is
/// done.
#[must_use]
pub fn compare(
    name: &str,
    base: &RuleBase,
    traffic: &[Traffic],
    exact: bool,
    audit: &Audit,
    mut step: impl FnMut(),
) -> FirewallComparison {
    let mut lines = Vec::new();
    let mut missing = Vec::new();
    let wanted_ones: Vec<_> = audit
        .openings
        .iter()
        .filter_map(|opening| Some((opening, of_opening(opening)?)))
        .collect();
    for chain in &base.chains {
        let mut seen: Vec<Seen<'_>> = chain.lines.iter().map(|_| Seen::default()).collect();
        for one in traffic {
            for (line, parts) in chain.walk(&one.region) {
                let seen = &mut seen[line];
                seen.traffic.push(one);
                if one.explained {
                    seen.needed.extend(parts);
                } else {
                    seen.unexplained.push((one, Region::around(&parts)));
                }
            }
            step();
        }
        for (opening, region) in &wanted_ones {
            let mut stopped = Vec::new();
            let mut stopped_by = Vec::new();
            for (line, parts) in chain.walk(region) {
                let at = &chain.lines[line];
                if at.action == Action::Drop {
                    stopped.extend(parts);
                    stopped_by.push(at.place.clone());
                } else if opening.grade != Grade::Unused {
                    seen[line].needed.extend(parts);
                }
            }
            if !stopped_by.is_empty() {
                let stopped = Region::around(&stopped);
                missing.push(MissingOpening {
                    rules: opening.rules.clone(),
                    grade: opening.grade,
                    sources: addresses(&stopped.sources),
                    destinations: addresses(&stopped.destinations),
                    services: services(&stopped.services),
                    stopped_by,
                    packets: opening.packets,
                    last_seen: opening.last_seen,
                    wanted: matches!(opening.grade, Grade::Used | Grade::Shared | Grade::Attempted),
                });
            }
            step();
        }
        for (line, seen) in chain.lines.iter().zip(seen) {
            // A policy that drops is what every firewall ends with.
            if !(line.policy && line.action == Action::Drop) {
                lines.push(told(line, seen));
            }
        }
    }
    missing.sort_by_key(|one| (!one.wanted, std::cmp::Reverse(one.packets)));
    let unread: Vec<_> = base
        .unread
        .iter()
        .map(|one| UnreadLine {
            place: one.place.clone(),
            name: one.name.clone(),
            why: one.why.clone(),
        })
        .collect();
    let accepts = lines.iter().filter(|line| line.action == Action::Accept.name());
    let of_lines = accepts.map(|line: &ComparedLine| {
        u64::from(line.state == "unused")
            + u64::from(line.too_wide.is_some())
            + u64::from(!line.unexplained.is_empty())
    });
    let findings =
        of_lines.sum::<u64>() + missing.iter().filter(|one| one.wanted).count() as u64 + unread.len() as u64;
    FirewallComparison {
        firewall: name.to_owned(),
        by: if exact { "history" } else { "audit" }.to_owned(),
        window: audit.window.clone(),
        lines,
        missing,
        unread,
        findings,
    }
}

fn told(line: &super::FirewallLine, mut seen: Seen<'_>) -> ComparedLine {
    let sum = |count: fn(&Traffic) -> u64| seen.traffic.iter().map(|one| count(one)).sum();
    let mut rules: Vec<_> = seen
        .traffic
        .iter()
        .flat_map(|one| one.rules.iter().cloned())
        .collect();
    rules.sort();
    rules.dedup();
    let used = !seen.traffic.is_empty();
    let accepts = line.action == Action::Accept;
    seen.unexplained
        .sort_by_key(|(one, _)| std::cmp::Reverse(one.packets));
    let unexplained = seen.unexplained.iter().filter(|_| accepts).take(TOLD);
    ComparedLine {
        place: line.place.clone(),
        name: line.name.clone(),
        action: line.action.name().to_owned(),
        state: if used { "used" } else { "unused" }.to_owned(),
        packets: sum(|one| one.packets),
        flows: sum(|one| one.flows),
        answered_flows: sum(|one| one.answered_flows),
        last_seen: seen.traffic.iter().filter_map(|one| one.last_seen).max(),
        rules,
        too_wide: (accepts && used)
            .then(|| enough(&line.region, &Region::around(&seen.needed)))
            .flatten(),
        unexplained: unexplained
            .map(|(one, region)| LineTraffic {
                sources: addresses(&region.sources),
                destinations: addresses(&region.destinations),
                services: services(&region.services),
                verdict: one.verdict.clone(),
                packets: one.packets,
                last_seen: one.last_seen,
            })
            .collect(),
    }
}

/// What of a line would be enough; nothing where it is just that.
fn enough(line: &Region, needed: &Region) -> Option<Enough> {
    let more = |line: &[Ranges; 2], needed: &[Ranges; 2]| {
        (0..2).any(|family| !line[family].without(&needed[family]).is_empty())
    };
    let of: Vec<_> = [
        ("sources", more(&line.sources, &needed.sources)),
        ("destinations", more(&line.destinations, &needed.destinations)),
        ("services", !line.services.without(&needed.services).is_empty()),
    ]
    .into_iter()
    .filter(|(_, wide)| *wide)
    .map(|(name, _)| name.to_owned())
    .collect();
    (!of.is_empty()).then(|| Enough {
        of,
        sources: addresses(&needed.sources),
        destinations: addresses(&needed.destinations),
        services: services(&needed.services),
    })
}

impl Chain {
    /// Which lines decide of which parts of a region: each part ends at the first line that fits.
    pub(super) fn walk(&self, region: &Region) -> Vec<(usize, Vec<Block>)> {
        let mut rest: Vec<Block> = region
            .blocks()
            .filter(|block| self.families[block.family])
            .collect();
        let mut found = Vec::new();
        for (index, line) in self.lines.iter().enumerate() {
            if rest.is_empty() {
                break;
            }
            let mut decided = Vec::new();
            let mut left = Vec::new();
            for block in rest {
                let parts = line.region.both(&block);
                let mut remaining = vec![block];
                for part in &parts {
                    remaining = remaining.into_iter().flat_map(|one| one.minus(part)).collect();
                }
                decided.extend(parts);
                left.extend(remaining);
            }
            if !decided.is_empty() {
                found.push((index, decided));
            }
            rest = left;
        }
        found
    }
}
