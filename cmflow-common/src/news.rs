//! What the program tells user space at once, by ring buffer.

use crate::flow::FlowKey;
use crate::verdict::VerdictId;

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

/// What the news is of. What the ring cannot take is counted by it.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NewsKind {
    /// Both ends are known, and no rule fits.
    Undocumented = 0,
    /// One end is known, and the site file wants such flows flagged.
    ForeignFlagged,
    /// A rule fits, but the wrong end opened it.
    Reversed,
}

impl NewsKind {
    /// All kinds, by their number.
    pub const ALL: [Self; 3] = [Self::Undocumented, Self::ForeignFlagged, Self::Reversed];

    /// The kind of a flow that nothing explains.
    #[inline(always)]
    #[must_use]
    pub const fn of(verdict: VerdictId) -> Self {
        if verdict.is_reversed() {
            Self::Reversed
        } else if verdict.0 == VerdictId::FOREIGN_FLAGGED.0 {
            Self::ForeignFlagged
        } else {
            Self::Undocumented
        }
    }

    /// The name that tables and JSON use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Undocumented => "undocumented",
            Self::ForeignFlagged => "foreign",
            Self::Reversed => "reversed",
        }
    }
}
