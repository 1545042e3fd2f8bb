//! Frame -> packet, or the one named reason why not.
//!
//! One protocol a file. Offsets only grow; every byte is read through [`Frame::at`]; nothing is read past
//! the IP packet's own length, so Ethernet padding is never taken for ports.

mod ethernet;
mod icmp;
mod ipv4;
mod ipv6;
mod transport;

use crate::frame::Frame;
use crate::outcome::Outcome;
use crate::packet::Packet;

/// Headers before the transport's end within this many bytes, or the frame is [`Outcome::TooManyExtensions`].
///
/// The kernel program masks offsets with a slightly larger bound, so the verifier knows them to be small.
pub const MAX_HEADERS: usize = 1024;

/// What the first byte of a frame belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkLayer {
    /// An Ethernet header (or one of the same shape, as loopback has).
    Ethernet,
    /// An IP header: tunnels and other devices without Ethernet.
    RawIp,
}

/// Takes a frame apart.
///
/// `tag` is a VLAN tag that the card took off before the frame got here, where there is one.
///
/// # Errors
/// The outcome under which a frame counts that is no packet of a flow.
#[inline(always)]
pub fn parse<F: Frame + ?Sized>(
    frame: &F,
    link_layer: LinkLayer,
    tag: Option<u16>,
) -> Result<Packet, Outcome> {
    match link_layer {
        LinkLayer::Ethernet => ethernet::parse(frame, tag),
        LinkLayer::RawIp => {
            let [first, _] = frame.at(0).ok_or(Outcome::TruncatedIp)?;
            // As behind an Ethernet header: the verifier follows every value that it knows down every path.
            let (start, tags) = (frame.forget(0) as usize, frame.forget(0) as u32);
            match first >> 4 {
                4 => ipv4::parse(frame, start, tags),
                6 => ipv6::parse(frame, start, tags),
                _ => Err(Outcome::MalformedIp),
            }
        }
    }
}

/// Where an IP packet ends, as an offset into the frame.
#[derive(Clone, Copy)]
struct End(usize);

impl End {
    /// The end of a packet whose header says nothing usable: merged packets and jumbograms.
    const UNSTATED: Self = Self(usize::MAX >> 1);

    /// Whether `length` bytes at `offset` lie inside the packet.
    #[inline(always)]
    const fn holds(self, offset: usize, length: usize) -> bool {
        offset + length <= self.0
    }
}
