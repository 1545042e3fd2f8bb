//! Ethernet frames made by hand: tagged ones, and conversations whose ends need no socket.

use std::net::Ipv4Addr;

/// The gateway's hardware address, the sender's, and the VLAN tags, outermost first, as (type, id).
#[derive(Clone, Copy, Debug)]
pub struct Link<'a> {
    /// Where it goes.
    pub to: [u8; 6],
    /// Where it comes from.
    pub from: [u8; 6],
    /// Tags.
    pub tags: &'a [(u16, u16)],
}

/// A UDP datagram over IPv4 in a frame, without a UDP checksum (RFC 768 lets that be).
#[must_use]
pub fn datagram(link: Link<'_>, from: (Ipv4Addr, u16), to: (Ipv4Addr, u16), payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len() + 8).expect("a payload that fits a datagram");
    let mut frame = [link.to, link.from].concat();
    for (kind, id) in link.tags {
        frame.extend(kind.to_be_bytes());
        frame.extend(id.to_be_bytes());
    }
    frame.extend(0x0800_u16.to_be_bytes());
    let mut header = vec![0x45, 0];
    header.extend((length + 20).to_be_bytes());
    header.extend([0, 0, 0x40, 0, 64, 17, 0, 0]);
    header.extend(from.0.octets());
    header.extend(to.0.octets());
    let sum = checksum(&header);
    header[10..12].copy_from_slice(&sum.to_be_bytes());
    frame.extend(header);
    for word in [from.1, to.1, length, 0] {
        frame.extend(word.to_be_bytes());
    }
    frame.extend(payload);
    frame
}

/// The checksum of RFC 1071 over an even number of bytes.
fn checksum(bytes: &[u8]) -> u16 {
    let words = bytes
        .chunks_exact(2)
        .map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]])));
    let sum: u32 = words.sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    !((folded & 0xffff) + (folded >> 16)) as u16
}
