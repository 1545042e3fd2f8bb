//! Who opened a flow, and which verdict the tables give it.

use crate::flow::state;
use crate::gateway::{Endpoint, PortClass, Tables, port_index};
use crate::packet::{Packet, protocol, sign};
use crate::verdict::VerdictId;

/// What a single packet proves about the opener of its flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opener {
    /// The sender of the packet opened the flow.
    Sender,
    /// The receiver did.
    Receiver,
    /// The packet proves nothing.
    Unproven,
}

/// A SYN names its sender, a SYN-ACK its receiver, an echo request its sender, a reply its receiver.
#[inline(always)]
#[must_use]
pub const fn proven_opener(packet: &Packet) -> Opener {
    if packet.signs & sign::ICMP_ERROR != 0 {
        return Opener::Unproven;
    }
    match packet.protocol {
        protocol::TCP if packet.signs & sign::SYN != 0 => {
            if packet.signs & sign::ACK == 0 {
                Opener::Sender
            } else {
                Opener::Receiver
            }
        }
        protocol::ICMP | protocol::ICMPV6 if packet.source_port == 0 => {
            if packet.signs & sign::ECHO_REQUEST != 0 {
                Opener::Sender
            } else {
                Opener::Receiver
            }
        }
        _ => Opener::Unproven,
    }
}

/// Whether the sender is taken for the initiator of a flow whose opening nobody saw: the end with the
/// documented port answers, a fixed port before one that only a dynamic range covers; where that does not
/// decide, the end with the lower port answers; where ports are equal, the first sender asked.
#[inline(always)]
#[must_use]
pub fn sender_asked<T: Tables>(tables: &T, packet: &Packet) -> bool {
    let source = tables
        .port_class(port_index(packet.protocol, packet.source_port))
        .rank();
    let destination = tables
        .port_class(port_index(packet.protocol, packet.destination_port))
        .rank();
    if source != destination {
        return destination > source;
    }
    if packet.source_port != packet.destination_port {
        return packet.destination_port < packet.source_port;
    }
    // An ICMP error is sent toward the end that asked.
    packet.signs & sign::ICMP_ERROR == 0
}

/// The initiator's state bits for a new flow: [`state::INITIATOR_HIGH`] and [`state::INITIATOR_SEEN`].
#[inline(always)]
#[must_use]
pub fn initiator<T: Tables>(tables: &T, packet: &Packet, from_low: bool) -> u16 {
    let (from_sender, seen) = match proven_opener(packet) {
        Opener::Sender => (true, state::INITIATOR_SEEN),
        Opener::Receiver => (false, state::INITIATOR_SEEN),
        Opener::Unproven => (sender_asked(tables, packet), 0),
    };
    initiator_bits(from_sender == from_low, seen)
}

/// The two bits for an initiator that is the low end, or not.
#[inline(always)]
#[must_use]
pub const fn initiator_bits(low_asked: bool, seen: u16) -> u16 {
    if low_asked {
        seen
    } else {
        seen | state::INITIATOR_HIGH
    }
}

/// The verdict for a flow, in the precedence of the documents: what is compiled for the pair (documented,
/// approved, baseline), then opaque, local, reversed, and last by how many ends are known.
///
/// `bits` holds the initiator's two bits.
#[inline(always)]
#[must_use]
pub fn judge<T: Tables>(tables: &T, packet: &Packet, from_low: bool, bits: u16) -> VerdictId {
    let sender_is_initiator = from_low == (bits & state::INITIATOR_HIGH == 0);
    let (initiator, responder, port) = if sender_is_initiator {
        (packet.source, packet.destination, packet.destination_port)
    } else {
        (packet.destination, packet.source, packet.source_port)
    };
    let initiator = tables.endpoint(initiator);
    let responder = tables.endpoint(responder);
    let port = tables.port_class(port_index(packet.protocol, port));
    if let Some(judgement) = tables.judgement(initiator.class(), responder.class(), port) {
        return if bits & state::INITIATOR_SEEN != 0 {
            judgement.seen
        } else {
            judgement.inferred
        };
    }
    unexplained(initiator, responder, port)
}

/// The verdict where no rule has a say.
#[inline(always)]
#[must_use]
pub const fn unexplained(initiator: Endpoint, responder: Endpoint, port: PortClass) -> VerdictId {
    let both = initiator.0 & responder.0;
    let either = initiator.0 | responder.0;
    if both & Endpoint::KNOWN != 0 && port.0 & PortClass::HIDES != 0 {
        VerdictId::OPAQUE
    } else if either & Endpoint::LOCAL != 0 {
        VerdictId::LOCAL
    } else if both & Endpoint::KNOWN != 0 {
        VerdictId::UNDOCUMENTED
    } else if either & Endpoint::FLAGGED_IF_FOREIGN != 0 {
        VerdictId::FOREIGN_FLAGGED
    } else if either & Endpoint::KNOWN != 0 {
        VerdictId::FOREIGN
    } else {
        VerdictId::OUT_OF_SCOPE
    }
}

/// Whether user space wants to hear of a flow's first packet: nothing explains it, or not that way round.
#[inline(always)]
#[must_use]
pub const fn is_unexplained(verdict: VerdictId) -> bool {
    matches!(verdict, VerdictId::UNDOCUMENTED | VerdictId::FOREIGN_FLAGGED) || verdict.is_reversed()
}
