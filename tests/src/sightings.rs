//! What a gateway counted, in one shape for the kernel and for ordinary memory, so that the two can be held
//! against each other.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use cmflow_common::address::Address;
use cmflow_common::flow::{Claim, FlowKey, Slot, state};
use cmflow_common::gateway::Count;
use cmflow_common::outcome::Outcome;
use cmflow_common::packet::protocol;

/// Everything that was counted, times left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Frames by outcome; outcomes without frames are left out.
    pub outcomes: BTreeMap<Outcome, Pair>,
    /// Packets by verdict number; verdicts without packets are left out.
    pub verdicts: BTreeMap<u16, Pair>,
    /// Packets without an entry in the flow table.
    pub without_entry: Pair,
    /// Flows by key.
    pub flows: BTreeMap<FlowKey, Flow>,
}

/// Packets and bytes.
pub type Pair = (u64, u64);

/// What the slots of a flow say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// The verdict.
    pub verdict: u16,
    /// Bits of [`state`].
    pub state: u16,
    /// Packets and bytes of the low end.
    pub low: Pair,
    /// Packets and bytes of the high end.
    pub high: Pair,
}

impl Counted {
    /// Adds a counter of an outcome.
    pub fn outcome(&mut self, outcome: Outcome, count: Count) {
        add(self.outcomes.entry(outcome).or_default(), count);
        self.outcomes.retain(|_, pair| *pair != (0, 0));
    }

    /// Adds a counter of a verdict.
    pub fn verdict(&mut self, number: u16, count: Count) {
        add(self.verdicts.entry(number).or_default(), count);
        self.verdicts.retain(|_, pair| *pair != (0, 0));
    }

    /// Adds a counter of packets without an entry.
    pub fn without_entry(&mut self, count: Count) {
        add(&mut self.without_entry, count);
    }

    /// Adds a slot: both halves of it, or one.
    pub fn slot(&mut self, slot: &Slot, halves: &[usize]) {
        let flow = self.flows.entry(slot.key).or_default();
        flow.verdict = Claim::from_word(slot.claim).verdict.0;
        flow.state = slot.state_bits();
        for half in halves {
            for (direction, pair) in [&mut flow.low, &mut flow.high].into_iter().enumerate() {
                pair.0 += slot.packets[*half][direction];
                pair.1 += slot.bytes[*half][direction];
            }
        }
    }

    /// What was counted since `before`. Flows are those of now.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let less = |now: &Pair, then: Option<&Pair>| {
            let (packets, bytes) = then.copied().unwrap_or_default();
            (now.0 - packets, now.1 - bytes)
        };
        let mut since = self.clone();
        for (outcome, pair) in &mut since.outcomes {
            *pair = less(pair, before.outcomes.get(outcome));
        }
        for (number, pair) in &mut since.verdicts {
            *pair = less(pair, before.verdicts.get(number));
        }
        since.outcomes.retain(|_, pair| *pair != (0, 0));
        since.verdicts.retain(|_, pair| *pair != (0, 0));
        since.without_entry = less(&since.without_entry, Some(&before.without_entry));
        since
    }

    /// Asserts the conservation law: packets of flows = packets by verdict = packets in slots and without entry.
    ///
    /// # Panics
    /// Where it does not hold.
    pub fn assert_conserved(&self, what: &str) {
        let flow = self.outcomes.get(&Outcome::Flow).copied().unwrap_or_default();
        let judged = self.verdicts.values().fold((0, 0), plus);
        let kept = self
            .flows
            .values()
            .flat_map(|flow| [&flow.low, &flow.high])
            .fold(self.without_entry, plus);
        assert_eq!(judged, flow, "{what}: by verdict, and by outcome");
        assert_eq!(kept, flow, "{what}: in slots and without entry, and by outcome");
    }
}

fn plus(sum: Pair, pair: &Pair) -> Pair {
    (sum.0 + pair.0, sum.1 + pair.1)
}

fn add(pair: &mut Pair, count: Count) {
    pair.0 += count.packets;
    pair.1 += count.bytes;
}

/// A flow the way the tables of tests write it: `tcp 10.10.0.5:50000 -> 10.20.0.11:443`, initiator first,
/// `~>` where it is inferred; then its link and its tags where it has any.
pub struct Written<'a>(pub &'a FlowKey, pub &'a Flow);

impl fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(key, flow) = self;
        let protocol = match key.protocol {
            protocol::TCP => "tcp".to_owned(),
            protocol::UDP => "udp".to_owned(),
            protocol::ICMP => "icmp".to_owned(),
            protocol::ICMPV6 => "icmp6".to_owned(),
            protocol::FRAGMENT => "fragment".to_owned(),
            number => number.to_string(),
        };
        let low = end(key.low, key.low_port);
        let high = end(key.high, key.high_port);
        let seen = flow.state & state::INITIATOR_SEEN != 0;
        let arrow = if seen { "->" } else { "~>" };
        let (asker, asked) = if flow.state & state::INITIATOR_HIGH != 0 {
            (high, low)
        } else {
            (low, high)
        };
        write!(f, "{protocol} {asker} {arrow} {asked}")?;
        let [a, b, c] = key.tags.map(u32::from);
        let tags = a | b << 8 | c << 16;
        if tags != 0 {
            write!(f, " tags {}.{}", tags & 0xfff, tags >> 12)?;
        }
        Ok(())
    }
}

fn end(address: Address, port: u16) -> String {
    let (plain, link) = address.without_link();
    let mut text = match IpAddr::from(plain) {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => format!("[{v6}]"),
    };
    if link != 0 {
        text.push_str(&format!("%{link}"));
    }
    format!("{text}:{port}")
}

/// The state bits that are set, the initiator's left out: `>` for packets of the initiator, `<` for packets of
/// the responder, `>data` and `<fin` for what they carried, and words for what the whole flow shows.
#[must_use]
pub fn written_state(bits: u16) -> String {
    let [asker, asked] = if bits & state::INITIATOR_HIGH == 0 {
        [0, 1]
    } else {
        [1, 0]
    };
    let from = [state::FROM_LOW, state::FROM_HIGH];
    let payload = [state::PAYLOAD_LOW, state::PAYLOAD_HIGH];
    let fin = [state::FIN_LOW, state::FIN_HIGH];
    let names = [
        (from[asker], ">"),
        (from[asked], "<"),
        (state::SYN, "syn"),
        (state::SYN_ACK, "syn-ack"),
        (state::HANDSHAKE, "handshake"),
        (payload[asker], ">data"),
        (payload[asked], "<data"),
        (fin[asker], ">fin"),
        (fin[asked], "<fin"),
        (state::RESET, "reset"),
        (state::REFUSED, "refused"),
        (state::NO_ANSWER_EXPECTED, "no-answer-expected"),
    ];
    let set: Vec<_> = names
        .iter()
        .filter_map(|(bit, name)| (bits & bit != 0).then_some(*name))
        .collect();
    set.join(" ")
}
