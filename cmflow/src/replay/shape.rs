//! Frames of every link type in a shape that the one parser reads.

use cmflow_common::frame::Frame;

use crate::capture::Link;

/// A frame as the parser sees it.
pub(super) enum Shape<'a> {
    /// It begins with an Ethernet header.
    Ethernet(&'a [u8]),
    /// It begins with an IP header.
    RawIp(&'a [u8]),
    /// Something else says what is inside.
    Announced(Announced<'a>),
}

/// An Ethernet type that nobody uses (IANA: reserved): the outcome is "other".
const OTHER: u16 = 0xffff;

impl<'a> Shape<'a> {
    /// The shape of a captured frame.
    #[inline]
    pub(super) fn of(link: Link, bytes: &'a [u8]) -> Self {
        let announced = match link {
            Link::Ethernet => return Self::Ethernet(bytes),
            Link::RawIp => return Self::RawIp(bytes),
            Link::Cooked => cooked(bytes, 14, 2, 16),
            Link::Cooked2 => cooked(bytes, 0, 8, 20),
            Link::Family => family(bytes),
        };
        // Cut inside its header, as an Ethernet frame that is.
        announced.map_or(Self::Ethernet(&[]), Self::Announced)
    }
}

/// Linux cooked: the protocol at one place, the kind of device at another, and the header's length.
fn cooked(bytes: &[u8], protocol: usize, device: usize, length: usize) -> Option<Announced<'_>> {
    /// Netlink: the protocol is a netlink family (linux/if_arp.h).
    const ARPHRD_NETLINK: [u8; 2] = 824_u16.to_be_bytes();
    let protocol: [u8; 2] = bytes.at(protocol)?;
    let device: [u8; 2] = bytes.at(device)?;
    Some(Announced {
        ethertype: if device == ARPHRD_NETLINK {
            OTHER.to_be_bytes()
        } else {
            protocol
        },
        payload: bytes.get(length..)?,
    })
}

/// BSD null and loop: an address family, in one byte order or the other.
fn family(bytes: &[u8]) -> Option<Announced<'_>> {
    let stated = u32::from_be_bytes(bytes.at(0)?);
    // Families are small numbers.
    let family = if stated > 0xffff {
        stated.swap_bytes()
    } else {
        stated
    };
    let ethertype: u16 = match family {
        2 => 0x0800,
        // NetBSD and OpenBSD, FreeBSD, macOS; Linux writes its own 10.
        24 | 28 | 30 | 10 => 0x86dd,
        _ => OTHER,
    };
    Some(Announced {
        ethertype: ethertype.to_be_bytes(),
        payload: bytes.get(4..)?,
    })
}

/// An Ethernet header of nothing but its type, and what follows it.
pub(super) struct Announced<'a> {
    ethertype: [u8; 2],
    payload: &'a [u8],
}

/// Bytes of an Ethernet header, and where its type stands.
const HEADER: usize = 14;
const ETHERTYPE: usize = 12;

impl Frame for Announced<'_> {
    #[inline(always)]
    fn at<const N: usize>(&self, offset: usize) -> Option<[u8; N]> {
        if offset >= HEADER {
            return self.payload.at(offset - HEADER);
        }
        let mut bytes = [0; N];
        for (place, byte) in (offset..).zip(&mut bytes) {
            *byte = match place {
                0..ETHERTYPE => 0,
                ETHERTYPE..HEADER => self.ethertype[place - ETHERTYPE],
                _ => *self.payload.get(place - HEADER)?,
            };
        }
        Some(bytes)
    }
}
