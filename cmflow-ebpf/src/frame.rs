//! Bytes of a frame in the kernel.

use aya_ebpf::helpers::generated::bpf_xdp_get_buff_len;
use aya_ebpf::programs::{TcContext, XdpContext};
use cmflow_common::frame::Frame;
use cmflow_common::gateway::Arrival;

use crate::settings;

/// Offsets are masked with this, so that the verifier knows them to be small. Larger than anything that the
/// parser asks for (`cmflow_common::parse::MAX_HEADERS` and the last headers behind it).
const OFFSET_MASK: usize = 0xfff;

/// The `N` bytes at `offset` of what lies between `data` and `end`, or nothing where they are not all there.
#[inline(always)]
fn read<const N: usize>(data: usize, end: usize, offset: usize) -> Option<[u8; N]> {
    let start = data + (offset & OFFSET_MASK);
    if start + N > end {
        return None;
    }
    // SAFETY: `start..start + N` lies inside the frame, as just checked; bytes need no alignment.
    Some(unsafe { *(start as *const [u8; N]) })
}

/// The same value, mixed with a zero that is read anew.
#[inline(always)]
fn hide(value: u64, zero: *const u64) -> u64 {
    // SAFETY: the map outlives the program.
    value ^ unsafe { zero.read_volatile() }
}

/// A frame at the XDP hook: its linear part, read in place.
pub struct XdpFrame<'a> {
    /// The program's context.
    pub context: &'a XdpContext,
    /// Where zero is read, anew each time: values made of one reading are tied to each other for the verifier.
    pub zero: *const u64,
}

impl Frame for XdpFrame<'_> {
    #[inline(always)]
    fn at<const N: usize>(&self, offset: usize) -> Option<[u8; N]> {
        read(self.context.data(), self.context.data_end(), offset)
    }

    #[inline(always)]
    fn forget(&self, value: u64) -> u64 {
        hide(value, self.zero)
    }
}

impl XdpFrame<'_> {
    /// Bytes on the wire.
    #[inline(always)]
    pub fn wire_bytes(&self) -> u64 {
        if settings::IN_PIECES.load() != 0 {
            // SAFETY: the context is the program's own.
            unsafe { bpf_xdp_get_buff_len(self.context.ctx) }
        } else {
            (self.context.data_end() - self.context.data()) as u64
        }
    }
}

/// A socket buffer at the traffic-control hook: its linear part, read in place.
pub struct SkbFrame<'a> {
    /// The program's context.
    pub context: &'a TcContext,
    /// Where zero is read, anew each time: values made of one reading are tied to each other for the verifier,
    /// and without an Ethernet header there are so many that it gives up.
    pub zero: *const u64,
}

impl Frame for SkbFrame<'_> {
    #[inline(always)]
    fn at<const N: usize>(&self, offset: usize) -> Option<[u8; N]> {
        read(self.context.data(), self.context.data_end(), offset)
    }

    #[inline(always)]
    fn forget(&self, value: u64) -> u64 {
        hide(value, self.zero)
    }
}

/// Headers that are worth asking for when a buffer keeps them in pieces: what is common, with room.
const COMMON_HEADERS: u32 = 192;

impl<'a> SkbFrame<'a> {
    /// The buffer with its headers in one piece.
    #[inline(always)]
    pub fn new(context: &'a TcContext, zero: *const u64) -> Self {
        let wanted = context.len().min(COMMON_HEADERS);
        if context.data() + wanted as usize > context.data_end() {
            // Where it fails the parser says that the frame is truncated, and the frame is counted so.
            let _ = context.pull_data(wanted);
        }
        Self { context, zero }
    }

    /// Bytes of the buffer, headers of merged packets counted once.
    #[inline(always)]
    pub fn wire_bytes(&self) -> u64 {
        u64::from(self.context.len())
    }

    /// The buffer with the packets that were merged into it and the tag that was taken off.
    #[inline(always)]
    pub fn arrival(&self) -> Arrival {
        // SAFETY: the context is the program's own, and these fields may be read at this hook.
        let (segments, tagged, tag) = unsafe {
            let buffer = self.context.skb.skb;
            ((*buffer).gso_segs, (*buffer).vlan_present, (*buffer).vlan_tci)
        };
        let tag = (tagged != 0).then_some(tag as u16);
        // A tag that was taken off was on the wire.
        let bytes = self.wire_bytes() + if tag.is_some() { 4 } else { 0 };
        Arrival {
            bytes,
            packets: u64::from(segments.max(1)),
            tag,
        }
    }
}
