//! What the parser takes out of a frame.

use crate::address::Address;
use crate::flow::{FlowKey, Selector};
use crate::frame::Frame;
use crate::gateway::Viewpoint;

/// IP protocol numbers (IANA) that the parser or the decision names.
pub mod protocol {
    /// Internet Control Message Protocol.
    pub const ICMP: u8 = 1;
    /// Internet Group Management Protocol.
    pub const IGMP: u8 = 2;
    /// Transmission Control Protocol.
    pub const TCP: u8 = 6;
    /// User Datagram Protocol.
    pub const UDP: u8 = 17;
    /// IPv6 fragment header; in a flow's key it stands for later fragments of either family, which have no
    /// ports. As an upper protocol of its own it does not exist.
    pub const FRAGMENT: u8 = 44;
    /// ICMP for IPv6.
    pub const ICMPV6: u8 = 58;
}

/// What a packet says of its flow, one bit each. Those of TCP stand where TCP has them (RFC 9293 section 3.1).
pub mod sign {
    /// A TCP FIN.
    pub const FIN: u16 = 1 << 0;
    /// A TCP SYN, or the SYN of a SYN-ACK.
    pub const SYN: u16 = 1 << 1;
    /// A TCP RST.
    pub const RST: u16 = 1 << 2;
    /// An ICMP echo request; without it an echo packet is a reply.
    pub const ECHO_REQUEST: u16 = 1 << 3;
    /// A TCP ACK.
    pub const ACK: u16 = 1 << 4;
    /// The transport carries at least one byte.
    pub const PAYLOAD: u16 = 1 << 5;
    /// An ICMP error that quotes the flow; it travels toward the sender of what it quotes.
    pub const ICMP_ERROR: u16 = 1 << 6;
    /// That error says that the responder will not answer: unreachable or prohibited.
    pub const UNREACHABLE: u16 = 1 << 7;
    /// The source or the destination is a link-local or an unspecified address.
    pub const LINK_LOCAL: u16 = 1 << 8;
    /// A fragment of an IP packet, the first or a later one, of more than one.
    pub const FRAGMENT: u16 = 1 << 9;
}

/// One packet, as far as flows and verdicts need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Sender; for an ICMP error the receiver of what it quotes.
    pub source: Address,
    /// Receiver; for an ICMP error the sender of what it quotes.
    pub destination: Address,
    /// Port of the sender. ICMP echo has 0 on both ends; other ICMP carries its type on both; protocols
    /// without ports have 0; a later fragment has its upper protocol on both.
    pub source_port: u16,
    /// Port of the receiver.
    pub destination_port: u16,
    /// IP protocol number.
    pub protocol: u8,
    /// Bits of [`sign`].
    pub signs: u16,
    /// The two outermost VLAN ids, the outer one in the low 12 bits; zero without tags.
    pub tags: u32,
    /// Of a fragment the identification of its packet (RFC 791, RFC 8200 section 4.5). Otherwise the bytes of the
    /// frame before the payload of TCP or UDP, or 0.
    pub detail: u32,
}

impl Packet {
    /// The same packet, with values that the verifier knows nothing about: see [`Frame::forget`].
    #[inline(always)]
    #[must_use]
    pub fn forgotten<F: Frame + ?Sized>(self, frame: &F) -> Self {
        // One word for ports, protocol and tags, as the flow's key has them: one step instead of four.
        let selector = Selector(frame.forget(self.selector().0));
        Self {
            source: self.source.forgotten(frame),
            destination: self.destination.forgotten(frame),
            source_port: selector.first_port(),
            destination_port: selector.second_port(),
            protocol: selector.protocol(),
            tags: selector.tags(),
            signs: frame.forget(self.signs.into()) as u16,
            detail: frame.forget(self.detail.into()) as u32,
        }
    }

    /// Ports (the sender's first), protocol and tags in one word.
    #[inline(always)]
    #[must_use]
    pub const fn selector(&self) -> Selector {
        Selector::new(self.source_port, self.destination_port, self.protocol, self.tags)
    }

    /// The key of its flow, and whether the sender is the key's low end.
    ///
    /// `view` says how far addresses and tags reach.
    #[inline(always)]
    #[must_use]
    pub fn key<V: Viewpoint>(&self, view: &V) -> (FlowKey, bool) {
        let mut source = self.source;
        let mut destination = self.destination;
        let mut selector = self.selector();
        if self.signs & sign::LINK_LOCAL != 0 {
            let link = view.link();
            if source.is_link_local() || source.is_unspecified() {
                source = source.on_link(link);
            }
            if destination.is_link_local() || destination.is_unspecified() {
                destination = destination.on_link(link);
            }
        } else if selector.tags() != 0 && !view.tags_apart() {
            selector = selector.untagged();
        }
        let from_low = if source == destination {
            self.source_port <= self.destination_port
        } else {
            source < destination
        };
        let key = if from_low {
            FlowKey {
                low: source,
                high: destination,
                selector,
            }
        } else {
            FlowKey {
                low: destination,
                high: source,
                selector: selector.turned(),
            }
        };
        (key, from_low)
    }

    /// The packet as the first fragment of several. What an ICMP error quotes has an identification of its own, so
    /// that one stays as it is.
    #[inline(always)]
    #[must_use]
    pub(crate) const fn first_fragment(mut self, identification: u32) -> Self {
        if self.signs & sign::ICMP_ERROR == 0 {
            self.signs |= sign::FRAGMENT;
            self.detail = identification;
        }
        self
    }

    /// The packet with [`sign::LINK_LOCAL`] where one of its addresses is, or says that there is none yet.
    #[inline(always)]
    #[must_use]
    pub const fn with_reach(mut self) -> Self {
        if self.source.is_link_local() || self.destination.is_link_local() || self.source.is_unspecified() {
            self.signs |= sign::LINK_LOCAL;
        }
        self
    }
}
