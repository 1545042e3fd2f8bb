//! Ethernet II with up to four VLAN tags (IEEE 802.1Q, 802.1ad).

use super::{ipv4, ipv6};
use crate::frame::Frame;
use crate::outcome::Outcome;
use crate::packet::Packet;

const HEADER: usize = 14;
const TAG: usize = 4;
const MAX_TAGS: usize = 4;

/// Whether that Ethernet type announces a tag: 802.1Q, 802.1ad, and the older QinQ 0x9100.
#[inline(always)]
const fn is_tag(ethertype: u16) -> bool {
    matches!(ethertype, 0x8100 | 0x88a8 | 0x9100)
}

#[inline(always)]
pub(super) fn parse<F: Frame + ?Sized>(frame: &F, stripped: Option<u16>) -> Result<Packet, Outcome> {
    let mut ethertype = u16::from_be_bytes(frame.at(HEADER - 2).ok_or(Outcome::TruncatedEthernet)?);
    let mut offset = HEADER;
    let (mut tags, mut width) = match stripped {
        Some(tag) => (u32::from(tag & 0xfff), 12_u64),
        None => (0, 0),
    };
    // A tag that the card took off is one of them.
    let most = MAX_TAGS - usize::from(stripped.is_some());
    for depth in 0..MAX_TAGS {
        if depth == most || !is_tag(ethertype) {
            break;
        }
        let tag: [u8; TAG] = frame.at(offset).ok_or(Outcome::TruncatedEthernet)?;
        // The two outermost ids are kept; deeper ones do not tell networks apart in practice.
        if width < 24 {
            tags |= u32::from(u16::from_be_bytes([tag[0], tag[1]]) & 0xfff) << width;
            width += 12;
        }
        ethertype = u16::from_be_bytes([tag[2], tag[3]]);
        offset = frame.forget((offset + TAG) as u64) as usize;
        tags = frame.forget(tags.into()) as u32;
        width = frame.forget(width) & 31;
    }
    let offset = frame.forget(offset as u64) as usize;
    let tags = frame.forget(tags.into()) as u32;
    match ethertype {
        0x0800 => ipv4::parse(frame, offset, tags),
        0x86dd => ipv6::parse(frame, offset, tags),
        0x0806 => Err(Outcome::Arp),
        0x8863 | 0x8864 => Err(Outcome::Pppoe),
        0x8847 | 0x8848 => Err(Outcome::Mpls),
        _ if is_tag(ethertype) => Err(Outcome::TooManyTags),
        // IEEE 802.3 section 3.2.6: up to 1500 it is a length.
        0..=1500 => Err(Outcome::Llc),
        _ => Err(Outcome::OtherEthertype),
    }
}
