//! Computers that do what a role does which the site file does not give them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;

use super::judged::{At, Flow, Judged, address, candidates, single};
use super::networks::opens_as_client_alone;
use super::seen::{name_of, network_of, networks, number, services, several, short, volume};
use super::{Cause, Piece, Suggestion};
use crate::catalogue::RoleId;
use crate::explain::Book;
use crate::site::SiteIndex;

/// What a computer likely is, where several roles would explain the same: those of which there are most come first.
const LIKELY: [&str; 6] = [
    "management-point",
    "distribution-point",
    "software-update-point",
    "site-server",
    "sql-server",
    "domain-controller",
];

/// A role that a computer may hold.
struct Likely {
    role: RoleId,
    /// Flows that it would explain.
    flows: Vec<Flow>,
    /// Other roles that would explain the same.
    or: Vec<RoleId>,
}

/// One suggestion for each computer.
pub(super) fn suggest(book: &Book<'_>, judged: &Judged) -> Vec<(Suggestion, Cause)> {
    let mut computers: BTreeMap<IpAddr, BTreeMap<Flow, Vec<RoleId>>> = BTreeMap::new();
    for flow in judged.unexplained.keys() {
        for (end, at) in [(flow.responder, At::Responder), (flow.initiator, At::Initiator)] {
            let Some(who) = single(end) else { continue };
            let is_unknown = !book.compiled.class(address(end)).known;
            // Whole networks of clients are suggested as what they are.
            if at == At::Initiator && is_unknown && opens_as_client_alone(book, judged, end) {
                continue;
            }
            let roles = candidates(book, flow, at);
            if !roles.is_empty() {
                computers.entry(who).or_default().insert(*flow, roles);
            }
        }
    }
    // A flow between two of them is explained by either; who explains more of them comes first.
    let mut computers: Vec<_> = computers.into_iter().collect();
    computers.sort_by_key(|(_, flows)| std::cmp::Reverse(flows.len()));
    let mut explained = BTreeSet::new();
    let mut all = Vec::new();
    for (who, mut flows) in computers {
        flows.retain(|flow, _| !explained.contains(flow));
        let likely = cover(book, judged, flows);
        explained.extend(likely.iter().flat_map(|one| one.flows.iter().copied()));
        all.extend(suggestion(book, judged, who, &likely));
    }
    all
}

/// The fewest roles that explain all, the one that explains most first.
fn cover(book: &Book<'_>, judged: &Judged, mut left: BTreeMap<Flow, Vec<RoleId>>) -> Vec<Likely> {
    let mut chosen = Vec::new();
    while !left.is_empty() {
        let mut explains: BTreeMap<RoleId, BTreeSet<Flow>> = BTreeMap::new();
        for (flow, roles) in &left {
            for role in roles {
                explains.entry(*role).or_default().insert(*flow);
            }
        }
        let weight = |flows: &BTreeSet<Flow>| judged.total(flows).map_or(0, |did| did.flows);
        let best = explains.iter().min_by_key(|(role, flows)| {
            (
                std::cmp::Reverse((flows.len(), weight(flows))),
                rank(book, **role),
            )
        });
        let Some((role, flows)) = best.map(|(role, flows)| (*role, flows.clone())) else {
            break;
        };
        let mut or: Vec<_> = explains
            .iter()
            .filter(|(other, same)| **other != role && **same == flows)
            .collect();
        or.sort_by_key(|(role, _)| rank(book, **role));
        let or = or.into_iter().map(|(role, _)| *role).collect();
        left.retain(|flow, _| !flows.contains(flow));
        chosen.push(Likely {
            role,
            flows: flows.into_iter().collect(),
            or,
        });
    }
    chosen
}

fn rank(book: &Book<'_>, role: RoleId) -> (usize, RoleId) {
    let id = book.compiled.role(role);
    let likely = LIKELY.iter().position(|likely| *likely == id);
    (likely.unwrap_or(LIKELY.len()), role)
}

fn suggestion(
    book: &Book<'_>,
    judged: &Judged,
    who: IpAddr,
    likely: &[Likely],
) -> Option<(Suggestion, Cause)> {
    let flows: Vec<Flow> = likely.iter().flat_map(|one| one.flows.iter().copied()).collect();
    let did = judged.total(&flows)?;
    let net = IpNet::from(who);
    let [answered, opened]: [Vec<Flow>; 2] = [
        flows
            .iter()
            .copied()
            .filter(|flow| flow.responder == net)
            .collect(),
        flows
            .iter()
            .copied()
            .filter(|flow| flow.initiator == net)
            .collect(),
    ];
    let mut seen = Vec::new();
    if let Some(did) = judged.total(&answered) {
        let roles = roles_of(book, answered.iter().map(|flow| flow.initiator));
        let from = networks(answered.iter().map(|flow| network_of(flow.initiator)));
        let count = number(did.initiators);
        seen.push(format!(
            "answers {} for {count} {roles}, from {from}",
            services(&answered)
        ));
    }
    if !opened.is_empty() {
        let to = networks(opened.iter().map(|flow| flow.responder));
        let roles = roles_of(book, opened.iter().map(|flow| flow.responder));
        seen.push(format!("opens {} to {to} ({roles})", services(&opened)));
    }
    let mut remarks = vec![volume(&did)];
    for one in likely.iter().filter(|one| !one.or.is_empty()) {
        let all = std::iter::once(&one.role).chain(&one.or);
        let all: Vec<_> = all.map(|role| book.compiled.role(*role)).collect();
        let what = services(&one.flows);
        remarks.push(format!("{}: each of them has {what}", all.join(" or ")));
    }
    let roles: Vec<String> = likely
        .iter()
        .map(|one| book.compiled.role(one.role).to_owned())
        .collect();
    let class = book.compiled.class(address(net));
    let piece = if class.known {
        Piece::Role {
            roles,
            addresses: vec![net],
        }
    } else {
        Piece::Host {
            name: name_of(who),
            address: who,
            site: site(book, &flows, net),
            roles,
        }
    };
    let suggestion = Suggestion {
        seen: format!("{} {}", who_is(book, who), seen.join(", and ")),
        remarks,
        flows: did.flows,
        packets: did.packets,
        piece,
    };
    Some((suggestion, flows))
}

fn who_is(book: &Book<'_>, who: IpAddr) -> String {
    match book.site.host_at(who) {
        Some(host) => format!("{} ({})", host.name, short(who.into())),
        None => short(who.into()),
    }
}

/// Roles of some computers, the commonest first.
fn roles_of(book: &Book<'_>, who: impl Iterator<Item = IpNet>) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for net in who {
        for role in book.compiled.roles_of(address(net)) {
            *counts.entry(role).or_default() += 1;
        }
    }
    let mut roles: Vec<_> = counts.into_iter().collect();
    roles.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let roles: Vec<_> = roles.into_iter().map(|(role, _)| role).collect();
    several(&roles)
}

/// The site that most of those belong to with whom a computer speaks; the first one of the file where that is not known.
fn site(book: &Book<'_>, flows: &[Flow], who: IpNet) -> Option<String> {
    if book.site.sites.is_empty() {
        return None;
    }
    let mut counts: BTreeMap<SiteIndex, usize> = BTreeMap::new();
    for flow in flows {
        let peer = if flow.responder == who {
            flow.initiator
        } else {
            flow.responder
        };
        if let Some(site) = book.compiled.class(address(peer)).site {
            *counts.entry(site).or_default() += 1;
        }
    }
    let most = counts
        .into_iter()
        .max_by_key(|(site, count)| (*count, std::cmp::Reverse(*site)));
    let site = most.map_or(SiteIndex(0), |(site, _)| site);
    Some(book.site.code(site).to_owned())
}
