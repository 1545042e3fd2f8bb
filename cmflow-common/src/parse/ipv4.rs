//! IPv4 (RFC 791): the real header length, options, fragments.

use super::{End, transport};
use crate::address::Address;
use crate::frame::Frame;
use crate::outcome::Outcome;
use crate::packet::{Packet, protocol};

const MIN_HEADER: usize = 20;
const FRAGMENT_OFFSET: u16 = 0x1fff;

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
    let mut packet = Packet {
        source: Address::from_v4([header[12], header[13], header[14], header[15]]),
        destination: Address::from_v4([header[16], header[17], header[18], header[19]]),
        source_port: 0,
        destination_port: 0,
        protocol: header[9],
        signs: 0,
        tags,
        header_length: 0,
    }
    .with_reach();
    if u16::from_be_bytes([header[6], header[7]]) & FRAGMENT_OFFSET != 0 {
        return Ok(transport::later_fragment(packet));
    }
    if packet.protocol == protocol::IGMP {
        return Err(Outcome::GroupMembership);
    }
    packet.signs = frame.forget(packet.signs.into()) as u16;
    transport::parse(
        frame,
        frame.forget((offset + length) as u64) as usize,
        end,
        packet,
    )
}
