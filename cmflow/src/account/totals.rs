//! What stays of flows that are gone: by verdict, and by conversation where nothing explains them.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use cmflow_common::flow::{FlowState, state};
use cmflow_common::gateway::{Count, MAX_INTERFACES};
use cmflow_common::judge::is_unexplained;
use cmflow_common::news::News;
use cmflow_common::verdict::VerdictId;

use super::dynamic::DynamicPorts;
use super::translation::Moved;
use super::{End, Flow, hiding};
use crate::compile::VerdictInfo;
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

    /// The conversation that the first packet of a flow belongs to.
    #[must_use]
    pub fn of_news(news: &News) -> Self {
        let [low, high] = End::both(&news.key);
        let (initiator, responder) = if news.state & state::INITIATOR_HIGH == 0 {
            (low, high)
        } else {
            (high, low)
        };
        Self {
            protocol: news.key.protocol(),
            initiator: initiator.address,
            responder,
            verdict: VerdictId(news.verdict),
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

/// Flows whose first packet came in by one interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InterfaceTotal {
    /// All of them.
    pub flows: u64,
    /// Those whose other direction does not cross here.
    pub one_sided: u64,
}

impl InterfaceTotal {
    /// Share of the one-sided ones in percent, to a tenth.
    #[must_use]
    pub fn one_sided_share(&self) -> f64 {
        if self.flows == 0 {
            return 0.0;
        }
        (self.one_sided as f64 / self.flows as f64 * 1000.0).round() / 10.0
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
    /// By the interface's place among those looked at.
    pub interfaces: [InterfaceTotal; MAX_INTERFACES],
    /// Opaque flows, by the name of what hides their ports.
    pub opaque: BTreeMap<Cow<'static, str>, ConversationTotal>,
    /// Dynamic ports used, by pair of computers.
    pub dynamic: DynamicPorts,
    /// Packets that left a verdict and that came to it, by its number, because their half was joined to another one.
    pub(super) moved: HashMap<u16, [Count; 2]>,
}

impl Totals {
    /// Conversations kept apart at most. More are counted by verdict, and their number is shown.
    pub const CAPACITY: usize = 200_000;

    /// The same, knowing what the verdicts are: without, no dynamic ports are kept.
    #[must_use]
    pub fn knowing(mut self, verdicts: &[VerdictInfo]) -> Self {
        self.know(verdicts);
        self
    }

    /// Learns what the verdicts are.
    pub fn know(&mut self, verdicts: &[VerdictInfo]) {
        self.dynamic.know(verdicts);
    }

    /// Adds a flow.
    pub fn add(&mut self, flow: &Flow) {
        let interface = &mut self.interfaces[flow.interface_slot];
        interface.flows += u64::from(!flow.goes_on);
        interface.one_sided += u64::from(!flow.goes_on && flow.state == FlowState::OneSided);
        if flow.verdict == VerdictId::OPAQUE {
            let total = self.opaque.entry(hiding::hides(flow));
            total.or_insert(ConversationTotal::none()).add_flow(flow);
        }
        self.dynamic.add(flow);
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

    /// Notes packets that were judged by one verdict and belong to a flow with another.
    pub fn move_packets(&mut self, moved: &[Moved]) {
        for (from, to, count) in moved {
            for (verdict, direction) in [(from, 0), (to, 1)] {
                let counts = self.moved.entry(verdict.number()).or_default();
                counts[direction].add(count.packets, count.bytes);
            }
        }
    }

    /// What a verdict counted, after packets of joined halves came to where their flow is.
    #[must_use]
    pub fn settled(&self, verdict: VerdictId, judged: Count) -> Count {
        let [left, came] = self.moved.get(&verdict.number()).copied().unwrap_or_default();
        Count {
            packets: (judged.packets + came.packets).saturating_sub(left.packets),
            bytes: (judged.bytes + came.bytes).saturating_sub(left.bytes),
        }
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
