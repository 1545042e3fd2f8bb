//! Dynamic ports that were really used, by pair of computers: what a range can be narrowed to.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use cmflow_common::address::Address;
use cmflow_common::verdict::VerdictId;

use super::Flow;
use crate::compile::{Basis, VerdictInfo};

/// Whether a verdict of that basis is about a dynamic port.
const fn is_dynamic(basis: Basis) -> bool {
    matches!(basis, Basis::Range | Basis::Expectation)
}

/// What one computer used of another's dynamic ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairPorts {
    /// Ports of the responder.
    pub ports: BTreeSet<u16>,
    /// Flows to further ports, which found no room in `ports`.
    pub beyond: u64,
    /// Flows that an expectation explained.
    pub by_expectation: u64,
    /// Flows that the range alone explained.
    pub by_range: u64,
    /// Their verdicts.
    pub verdicts: BTreeSet<VerdictId>,
    /// Jiffies of the first packet.
    pub first_seen: u64,
    /// Jiffies of the last packet.
    pub last_seen: u64,
}

/// Dynamic ports by pair.
#[derive(Clone, Debug, Default)]
pub struct DynamicPorts {
    /// By number of the verdict; nothing for those that have nothing to do with dynamic ports.
    bases: Arc<[Option<Basis>]>,
    /// By initiator and responder.
    pub pairs: HashMap<[Address; 2], PairPorts>,
    /// Flows of pairs that found no room.
    pub beyond: u64,
}

impl DynamicPorts {
    /// Pairs kept apart at most.
    pub const PAIRS: usize = 50_000;
    /// Ports of a pair kept apart at most.
    pub const PORTS: usize = 256;

    /// Learns which verdicts are about dynamic ports.
    pub(super) fn know(&mut self, verdicts: &[VerdictInfo]) {
        let basis = |info: &VerdictInfo| info.basis.filter(|basis| is_dynamic(*basis));
        self.bases = verdicts.iter().map(basis).collect();
    }

    pub(super) fn add(&mut self, flow: &Flow) {
        let verdict = flow.verdict;
        // Nobody narrows a range by what came from the wrong end.
        let basis = self.bases.get(usize::from(verdict.number())).copied().flatten();
        let Some(basis) = basis.filter(|_| !verdict.is_reversed()) else {
            return;
        };
        let key = [flow.initiator.address, flow.responder.address];
        if self.pairs.len() >= Self::PAIRS && !self.pairs.contains_key(&key) {
            self.beyond += 1;
            return;
        }
        let pair = self.pairs.entry(key).or_insert_with(|| PairPorts {
            ports: BTreeSet::new(),
            beyond: 0,
            by_expectation: 0,
            by_range: 0,
            verdicts: BTreeSet::new(),
            first_seen: u64::MAX,
            last_seen: 0,
        });
        let port = flow.responder.port;
        if pair.ports.len() < Self::PORTS || pair.ports.contains(&port) {
            pair.ports.insert(port);
        } else {
            pair.beyond += 1;
        }
        if basis == Basis::Range {
            pair.by_range += 1;
        } else {
            pair.by_expectation += 1;
        }
        pair.verdicts.insert(verdict);
        pair.first_seen = pair.first_seen.min(flow.first_seen);
        pair.last_seen = pair.last_seen.max(flow.last_seen);
    }
}

/// Sorted ports as stretches without a gap: first and last.
#[must_use]
pub fn stretches(ports: &BTreeSet<u16>) -> Vec<(u16, u16)> {
    let mut stretches: Vec<(u16, u16)> = Vec::new();
    for port in ports {
        match stretches.last_mut() {
            Some((_, last)) if *last + 1 == *port => *last = *port,
            _ => stretches.push((*port, *port)),
        }
    }
    stretches
}
