//! Flows: the key, the slot of the flow table, and (in `progress`) the state that packets leave behind.

mod progress;

pub use progress::{FlowState, advance, idle_class, is_closed, says_nothing_new, state};

use crate::address::Address;
use crate::gateway::MAX_INTERFACES;
use crate::verdict::VerdictId;

/// What makes two packets one flow: both ends in a fixed order, so that both directions share a slot.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlowKey {
    /// The end that sorts first.
    pub low: Address,
    /// The other end.
    pub high: Address,
    /// Ports (the low end's first), protocol and tags.
    pub selector: Selector,
}

const _: () = assert!(size_of::<FlowKey>() == 40);

impl FlowKey {
    /// The key with another port at one of its ends.
    #[must_use]
    pub const fn with_port(mut self, at_high: bool, port: u16) -> Self {
        let (low, high) = if at_high {
            (self.low_port(), port)
        } else {
            (port, self.high_port())
        };
        self.selector = Selector::new(low, high, self.protocol(), self.tags());
        self
    }

    /// Port of the low end.
    #[must_use]
    pub const fn low_port(&self) -> u16 {
        self.selector.first_port()
    }

    /// Port of the high end.
    #[must_use]
    pub const fn high_port(&self) -> u16 {
        self.selector.second_port()
    }

    /// IP protocol number.
    #[inline(always)]
    #[must_use]
    pub const fn protocol(&self) -> u8 {
        self.selector.protocol()
    }

    /// VLAN ids where they keep equal addresses apart, the outer one in the low 12 bits; else zero.
    #[must_use]
    pub const fn tags(&self) -> u32 {
        self.selector.tags()
    }

    /// The key as five words, which is how it is stored, compared and hashed.
    #[inline(always)]
    #[must_use]
    pub const fn words(&self) -> [u64; 5] {
        let (low, high) = (self.low.words(), self.high.words());
        [low[0], low[1], high[0], high[1], self.selector.0]
    }

    /// A hash that spreads keys over the table; `seed` keeps it from being aimed.
    #[inline(always)]
    #[must_use]
    pub const fn hash(&self, seed: u64) -> u64 {
        let words = self.words();
        let mut hash = (words[0] ^ seed).wrapping_mul(0xff51_afd7_ed55_8ccd);
        hash = (hash ^ (hash >> 32) ^ words[1]).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        hash = (hash ^ (hash >> 29) ^ words[2]).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        hash = (hash ^ (hash >> 32) ^ words[3]).wrapping_mul(0xff51_afd7_ed55_8ccd);
        hash = (hash ^ (hash >> 31) ^ words[4]).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        hash ^ (hash >> 32)
    }
}

/// Two ports, the protocol and the VLAN ids in one word, so that a packet carries, compares and hashes them as
/// one. From the lowest bit on: 16 of the first port, 16 of the second, 8 of the protocol, 24 of the tags.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Selector(pub u64);

impl Selector {
    /// The word.
    #[inline(always)]
    #[must_use]
    pub const fn new(first_port: u16, second_port: u16, protocol: u8, tags: u32) -> Self {
        Self(first_port as u64 | (second_port as u64) << 16 | (protocol as u64) << 32 | (tags as u64) << 40)
    }

    /// The first port.
    #[inline(always)]
    #[must_use]
    pub const fn first_port(self) -> u16 {
        self.0 as u16
    }

    /// The second port.
    #[inline(always)]
    #[must_use]
    pub const fn second_port(self) -> u16 {
        (self.0 >> 16) as u16
    }

    /// The protocol.
    #[inline(always)]
    #[must_use]
    pub const fn protocol(self) -> u8 {
        (self.0 >> 32) as u8
    }

    /// The two outermost VLAN ids, the outer one in the low 12 bits.
    #[inline(always)]
    #[must_use]
    pub const fn tags(self) -> u32 {
        (self.0 >> 40) as u32
    }

    /// The word with its ports the other way round.
    #[inline(always)]
    #[must_use]
    pub const fn turned(self) -> Self {
        Self(self.0 & !0xffff_ffff | (self.0 & 0xffff) << 16 | (self.0 >> 16) & 0xffff)
    }

    /// The word without tags.
    #[inline(always)]
    #[must_use]
    pub const fn untagged(self) -> Self {
        Self(self.0 & 0xff_ffff_ffff)
    }
}

/// Packets or bytes of a flow: `[half][direction]`, direction 0 being the low end's.
pub type Halves = [[u64; 2]; 2];

/// One entry of the flow table: two cache lines.
#[repr(C, align(8))]
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    /// Its flow.
    pub key: FlowKey,
    /// Who holds the slot and what was judged: see [`Claim`].
    pub claim: u64,
    /// From the lowest bit on: 16 bits of [`state`], 4 of the interface that the first packet came in by (its
    /// [`crate::gateway::View::slot`]), 44 of the jiffies of that packet.
    pub state: u64,
    /// Jiffies of the last packet.
    pub last_seen: u64,
    /// Packets.
    pub packets: Halves,
    /// Bytes on the wire, Ethernet header included.
    pub bytes: Halves,
}

const _: () = assert!(MAX_INTERFACES == 16, "four bits of a slot hold the interface");
const _: () = assert!(size_of::<Slot>() == 128);
const _: () = assert!(core::mem::offset_of!(Slot, claim) == 40);
const _: () = assert!(core::mem::offset_of!(Slot, last_seen) == 56);

impl Slot {
    /// Jiffies of the first packet.
    #[must_use]
    pub const fn first_seen(&self) -> u64 {
        self.state >> 20
    }

    /// The interface that the first packet came in by: its [`crate::gateway::View::slot`].
    #[must_use]
    pub const fn interface_slot(&self) -> usize {
        (self.state >> 16) as usize & (MAX_INTERFACES - 1)
    }

    /// The word that [`Slot::state`] begins with.
    #[inline(always)]
    #[must_use]
    pub const fn state_word(bits: u16, interface_slot: u32, now: u64) -> u64 {
        now << 20 | (interface_slot as u64 & (MAX_INTERFACES as u64 - 1)) << 16 | bits as u64
    }

    /// Bits of [`state`].
    #[must_use]
    pub const fn state_bits(&self) -> u16 {
        self.state as u16
    }
}

/// The claim word of a slot: tag of the key's hash, generation that judged, verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Upper half of the key's hash; never [`Claim::FREE`] or [`Claim::BUSY`].
    pub tag: u32,
    /// Low 16 bits of the generation whose tables gave the verdict.
    pub generation: u16,
    /// The verdict.
    pub verdict: VerdictId,
}

impl Claim {
    /// Word of a slot that holds nothing.
    pub const FREE: u64 = 0;
    /// Word of a slot that is being filled.
    pub const BUSY: u64 = 1 << 32;

    /// Tag of a slot whose conversation ended and that another one of the same key has followed: no key is found there any
    /// more, and what it counted is read until it is freed.
    pub const RETIRED: u32 = 1 << 2;

    /// The word of a slot that is retired.
    #[inline(always)]
    #[must_use]
    pub const fn retired(word: u64) -> u64 {
        word & 0xffff_ffff | (Self::RETIRED as u64) << 32
    }

    /// Whether a word marks a retired slot.
    #[must_use]
    pub const fn is_retired(word: u64) -> bool {
        (word >> 32) as u32 == Self::RETIRED
    }

    /// The tag of a key with that hash: bit 1 set, so that it is neither free, nor busy, nor retired.
    #[inline(always)]
    #[must_use]
    pub const fn tag_of(hash: u64) -> u32 {
        (hash >> 32) as u32 | 2
    }

    /// The word.
    #[inline(always)]
    #[must_use]
    pub const fn word(self) -> u64 {
        (self.tag as u64) << 32 | (self.generation as u64) << 16 | self.verdict.0 as u64
    }

    /// What a word says.
    #[inline(always)]
    #[must_use]
    pub const fn from_word(word: u64) -> Self {
        Self {
            tag: (word >> 32) as u32,
            generation: (word >> 16) as u16,
            verdict: VerdictId(word as u16),
        }
    }

    /// Whether a word marks a slot whose contents may be read.
    #[must_use]
    pub const fn is_live(word: u64) -> bool {
        word >> 33 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::protocol;

    #[test]
    fn a_claim_survives_its_word_and_is_neither_free_nor_busy() {
        for hash in [0, 1, u64::MAX, 0x1234_5678_9abc_def0, 1 << 32] {
            let claim = Claim {
                tag: Claim::tag_of(hash),
                generation: 7,
                verdict: VerdictId(9),
            };
            assert_eq!(Claim::from_word(claim.word()), claim);
            assert!(Claim::is_live(claim.word()));
            let retired = Claim::retired(claim.word());
            assert!(
                Claim::is_live(retired) && Claim::is_retired(retired) && !Claim::is_retired(claim.word())
            );
            assert_eq!(Claim::from_word(retired).verdict, claim.verdict);
            assert_ne!(claim.tag, Claim::RETIRED);
        }
        assert!(!Claim::is_live(Claim::FREE) && !Claim::is_live(Claim::BUSY));
    }

    #[test]
    fn hashes_spread_neighbours_over_home_places_and_tags() {
        let key = |client: u16, port: u16| FlowKey {
            low: Address::from_v4([10, 10, (client >> 8) as u8, client as u8]),
            high: Address::from_v4([10, 20, 0, 11]),
            selector: Selector::new(port, 443, protocol::TCP, 0),
        };
        for seed in [0, 1, u64::MAX, 0x0123_4567_89ab_cdef] {
            let mut homes = [0_u32; 4096];
            let mut tags = [0_u32; 4096];
            for number in 0..4096_u16 * 8 {
                let hash = key(number / 64, 50_000 + number % 64).hash(seed);
                homes[hash as usize & 4095] += 1;
                tags[(hash >> 40) as usize & 4095] += 1;
            }
            // Eight on average; chance puts more than 28 into one of 4,096 once in ten thousand runs.
            let (home, tag) = (homes.iter().max(), tags.iter().max());
            assert!(
                home < Some(&29) && tag < Some(&29),
                "{home:?} {tag:?} with seed {seed:x}"
            );
        }
    }

    #[test]
    fn a_key_is_five_words_and_its_selector_keeps_each_part() {
        let selector = Selector::new(0x1234, 0x5678, 0x9a, 0x00de_f0bc);
        let key = FlowKey {
            low: Address::from_v4([10, 0, 0, 1]),
            high: Address::from_bytes([7; 16]),
            selector,
        };
        // SAFETY: forty bytes without padding, aligned like words.
        let memory = unsafe { (&raw const key).cast::<[u64; 5]>().read() };
        assert_eq!(memory, key.words());
        let parts = (key.low_port(), key.high_port(), key.protocol(), key.tags());
        assert_eq!(parts, (0x1234, 0x5678, 0x9a, 0x00de_f0bc));
        assert_eq!(
            selector.turned(),
            Selector::new(0x5678, 0x1234, 0x9a, 0x00de_f0bc)
        );
        assert_eq!(selector.untagged(), Selector::new(0x1234, 0x5678, 0x9a, 0));
    }
}
