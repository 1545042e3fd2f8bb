//! IPv4 (RFC 791): the real header length, options, fragments.

use super::{End, transport};
use crate::address::Address;
use crate::frame::Frame;
use crate::outcome::Outcome;
use crate::packet::{Packet, protocol, sign};

const MIN_HEADER: usize = 20;
/// Where in the header the source stands, and behind it the destination.
const ADDRESSES: usize = 12;
const FRAGMENT_OFFSET: u16 = 0x1fff;
const MORE_FRAGMENTS: u16 = 0x2000;

/// Whether that word of the header is an address of 169.254.0.0/16 (RFC 3927).
#[inline(always)]
const fn is_link_local(word: u32) -> bool {
    word & u32::from_ne_bytes([0xff, 0xff, 0, 0]) == u32::from_ne_bytes([169, 254, 0, 0])
}

#[inline(always)]
pub(super) fn parse<F: Frame + ?Sized>(frame: &F, offset: usize, tags: u32) -> Result<Packet, Outcome> {
    let header: [u8; MIN_HEADER] = frame.at(offset).ok_or(Outcome::TruncatedIp)?;
    let length = usize::from(header[0] & 0x0f) << 2;
    if header[0] >> 4 != 4 || length < MIN_HEADER {
        return Err(Outcome::MalformedIp);
    }
    let total = usize::from(u16::from_be_bytes([header[2], header[3]]));
    // Merged packets over 64 KiB (BIG TCP) and captures of offloaded segments say 0.
    let end = if total == 0 {
        End::UNSTATED
    } else {
        End(offset + total)
    };
    if total != 0 && total < length {
        return Err(Outcome::MalformedIp);
    }
    // Both addresses by one reading: taken out of the header they would be put together byte by byte.
    let pair = u64::from_ne_bytes(frame.at(offset + ADDRESSES).ok_or(Outcome::TruncatedIp)?);
    let (first, second) = (pair as u32, (pair >> 32) as u32);
    let (source, destination) = if cfg!(target_endian = "little") {
        (first, second)
    } else {
        (second, first)
    };
    let local = is_link_local(source) || is_link_local(destination) || source == 0;
    let mut packet = Packet {
        source: Address::from_v4_word(source),
        destination: Address::from_v4_word(destination),
        source_port: 0,
        destination_port: 0,
        protocol: header[9],
        signs: if local { sign::LINK_LOCAL } else { 0 },
        tags,
        detail: 0,
    };
    let fragment = u16::from_be_bytes([header[6], header[7]]) & (FRAGMENT_OFFSET | MORE_FRAGMENTS);
    let identification = u32::from(u16::from_be_bytes([header[4], header[5]]));
    if fragment & FRAGMENT_OFFSET != 0 {
        return Ok(transport::later_fragment(packet, identification));
    }
    if packet.protocol == protocol::IGMP {
        return Err(Outcome::GroupMembership);
    }
    packet.signs = frame.forget(packet.signs.into()) as u16;
    let packet = transport::parse(
        frame,
        frame.forget((offset + length) as u64) as usize,
        end,
        packet,
    )?;
    Ok(if fragment == 0 {
        packet
    } else {
        packet.first_fragment(identification)
    })
}
