//! The conversation that the history counts a flow for, and what the flow did for it.

use std::collections::HashMap;

use cmflow_common::address::Address;
use cmflow_common::flow::{FlowState, state};
use cmflow_common::judge::is_unexplained;
use cmflow_common::verdict::{VerdictId, VerdictKind};
use ipnet::IpNet;

use super::change::Activity;
use super::privacy::Place;
use super::sampler::{Counted, Sampler};
use crate::account::Flow;
use crate::compile::{Basis, Compiled, VerdictInfo};
use crate::findings::told_state;

/// As [`ConversationKey`], with the number of the verdict in this run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) protocol: u8,
    pub(super) initiator: IpNet,
    pub(super) responder: IpNet,
    pub(super) port: u16,
    pub(super) verdict: VerdictId,
}

/// Flows of one conversation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sum {
    pub(super) activity: Activity,
    pub(super) first_seen: u64,
    pub(super) last_seen: u64,
    pub(super) last_proving: u64,
    pub(super) ports: (u16, u16),
}

impl Sum {
    pub(super) const NONE: Self = Self {
        activity: Activity {
            packets: 0,
            bytes: 0,
            flows: 0,
            answered: 0,
            proving: 0,
            refused: 0,
            one_sided: 0,
        },
        first_seen: u64::MAX,
        last_seen: 0,
        last_proving: 0,
        ports: (u16::MAX, 0),
    };

    pub(super) fn add(&mut self, activity: &Activity, flow: &Flow) {
        self.activity.add(activity);
        self.first_seen = self.first_seen.min(flow.first_seen);
        self.last_seen = self.last_seen.max(flow.last_seen);
        if activity.proving > 0 {
            self.last_proving = self.last_proving.max(flow.last_seen);
        }
        let port = flow.responder.port;
        self.ports = (self.ports.0.min(port), self.ports.1.max(port));
    }
}

pub(super) fn info(compiled: &Compiled, id: VerdictId) -> &VerdictInfo {
    let unknown = usize::from(VerdictId::UNDOCUMENTED.number());
    compiled.verdict(id).unwrap_or(&compiled.verdicts[unknown])
}

/// The end that sent the first packet, 0 for the initiator; nothing where that cannot be told.
pub(super) fn first_sender(flow: &Flow) -> Option<usize> {
    match (flow.forward.packets, flow.reverse.packets) {
        (_, 0) => Some(0),
        (0, _) => Some(1),
        // What proved who opens was the first packet, except where a SYN-ACK alone did.
        _ if flow.initiator_seen && flow.bits & (state::SYN | state::SYN_ACK) != state::SYN_ACK => Some(0),
        _ => None,
    }
}

/// The conversation of a flow and what it did; nothing for what the history does not keep.
pub(super) fn told(counted: &Counted<'_>, flow: &Flow) -> Option<(Key, Activity)> {
    let info = info(counted.compiled, flow.verdict);
    if info.kind == VerdictKind::Local {
        return None;
    }
    let unexplained = is_unexplained(flow.verdict);
    let kept = |address: Address, place: Place| {
        let class = counted.compiled.class(address);
        counted.privacy.kept(address, class, place, unexplained)
    };
    let dynamic = matches!(info.basis, Some(Basis::Range | Basis::Expectation));
    let key = Key {
        protocol: flow.key.protocol(),
        initiator: kept(flow.initiator.address, Place::Initiator),
        responder: kept(flow.responder.address, Place::Responder),
        port: if dynamic { 0 } else { flow.responder.port },
        verdict: flow.verdict,
    };
    let state = told_state(counted.compiled, flow);
    let one = u64::from(!flow.goes_on);
    let answered = matches!(state, FlowState::Answered | FlowState::NoAnswerExpected);
    let total = flow.total();
    let activity = Activity {
        packets: total.packets,
        bytes: total.bytes,
        flows: one,
        answered: if answered { one } else { 0 },
        proving: if answered && flow.initiator_seen { one } else { 0 },
        refused: if state == FlowState::Refused { one } else { 0 },
        one_sided: if state == FlowState::OneSided { one } else { 0 },
    };
    Some((key, activity))
}

/// The key, or a coarser one where there are too many already: first who opens becomes a network, then everybody.
pub(super) fn roomy<T>(sums: &HashMap<Key, T>, key: Key) -> Key {
    if sums.len() < Sampler::CAPACITY || sums.contains_key(&key) {
        return key;
    }
    let cut = |net: IpNet, v4: u8, v6: u8| {
        let length = match net {
            IpNet::V4(_) => v4,
            IpNet::V6(_) => v6,
        };
        IpNet::new(net.addr(), length.min(net.prefix_len())).map_or(net, |net| net.trunc())
    };
    let network = Key {
        initiator: cut(key.initiator, 16, 48),
        ..key
    };
    if sums.len() < Sampler::CAPACITY * 2 || sums.contains_key(&network) {
        return network;
    }
    Key {
        initiator: cut(key.initiator, 0, 0),
        responder: cut(key.responder, 0, 0),
        port: 0,
        ..key
    }
}
