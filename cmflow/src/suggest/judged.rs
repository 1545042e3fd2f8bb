//! Conversations of a history as the tables of now judge them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use cmflow_common::address::Address;
use cmflow_common::gateway::{PortClass, Tables, port_index};
use cmflow_common::judge::unexplained;
use cmflow_common::packet::protocol;
use cmflow_common::verdict::VerdictKind;
use ipnet::IpNet;
use jiff::Timestamp;

use crate::catalogue::{OpenedBy, RoleId, RoleKind};
use crate::compile::{ClassInfo, Compiled, RuleInfo};
use crate::explain::Book;
use crate::history::Evidence;

/// Conversations of the same two with the same service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Flow {
    pub(super) initiator: IpNet,
    pub(super) responder: IpNet,
    pub(super) protocol: u8,
    pub(super) port: u16,
}

/// What they did.
#[derive(Clone, Copy, Debug)]
pub(super) struct Did {
    pub(super) packets: u64,
    pub(super) flows: u64,
    pub(super) answered: u64,
    /// Different addresses that opened, at least.
    pub(super) initiators: u64,
    pub(super) first_seen: Timestamp,
}

impl Did {
    pub(super) fn add(&mut self, other: &Self) {
        self.packets += other.packets;
        self.flows += other.flows;
        self.answered += other.answered;
        self.initiators += other.initiators;
        self.first_seen = self.first_seen.min(other.first_seen);
    }
}

/// All of them, told apart by whether anything explains them.
#[derive(Debug, Default)]
pub(super) struct Judged {
    pub(super) explained: BTreeMap<Flow, Did>,
    /// Answered, by somebody who is no scanner, and without an explanation.
    pub(super) unexplained: BTreeMap<Flow, Did>,
}

impl Judged {
    pub(super) fn of(book: &Book<'_>, evidence: &[Evidence]) -> Self {
        let mut judged = Self::default();
        for one in evidence.iter().flat_map(|one| &one.conversations) {
            let key = &one.key;
            let port = match (key.port, one.ports) {
                // One port of a range may be a service of its own.
                (0, (lowest, highest)) if lowest == highest => lowest,
                (port, _) => port,
            };
            let flow = Flow {
                initiator: key.initiator,
                responder: key.responder,
                protocol: key.protocol,
                port,
            };
            if port == 0 || !matches!(key.protocol, protocol::TCP | protocol::UDP) {
                continue;
            }
            let did = Did {
                packets: one.total.packets,
                flows: one.total.flows,
                answered: one.total.answered,
                initiators: u64::from(one.initiators.max(1)),
                first_seen: one.first_seen,
            };
            let kind = kind(book.compiled, &flow);
            if is_explained(kind) {
                add(&mut judged.explained, flow, did);
            } else if did.answered > 0 && !proves_nothing(book, flow.initiator) {
                add(&mut judged.unexplained, flow, did);
            }
        }
        judged
    }

    /// Flows that were answered, explained or not.
    pub(super) fn answered(&self) -> impl Iterator<Item = &Flow> {
        let all = self.explained.iter().chain(&self.unexplained);
        all.filter(|(_, did)| did.answered > 0).map(|(flow, _)| flow)
    }

    /// What some flows did together.
    pub(super) fn total<'a>(&self, flows: impl IntoIterator<Item = &'a Flow>) -> Option<Did> {
        let found = flows.into_iter().filter_map(|flow| self.unexplained.get(flow));
        found.copied().reduce(|mut all, one| {
            all.add(&one);
            all
        })
    }
}

fn add(to: &mut BTreeMap<Flow, Did>, flow: Flow, did: Did) {
    to.entry(flow).and_modify(|all| all.add(&did)).or_insert(did);
}

pub(super) const fn is_explained(kind: VerdictKind) -> bool {
    !matches!(
        kind,
        VerdictKind::Undocumented | VerdictKind::Reversed | VerdictKind::Foreign | VerdictKind::OutOfScope
    )
}

/// What the tables say of a flow whose initiator was seen.
pub(super) fn kind(compiled: &Compiled, flow: &Flow) -> VerdictKind {
    let ends = [flow.initiator, flow.responder].map(|end| compiled.endpoint(address(end)));
    let port: PortClass = (&compiled.tables).port_class(port_index(flow.protocol, flow.port));
    let found = (&compiled.tables).judgement(ends[0].class(), ends[1].class(), port);
    let id = found.map_or_else(|| unexplained(ends[0], ends[1], port), |found| found.seen);
    compiled
        .verdict(id)
        .map_or(VerdictKind::OutOfScope, |verdict| verdict.kind)
}

/// What stands for an address or a prefix in the tables. The first address of a network is nobody's.
pub(super) fn address(net: IpNet) -> Address {
    let first = net.hosts().next().unwrap_or(net.addr());
    Address::from(first)
}

/// The one address of a prefix of full length.
pub(super) fn single(net: IpNet) -> Option<IpAddr> {
    (net.prefix_len() == net.max_prefix_len()).then_some(net.addr())
}

/// Whether what somebody does proves nothing: a scanner asks every port.
fn proves_nothing(book: &Book<'_>, who: IpNet) -> bool {
    let first = book.catalogue.roles.len();
    let named = book.compiled.class(address(who)).named;
    let mut customs = named
        .iter()
        .filter_map(|role| usize::from(role.0).checked_sub(first));
    customs.any(|custom| {
        book.site
            .custom_roles
            .get(custom)
            .is_some_and(|one| !one.evidence)
    })
}

/// An end of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    Initiator,
    Responder,
}

/// Roles that would explain a flow, if that end held one of them.
pub(super) fn candidates(book: &Book<'_>, flow: &Flow, at: At) -> Vec<RoleId> {
    let [initiator, responder] =
        [flow.initiator, flow.responder].map(|end| book.compiled.class(address(end)));
    let mut found = Vec::new();
    let rules = book.compiled.rules.iter();
    for rule in rules
        .filter(|rule| !rule.is_left_out() && !rule.dynamic && has_port(rule, flow, responder, initiator))
    {
        let mut ways = vec![(rule.from, rule.to)];
        if rule.opened_by == OpenedBy::Either {
            ways.push((rule.to, rule.from));
        }
        for (opens, answers) in ways {
            let role = match at {
                At::Responder if initiator.as_initiator.contains(opens) => answers,
                At::Initiator if responder.as_responder.contains(answers) => opens,
                At::Initiator | At::Responder => continue,
            };
            if may_be_given(book, role) && !found.contains(&role) {
                found.push(role);
            }
        }
    }
    found
}

fn has_port(rule: &RuleInfo, flow: &Flow, responder: &ClassInfo, initiator: &ClassInfo) -> bool {
    let ports = rule.ports(responder.profile_from(initiator)).of(flow.protocol);
    ports.iter().any(|range| range.contains(flow.port))
}

/// Whether a computer can simply be said to hold a role: not what a list, the internet or everybody is, nor a role of the
/// user's own.
fn may_be_given(book: &Book<'_>, role: RoleId) -> bool {
    let role = book.catalogue.roles.get(usize::from(role.0));
    role.is_some_and(|role| {
        let of_edition = role.editions.is_empty() || role.editions.contains(&book.site.edition);
        of_edition
            && matches!(
                role.kind,
                RoleKind::SiteSystem | RoleKind::EndPoint | RoleKind::Infrastructure
            )
    })
}
