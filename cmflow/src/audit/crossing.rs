//! Which pairs of computers cross a gateway: learned from where packets of them came in, counted by blocks of computers
//! that are alike, so that thousands of them cost nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use cmflow_common::verdict::VerdictKind;

use super::entries::{Entries, EntryIndex};
use crate::history::Evidence;

/// Index of a block.
pub(super) type BlockIndex = usize;

/// Entries that nothing here tells apart: equal in class, family and whereabouts.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) standby: bool,
    v6: bool,
    pub(super) members: Vec<EntryIndex>,
    /// Where they are, by gateway.
    whereabouts: Vec<Whereabouts>,
}

/// Interfaces of one gateway as bits: those that packets of somebody came in by, and those that somebody answered what
/// came in by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Whereabouts {
    at: u64,
    not_behind: u64,
}

/// What is known of a pair at one gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Crossing {
    /// It crosses.
    Crosses,
    /// Both ends are at the same side.
    SameSide,
    /// Nothing was seen of one of them.
    NotSeen,
}

/// Pairs of computers at one gateway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PairFacts {
    pub(super) possible: u64,
    pub(super) observable: u64,
    /// Observable ones with an end that stands by.
    pub(super) standby: u64,
    pub(super) same_side: u64,
    pub(super) not_seen: u64,
    /// Those that cross, inside something that hides what they say.
    pub(super) hidden: u64,
}

impl PairFacts {
    pub(super) const fn add(&mut self, other: &Self) {
        self.possible += other.possible;
        self.observable += other.observable;
        self.standby += other.standby;
        self.same_side += other.same_side;
        self.not_seen += other.not_seen;
        self.hidden += other.hidden;
    }
}

/// What conversations of one gateway say of pairs of entries, the lower one first.
#[derive(Debug, Default)]
struct Talked {
    /// Somebody answered.
    answered: HashSet<(EntryIndex, EntryIndex)>,
    /// They have a tunnel.
    hidden: HashSet<(EntryIndex, EntryIndex)>,
    answered_in: HashMap<(BlockIndex, BlockIndex), u64>,
    hidden_in: HashMap<(BlockIndex, BlockIndex), u64>,
}

/// Who is where, at every gateway.
#[derive(Debug)]
pub(super) struct Map {
    pub(super) blocks: Vec<Block>,
    /// Block of an entry; none for groups.
    of_entry: Vec<Option<BlockIndex>>,
    by_class: HashMap<u16, Vec<BlockIndex>>,
    /// Interfaces that each gateway looks at.
    interfaces: Vec<Vec<String>>,
    talked: Vec<Talked>,
}

impl Map {
    pub(super) fn new(entries: &Entries, evidence: &[Evidence]) -> Self {
        let seen: Vec<_> = evidence.iter().map(|one| whereabouts(entries, one)).collect();
        let mut grouped: BTreeMap<_, Vec<EntryIndex>> = BTreeMap::new();
        for (index, entry) in entries.all().filter(|(_, entry)| !entry.group) {
            let v6 = entry.prefix.addr().is_ipv6();
            let places: Vec<Whereabouts> = seen
                .iter()
                .map(|(_, places)| places.get(&index).copied().unwrap_or_default())
                .collect();
            let key = (entry.class, v6, entry.standby, places);
            grouped.entry(key).or_default().push(index);
        }
        let mut of_entry = vec![None; entries.all().count()];
        let mut by_class: HashMap<u16, Vec<BlockIndex>> = HashMap::new();
        let mut blocks = Vec::new();
        for ((class, v6, standby, whereabouts), members) in grouped {
            members
                .iter()
                .for_each(|entry| of_entry[*entry as usize] = Some(blocks.len()));
            by_class.entry(class).or_default().push(blocks.len());
            blocks.push(Block {
                standby,
                v6,
                members,
                whereabouts,
            });
        }
        let talked = evidence.iter().map(|one| talked(entries, &of_entry, one));
        Self {
            talked: talked.collect(),
            interfaces: seen.into_iter().map(|(interfaces, _)| interfaces).collect(),
            blocks,
            of_entry,
            by_class,
        }
    }

    /// Blocks of a class.
    pub(super) fn of_class(&self, class: u16) -> &[BlockIndex] {
        self.by_class.get(&class).map_or(&[], Vec::as_slice)
    }

    /// Block of an entry; nothing for a group, which is no computer.
    pub(super) fn block_of(&self, entry: EntryIndex) -> Option<BlockIndex> {
        self.of_entry[entry as usize]
    }

    /// Whether two blocks are of one family.
    pub(super) fn can_talk(&self, a: BlockIndex, b: BlockIndex) -> bool {
        self.blocks[a].v6 == self.blocks[b].v6
    }

    /// What is known of the pairs of two blocks at a gateway, whoever of them talked.
    pub(super) fn crossing(&self, gateway: usize, a: BlockIndex, b: BlockIndex) -> Crossing {
        let [a, b] = [a, b].map(|block| self.blocks[block].whereabouts[gateway]);
        crossing(self.interfaces[gateway].len(), a, b)
    }

    /// Pairs of two blocks at a gateway, whichever of them opens.
    pub(super) fn pairs(&self, gateway: usize, a: BlockIndex, b: BlockIndex) -> PairFacts {
        if !self.can_talk(a, b) {
            return PairFacts::default();
        }
        let [of_a, of_b] = [a, b].map(|block| self.blocks[block].members.len() as u64);
        // A prefix talks to itself elsewhere: what stays inside a subnet does not cross.
        let possible = if a == b {
            of_a * (of_a - 1) / 2
        } else {
            of_a * of_b
        };
        let key = (a.min(b), a.max(b));
        let talked = &self.talked[gateway];
        let of = |map: &HashMap<(BlockIndex, BlockIndex), u64>| map.get(&key).copied().unwrap_or(0);
        let mut facts = PairFacts {
            possible,
            ..PairFacts::default()
        };
        match self.crossing(gateway, a, b) {
            Crossing::Crosses => {
                facts.hidden = of(&talked.hidden_in).min(possible);
                facts.observable = possible - facts.hidden;
            }
            other => {
                facts.observable = of(&talked.answered_in).min(possible);
                facts.hidden = of(&talked.hidden_in).min(possible - facts.observable);
                let rest = possible - facts.observable - facts.hidden;
                if other == Crossing::SameSide {
                    facts.same_side = rest;
                } else {
                    facts.not_seen = rest;
                }
            }
        }
        if self.blocks[a].standby || self.blocks[b].standby {
            facts.standby = facts.observable;
        }
        facts
    }

    /// One pair of entries at a gateway.
    pub(super) fn pair(&self, gateway: usize, a: EntryIndex, b: EntryIndex) -> PairFacts {
        let mut facts = PairFacts {
            possible: 1,
            ..PairFacts::default()
        };
        let (Some(of_a), Some(of_b)) = (self.block_of(a), self.block_of(b)) else {
            facts.observable = 1;
            return facts;
        };
        let talked = &self.talked[gateway];
        let key = (a.min(b), a.max(b));
        match self.crossing(gateway, of_a, of_b) {
            _ if talked.hidden.contains(&key) && !talked.answered.contains(&key) => facts.hidden = 1,
            _ if talked.answered.contains(&key) => facts.observable = 1,
            Crossing::Crosses => facts.observable = 1,
            Crossing::SameSide => facts.same_side = 1,
            Crossing::NotSeen => facts.not_seen = 1,
        }
        if self.blocks[of_a].standby || self.blocks[of_b].standby {
            facts.standby = facts.observable;
        }
        facts
    }

    /// Pairs of entries at whose gateway something else holds than for their blocks.
    pub(super) fn apart(&self) -> BTreeSet<(EntryIndex, EntryIndex)> {
        let mut apart = BTreeSet::new();
        for (gateway, talked) in self.talked.iter().enumerate() {
            let crosses = |pair: &&(EntryIndex, EntryIndex)| {
                let [a, b] = [pair.0, pair.1].map(|entry| self.block_of(entry));
                a.zip(b)
                    .is_some_and(|(a, b)| self.crossing(gateway, a, b) == Crossing::Crosses)
            };
            apart.extend(talked.answered.iter().filter(|pair| !crosses(pair)));
            apart.extend(
                talked
                    .hidden
                    .iter()
                    .filter(|pair| !talked.answered.contains(*pair)),
            );
        }
        apart
    }

    /// Whether anything of an entry was ever seen at one of the gateways.
    pub(super) fn was_seen(&self, entry: EntryIndex) -> bool {
        self.block_of(entry).is_some_and(|block| {
            let mut places = self.blocks[block].whereabouts.iter();
            places.any(|place| *place != Whereabouts::default())
        })
    }

    /// Names of the interfaces at which both blocks are, where that is why they do not cross.
    pub(super) fn same_side(&self, gateway: usize, a: BlockIndex, b: BlockIndex) -> Vec<&str> {
        let [a, b] = [a, b].map(|block| self.blocks[block].whereabouts[gateway].at);
        let names = self.interfaces[gateway].iter().enumerate();
        let both = names.filter(|(bit, _)| (a & b) >> bit & 1 == 1);
        both.map(|(_, name)| name.as_str()).collect()
    }
}

fn crossing(interfaces: usize, a: Whereabouts, b: Whereabouts) -> Crossing {
    if interfaces == 1 {
        // What is behind the other interface is seen only where it comes in by this one.
        let seen = |place: Whereabouts| place.at | place.not_behind != 0;
        return if seen(a) && seen(b) {
            Crossing::Crosses
        } else {
            Crossing::NotSeen
        };
    }
    if a.at != 0 && b.at != 0 {
        return if (a.at | b.at).count_ones() > 1 {
            Crossing::Crosses
        } else {
            Crossing::SameSide
        };
    }
    if a.at & b.not_behind != 0 || b.at & a.not_behind != 0 {
        return Crossing::Crosses;
    }
    Crossing::NotSeen
}

/// Names of a gateway's interfaces, and where entries are.
fn whereabouts(entries: &Entries, evidence: &Evidence) -> (Vec<String>, HashMap<EntryIndex, Whereabouts>) {
    let looked_at = evidence.gateway.interfaces.iter().map(|(name, _)| name);
    let seen = evidence.sightings.iter().map(|sighting| &sighting.interface);
    let names: BTreeSet<&String> = looked_at.chain(seen).collect();
    let names: Vec<String> = names.into_iter().take(64).cloned().collect();
    let mut places: HashMap<EntryIndex, Whereabouts> = HashMap::new();
    for sighting in &evidence.sightings {
        let (Some(entry), Ok(bit)) = (
            entries.holding(sighting.who),
            names.binary_search(&sighting.interface),
        ) else {
            continue;
        };
        let place = places.entry(entry).or_default();
        if sighting.here {
            place.at |= 1 << bit;
        } else {
            place.not_behind |= 1 << bit;
        }
    }
    if names.len() == 2 {
        // Of two sides, whoever is not at the one is at the other.
        for place in places.values_mut() {
            place.at |= (place.not_behind & 1) << 1 | place.not_behind >> 1 & 1;
        }
    }
    (names, places)
}

fn talked(entries: &Entries, of_entry: &[Option<BlockIndex>], evidence: &Evidence) -> Talked {
    let mut talked = Talked::default();
    for conversation in &evidence.conversations {
        let key = &conversation.key;
        let hides = evidence
            .verdicts
            .get(key.verdict as usize)
            .is_some_and(|verdict| verdict.info.kind == VerdictKind::Opaque);
        if !hides && conversation.total.answered == 0 {
            continue;
        }
        let ends = [key.initiator, key.responder].map(|end| entries.holding(end));
        let [Some(a), Some(b)] = ends else { continue };
        let [Some(of_a), Some(of_b)] = [a, b].map(|entry| of_entry[entry as usize]) else {
            continue;
        };
        let pair = (a.min(b), a.max(b));
        let blocks = (of_a.min(of_b), of_a.max(of_b));
        if hides && a != b {
            talked.hidden.insert(pair);
        } else if !hides && talked.answered.insert(pair) && a != b {
            *talked.answered_in.entry(blocks).or_default() += 1;
        }
    }
    for (a, b) in talked.hidden.difference(&talked.answered) {
        let [of_a, of_b] = [*a, *b].map(|entry| of_entry[entry as usize]);
        if let (Some(of_a), Some(of_b)) = (of_a, of_b) {
            *talked
                .hidden_in
                .entry((of_a.min(of_b), of_a.max(of_b)))
                .or_default() += 1;
        }
    }
    talked
}
