//! What was seen of each rule at one gateway.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cmflow_common::verdict::VerdictKind;
use ipnet::IpNet;
use jiff::Timestamp;

use super::entries::{Entries, EntryIndex};
use super::prove::{Proof, proof};
use crate::explain::Book;
use crate::history::{Activity, Day, Evidence};

/// What was seen of a rule.
#[derive(Clone, Debug, Default)]
pub(super) struct Hits {
    /// What the counters say of its verdicts in the window.
    pub(super) counted: Activity,
    /// Packets by day.
    pub(super) days: BTreeMap<Day, u64>,
    /// Days on which only rules with conditions explained them.
    pub(super) conditional: BTreeSet<Day>,
    /// Conversations, whether they prove something or not.
    pub(super) conversations: u64,
    /// Flows that prove that it is used, explained by it alone.
    pub(super) alone: u64,
    /// Those that other rules explain too.
    pub(super) together: u64,
    /// Last packet that proves something.
    pub(super) last_proof: Option<Timestamp>,
    /// Flows of conversations that prove nothing.
    pub(super) unproven: Unproven,
    /// Rules that explain the same flows.
    pub(super) shared_with: BTreeSet<String>,
    /// How many addresses open, by what they are kept as.
    pub(super) initiators: BTreeMap<IpNet, u32>,
    /// How many answer.
    pub(super) responders: BTreeMap<IpNet, u32>,
    /// Pairs that used it, the lower one first.
    pub(super) pairs: BTreeSet<(EntryIndex, EntryIndex)>,
    pub(super) first_seen: Option<Timestamp>,
    pub(super) last_seen: Option<Timestamp>,
}

/// Flows that prove nothing, by the reason.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Unproven {
    pub(super) flows: u64,
    /// Opened by computers whose hits prove nothing.
    pub(super) of_scanners: u64,
    /// Explained by a range of ports alone.
    pub(super) by_range: u64,
    /// Answered, but it was not seen who opened them.
    pub(super) inferred: u64,
    pub(super) refused: u64,
    pub(super) one_sided: u64,
}

impl Hits {
    /// Whether anything was seen, by whatever counter.
    pub(super) const fn any(&self) -> bool {
        self.counted.packets > 0 || self.counted.flows > 0 || self.conversations > 0
    }

    /// Adds what another gateway saw.
    pub(super) fn add(&mut self, other: &Self) {
        self.counted.add(&other.counted);
        for (day, packets) in &other.days {
            *self.days.entry(*day).or_default() += packets;
        }
        self.conditional.extend(&other.conditional);
        self.conversations += other.conversations;
        self.alone += other.alone;
        self.together += other.together;
        self.last_proof = self.last_proof.max(other.last_proof);
        self.shared_with.extend(other.shared_with.iter().cloned());
        most(&mut self.initiators, &other.initiators);
        most(&mut self.responders, &other.responders);
        self.pairs.extend(&other.pairs);
        self.first_seen = earlier(self.first_seen, other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
        self.unproven.add(&other.unproven);
    }
}

impl Unproven {
    const fn add(&mut self, other: &Self) {
        self.flows += other.flows;
        self.of_scanners += other.of_scanners;
        self.by_range += other.by_range;
        self.inferred += other.inferred;
        self.refused += other.refused;
        self.one_sided += other.one_sided;
    }

    fn note(&mut self, proof: Proof, total: &Activity) {
        let flows = total.flows.max(1);
        self.flows += flows;
        match proof {
            Proof::OfScanner => self.of_scanners += flows,
            Proof::RangeAlone => self.by_range += flows,
            _ => {
                self.inferred += total.answered.saturating_sub(total.proving);
                self.refused += total.refused;
                self.one_sided += total.one_sided;
            }
        }
    }
}

fn earlier(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, other) => one.or(other),
    }
}

/// The same address seen at two gateways is one.
fn most(all: &mut BTreeMap<IpNet, u32>, more: &BTreeMap<IpNet, u32>) {
    for (who, count) in more {
        let known = all.entry(*who).or_default();
        *known = (*known).max(*count);
    }
}

/// Whether rules explain flows of that kind.
pub(super) const fn explains(kind: VerdictKind) -> bool {
    matches!(
        kind,
        VerdictKind::Documented | VerdictKind::Approved | VerdictKind::Baseline
    )
}

/// What was seen of every rule that has hits. `installs` says which rules are for conditional only.
pub(super) fn of_gateway<'a>(
    book: &Book<'_>,
    entries: &Entries,
    evidence: &'a Evidence,
    conditional: impl Fn(&str) -> bool,
) -> HashMap<&'a str, Hits> {
    let mut hits: HashMap<&str, Hits> = HashMap::new();
    for verdict in evidence.verdicts.iter().filter(|one| explains(one.info.kind)) {
        let open = verdict.info.rules.iter().all(|rule| conditional(rule));
        for rule in &verdict.info.rules {
            let hits = hits.entry(rule).or_default();
            hits.counted.add(&verdict.total);
            for (day, packets) in verdict.days.iter().filter(|(_, packets)| *packets > 0) {
                *hits.days.entry(*day).or_default() += packets;
                if open {
                    hits.conditional.insert(*day);
                }
            }
            if verdict.total.packets > 0 {
                let others = verdict.info.rules.iter().filter(|other| *other != rule);
                hits.shared_with.extend(others.cloned());
            }
        }
    }
    for conversation in &evidence.conversations {
        let Some(verdict) = evidence.verdicts.get(conversation.key.verdict as usize) else {
            continue;
        };
        let info = &verdict.info;
        if !explains(info.kind) || !conversation.hit_in(evidence.from, evidence.to) {
            continue;
        }
        let proof = proof(book, entries, info, conversation, evidence);
        let key = &conversation.key;
        let pair = [key.initiator, key.responder].map(|end| entries.holding(end));
        for rule in &info.rules {
            let hits = hits.entry(rule).or_default();
            hits.conversations += 1;
            let others = info.rules.iter().filter(|other| *other != rule);
            hits.shared_with.extend(others.cloned());
            if proof == Proof::Proves {
                let flows = conversation.total.proving;
                match info.rules.len() {
                    1 => hits.alone += flows,
                    _ => hits.together += flows,
                }
                hits.last_proof = hits.last_proof.max(conversation.last_proving);
                if let [Some(a), Some(b)] = pair {
                    hits.pairs.insert((a.min(b), a.max(b)));
                }
            } else {
                hits.unproven.note(proof, &conversation.total);
            }
            let first = conversation.first_seen.max(evidence.from);
            hits.first_seen = earlier(hits.first_seen, Some(first));
            hits.last_seen = hits.last_seen.max(Some(conversation.last_seen.min(evidence.to)));
            let count = |all: &mut BTreeMap<IpNet, u32>, who: IpNet, more: u32| {
                let known = all.entry(who).or_default();
                *known = (*known).max(more.max(1));
            };
            count(&mut hits.initiators, key.initiator, conversation.initiators);
            count(&mut hits.responders, key.responder, conversation.responders);
        }
    }
    hits
}
