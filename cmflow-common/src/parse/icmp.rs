//! ICMP (RFC 792) and ICMPv6 (RFC 4443): echo, errors that belong to the flow they quote, and the rest.

use super::End;
use crate::address::Address;
use crate::frame::Frame;
use crate::outcome::Outcome;
use crate::packet::{Packet, protocol, sign};

const HEADER: usize = 8;

const V4_ECHO_REPLY: u8 = 0;
const V4_UNREACHABLE: u8 = 3;
const V4_FRAGMENTATION_NEEDED: u8 = 4;
const V4_ECHO_REQUEST: u8 = 8;
const V4_TIME_EXCEEDED: u8 = 11;
const V4_PARAMETER_PROBLEM: u8 = 12;

const V6_UNREACHABLE: u8 = 1;
const V6_PACKET_TOO_BIG: u8 = 2;
const V6_TIME_EXCEEDED: u8 = 3;
const V6_PARAMETER_PROBLEM: u8 = 4;
const V6_ECHO_REQUEST: u8 = 128;
const V6_ECHO_REPLY: u8 = 129;

#[inline(always)]
pub(super) fn parse_v4<F: Frame + ?Sized>(
    frame: &F,
    offset: usize,
    end: End,
    packet: Packet,
) -> Result<Packet, Outcome> {
    let [kind, code] = type_and_code(frame, offset, end)?;
    match kind {
        V4_ECHO_REQUEST => Ok(with(packet, 0, sign::ECHO_REQUEST)),
        V4_ECHO_REPLY => Ok(with(packet, 0, 0)),
        V4_UNREACHABLE | V4_TIME_EXCEEDED | V4_PARAMETER_PROBLEM => {
            // "Fragmentation needed" is part of a flow that works.
            let final_word = kind == V4_UNREACHABLE && code != V4_FRAGMENTATION_NEEDED;
            quoted_v4(frame, offset + HEADER, end, error(packet, kind, final_word))
        }
        _ => Ok(with(packet, kind, 0)),
    }
}

#[inline(always)]
pub(super) fn parse_v6<F: Frame + ?Sized>(
    frame: &F,
    offset: usize,
    end: End,
    packet: Packet,
) -> Result<Packet, Outcome> {
    let [kind, _] = type_and_code(frame, offset, end)?;
    match kind {
        V6_ECHO_REQUEST => Ok(with(packet, 0, sign::ECHO_REQUEST)),
        V6_ECHO_REPLY => Ok(with(packet, 0, 0)),
        V6_UNREACHABLE | V6_PACKET_TOO_BIG | V6_TIME_EXCEEDED | V6_PARAMETER_PROBLEM => quoted_v6(
            frame,
            offset + HEADER,
            end,
            error(packet, kind, kind == V6_UNREACHABLE),
        ),
        // RFC 4861: router and neighbour solicitation and advertisement, redirect; RFC 3122: inverse.
        133..=137 | 141 | 142 => Err(Outcome::NeighbourDiscovery),
        // RFC 2710 and 9777: multicast listener query, report, done; RFC 4286: multicast routers.
        130..=132 | 143 | 151..=153 => Err(Outcome::GroupMembership),
        _ => Ok(with(packet, kind, 0)),
    }
}

#[inline(always)]
fn type_and_code<F: Frame + ?Sized>(frame: &F, offset: usize, end: End) -> Result<[u8; 2], Outcome> {
    // Both versions have a header of eight bytes in every type that makes a flow.
    if !end.holds(offset, HEADER) {
        return Err(Outcome::TruncatedTransport);
    }
    let header: [u8; HEADER] = frame.at(offset).ok_or(Outcome::TruncatedTransport)?;
    Ok([header[0], header[1]])
}

/// A packet of the ICMP conversation of two addresses: echo has no port, another type stands for one.
#[inline(always)]
const fn with(mut packet: Packet, kind: u8, signs: u16) -> Packet {
    packet.source_port = kind as u16;
    packet.destination_port = kind as u16;
    packet.signs = packet.signs & sign::LINK_LOCAL | signs;
    packet
}

#[inline(always)]
const fn error(packet: Packet, kind: u8, final_word: bool) -> Packet {
    let unreachable = if final_word { sign::UNREACHABLE } else { 0 };
    with(packet, kind, sign::ICMP_ERROR | unreachable)
}

/// Turns an error into a packet of the flow whose IPv4 packet stands at `offset`, where one does.
///
/// What is quoted went from the error's receiver to somebody, so the error counts in the direction back.
#[inline(always)]
fn quoted_v4<F: Frame + ?Sized>(
    frame: &F,
    offset: usize,
    end: End,
    packet: Packet,
) -> Result<Packet, Outcome> {
    let Some(header) = frame.at::<20>(offset).filter(|_| end.holds(offset, 20)) else {
        return Ok(unquoted(packet));
    };
    let length = usize::from(header[0] & 0x0f) << 2;
    let later = u16::from_be_bytes([header[6], header[7]]) & 0x1fff != 0;
    let asker = Address::from_v4([header[12], header[13], header[14], header[15]]);
    let asked = Address::from_v4([header[16], header[17], header[18], header[19]]);
    if header[0] >> 4 != 4 || length < 20 || asker != packet.destination {
        return Ok(unquoted(packet));
    }
    Ok(quoted(
        frame,
        offset + length,
        end,
        packet,
        asked,
        if later { protocol::FRAGMENT } else { header[9] },
        header[9],
    ))
}

/// The same for a quoted IPv6 packet. Extension headers in a quote are not followed: such a flow is opaque.
#[inline(always)]
fn quoted_v6<F: Frame + ?Sized>(
    frame: &F,
    offset: usize,
    end: End,
    packet: Packet,
) -> Result<Packet, Outcome> {
    let Some(header) = frame.at::<40>(offset).filter(|_| end.holds(offset, 40)) else {
        return Ok(unquoted(packet));
    };
    let asker: [u8; 16] = frame.at(offset + 8).unwrap_or([0; 16]);
    let asked: [u8; 16] = frame.at(offset + 24).unwrap_or([0; 16]);
    if header[0] >> 4 != 6 || Address::from_bytes(asker) != packet.destination {
        return Ok(unquoted(packet));
    }
    Ok(quoted(
        frame,
        offset + 40,
        end,
        packet,
        Address::from_bytes(asked),
        header[6],
        header[6],
    ))
}

/// An error that quotes nothing usable is a packet between router and receiver, no more.
#[inline(always)]
const fn unquoted(mut packet: Packet) -> Packet {
    packet.signs &= sign::LINK_LOCAL;
    packet
}

#[inline(always)]
fn quoted<F: Frame + ?Sized>(
    frame: &F,
    offset: usize,
    end: End,
    mut packet: Packet,
    asked: Address,
    shown: u8,
    upper: u8,
) -> Packet {
    packet.source = asked;
    packet.protocol = shown;
    packet.signs &= !sign::LINK_LOCAL;
    packet = packet.with_reach();
    let (mut asker_port, mut asked_port) = (0, 0);
    match shown {
        protocol::TCP | protocol::UDP => {
            let Some(ports) = frame.at::<4>(offset).filter(|_| end.holds(offset, 4)) else {
                return opaque(packet, upper);
            };
            asker_port = u16::from_be_bytes([ports[0], ports[1]]);
            asked_port = u16::from_be_bytes([ports[2], ports[3]]);
        }
        protocol::ICMP | protocol::ICMPV6 => {
            let [kind, _] = frame
                .at(offset)
                .filter(|_| end.holds(offset, 2))
                .unwrap_or([0; 2]);
            let echo = if shown == protocol::ICMP {
                matches!(kind, V4_ECHO_REQUEST | V4_ECHO_REPLY)
            } else {
                matches!(kind, V6_ECHO_REQUEST | V6_ECHO_REPLY)
            };
            asker_port = if echo { 0 } else { u16::from(kind) };
            asked_port = asker_port;
        }
        protocol::FRAGMENT => return opaque(packet, upper),
        _ => {}
    }
    packet.source_port = asked_port;
    packet.destination_port = asker_port;
    packet
}

/// A quote whose ports are not there: the flow of the pair that has none.
#[inline(always)]
const fn opaque(packet: Packet, upper: u8) -> Packet {
    let mut packet = packet;
    packet.protocol = protocol::FRAGMENT;
    packet.source_port = upper as u16;
    packet.destination_port = upper as u16;
    packet
}
