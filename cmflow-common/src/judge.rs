//! Who opened a flow, and which verdict the tables give it.

use crate::address::Address;
use crate::expectation::TFTP;
use crate::flow::state;
use crate::gateway::{Endpoint, PortClass, Tables, Viewpoint, port_index};
use crate::packet::{Packet, protocol, sign};
use crate::verdict::{Judgement, VerdictId};

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

/// The initiator's state bits for a new flow: [`state::INITIATOR_HIGH`] and [`state::INITIATOR_SEEN`].
///
/// A datagram toward a documented port from one that is none names its sender at once. Where ports do not tell the
/// ends apart it does so if the conversation is seen from its beginning (`from_beginning`). From a documented port
/// it looks like an answer to something that did not cross here, so its receiver is taken for the one that asked;
/// but a group asks nobody.
#[inline(always)]
#[must_use]
pub fn initiator<T: Tables>(
    tables: &T,
    packet: &Packet,
    ends: &Ends,
    from_low: bool,
    from_beginning: bool,
) -> u16 {
    let (from_sender, seen) = match proven_opener(packet) {
        Opener::Sender => (true, true),
        Opener::Receiver => (false, true),
        Opener::Unproven if ends.is_to_group(packet) => (true, true),
        Opener::Unproven => inferred(tables, packet, from_beginning),
    };
    initiator_bits(
        from_sender == from_low,
        if seen { state::INITIATOR_SEEN } else { 0 },
    )
}

/// Whether the sender of a packet that proves nothing asked, and whether that is certain all the same.
///
/// The end with the documented port answers, a fixed port before one that only a dynamic range covers; where that
/// does not decide, the end with the lower port answers; where ports are equal, the first sender asked.
#[inline(always)]
fn inferred<T: Tables>(tables: &T, packet: &Packet, from_beginning: bool) -> (bool, bool) {
    let rank = |port| tables.port_class(port_index(packet.protocol, port)).rank();
    let (source, destination) = (rank(packet.source_port), rank(packet.destination_port));
    let datagram = packet.protocol == protocol::UDP && packet.signs & sign::ICMP_ERROR == 0;
    if source != destination {
        return (destination > source, destination > source && datagram);
    }
    if datagram && from_beginning {
        return (true, true);
    }
    if packet.source_port != packet.destination_port {
        return (packet.destination_port < packet.source_port, false);
    }
    // An ICMP error is sent toward the end that asked.
    (packet.signs & sign::ICMP_ERROR == 0, false)
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

/// Both ends of a packet, as the tables know them.
#[derive(Clone, Copy, Debug)]
pub struct Ends {
    /// The sender.
    pub source: Endpoint,
    /// The receiver.
    pub destination: Endpoint,
}

impl Ends {
    /// Whether the packet was sent to whoever listens. An ICMP error never is (RFC 1122 section 3.2.2).
    #[inline(always)]
    const fn is_to_group(&self, packet: &Packet) -> bool {
        packet.signs & sign::ICMP_ERROR == 0
            && (self.destination.is(Endpoint::GROUP) || packet.destination.is_group())
    }
}

/// Looks both ends up.
#[inline(always)]
#[must_use]
pub fn ends<T: Tables, V: Viewpoint>(tables: &T, view: &V, packet: &Packet) -> Ends {
    let mut ends = Ends {
        source: tables.endpoint(packet.source),
        destination: tables.endpoint(packet.destination),
    };
    if packet.signs & sign::LINK_LOCAL != 0 {
        // Who has no address that tells is what the interface's side is.
        let nameless = |end: Endpoint, address: Address| {
            end.class() == 0 && (address.is_link_local() || address.is_unspecified())
        };
        let source = nameless(ends.source, packet.source);
        let destination = nameless(ends.destination, packet.destination);
        if source || destination {
            let side = tables.endpoint(Address::side(view.interface()));
            if source && side.class() != 0 {
                ends.source = side;
            }
            if destination && side.class() != 0 {
                ends.destination = side;
            }
        }
    }
    ends
}

/// What the tables say of a flow, in the precedence of the documents: what is compiled for the pair (documented,
/// approved, baseline), then opaque, local, reversed, and last by how many ends are known.
#[derive(Clone, Copy, Debug)]
pub struct Judged(Judgement);

impl Judged {
    /// Judges the flow of a packet whose ends were looked up. `bits` hold the initiator, and whether the flow was
    /// announced by another one.
    #[inline(always)]
    #[must_use]
    pub fn new<T: Tables>(tables: &T, packet: &Packet, ends: &Ends, from_low: bool, bits: u16) -> Self {
        let sender_is_initiator = from_low == (bits & state::INITIATOR_HIGH == 0);
        let (initiator, responder, port) = if sender_is_initiator {
            (ends.source, ends.destination, packet.destination_port)
        } else {
            (ends.destination, ends.source, packet.source_port)
        };
        // A TFTP transfer belongs to its request, from whatever port the server sends it.
        let port = if state::was_expected(bits) && packet.protocol == protocol::UDP {
            TFTP
        } else {
            port
        };
        let port = tables.port_class(port_index(packet.protocol, port));
        let judgement = tables.judgement(initiator.class(), responder.class(), port);
        Self(match judgement {
            Some(judgement) => judgement,
            None => {
                let verdict = unexplained(initiator, responder, port);
                Judgement::new(verdict, verdict)
            }
        })
    }

    /// The verdict for that state of the flow.
    #[inline(always)]
    #[must_use]
    pub const fn verdict(&self, bits: u16) -> VerdictId {
        if state::was_expected(bits) && self.can_be_expected() {
            self.0.expected
        } else if bits & state::INITIATOR_SEEN != 0 {
            self.0.seen
        } else {
            self.0.inferred
        }
    }

    /// The verdict where an endpoint mapper announced the flow; [`VerdictId::NOT_EXPECTED`] where none can.
    #[inline(always)]
    #[must_use]
    pub const fn if_expected(&self) -> VerdictId {
        self.0.expected
    }

    /// Whether a conversation with an endpoint mapper can announce such a flow.
    #[inline(always)]
    #[must_use]
    pub const fn can_be_expected(&self) -> bool {
        self.0.expected.0 != VerdictId::NOT_EXPECTED.0
    }
}

/// The verdict for the flow of a packet, by itself: see [`Judged`].
#[inline(always)]
#[must_use]
pub fn judge<T: Tables, V: Viewpoint>(
    tables: &T,
    view: &V,
    packet: &Packet,
    from_low: bool,
    bits: u16,
) -> VerdictId {
    let ends = ends(tables, view, packet);
    Judged::new(tables, packet, &ends, from_low, bits).verdict(bits)
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

/// Whether nothing is known of a flow beyond its ends: neither a rule nor the kind of traffic explains it, be it
/// flagged or not.
#[inline(always)]
#[must_use]
pub const fn is_unaccounted(verdict: VerdictId) -> bool {
    matches!(
        verdict,
        VerdictId::UNDOCUMENTED | VerdictId::FOREIGN_FLAGGED | VerdictId::FOREIGN
    )
}
