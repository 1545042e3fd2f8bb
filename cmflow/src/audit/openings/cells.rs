//! Pairs of computers that did something at some ports.

use std::collections::{BTreeMap, HashMap};

use cmflow_common::gateway::{PortClass, port_index};
use cmflow_common::packet::protocol;

use super::super::Gateways;
use super::super::credited::explained;
use super::super::crossing::BlockIndex;
use super::super::entries::EntryIndex;
use super::super::hits::explains;
use super::super::prove::{Proof, proof};
use super::lines::Counts;
use super::pieces::{Piece, Pieces};
use crate::catalogue::PortRange;
use crate::compile::{Basis, VerdictInfo};
use crate::explain::Book;
use crate::history::{Evidence, RecordedConversation};

/// Of a block with more computers nobody wants a line for each of those who open.
const ONE_BY_ONE: usize = 64;

/// Who opens: one computer or network, or all of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Row {
    /// One of a few.
    Entry(EntryIndex),
    /// All of many.
    Block,
}

impl Row {
    /// Whether the computers of a block of that size are told apart where they open.
    pub(super) const fn is_one_by_one(members: usize) -> bool {
        members <= ONE_BY_ONE
    }
}

/// What a pair did at some ports.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cell {
    pub(super) counts: Counts,
    /// Something of it proves that it is used.
    pub(super) proven: bool,
    /// All of it is of computers whose hits prove nothing.
    pub(super) of_scanners: bool,
    pub(super) answered: bool,
    pub(super) refused: bool,
    pub(super) one_sided: bool,
}

/// By who opens, then by who answers.
pub(super) type ByRow = BTreeMap<Row, BTreeMap<EntryIndex, Cell>>;

/// What was sent to a group: by whom, to which one, at which ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ToGroup {
    pub(super) from: EntryIndex,
    pub(super) to: ipnet::IpNet,
    pub(super) piece: Piece,
}

/// All of them.
#[derive(Default)]
pub(super) struct Cells<'a> {
    by_blocks: HashMap<(BlockIndex, BlockIndex, Piece, bool), ByRow>,
    pub(super) to_groups: BTreeMap<ToGroup, (&'a VerdictInfo, Cell)>,
}

impl<'a> Cells<'a> {
    pub(super) fn new(book: &Book<'a>, gateways: &Gateways<'_>, pieces: &Pieces) -> Self {
        let mut cells = Self::default();
        for gateway in &gateways.all {
            for conversation in &gateway.evidence.conversations {
                cells.note(book, gateways, pieces, gateway.evidence, conversation);
            }
        }
        cells
    }

    /// What pairs of two blocks did at some ports.
    pub(super) fn hit(
        &self,
        from: BlockIndex,
        to: BlockIndex,
        piece: &Piece,
        dynamic: bool,
    ) -> Option<&ByRow> {
        self.by_blocks.get(&(from, to, *piece, dynamic))
    }

    fn note(
        &mut self,
        book: &Book<'a>,
        gateways: &Gateways<'_>,
        pieces: &Pieces,
        evidence: &Evidence,
        conversation: &RecordedConversation,
    ) {
        let key = &conversation.key;
        let Some(verdict) = evidence.verdicts.get(key.verdict as usize) else {
            return;
        };
        let hit = explains(verdict.info.kind) && conversation.hit_in(evidence.from, evidence.to);
        let Some(from) = gateways.entries.holding(key.initiator).filter(|_| hit) else {
            return;
        };
        let tables = &book.compiled.tables;
        let opens = gateways.entries.get(from).class;
        let answers = book.compiled.class_number(key.responder);
        let proof = proof(book, &gateways.entries, &verdict.info, conversation, evidence);
        let by_range = matches!(verdict.info.basis, Some(Basis::Range | Basis::Expectation));
        let range = match (key.port, key.protocol) {
            (0, protocol::ICMP | protocol::ICMPV6) => PortRange::single(0),
            (0, _) => PortRange {
                first: conversation.ports.0,
                last: conversation.ports.1,
            },
            (port, _) => PortRange::single(port),
        };
        let mut counts = Counts::of(conversation);
        let mut note = |piece: &Piece| {
            let judgement = tables.judgements.get(&(opens, answers, piece.class));
            let Some(explained) = judgement.and_then(|one| explained(book.compiled, one)) else {
                return;
            };
            if explained.dynamic != by_range {
                return;
            }
            let to = gateways.entries.holding(key.responder);
            let blocks = (
                gateways.map.block_of(from),
                to.and_then(|to| gateways.map.block_of(to)),
            );
            let cell = match (blocks, to) {
                ((Some(of_from), Some(of_to)), Some(to)) => {
                    let members = gateways.map.blocks[of_from].members.len();
                    let row = if Row::is_one_by_one(members) {
                        Row::Entry(from)
                    } else {
                        Row::Block
                    };
                    let of_blocks = (of_from, of_to, *piece, explained.dynamic);
                    let rows = self.by_blocks.entry(of_blocks).or_default();
                    rows.entry(row)
                        .or_default()
                        .entry(to)
                        .or_insert_with(Cell::untried)
                }
                _ => {
                    let to_group = ToGroup {
                        from,
                        to: key.responder,
                        piece: *piece,
                    };
                    let entry = self.to_groups.entry(to_group);
                    &mut entry.or_insert_with(|| (explained.info, Cell::untried())).1
                }
            };
            cell.add(proof, conversation, &counts);
            // Flows over several stretches count at the first one.
            counts = counts.of_further();
        };
        if key.port == 0 && range.first != range.last {
            let mut met: Vec<_> = pieces.meeting(key.protocol, range).collect();
            met.sort_unstable();
            met.into_iter().for_each(note);
        } else {
            let class = tables.ports[port_index(key.protocol, range.first)].0 & PortClass::NUMBER;
            let mut of_class = pieces.of_class(class).iter();
            let piece =
                of_class.find(|piece| piece.protocol == key.protocol && piece.range.contains(range.first));
            piece.into_iter().for_each(&mut note);
        }
    }
}

impl Cell {
    fn untried() -> Self {
        Self {
            of_scanners: true,
            ..Self::default()
        }
    }

    fn add(&mut self, proof: Proof, conversation: &RecordedConversation, counts: &Counts) {
        self.counts.add(counts);
        self.proven |= proof == Proof::Proves;
        self.of_scanners &= proof == Proof::OfScanner;
        self.answered |= conversation.total.answered > 0;
        self.refused |= conversation.total.refused > 0;
        self.one_sided |= conversation.total.one_sided > 0;
    }
}
