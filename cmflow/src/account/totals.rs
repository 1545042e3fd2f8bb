//! What stays of flows that are gone: by verdict, and by conversation where nothing explains them.

use std::collections::HashMap;

use cmflow_common::gateway::Count;
use cmflow_common::judge::is_unexplained;
use cmflow_common::verdict::VerdictId;

use super::{End, Flow};
use cmflow_common::address::Address;

/// Two computers and a service: flows that differ only in the initiator's port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Conversation {
    /// IP protocol number.
    pub protocol: u8,
    /// Who opened it.
    pub initiator: Address,
    /// Who answers, and at which port.
    pub responder: End,
    /// The verdict.
    pub verdict: VerdictId,
}

impl Conversation {
    /// The conversation that a flow belongs to.
    #[must_use]
    pub const fn of(flow: &Flow) -> Self {
        Self {
            protocol: flow.key.protocol(),
            initiator: flow.initiator.address,
            responder: flow.responder,
            verdict: flow.verdict,
        }
    }
}

/// What is known of a set of flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConversationTotal {
    /// Packets and bytes of both directions.
    pub count: Count,
    /// How many flows.
    pub flows: u64,
    /// Jiffies of the first packet.
    pub first_seen: u64,
    /// Jiffies of the last packet.
    pub last_seen: u64,
}

impl ConversationTotal {
    const fn none() -> Self {
        Self {
            count: Count { packets: 0, bytes: 0 },
            flows: 0,
            first_seen: u64::MAX,
            last_seen: 0,
        }
    }

    /// Adds those of another set.
    pub fn add(&mut self, other: &Self) {
        self.count.add(other.count.packets, other.count.bytes);
        self.flows += other.flows;
        self.first_seen = self.first_seen.min(other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
    }

    fn add_flow(&mut self, flow: &Flow) {
        let total = flow.total();
        self.count.add(total.packets, total.bytes);
        self.flows += u64::from(!flow.goes_on);
        self.first_seen = self.first_seen.min(flow.first_seen);
        self.last_seen = self.last_seen.max(flow.last_seen);
    }
}

/// Totals of flows.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    /// By verdict.
    pub verdicts: HashMap<VerdictId, ConversationTotal>,
    /// By conversation, for what nothing explains.
    pub unexplained: HashMap<Conversation, ConversationTotal>,
    /// Flows of conversations that found no room in `unexplained`.
    pub beyond: u64,
}

impl Totals {
    /// Conversations kept apart at most. More are counted by verdict, and their number is shown.
    pub const CAPACITY: usize = 200_000;

    /// Adds a flow.
    pub fn add(&mut self, flow: &Flow) {
        self.verdicts
            .entry(flow.verdict)
            .or_insert(ConversationTotal::none())
            .add_flow(flow);
        if !is_unexplained(flow.verdict) {
            return;
        }
        let conversation = Conversation::of(flow);
        if self.unexplained.len() >= Self::CAPACITY && !self.unexplained.contains_key(&conversation) {
            self.beyond += 1;
            return;
        }
        self.unexplained
            .entry(conversation)
            .or_insert(ConversationTotal::none())
            .add_flow(flow);
    }

    /// These totals with more flows added: those that are gone with those that live.
    #[must_use]
    pub fn with<'a>(&self, flows: impl IntoIterator<Item = &'a Flow>) -> Self {
        let mut totals = self.clone();
        for flow in flows {
            totals.add(flow);
        }
        totals
    }
}
