//! What the program tells user space at once, by ring buffer.

use crate::flow::FlowKey;

/// The first packet of a flow that nothing explains.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct News {
    /// Its flow.
    pub key: FlowKey,
    /// When, in jiffies.
    pub at: u64,
    /// Number of its verdict.
    pub verdict: u16,
    /// Bits of [`crate::flow::state`] after that packet.
    pub state: u16,
    /// Index of the interface that it came in by.
    pub interface: u32,
}

const _: () = assert!(size_of::<News>() == 56);
