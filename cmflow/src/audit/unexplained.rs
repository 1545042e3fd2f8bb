//! What nothing explains, by roles and service: many that do one thing are one group.

use std::collections::{BTreeMap, BTreeSet};

use cmflow_common::address::Address;
use cmflow_common::gateway::port_index;
use cmflow_common::verdict::VerdictKind;
use ipnet::IpNet;
use jiff::Timestamp;

use super::guess;
use super::hits::explains;
use crate::answer::{self, AuditGroup, protocol_name};
use crate::explain::Book;
use crate::history::{Activity, Evidence, RecordedConversation};
use crate::nearest::{Question, nearest};

/// How many pairs a group names.
const EXAMPLES: usize = 5;
/// For how many groups, those with most flows first, the nearest rule is looked for: a scan asks at every port.
const NEAREST: usize = 500;

/// What was found.
pub(super) struct Unexplained {
    /// Groups, most flows first.
    pub(super) groups: Vec<AuditGroup>,
    /// Flows that nothing explained when they were seen, and that the site file explains now.
    pub(super) explained_since: u64,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    initiator_roles: Vec<String>,
    responder_roles: Vec<String>,
    protocol: u8,
    port: u16,
    verdict: VerdictKind,
}

#[derive(Default)]
struct Group {
    total: Activity,
    initiators: BTreeMap<IpNet, u32>,
    responders: BTreeMap<IpNet, u32>,
    pairs: BTreeSet<[IpNet; 2]>,
    first_seen: Option<Timestamp>,
    last_seen: Option<Timestamp>,
}

/// Of all gateways together.
pub(super) fn grouped(book: &Book<'_>, evidence: &[Evidence]) -> Unexplained {
    let mut groups: BTreeMap<Key, Group> = BTreeMap::new();
    let mut explained_since = 0;
    for one in evidence {
        for conversation in &one.conversations {
            let Some(kind) = unexplained(book, one, conversation) else {
                continue;
            };
            if is_explained_now(book, conversation) {
                explained_since += conversation.total.flows;
                continue;
            }
            let [opens, answers] = ends(conversation);
            let key = Key {
                initiator_roles: book.compiled.roles_of(opens),
                responder_roles: book.compiled.roles_answering(answers),
                protocol: conversation.key.protocol,
                port: conversation.key.port,
                verdict: kind,
            };
            groups.entry(key).or_default().add(conversation, one);
        }
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    // Stable: equally many stay in the order of their roles.
    groups.sort_by_key(|(_, group)| std::cmp::Reverse(group.total.flows));
    let told = groups.into_iter().enumerate();
    Unexplained {
        groups: told
            .map(|(place, (key, group))| group.told(book, key, place < NEAREST))
            .collect(),
        explained_since,
    }
}

/// The verdict of a conversation in the window that nobody explains; nothing where somebody does or nobody asks.
pub(super) fn unexplained(
    book: &Book<'_>,
    evidence: &Evidence,
    conversation: &RecordedConversation,
) -> Option<VerdictKind> {
    let verdict = evidence.verdicts.get(conversation.key.verdict as usize)?;
    let kind = verdict.info.kind;
    let flagged = || {
        let classes = ends(conversation).map(|end| book.compiled.class(end));
        classes.iter().any(|class| class.flagged_if_foreign)
    };
    let wanted = match kind {
        VerdictKind::Undocumented | VerdictKind::Reversed => true,
        VerdictKind::Foreign => flagged(),
        _ => false,
    };
    (wanted && conversation.hit_in(evidence.from, evidence.to)).then_some(kind)
}

/// Both ends; of a prefix its first address.
pub(super) fn ends(conversation: &RecordedConversation) -> [Address; 2] {
    let key = &conversation.key;
    [key.initiator, key.responder].map(|end| Address::from(end.addr()))
}

/// Whether the site file that the audit goes by explains it, which the one did not that judged it.
pub(super) fn is_explained_now(book: &Book<'_>, conversation: &RecordedConversation) -> bool {
    let tables = &book.compiled.tables;
    let [opens, answers] = ends(conversation).map(|end| book.compiled.endpoint(end).class());
    let index = port_index(conversation.key.protocol, conversation.key.port);
    let Some(port) = tables.ports.get(index) else {
        return false;
    };
    let number = port.0 & cmflow_common::gateway::PortClass::NUMBER;
    let judgement = tables.judgements.get(&(opens, answers, number));
    let seen = judgement
        .map(|judgement| judgement.seen)
        .filter(|seen| !seen.is_reversed());
    let info = seen.and_then(|seen| book.compiled.verdict(seen));
    info.is_some_and(|info| explains(info.kind))
}

impl Group {
    fn add(&mut self, conversation: &RecordedConversation, evidence: &Evidence) {
        let key = &conversation.key;
        self.total.add(&conversation.total);
        let count = |all: &mut BTreeMap<IpNet, u32>, who: IpNet, count: u32| {
            let known = all.entry(who).or_default();
            *known = (*known).max(count.max(1));
        };
        count(&mut self.initiators, key.initiator, conversation.initiators);
        count(&mut self.responders, key.responder, conversation.responders);
        self.pairs.insert([key.initiator, key.responder]);
        let first = conversation.first_seen.max(evidence.from);
        self.first_seen = Some(self.first_seen.map_or(first, |known| known.min(first)));
        self.last_seen = self.last_seen.max(Some(conversation.last_seen.min(evidence.to)));
    }

    fn told(self, book: &Book<'_>, key: Key, with_nearest: bool) -> AuditGroup {
        let example = self.pairs.first().filter(|_| with_nearest);
        let nearest = example.and_then(|[opens, answers]| {
            let question = Question {
                initiator: opens.addr().into(),
                responder: answers.addr().into(),
                protocol: key.protocol,
                port: key.port,
            };
            nearest(book.compiled, book.site, &question)
        });
        AuditGroup {
            initiator_roles: key.initiator_roles,
            responder_roles: key.responder_roles,
            protocol: protocol_name(key.protocol),
            port: key.port,
            verdict: key.verdict.name().to_owned(),
            initiators: sum(&self.initiators),
            responders: sum(&self.responders),
            examples: self.pairs.into_iter().take(EXAMPLES).collect(),
            packets: self.total.packets,
            bytes: self.total.bytes,
            flows: self.total.flows,
            answered_flows: self.total.answered,
            first_seen: self.first_seen.unwrap_or_default(),
            last_seen: self.last_seen.unwrap_or_default(),
            nearest: nearest.map(|nearest| answer::Nearest {
                rule: nearest.rule,
                why_not: nearest.why_not,
            }),
            guess: guess::at_port(key.protocol, key.port).map(str::to_owned),
        }
    }
}

fn sum(counts: &BTreeMap<IpNet, u32>) -> u64 {
    counts.values().map(|count| u64::from(*count)).sum()
}
