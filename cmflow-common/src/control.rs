//! What user space tells the program, and what it reads once a packet.

use crate::expectation::Kind;

/// How long a silent flow lives depends on what it is; each class has a gate of its own.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idle {
    /// TCP that is open as far as anybody saw.
    Established = 0,
    /// TCP that is closed, refused, or was never answered.
    Closing = 1,
    /// UDP.
    Datagram = 2,
    /// Everything else.
    Other = 3,
}

/// The control word of the kernel program: one element of a shared array that user space maps.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Control {
    /// Counts ticks; its lowest bit says which half of every counter is in use.
    pub epoch: u64,
    /// Generation of the tables; its lowest bit says which slot of tables is in use, its low 16 bits mark
    /// the flows that it judged.
    pub generation: u64,
    /// The latest of the gates: a flow seen since then is behind none of them, whatever its class.
    pub newest_gate: u64,
    /// For each [`Idle`] class: the program does not touch a flow last seen before this time, in jiffies.
    pub gates: [u64; 4],
    /// Mixed into the hash of flow keys, so that nobody outside can aim at one place of the table.
    pub seed: u64,
    /// Always zero, which the kernel's verifier does not know: see [`crate::frame::Frame::forget`].
    pub zero: u64,
    /// Since when the beginning of every datagram conversation was seen, in jiffies: what was under way when the
    /// first look was taken has been silent for longer than its timeout, or has a slot. From then on the first
    /// datagram names its sender.
    pub known_from: u64,
    /// For each kind of expectation how many jiffies it lives when it is made, and when it was met:
    /// [`lifetime_index`]. Two more than there are, so that an index is made of bits.
    pub lifetimes: [u64; 8],
}

const _: () = assert!(size_of::<Control>() == 144);

/// Index into [`Control::lifetimes`].
#[inline(always)]
#[must_use]
pub const fn lifetime_index(kind: Kind, met: bool) -> usize {
    (kind as usize) << 1 | met as usize
}

/// Two clocks read at one moment.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    /// Ticks of the kernel since five minutes before boot; they stop in suspend.
    pub jiffies: u64,
    /// Nanoseconds since boot, suspend included.
    pub boot_ns: u64,
}
