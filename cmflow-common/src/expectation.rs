//! Expectations: what a packet makes known of packets to come, and for how long.
//!
//! Three kinds, each with a room of its own in one table: a conversation with an endpoint mapper announces a
//! connection to a dynamic port (note 6 of the page), a TFTP request announces an answer from another port (note 4),
//! and the first fragment of an IP packet has the ports that the later ones lack.
//!
//! The table is bounded. A new expectation takes the place of one that has ended, else of the one of its neighbours
//! that ends first: what was met lives longer than what was only announced, so a flood of announcements pushes out
//! its own. Packets look here only when their flow is new.

use crate::flow::{Claim, FlowKey, Selector};
use crate::gateway::Gateway;
use crate::packet::protocol;
use crate::table::same_key;
use crate::verdict::VerdictId;

/// Port of the RPC endpoint mapper, TCP and UDP.
pub const ENDPOINT_MAPPER: u16 = 135;
/// UDP port that TFTP requests go to (RFC 1350).
pub const TFTP: u16 = 69;

/// What makes an expectation, and what meets it.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A conversation with the endpoint mapper; met by a connection to a dynamic port of the same computer.
    Rpc = 0,
    /// A TFTP request; met by datagrams from any port of the server to the port that asked.
    Tftp = 1,
    /// The first fragment of a packet; met by the later ones.
    Fragment = 2,
}

impl Kind {
    /// All of them, by number.
    pub const ALL: [Self; 3] = [Self::Rpc, Self::Tftp, Self::Fragment];

    /// The name that tables and JSON use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rpc => "rpc",
            Self::Tftp => "tftp",
            Self::Fragment => "fragments",
        }
    }

    /// The kind with that number.
    #[inline(always)]
    #[must_use]
    pub const fn from_number(number: u32) -> Self {
        match number {
            0 => Self::Rpc,
            1 => Self::Tftp,
            _ => Self::Fragment,
        }
    }

    /// What a flow to that port of its responder announces, if anything.
    #[inline(always)]
    #[must_use]
    pub const fn announced(protocol: u8, responder_port: u16) -> Option<Self> {
        match (protocol, responder_port) {
            (protocol::TCP | protocol::UDP, ENDPOINT_MAPPER) => Some(Self::Rpc),
            (protocol::UDP, TFTP) => Some(Self::Tftp),
            _ => None,
        }
    }
}

/// What became of an expectation; each is counted by kind.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Event {
    /// It was made.
    Made = 0,
    /// A new flow met it.
    Met = 1,
    /// It was still to be met when another one took its place.
    CrowdedOut = 2,
}

impl Event {
    /// All of them, by number.
    pub const ALL: [Self; 3] = [Self::Made, Self::Met, Self::CrowdedOut];
}

/// Counters of all kinds and events, rounded up so that an index is made of bits.
pub const EVENTS: usize = 16;

/// Index of a counter.
#[inline(always)]
#[must_use]
pub const fn event_index(kind: Kind, event: Event) -> usize {
    (kind as usize) << 2 | event as usize
}

/// Places that one kind has, as a power of two.
pub const ROOM_BITS: u32 = 16;
/// Places of all kinds.
pub const PLACES: usize = Kind::ALL.len() << ROOM_BITS;

/// Index of a place: kinds do not share any.
#[inline(always)]
#[must_use]
pub const fn place_index(kind: Kind, hash: u32) -> u32 {
    (kind as u32) << ROOM_BITS | hash & ((1 << ROOM_BITS) - 1)
}

/// Places looked at for a key.
const PROBES: u32 = 4;

/// One place of the table: a cache line.
#[repr(C, align(8))]
#[derive(Clone, Copy, Debug)]
pub struct Expectation {
    /// Who asked (`low`), who is to answer (`high`), and what tells several of the two apart: nothing, the asking
    /// port, or the identification and protocol of a packet; tags as in a flow's key.
    pub key: FlowKey,
    /// [`Claim::FREE`], [`Claim::BUSY`], or the tag of the key's hash above a count of how often the place changed
    /// hands, so that a reader sees when it does.
    pub claim: u64,
    /// The jiffies that it ends at.
    pub until: u64,
    /// Of a fragment: the ports of its first, the sender's in the low 16 bits.
    pub detail: u64,
}

const _: () = assert!(size_of::<Expectation>() == 64);

/// The key of what a flow announces, or of what announced it: for TFTP with the port of the end that asked.
#[inline(always)]
#[must_use]
pub const fn key(kind: Kind, flow: &FlowKey, asker_is_low: bool) -> FlowKey {
    let selector = if asker_is_low {
        flow.selector
    } else {
        flow.selector.turned()
    };
    let port = if matches!(kind, Kind::Tftp) {
        selector.first_port()
    } else {
        0
    };
    let (low, high) = if asker_is_low {
        (flow.low, flow.high)
    } else {
        (flow.high, flow.low)
    };
    FlowKey {
        low,
        high,
        selector: Selector::new(port, 0, 0, selector.tags()),
    }
}

/// Looks for an expectation that has not ended; gives its [`Expectation::detail`]. It then lives on for another
/// lifetime of its kind.
#[inline(always)]
pub fn meet<G: Gateway>(gateway: &G, kind: Kind, key: &FlowKey) -> Option<u64> {
    let now = gateway.now();
    let hash = key.hash(gateway.control().seed);
    let tag = Claim::tag_of(hash);
    let mut step = 0;
    while step < PROBES {
        let place = gateway.expectation(place_index(kind, (hash as u32).wrapping_add(step)))?;
        // SAFETY: the gateway gives pointers to places of the table only. What is read counts only where the place
        // did not change hands meanwhile.
        unsafe {
            let word = (&raw const (*place).claim).read_volatile();
            if (word >> 32) as u32 == tag
                && same_key(&raw const (*place).key, key)
                && (&raw const (*place).until).read_volatile() > now
            {
                let detail = (&raw const (*place).detail).read_volatile();
                if (&raw const (*place).claim).read_volatile() == word {
                    (&raw mut (*place).until).write_volatile(now + gateway.lifetime(kind, true));
                    gateway.count_expectation(kind, Event::Met);
                    return Some(detail);
                }
            }
        }
        step += 1;
    }
    None
}

/// Makes an expectation, or lets one that is there live longer.
#[inline(always)]
pub fn make<G: Gateway>(gateway: &G, kind: Kind, key: &FlowKey, detail: u64) {
    let now = gateway.now();
    let hash = key.hash(gateway.control().seed);
    let tag = Claim::tag_of(hash);
    let mut oldest = u64::MAX;
    let mut chosen = 0;
    let mut step = 0;
    while step < PROBES {
        let Some(place) = gateway.expectation(place_index(kind, (hash as u32).wrapping_add(step))) else {
            return;
        };
        // SAFETY: the gateway gives pointers to places of the table only.
        unsafe {
            let word = (&raw const (*place).claim).read_volatile();
            if (word >> 32) as u32 == tag && same_key(&raw const (*place).key, key) {
                (&raw mut (*place).until).write_volatile(now + gateway.lifetime(kind, false));
                (&raw mut (*place).detail).write_volatile(detail);
                return;
            }
            let until = if word == Claim::FREE {
                0
            } else {
                (&raw const (*place).until).read_volatile()
            };
            if until < oldest {
                oldest = until;
                chosen = step;
            }
        }
        step += 1;
    }
    let Some(place) = gateway.expectation(place_index(kind, (hash as u32).wrapping_add(chosen))) else {
        return;
    };
    // SAFETY: as above; a place whose claim word this exchange turned to BUSY belongs to this program until the word
    // says something else. Where another one was faster, its expectation stands, and this one is not made.
    unsafe {
        let word = (&raw const (*place).claim).read_volatile();
        if word == Claim::BUSY || !gateway.exchange(&raw mut (*place).claim, word, Claim::BUSY) {
            return;
        }
        if oldest > now {
            gateway.count_expectation(kind, Event::CrowdedOut);
        }
        (*place).key = *key;
        (*place).detail = detail;
        (&raw mut (*place).until).write_volatile(now + gateway.lifetime(kind, false));
        let turn = (word as u32).wrapping_add(1) as u64;
        // An exchange rather than a store: it orders what was written before it.
        gateway.exchange(&raw mut (*place).claim, Claim::BUSY, (tag as u64) << 32 | turn);
    }
    gateway.count_expectation(kind, Event::Made);
}

/// Whether flows with that verdict may announce others: it is documented, approved or baseline.
#[inline(always)]
#[must_use]
pub const fn may_announce(verdict: VerdictId) -> bool {
    verdict.0 >= VerdictId::FIRST_COMPILED.0 && !verdict.is_reversed()
}
