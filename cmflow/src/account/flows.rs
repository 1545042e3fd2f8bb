//! Slots of the flow table into flows: initiator first, both halves added up.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use cmflow_common::address::Address;
use cmflow_common::expectation::TFTP;
use cmflow_common::flow::{Claim, FlowKey, FlowState, Slot, state};
use cmflow_common::gateway::Count;
use cmflow_common::packet::protocol;
use cmflow_common::verdict::VerdictId;

/// One end of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct End {
    /// Its address, without the link that a link-local one belongs to.
    pub address: Address,
    /// Its port.
    pub port: u16,
}

impl End {
    /// The low and the high end of a key.
    #[must_use]
    pub const fn both(key: &FlowKey) -> [Self; 2] {
        let (low, high) = (key.low.without_link().0, key.high.without_link().0);
        [
            Self {
                address: low,
                port: key.low_port(),
            },
            Self {
                address: high,
                port: key.high_port(),
            },
        ]
    }
}

/// A flow, as its slots tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Its key.
    pub key: FlowKey,
    /// Whether this is a part of a flow that another slot began: it counts no flow of its own.
    pub goes_on: bool,
    /// The end that opened it.
    pub initiator: End,
    /// The end that answers.
    pub responder: End,
    /// Whether the initiator was seen to open it.
    pub initiator_seen: bool,
    /// What its packets left behind, as its key has the ends: [`state`].
    pub bits: u16,
    /// What became of it.
    pub state: FlowState,
    /// Its verdict.
    pub verdict: VerdictId,
    /// From the initiator.
    pub forward: Count,
    /// From the responder.
    pub reverse: Count,
    /// The interface that its first packet came in by: [`cmflow_common::gateway::View::slot`].
    pub interface_slot: usize,
    /// Jiffies of its first packet.
    pub first_seen: u64,
    /// Jiffies of its last packet.
    pub last_seen: u64,
}

impl Flow {
    /// The flow that one slot tells of. What a TFTP request announced is part of the request's flow, from whatever
    /// port the server sends it.
    #[must_use]
    pub fn from_slot(slot: &Slot) -> Self {
        let bits = slot.state_bits();
        let high_asked = bits & state::INITIATOR_HIGH != 0;
        let goes_on = slot.key.protocol() == protocol::UDP && state::was_expected(bits);
        let key = if goes_on {
            slot.key.with_port(!high_asked, TFTP)
        } else {
            slot.key
        };
        let [low, high] = End::both(&key);
        let count = |direction: usize| Count {
            packets: slot.packets[0][direction] + slot.packets[1][direction],
            bytes: slot.bytes[0][direction] + slot.bytes[1][direction],
        };
        let (initiator, responder) = if high_asked { (high, low) } else { (low, high) };
        let (forward, reverse) = if high_asked {
            (count(1), count(0))
        } else {
            (count(0), count(1))
        };
        Self {
            key,
            goes_on,
            initiator,
            responder,
            initiator_seen: bits & state::INITIATOR_SEEN != 0,
            bits,
            state: FlowState::of(slot.key.protocol(), bits),
            verdict: Claim::from_word(slot.claim).verdict,
            forward,
            reverse,
            interface_slot: slot.interface_slot(),
            first_seen: slot.first_seen(),
            last_seen: slot.last_seen,
        }
    }

    /// Packets and bytes of both directions.
    #[must_use]
    pub const fn total(&self) -> Count {
        Count {
            packets: self.forward.packets + self.reverse.packets,
            bytes: self.forward.bytes + self.reverse.bytes,
        }
    }

    /// Adds a second slot of the same flow, which two processors made at one moment. What is surer stays.
    fn add(&mut self, mut other: Self) {
        if other.initiator != self.initiator {
            if other.initiator_seen && !self.initiator_seen {
                std::mem::swap(self, &mut other);
            }
            std::mem::swap(&mut other.forward, &mut other.reverse);
        }
        self.forward.add(other.forward.packets, other.forward.bytes);
        self.reverse.add(other.reverse.packets, other.reverse.bytes);
        self.goes_on &= other.goes_on;
        self.initiator_seen |= other.initiator_seen;
        self.bits |= other.bits & !(state::INITIATOR_HIGH | state::INITIATOR_SEEN);
        self.state = self.state.min(other.state);
        self.first_seen = self.first_seen.min(other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
    }

    /// The flows with each part that goes on put to the flow of its key that began last before it.
    #[must_use]
    pub fn joined(flows: Vec<Self>) -> Vec<Self> {
        let (parts, mut whole): (Vec<_>, Vec<_>) = flows.into_iter().partition(|flow| flow.goes_on);
        let wanted: HashMap<FlowKey, Vec<usize>> = parts.iter().map(|part| (part.key, Vec::new())).collect();
        let mut begun = wanted;
        for (place, flow) in whole.iter().enumerate() {
            if let Some(places) = begun.get_mut(&flow.key) {
                places.push(place);
            }
        }
        for part in parts {
            let places = &begun[&part.key];
            let before = |place: &&usize| whole[**place].first_seen <= part.first_seen;
            let latest = places
                .iter()
                .filter(before)
                .max_by_key(|place| whole[**place].first_seen);
            match latest.or(places.first()) {
                Some(place) => whole[*place].add(part),
                None => whole.push(part),
            }
        }
        whole
    }

    /// Flows of the slots: each key once, and once more for each conversation that ended before another one of its key
    /// began.
    #[must_use]
    pub fn collect(slots: impl Iterator<Item = Slot>) -> Vec<Self> {
        let mut places: HashMap<FlowKey, usize> = HashMap::new();
        let mut flows: Vec<Self> = Vec::new();
        for slot in slots {
            let flow = Self::from_slot(&slot);
            if Claim::is_retired(slot.claim) {
                flows.push(flow);
                continue;
            }
            match places.entry(flow.key) {
                Entry::Occupied(place) => flows[*place.get()].add(flow),
                Entry::Vacant(place) => {
                    place.insert(flows.len());
                    flows.push(flow);
                }
            }
        }
        flows
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use cmflow_common::flow::Selector;

    use super::*;

    fn slot(bits: u16, packets: [[u64; 2]; 2]) -> Slot {
        let address = |text: &str| Address::from(text.parse::<IpAddr>().expect("an address"));
        Slot {
            key: FlowKey {
                low: address("10.0.0.1"),
                high: address("10.0.0.2"),
                selector: Selector::new(50_000, 443, 6, 0),
            },
            claim: Claim {
                tag: 7,
                generation: 1,
                verdict: VerdictId(9),
            }
            .word(),
            state: Slot::state_word(bits, 3, 100),
            last_seen: 200,
            packets,
            bytes: packets.map(|half| half.map(|count| count * 100)),
        }
    }

    #[test]
    fn forward_is_from_the_initiator_whichever_end_sorts_first() {
        let low = Flow::from_slot(&slot(state::INITIATOR_SEEN, [[1, 2], [10, 20]]));
        assert_eq!(
            (low.initiator.port, low.forward.packets, low.reverse.packets),
            (50_000, 11, 22)
        );
        let high = Flow::from_slot(&slot(
            state::INITIATOR_SEEN | state::INITIATOR_HIGH,
            [[1, 2], [10, 20]],
        ));
        assert_eq!(
            (high.initiator.port, high.forward.packets, high.reverse.packets),
            (443, 22, 11)
        );
        assert_eq!(
            (high.first_seen, high.last_seen, high.forward.bytes),
            (100, 200, 2200)
        );
    }

    #[test]
    fn two_slots_of_one_flow_are_one_flow() {
        let inferred = slot(state::INITIATOR_HIGH, [[5, 0], [0, 0]]);
        let seen = slot(state::INITIATOR_SEEN, [[1, 2], [0, 0]]);
        for slots in [[inferred, seen], [seen, inferred]] {
            let flows = Flow::collect(slots.into_iter());
            assert_eq!(flows.len(), 1);
            assert!(flows[0].initiator_seen);
            assert_eq!((flows[0].forward.packets, flows[0].reverse.packets), (6, 2));
        }
    }
}
