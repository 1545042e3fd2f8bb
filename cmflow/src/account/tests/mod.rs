//! What becomes of flows after they were read: joined, kept waiting, added up.

mod dynamic;
mod translation;
mod waiting;

use std::net::SocketAddr;

use cmflow_common::flow::{Claim, FlowKey, FlowState, Selector, Slot, state};
use cmflow_common::packet::protocol;
use cmflow_common::verdict::{VerdictId, VerdictKind};

use super::*;
use crate::compile::VerdictInfo;
use crate::site::{Nat, Place, Socket};

const DOCUMENTED: VerdictId = VerdictId(8);
const ALSO_DOCUMENTED: VerdictId = VerdictId(9);

fn verdicts() -> Vec<VerdictInfo> {
    let kinds = [
        VerdictKind::Undocumented,
        VerdictKind::Foreign,
        VerdictKind::Foreign,
        VerdictKind::OutOfScope,
        VerdictKind::Local,
        VerdictKind::Opaque,
        VerdictKind::OutOfScope,
        VerdictKind::OutOfScope,
        VerdictKind::Documented,
        VerdictKind::Documented,
    ];
    let info = |kind| VerdictInfo {
        kind,
        rules: vec![],
        basis: None,
    };
    kinds.into_iter().map(info).collect()
}

fn socket(text: &str) -> Socket {
    match text.parse::<SocketAddr>() {
        Ok(both) => Socket {
            address: both.ip(),
            port: Some(both.port()),
        },
        Err(_) => Socket {
            address: text.parse().expect("an address"),
            port: None,
        },
    }
}

fn nat(vips: &[&str], members: &[&str], own: &[&str]) -> Nat {
    Nat {
        vips: vips.iter().map(|text| socket(text)).collect(),
        members: members.iter().map(|text| socket(text)).collect(),
        own: own.iter().map(|text| text.parse().expect("an address")).collect(),
        hides: None,
        roles: vec![],
        place: Place::default(),
    }
}

fn end(text: &str) -> End {
    let both: SocketAddr = text.parse().expect("address and port");
    End {
        address: both.ip().into(),
        port: both.port(),
    }
}

/// What a half of a flow looks like: who sends, to whom, how many packets, which signs, when.
#[derive(Clone, Copy)]
struct Sent<'a> {
    from: &'a str,
    to: &'a str,
    protocol: u8,
    packets: [u64; 2],
    /// Bits as if the sender were the low end.
    bits: u16,
    sender_opened: bool,
    seen: bool,
    verdict: VerdictId,
    at: u64,
}

impl Sent<'_> {
    fn flow(self) -> Flow {
        let (from, to) = (end(self.from), end(self.to));
        let sender_high = (from.address, from.port) > (to.address, to.port);
        let (low, high) = if sender_high { (to, from) } else { (from, to) };
        let mut bits = joined::turned(self.bits, sender_high);
        if self.sender_opened == sender_high {
            bits |= state::INITIATOR_HIGH;
        }
        if self.seen {
            bits |= state::INITIATOR_SEEN;
        }
        let [sent, got] = self.packets;
        let counts = if sender_high { [got, sent] } else { [sent, got] };
        let slot = Slot {
            key: FlowKey {
                low: low.address,
                high: high.address,
                selector: Selector::new(low.port, high.port, self.protocol, 0),
            },
            claim: Claim {
                tag: 2,
                generation: 1,
                verdict: self.verdict,
            }
            .word(),
            state: Slot::state_word(bits, 1, self.at),
            last_seen: self.at + 10,
            packets: [counts, [0, 0]],
            bytes: [counts.map(|count| count * 100), [0, 0]],
        };
        Flow::from_slot(&slot)
    }
}

/// A client's half of a TCP conversation.
fn asks<'a>(from: &'a str, to: &'a str) -> Sent<'a> {
    Sent {
        from,
        to,
        protocol: protocol::TCP,
        packets: [5, 0],
        bits: state::SYN | state::PAYLOAD_LOW | state::FROM_LOW | state::FIN_LOW,
        sender_opened: true,
        seen: true,
        verdict: DOCUMENTED,
        at: 100,
    }
}

/// A server's half.
fn answers<'a>(from: &'a str, to: &'a str) -> Sent<'a> {
    Sent {
        packets: [4, 0],
        bits: state::SYN_ACK | state::PAYLOAD_LOW | state::FROM_LOW | state::FIN_LOW,
        sender_opened: false,
        at: 101,
        ..asks(from, to)
    }
}
