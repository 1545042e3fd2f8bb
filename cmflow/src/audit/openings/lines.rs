//! Openings with what is equal put together: destinations, sources, neighbouring ports.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cmflow_common::packet::protocol;
use ipnet::IpNet;
use jiff::Timestamp;

use super::super::Gateways;
use super::super::entries::{Entries, EntryIndex};
use super::super::grade::Graded;
use super::super::rules::roles_at;
use super::cells::{Cell, ToGroup};
use super::pieces::Piece;
use crate::answer::{Opening, protocol_name};
use crate::catalogue::PortRange;
use crate::compile::VerdictInfo;
use crate::explain::Book;
use crate::history::RecordedConversation;

/// What is opened, whoever opens it to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct What<'a> {
    pub(super) info: &'a VerdictInfo,
    pub(super) protocol: u8,
    pub(super) dynamic: bool,
}

/// What conversations did.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    packets: u64,
    flows: u64,
    answered: u64,
    last_seen: Option<Timestamp>,
}

impl Counts {
    pub(super) fn of(conversation: &RecordedConversation) -> Self {
        Self {
            packets: conversation.total.packets,
            flows: conversation.total.flows,
            answered: conversation.total.answered,
            last_seen: Some(conversation.last_seen),
        }
    }

    /// The same at another stretch of ports, where it must not count twice.
    pub(super) fn of_further(self) -> Self {
        Self {
            last_seen: self.last_seen,
            ..Self::default()
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.packets += other.packets;
        self.flows += other.flows;
        self.answered += other.answered;
        self.last_seen = self.last_seen.max(other.last_seen);
    }
}

/// Entries, as a number that stands for the set.
pub(super) type SetId = u32;

/// Sets of entries, each kept once.
#[derive(Default)]
struct Sets {
    numbers: HashMap<Vec<EntryIndex>, SetId>,
    all: Vec<Vec<EntryIndex>>,
}

impl Sets {
    fn of(&mut self, mut entries: Vec<EntryIndex>) -> SetId {
        entries.sort_unstable();
        entries.dedup();
        if let Some(known) = self.numbers.get(&entries) {
            return *known;
        }
        let number = SetId::try_from(self.all.len()).expect("fewer sets than 32 bits number");
        self.all.push(entries.clone());
        self.numbers.insert(entries, number);
        number
    }

    fn union(&mut self, sets: &[SetId]) -> SetId {
        match sets {
            [one] => *one,
            _ => {
                let entries = sets.iter().flat_map(|set| &self.all[*set as usize]);
                let entries = entries.copied().collect();
                self.of(entries)
            }
        }
    }
}

/// A line before its sets are written out.
#[derive(Clone, Copy, Debug)]
struct Line {
    sources: SetId,
    destinations: SetId,
    counts: Counts,
}

/// What lines that may become one have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Common<'a> {
    what: What<'a>,
    ports: PortRange,
    graded: Graded,
}

/// Lines as they are found.
#[derive(Default)]
pub(super) struct Lines<'a> {
    sets: Sets,
    lines: HashMap<Common<'a>, Vec<Line>>,
    to_groups: Vec<Opening>,
}

impl<'a> Lines<'a> {
    /// The number of a set.
    pub(super) fn set(&mut self, entries: Vec<EntryIndex>) -> SetId {
        self.sets.of(entries)
    }

    /// Adds one; nothing where one of its ends is nobody.
    pub(super) fn add(
        &mut self,
        what: What<'a>,
        piece: &Piece,
        graded: Graded,
        [sources, destinations]: [SetId; 2],
        counts: Counts,
    ) {
        let nobody = |set: SetId| self.sets.all[set as usize].is_empty();
        if nobody(sources) || nobody(destinations) {
            return;
        }
        let line = Line {
            sources,
            destinations,
            counts,
        };
        let common = Common {
            what,
            ports: piece.range,
            graded,
        };
        self.lines.entry(common).or_default().push(line);
    }

    /// Adds what was sent to groups, which are nobody's address.
    pub(super) fn add_groups(
        &mut self,
        gateways: &Gateways<'_>,
        to_groups: BTreeMap<ToGroup, (&'a VerdictInfo, Cell)>,
    ) {
        let mut by_group: BTreeMap<(IpNet, Piece, &[String]), Opening> = BTreeMap::new();
        for (sent, (info, cell)) in to_groups {
            let graded = super::graded(&cell);
            let opening = by_group
                .entry((sent.to, sent.piece, &info.rules))
                .or_insert_with(|| Opening {
                    sources: Vec::new(),
                    source_roles: Vec::new(),
                    destinations: vec![sent.to],
                    destination_roles: Vec::new(),
                    protocol: protocol_name(sent.piece.protocol),
                    ports: ports(sent.piece.protocol, vec![sent.piece.range]),
                    dynamic: false,
                    rules: info.rules.clone(),
                    verdict: info.kind.name().to_owned(),
                    grade: graded.grade,
                    why: graded.why.clone(),
                    packets: 0,
                    flows: 0,
                    answered_flows: 0,
                    last_seen: None,
                });
            opening.sources.push(gateways.entries.get(sent.from).prefix);
            if graded.grade < opening.grade {
                (opening.grade, opening.why) = (graded.grade, graded.why);
            }
            opening.packets += cell.counts.packets;
            opening.flows += cell.counts.flows;
            opening.answered_flows += cell.counts.answered;
            opening.last_seen = opening.last_seen.max(cell.counts.last_seen);
        }
        self.to_groups.extend(by_group.into_values());
    }

    /// The openings, by the roles of who opens and who answers.
    pub(super) fn told(mut self, book: &Book<'_>, gateways: &Gateways<'_>) -> Vec<Opening> {
        let mut merged: HashMap<_, (Vec<PortRange>, Counts)> = HashMap::new();
        for (common, lines) in std::mem::take(&mut self.lines) {
            let lines = self.put_together(lines, |line| line.sources, |line| &mut line.destinations);
            let lines = self.put_together(lines, |line| line.destinations, |line| &mut line.sources);
            for line in lines {
                let key = (
                    common.what,
                    common.graded.clone(),
                    line.sources,
                    line.destinations,
                );
                let (ports, counts) = merged.entry(key).or_default();
                ports.push(common.ports);
                counts.add(&line.counts);
            }
        }
        let rules = book
            .compiled
            .rules
            .iter()
            .map(|rule| (rule.id.as_str(), rule))
            .collect();
        let mut prefixes: HashMap<SetId, Vec<IpNet>> = HashMap::new();
        let classes: Vec<BTreeSet<u16>> = self
            .sets
            .all
            .iter()
            .map(|set| gateways.entries.classes(set))
            .collect();
        let mut told = self.to_groups;
        for ((what, graded, sources, destinations), (ranges, counts)) in merged {
            let mut written = |set: SetId| {
                let written = prefixes
                    .entry(set)
                    .or_insert_with(|| written(&gateways.entries, &self.sets.all[set as usize]));
                written.clone()
            };
            let roles = |set: SetId, opens: bool| {
                roles_at(book, &rules, &what.info.rules, (&classes[set as usize], opens))
            };
            told.push(Opening {
                sources: written(sources),
                source_roles: roles(sources, true),
                destinations: written(destinations),
                destination_roles: roles(destinations, false),
                protocol: protocol_name(what.protocol),
                ports: ports(what.protocol, ranges),
                dynamic: what.dynamic,
                rules: what.info.rules.clone(),
                verdict: what.info.kind.name().to_owned(),
                grade: graded.grade,
                why: graded.why,
                packets: counts.packets,
                flows: counts.flows,
                answered_flows: counts.answered,
                last_seen: counts.last_seen,
            });
        }
        told.sort_by(|a, b| {
            let key = |one: &Opening| (one.verdict != "documented", one.verdict != "approved");
            (
                key(a),
                &a.source_roles,
                &a.destination_roles,
                &a.protocol,
                &a.ports,
                a.grade,
            )
                .cmp(&(
                    key(b),
                    &b.source_roles,
                    &b.destination_roles,
                    &b.protocol,
                    &b.ports,
                    b.grade,
                ))
                .then_with(|| {
                    (&a.sources, &a.destinations, &a.rules).cmp(&(&b.sources, &b.destinations, &b.rules))
                })
        });
        told
    }

    /// Makes one line of those with the same set at one end.
    fn put_together(
        &mut self,
        lines: Vec<Line>,
        same: impl Fn(&Line) -> SetId,
        other: impl Fn(&mut Line) -> &mut SetId,
    ) -> Vec<Line> {
        let mut by_end: BTreeMap<SetId, (Vec<SetId>, Line)> = BTreeMap::new();
        for mut line in lines {
            let counts = line.counts;
            let end = *other(&mut line);
            match by_end.get_mut(&same(&line)) {
                Some((ends, first)) => {
                    ends.push(end);
                    first.counts.add(&counts);
                }
                None => {
                    by_end.insert(same(&line), (vec![end], line));
                }
            }
        }
        let together = by_end.into_values().map(|(ends, mut line)| {
            *other(&mut line) = self.sets.union(&ends);
            line
        });
        together.collect()
    }
}

/// The ports of an opening, neighbours as one range; none for echo requests.
fn ports(protocol: u8, mut ranges: Vec<PortRange>) -> Vec<PortRange> {
    if !matches!(protocol, protocol::TCP | protocol::UDP) {
        return Vec::new();
    }
    ranges.sort_unstable();
    let mut all: Vec<PortRange> = Vec::new();
    for range in ranges {
        match all.last_mut() {
            Some(last) if u32::from(range.first) <= u32::from(last.last) + 1 => {
                last.last = last.last.max(range.last);
            }
            _ => all.push(range),
        }
    }
    all
}

/// Entries as prefixes: neighbours as one, without what the site file takes out again.
fn written(entries: &Entries, set: &[EntryIndex]) -> Vec<IpNet> {
    let mut prefixes = Vec::new();
    for entry in set {
        let mut parts = vec![entries.get(*entry).prefix];
        for hole in entries.holes(*entry) {
            parts = parts.into_iter().flat_map(|part| without(part, *hole)).collect();
        }
        prefixes.extend(parts);
    }
    let mut all = IpNet::aggregate(&prefixes);
    all.sort();
    all
}

/// A prefix without a part of it.
fn without(prefix: IpNet, hole: IpNet) -> Vec<IpNet> {
    if hole.contains(&prefix) {
        return Vec::new();
    }
    if !prefix.contains(&hole) {
        return vec![prefix];
    }
    let halves = prefix.subnets(prefix.prefix_len() + 1).into_iter().flatten();
    halves.flat_map(|half| without(half, hole)).collect()
}
