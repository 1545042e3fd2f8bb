//! TCP (RFC 9293), UDP (RFC 768), and protocols whose ports nobody can see.

use super::{End, icmp};
use crate::frame::Frame;
use crate::outcome::Outcome;
use crate::packet::{Packet, protocol, sign};

const TCP_HEADER: usize = 20;
const UDP_HEADER: usize = 8;
/// RFC 4302: the authentication header ends where it says, in units of four bytes plus eight.
const AUTHENTICATION: u8 = 51;

#[inline(always)]
pub(super) fn parse<F: Frame + ?Sized>(
    frame: &F,
    offset: usize,
    end: End,
    mut packet: Packet,
) -> Result<Packet, Outcome> {
    let mut offset = offset;
    // Ports behind an authentication header are in the clear; IPv6 has stepped over it already.
    if packet.protocol == AUTHENTICATION {
        // RFC 4302 section 2: twelve bytes before the integrity check.
        let header: [u8; 2] = frame
            .at(offset)
            .filter(|_| end.holds(offset, 12))
            .ok_or(Outcome::TruncatedIp)?;
        packet.protocol = header[0];
        offset += (usize::from(header[1]) + 2) << 2;
    }
    match packet.protocol {
        protocol::TCP => tcp(frame, offset, end, packet),
        protocol::UDP => udp(frame, offset, end, packet),
        protocol::ICMP => icmp::parse_v4(frame, offset, end, packet),
        protocol::ICMPV6 => icmp::parse_v6(frame, offset, end, packet),
        // Ends known, no ports to see: judged as opaque.
        _ => Ok(packet),
    }
}

/// A fragment other than the first: the ports stood in the first.
#[inline(always)]
pub(super) const fn later_fragment(mut packet: Packet, identification: u32) -> Packet {
    packet.signs |= sign::FRAGMENT;
    packet.detail = identification;
    packet.source_port = packet.protocol as u16;
    packet.destination_port = packet.protocol as u16;
    packet.protocol = protocol::FRAGMENT;
    packet
}

#[inline(always)]
fn tcp<F: Frame + ?Sized>(frame: &F, offset: usize, end: End, mut packet: Packet) -> Result<Packet, Outcome> {
    if !end.holds(offset, TCP_HEADER) {
        return Err(Outcome::TruncatedTransport);
    }
    let header: [u8; TCP_HEADER] = frame.at(offset).ok_or(Outcome::TruncatedTransport)?;
    let length = usize::from(header[12] >> 4) << 2;
    if length < TCP_HEADER {
        return Err(Outcome::MalformedTransport);
    }
    packet.source_port = u16::from_be_bytes([header[0], header[1]]);
    packet.destination_port = u16::from_be_bytes([header[2], header[3]]);
    packet.signs |= u16::from(header[13]) & (sign::FIN | sign::SYN | sign::RST | sign::ACK);
    if end.holds(offset, length + 1) {
        packet.signs |= sign::PAYLOAD;
    }
    packet.detail = (offset + length) as u32;
    Ok(packet)
}

#[inline(always)]
fn udp<F: Frame + ?Sized>(frame: &F, offset: usize, end: End, mut packet: Packet) -> Result<Packet, Outcome> {
    if !end.holds(offset, UDP_HEADER) {
        return Err(Outcome::TruncatedTransport);
    }
    let header: [u8; UDP_HEADER] = frame.at(offset).ok_or(Outcome::TruncatedTransport)?;
    let length = u16::from_be_bytes([header[4], header[5]]);
    // RFC 2675: a jumbogram's UDP length is 0.
    if length != 0 && usize::from(length) < UDP_HEADER {
        return Err(Outcome::MalformedTransport);
    }
    packet.source_port = u16::from_be_bytes([header[0], header[1]]);
    packet.destination_port = u16::from_be_bytes([header[2], header[3]]);
    packet.signs |= if end.holds(offset, UDP_HEADER + 1) {
        sign::PAYLOAD
    } else {
        0
    };
    packet.detail = (offset + UDP_HEADER) as u32;
    Ok(packet)
}
