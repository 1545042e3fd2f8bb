//! Totals of flows that are gone, as a file keeps them for the next daemon: rows of plain numbers.

use std::borrow::Cow;

use cmflow_common::address::Address;
use cmflow_common::flow::{FlowKey, FlowState, Selector, state};
use cmflow_common::gateway::Count;
use cmflow_common::verdict::VerdictId;
use serde::{Deserialize, Serialize};

use super::dynamic::PairPorts;
use super::totals::{Conversation, ConversationTotal, InterfaceTotal};
use super::{End, Flow, Totals, Waiting};

/// Packets, bytes, flows, first and last seen in jiffies.
type Sum = [u64; 5];

const fn sum_of(total: &ConversationTotal) -> Sum {
    let ConversationTotal {
        count,
        flows,
        first_seen,
        last_seen,
    } = total;
    [count.packets, count.bytes, *flows, *first_seen, *last_seen]
}

const fn total_of([packets, bytes, flows, first_seen, last_seen]: Sum) -> ConversationTotal {
    ConversationTotal {
        count: Count { packets, bytes },
        flows,
        first_seen,
        last_seen,
    }
}

const fn count_of([packets, bytes]: [u64; 2]) -> Count {
    Count { packets, bytes }
}

const fn row_of(count: Count) -> [u64; 2] {
    [count.packets, count.bytes]
}

/// Protocol, initiator, responder, its port, verdict.
type KeptConversation = (u8, [u64; 2], [u64; 2], u16, u16, Sum);

/// A pair of computers and the dynamic ports between them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct KeptPair {
    ends: [[u64; 2]; 2],
    ports: Vec<u16>,
    beyond: u64,
    by_expectation: u64,
    by_range: u64,
    verdicts: Vec<u16>,
    seen: [u64; 2],
}

/// A half of a translated conversation that waits for the other one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct KeptFlow {
    key: [u64; 5],
    goes_on: bool,
    bits: u16,
    verdict: u16,
    counts: [[u64; 2]; 2],
    interface: usize,
    seen: [u64; 2],
}

/// [`Totals`] and [`Waiting`] in a form that a file can hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    verdicts: Vec<(u16, Sum)>,
    unexplained: Vec<KeptConversation>,
    beyond: u64,
    interfaces: Vec<[u64; 2]>,
    opaque: Vec<(String, Sum)>,
    pairs: Vec<KeptPair>,
    pairs_beyond: u64,
    moved: Vec<(u16, [[u64; 2]; 2])>,
    waiting: Vec<KeptFlow>,
}

impl Kept {
    /// What is to be kept of these.
    #[must_use]
    pub fn of(totals: &Totals, waiting: &Waiting) -> Self {
        let conversation = |(one, total): (&Conversation, &ConversationTotal)| {
            let End { address, port } = one.responder;
            let ends = (one.initiator.words(), address.words());
            (one.protocol, ends.0, ends.1, port, one.verdict.0, sum_of(total))
        };
        let pair = |(ends, pair): (&[Address; 2], &PairPorts)| KeptPair {
            ends: ends.map(Address::words),
            ports: pair.ports.iter().copied().collect(),
            beyond: pair.beyond,
            by_expectation: pair.by_expectation,
            by_range: pair.by_range,
            verdicts: pair.verdicts.iter().map(|verdict| verdict.0).collect(),
            seen: [pair.first_seen, pair.last_seen],
        };
        let half = |flow: &Flow| KeptFlow {
            key: flow.key.words(),
            goes_on: flow.goes_on,
            bits: flow.bits,
            verdict: flow.verdict.0,
            counts: [flow.forward, flow.reverse].map(row_of),
            interface: flow.interface_slot,
            seen: [flow.first_seen, flow.last_seen],
        };
        let verdicts = totals.verdicts.iter();
        let interfaces = totals.interfaces.iter();
        let opaque = totals.opaque.iter();
        let moved = totals.moved.iter();
        Self {
            verdicts: verdicts
                .map(|(verdict, total)| (verdict.0, sum_of(total)))
                .collect(),
            unexplained: totals.unexplained.iter().map(conversation).collect(),
            beyond: totals.beyond,
            interfaces: interfaces.map(|one| [one.flows, one.one_sided]).collect(),
            opaque: opaque
                .map(|(name, total)| (name.to_string(), sum_of(total)))
                .collect(),
            pairs: totals.dynamic.pairs.iter().map(pair).collect(),
            pairs_beyond: totals.dynamic.beyond,
            moved: moved
                .map(|(number, counts)| (*number, counts.map(row_of)))
                .collect(),
            waiting: waiting.halves.iter().map(half).collect(),
        }
    }

    /// What was kept.
    #[must_use]
    pub fn restored(&self) -> (Totals, Waiting) {
        let mut totals = Totals {
            beyond: self.beyond,
            ..Totals::default()
        };
        let verdicts = self.verdicts.iter();
        totals.verdicts = verdicts
            .map(|(verdict, sum)| (VerdictId(*verdict), total_of(*sum)))
            .collect();
        for (protocol, initiator, responder, port, verdict, sum) in &self.unexplained {
            let conversation = Conversation {
                protocol: *protocol,
                initiator: Address::from_words(*initiator),
                responder: End {
                    address: Address::from_words(*responder),
                    port: *port,
                },
                verdict: VerdictId(*verdict),
            };
            totals.unexplained.insert(conversation, total_of(*sum));
        }
        for (total, [flows, one_sided]) in totals.interfaces.iter_mut().zip(&self.interfaces) {
            *total = InterfaceTotal {
                flows: *flows,
                one_sided: *one_sided,
            };
        }
        let opaque = self.opaque.iter();
        totals.opaque = opaque
            .map(|(name, sum)| (Cow::Owned(name.clone()), total_of(*sum)))
            .collect();
        for pair in &self.pairs {
            let [first_seen, last_seen] = pair.seen;
            let ports = PairPorts {
                ports: pair.ports.iter().copied().collect(),
                beyond: pair.beyond,
                by_expectation: pair.by_expectation,
                by_range: pair.by_range,
                verdicts: pair.verdicts.iter().copied().map(VerdictId).collect(),
                first_seen,
                last_seen,
            };
            totals
                .dynamic
                .pairs
                .insert(pair.ends.map(Address::from_words), ports);
        }
        totals.dynamic.beyond = self.pairs_beyond;
        let moved = self.moved.iter();
        totals.moved = moved
            .map(|(number, counts)| (*number, counts.map(count_of)))
            .collect();
        let halves = self.waiting.iter().map(KeptFlow::restored).collect();
        (totals, Waiting { halves })
    }
}

impl KeptFlow {
    fn restored(&self) -> Flow {
        let [a, b, c, d, selector] = self.key;
        let key = FlowKey {
            low: Address::from_words([a, b]),
            high: Address::from_words([c, d]),
            selector: Selector(selector),
        };
        let [low, high] = End::both(&key);
        let high_asked = self.bits & state::INITIATOR_HIGH != 0;
        let (initiator, responder) = if high_asked { (high, low) } else { (low, high) };
        let [forward, reverse] = self.counts.map(count_of);
        let [first_seen, last_seen] = self.seen;
        Flow {
            key,
            goes_on: self.goes_on,
            initiator,
            responder,
            initiator_seen: self.bits & state::INITIATOR_SEEN != 0,
            bits: self.bits,
            state: FlowState::of(key.protocol(), self.bits),
            verdict: VerdictId(self.verdict),
            forward,
            reverse,
            interface_slot: self.interface,
            first_seen,
            last_seen,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::{Basis, VerdictInfo};
    use cmflow_common::packet::protocol;
    use cmflow_common::verdict::VerdictKind;

    fn flow(number: u16, protocol: u8, verdict: VerdictId) -> Flow {
        KeptFlow {
            key: FlowKey {
                low: Address::from_v4([10, 0, 0, 1]),
                high: Address::from_bytes([0xfd; 16]),
                selector: Selector::new(number, 443, protocol, 0),
            }
            .words(),
            goes_on: false,
            bits: state::FROM_LOW | number & (state::INITIATOR_HIGH | state::INITIATOR_SEEN),
            verdict: verdict.0,
            counts: [[number.into(), 2], [3, 4]],
            interface: usize::from(number % 3),
            seen: [100 + u64::from(number), 900],
        }
        .restored()
    }

    #[test]
    fn what_is_kept_of_totals_comes_back_whole() {
        let builtin = (0..VerdictId::FIRST_COMPILED.0).map(|_| (VerdictKind::Foreign, None));
        let compiled = [(VerdictKind::Documented, Some(Basis::Range))];
        let infos: Vec<_> = builtin
            .chain(compiled)
            .map(|(kind, basis)| VerdictInfo {
                kind,
                rules: Vec::new(),
                basis,
            })
            .collect();
        let mut totals = Totals::default().knowing(&infos);
        for number in 1..40 {
            for (protocol, verdict) in [
                (protocol::TCP, VerdictId::UNDOCUMENTED),
                (protocol::UDP, VerdictId::FIRST_COMPILED),
                (50, VerdictId::OPAQUE),
            ] {
                totals.add(&flow(number, protocol, verdict));
            }
        }
        totals.beyond = 7;
        totals.move_packets(&[(VerdictId(9), VerdictId(10), Count { packets: 3, bytes: 4 })]);
        let waiting = Waiting {
            halves: vec![
                flow(4, protocol::TCP, VerdictId(8)),
                flow(5, protocol::UDP, VerdictId(9)),
            ],
        };
        let kept = Kept::of(&totals, &waiting);
        let text = serde_json::to_string(&kept).expect("plain numbers");
        let read: Kept = serde_json::from_str(&text).expect("what was written");
        let (again, halves) = read.restored();
        assert_eq!(halves.halves, waiting.halves);
        assert_eq!(again.verdicts, totals.verdicts);
        assert_eq!(again.unexplained, totals.unexplained);
        assert_eq!((again.beyond, again.interfaces), (7, totals.interfaces));
        assert_eq!(again.opaque, totals.opaque);
        assert!(!again.dynamic.pairs.is_empty());
        assert_eq!(again.dynamic.pairs, totals.dynamic.pairs);
        assert_eq!(again.moved, totals.moved);
    }
}
