//! The lines of a firewall: who may open what to whom, made from the compiled tables, so that they are what the kernel
//! judges; graded pair by pair, and written as few lines.
//!
//! `pieces` cuts the port table, `cells` finds pairs that are not like the rest of their blocks, `lines` puts together
//! what is equal.

mod cells;
mod lines;
mod pieces;

use std::collections::{BTreeSet, HashMap};

use cmflow_common::packet::protocol;
use jiff::Timestamp;

use super::Gateways;
use super::credited::explained;
use super::crossing::{BlockIndex, PairFacts};
use super::demand::{self, Demand};
use super::entries::EntryIndex;
use super::grade::{self, Graded, Watch, merged};
use crate::answer::Opening;
use crate::compile::VerdictInfo;
use crate::explain::Book;
use cells::{Cell, Cells, Row};
use lines::{Counts, Lines, SetId, What};
use pieces::{Piece, Pieces};

/// UDP has an endpoint mapper too, which next to nobody asks.
const ENDPOINT_MAPPER: u16 = 135;
const UDP_MAPPER_IDLE: &str = "the endpoint mapper is asked over TCP; UDP 135 is for old programs, and silence alone never \
     means that it is unused";

/// All of them.
pub(super) fn found(book: &Book<'_>, gateways: &Gateways<'_>) -> Vec<Opening> {
    let pieces = Pieces::of(book.compiled);
    let cells = Cells::new(book, gateways, &pieces);
    let mut lines = Lines::default();
    let blocks = gateways.map.blocks.iter();
    let mut finding = Finding {
        gateways,
        apart: apart(gateways),
        cells,
        of_blocks: blocks.map(|block| lines.set(block.members.clone())).collect(),
        lines,
        demands: HashMap::new(),
        silences: HashMap::new(),
    };
    let mut judgements: Vec<_> = book.compiled.tables.judgements.iter().collect();
    judgements.sort_unstable_by_key(|(key, _)| **key);
    for ((opens, answers, port), judgement) in judgements {
        if let Some(explained) = explained(book.compiled, judgement) {
            for piece in pieces.of_class(*port) {
                finding.between(*opens, *answers, piece, explained.info, explained.dynamic);
            }
        }
    }
    let cells = std::mem::take(&mut finding.cells);
    let mut lines = finding.lines;
    lines.add_groups(gateways, cells.to_groups);
    lines.told(book, gateways)
}

/// Who answers, its grade, and what it did.
type Told = (EntryIndex, Graded, Counts);

/// Pairs that differ from their blocks, by blocks.
type Apart = HashMap<(BlockIndex, BlockIndex), Vec<(EntryIndex, EntryIndex)>>;

fn apart(gateways: &Gateways<'_>) -> Apart {
    let mut apart = Apart::new();
    for (a, b) in gateways.map.apart() {
        for (a, b) in BTreeSet::from([(a, b), (b, a)]) {
            let blocks = [a, b].map(|entry| gateways.map.block_of(entry));
            if let [Some(of_a), Some(of_b)] = blocks {
                apart.entry((of_a, of_b)).or_default().push((a, b));
            }
        }
    }
    apart
}

struct Finding<'a> {
    gateways: &'a Gateways<'a>,
    apart: Apart,
    cells: Cells<'a>,
    /// All of a block, by its index.
    of_blocks: Vec<SetId>,
    lines: Lines<'a>,
    /// What silence of a verdict means, over UDP 135 and elsewhere.
    demands: HashMap<(&'a VerdictInfo, bool), Demand>,
    /// Grades of silence, by blocks and verdict.
    silences: HashMap<(BlockIndex, BlockIndex, &'a VerdictInfo, bool), Graded>,
}

impl<'a> Finding<'a> {
    /// Adds the lines between two classes at some ports.
    fn between(&mut self, opens: u16, answers: u16, piece: &Piece, info: &'a VerdictInfo, dynamic: bool) {
        let what = What {
            info,
            protocol: piece.protocol,
            dynamic,
        };
        let map = &self.gateways.map;
        for from in map.of_class(opens) {
            for to in map.of_class(answers) {
                // A single computer does not talk to itself across a gateway.
                let alone = from == to && map.blocks[*from].members.len() == 1 && self.is_single(*from);
                if map.can_talk(*from, *to) && !alone {
                    self.of_blocks(*from, *to, piece, what);
                }
            }
        }
    }

    fn is_single(&self, block: BlockIndex) -> bool {
        let members = &self.gateways.map.blocks[block].members;
        members.iter().all(|entry| {
            let prefix = self.gateways.entries.get(*entry).prefix;
            prefix.prefix_len() == prefix.max_prefix_len()
        })
    }

    fn of_blocks(&mut self, from: BlockIndex, to: BlockIndex, piece: &Piece, what: What<'a>) {
        let blocks = &self.gateways.map.blocks;
        let (sources, destinations) = (&blocks[from].members, &blocks[to].members);
        let silent = self.silence(from, to, piece, what.info);
        let mut rows: Vec<(Row, Vec<Told>)> = Vec::new();
        let hit = self.cells.hit(from, to, piece, what.dynamic);
        for (row, cells) in hit.into_iter().flatten() {
            let told = cells.iter().map(|(to, cell)| (*to, graded(cell), cell.counts));
            rows.push((*row, told.collect()));
        }
        if Row::is_one_by_one(sources.len()) {
            for (source, destination) in self.apart.get(&(from, to)).cloned().into_iter().flatten() {
                let graded = self.silence_of(source, destination, piece, what.info);
                let row = Row::Entry(source);
                let place = rows.iter().position(|(known, _)| *known == row);
                let place = place.unwrap_or_else(|| {
                    rows.push((row, Vec::new()));
                    rows.len() - 1
                });
                if rows[place].1.iter().all(|(known, ..)| *known != destination) {
                    rows[place].1.push((destination, graded, Counts::default()));
                }
            }
        }
        let all = [from, to].map(|block| self.of_blocks[block]);
        let none = Counts::default();
        if rows.is_empty() {
            self.lines.add(what, piece, silent, all, none);
            return;
        }
        let mut rest: BTreeSet<EntryIndex> = BTreeSet::new();
        if Row::is_one_by_one(sources.len()) {
            rest.extend(sources);
        }
        for (row, cells) in rows {
            let alone = match row {
                Row::Entry(source) => Some(source),
                Row::Block => None,
            };
            let of_row = alone.map_or(all[0], |source| self.lines.set(vec![source]));
            alone.map(|source| rest.remove(&source));
            let told: BTreeSet<EntryIndex> = cells.iter().map(|(to, ..)| *to).collect();
            let left = destinations.iter().copied().filter(|to| !told.contains(to));
            let left = left.filter(|to| alone != Some(*to)).collect();
            let left = self.lines.set(left);
            self.lines.add(what, piece, silent.clone(), [of_row, left], none);
            for (to, graded, counts) in cells {
                let to = self.lines.set(vec![to]);
                self.lines.add(what, piece, graded, [of_row, to], counts);
            }
        }
        let rest = self.lines.set(rest.into_iter().collect());
        self.lines.add(what, piece, silent, [rest, all[1]], none);
    }

    fn demand(&mut self, info: &'a VerdictInfo, piece: &Piece) -> (Demand, bool) {
        let mapper = piece.protocol == protocol::UDP && piece.range.contains(ENDPOINT_MAPPER);
        let standings = &self.gateways.standings;
        let demand = self.demands.entry((info, mapper)).or_insert_with(|| {
            let of_rules = info.rules.iter().filter_map(|rule| standings.get(rule));
            let mut all = demand::together(of_rules.map(|standing| &standing.demand));
            if mapper {
                all.idle = all.idle.or_else(|| Some(UDP_MAPPER_IDLE.to_owned()));
            }
            all
        });
        (demand.clone(), mapper)
    }

    /// The grade of pairs of two blocks that did nothing.
    fn silence(&mut self, from: BlockIndex, to: BlockIndex, piece: &Piece, info: &'a VerdictInfo) -> Graded {
        let (demand, mapper) = self.demand(info, piece);
        let key = (from, to, info, mapper);
        if let Some(known) = self.silences.get(&key) {
            return known.clone();
        }
        let map = &self.gateways.map;
        let graded = self.over_gateways(info, &demand, |gateway| {
            // Whatever their number: of a prefix with itself there is none, and it may talk to itself.
            let mut facts = PairFacts {
                possible: 1,
                ..PairFacts::default()
            };
            let standby = map.blocks[from].standby || map.blocks[to].standby;
            match map.crossing(gateway, from, to) {
                super::crossing::Crossing::Crosses => {
                    (facts.observable, facts.standby) = (1, u64::from(standby));
                }
                super::crossing::Crossing::SameSide => facts.same_side = 1,
                super::crossing::Crossing::NotSeen => facts.not_seen = 1,
            }
            (facts, map.same_side(gateway, from, to))
        });
        self.silences.insert(key, graded.clone());
        graded
    }

    /// The grade of one pair that did nothing.
    fn silence_of(
        &mut self,
        from: EntryIndex,
        to: EntryIndex,
        piece: &Piece,
        info: &'a VerdictInfo,
    ) -> Graded {
        let (demand, _) = self.demand(info, piece);
        let map = &self.gateways.map;
        self.over_gateways(info, &demand, |gateway| (map.pair(gateway, from, to), Vec::new()))
    }

    fn over_gateways(
        &self,
        info: &VerdictInfo,
        demand: &Demand,
        pairs: impl Fn(usize) -> (PairFacts, Vec<&'a str>),
    ) -> Graded {
        let grades = self.gateways.all.iter().enumerate().map(|(index, gateway)| {
            let spans = info
                .rules
                .iter()
                .map(|rule| gateway.spans.get(rule.as_str()).copied());
            // The latest: who opens what to whom may have become possible with it alone.
            let since: Option<Vec<Timestamp>> = spans.collect();
            let watch = Watch {
                observed: &gateway.observed,
                since: since.and_then(|since| since.into_iter().max()),
            };
            let (facts, interfaces) = pairs(index);
            let unseen = unseen(&facts, &interfaces);
            let graded = grade::of_silence(demand, &facts, &watch, &unseen);
            (gateway.evidence.gateway.name.as_str(), graded)
        });
        merged(grades.collect())
    }
}

/// Why a pair cannot be seen, without numbers: lines with the same reason become one.
fn unseen(facts: &PairFacts, interfaces: &[&str]) -> String {
    if facts.hidden > 0 {
        "they talk inside IPsec or a tunnel, which hides the ports".to_owned()
    } else if facts.same_side > 0 {
        let at = match interfaces {
            [] => String::new(),
            names => format!(" ({})", names.join(", ")),
        };
        format!("both ends are on the same side of this gateway{at}")
    } else {
        "nothing ever came in from one of the ends, so nobody knows whether they cross here".to_owned()
    }
}

/// The grade of pairs that did something.
fn graded(cell: &Cell) -> Graded {
    use crate::answer::Grade;
    if cell.proven {
        return Graded::new(Grade::Used, "answered");
    }
    let why = if cell.of_scanners {
        "tried only by computers whose hits prove nothing"
    } else if cell.answered {
        "answered, but by the range of dynamic ports alone, or it was not seen who opened it"
    } else if cell.refused {
        "tried and refused"
    } else if cell.one_sided {
        "tried; answers do not cross this gateway"
    } else {
        "tried and not answered"
    };
    Graded::new(Grade::Attempted, why)
}
