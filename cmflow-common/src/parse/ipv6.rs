//! IPv6 (RFC 8200): up to six extension headers, fragments.

use super::{End, MAX_HEADERS, transport};
use crate::address::Address;
use crate::frame::Frame;
use crate::outcome::Outcome;
use crate::packet::{Packet, protocol, sign};

const HEADER: usize = 40;
const MAX_EXTENSIONS: usize = 6;

const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const AUTHENTICATION: u8 = 51;
const DESTINATION_OPTIONS: u8 = 60;
const MOBILITY: u8 = 135;
const HOST_IDENTITY: u8 = 139;
const SHIM6: u8 = 140;

const FRAGMENT_OFFSET: u16 = 0xfff8;
const MORE_FRAGMENTS: u16 = 1;

/// Whether that next-header number announces an extension header (IANA's list, ESP left out: it hides the rest).
#[inline(always)]
const fn is_extension(next: u8) -> bool {
    matches!(
        next,
        HOP_BY_HOP
            | ROUTING
            | protocol::FRAGMENT
            | AUTHENTICATION
            | DESTINATION_OPTIONS
            | MOBILITY
            | HOST_IDENTITY
            | SHIM6
    )
}

#[inline(always)]
pub(super) fn parse<F: Frame + ?Sized>(frame: &F, offset: usize, tags: u32) -> Result<Packet, Outcome> {
    let header: [u8; HEADER] = frame.at(offset).ok_or(Outcome::TruncatedIp)?;
    if header[0] >> 4 != 6 {
        return Err(Outcome::MalformedIp);
    }
    let payload = usize::from(u16::from_be_bytes([header[4], header[5]]));
    let mut next = header[6];
    // A jumbogram (RFC 2675) or a merged packet says 0 and carries its length elsewhere.
    let end = if payload == 0 && next != 59 {
        End::UNSTATED
    } else {
        End(offset + HEADER + payload)
    };
    let mut packet = Packet {
        source: Address::from_bytes(sixteen(&header, 8)),
        destination: Address::from_bytes(sixteen(&header, 24)),
        source_port: 0,
        destination_port: 0,
        protocol: next,
        signs: 0,
        tags,
        detail: 0,
    }
    .with_reach();
    let mut at = offset + HEADER;
    for _ in 0..MAX_EXTENSIONS {
        if !is_extension(next) {
            break;
        }
        let extension: [u8; 4] = frame.at(at).ok_or(Outcome::TruncatedIp)?;
        if !end.holds(at, 8) {
            return Err(Outcome::MalformedIp);
        }
        if next == protocol::FRAGMENT {
            let place = u16::from_be_bytes([extension[2], extension[3]]);
            if place & (FRAGMENT_OFFSET | MORE_FRAGMENTS) != 0 {
                let identification = frame.at(at + 4).ok_or(Outcome::TruncatedIp)?;
                packet.detail = u32::from_be_bytes(identification);
                packet.signs |= sign::FRAGMENT;
            }
            if place & FRAGMENT_OFFSET != 0 {
                packet.protocol = extension[0];
                return Ok(transport::later_fragment(packet, packet.detail));
            }
        }
        at += match next {
            protocol::FRAGMENT => 8,
            // RFC 4302 section 2.2: counted in units of four bytes, minus two.
            AUTHENTICATION => (usize::from(extension[1]) + 2) << 2,
            _ => (usize::from(extension[1]) + 1) << 3,
        };
        next = frame.forget(extension[0].into()) as u8;
        if at > MAX_HEADERS {
            return Err(Outcome::TooManyExtensions);
        }
        at = frame.forget(at as u64) as usize;
    }
    if is_extension(next) {
        return Err(Outcome::TooManyExtensions);
    }
    packet.protocol = frame.forget(next.into()) as u8;
    packet.signs = frame.forget(packet.signs.into()) as u16;
    let (signs, identification) = (packet.signs, frame.forget(packet.detail.into()) as u32);
    packet.signs &= !sign::FRAGMENT;
    let packet = transport::parse(frame, frame.forget(at as u64) as usize, end, packet)?;
    Ok(if signs & sign::FRAGMENT == 0 {
        packet
    } else {
        packet.first_fragment(identification)
    })
}

#[inline(always)]
const fn sixteen(header: &[u8; HEADER], from: usize) -> [u8; 16] {
    let mut bytes = [0; 16];
    let mut i = 0;
    while i < 16 {
        bytes[i] = header[from + i];
        i += 1;
    }
    bytes
}
