//! What the parser takes out of a frame.

use crate::address::Address;
use crate::flow::FlowKey;
use crate::frame::Frame;

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

/// What a packet says of its flow, one bit each.
pub mod sign {
    /// A TCP SYN, or the SYN of a SYN-ACK.
    pub const SYN: u16 = 1 << 0;
    /// A TCP ACK.
    pub const ACK: u16 = 1 << 1;
    /// A TCP FIN.
    pub const FIN: u16 = 1 << 2;
    /// A TCP RST.
    pub const RST: u16 = 1 << 3;
    /// The transport carries at least one byte.
    pub const PAYLOAD: u16 = 1 << 4;
    /// An ICMP echo request; without it an echo packet is a reply.
    pub const ECHO_REQUEST: u16 = 1 << 5;
    /// An ICMP error that quotes the flow; it travels toward the sender of what it quotes.
    pub const ICMP_ERROR: u16 = 1 << 6;
    /// That error says that the responder will not answer: unreachable or prohibited.
    pub const UNREACHABLE: u16 = 1 << 7;
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
    /// Bytes of the frame before the transport's payload, where the transport is TCP; else 0.
    pub header_length: u16,
}

impl Packet {
    /// The same packet, with values that the verifier knows nothing about: see [`Frame::forget`].
    #[inline(always)]
    #[must_use]
    pub fn forgotten<F: Frame + ?Sized>(self, frame: &F) -> Self {
        Self {
            source: self.source.forgotten(frame),
            destination: self.destination.forgotten(frame),
            source_port: frame.forget(self.source_port.into()) as u16,
            destination_port: frame.forget(self.destination_port.into()) as u16,
            protocol: frame.forget(self.protocol.into()) as u8,
            signs: frame.forget(self.signs.into()) as u16,
            tags: frame.forget(self.tags.into()) as u32,
            header_length: frame.forget(self.header_length.into()) as u16,
        }
    }

    /// The key of its flow, and whether the sender is the key's low end.
    ///
    /// `link` and `tags_apart` say how far addresses reach: see [`crate::gateway::View`].
    #[inline(always)]
    #[must_use]
    pub fn key(&self, link: u32, tags_apart: bool) -> (FlowKey, bool) {
        let mut source = self.source;
        let mut destination = self.destination;
        let mut tags = if tags_apart { self.tags } else { 0 };
        if source.is_link_local() {
            source = source.on_link(link);
            tags = self.tags;
        }
        if destination.is_link_local() {
            destination = destination.on_link(link);
            tags = self.tags;
        }
        let tags = [tags as u8, (tags >> 8) as u8, (tags >> 16) as u8];
        let from_low = if source == destination {
            self.source_port <= self.destination_port
        } else {
            source < destination
        };
        let key = if from_low {
            FlowKey {
                low: source,
                high: destination,
                low_port: self.source_port,
                high_port: self.destination_port,
                protocol: self.protocol,
                tags,
            }
        } else {
            FlowKey {
                low: destination,
                high: source,
                low_port: self.destination_port,
                high_port: self.source_port,
                protocol: self.protocol,
                tags,
            }
        };
        (key, from_low)
    }
}
