//! Flows: the key, the slot of the flow table, and the state that packets leave behind.

use crate::address::Address;
use crate::control::Idle;
use crate::packet::{protocol, sign};
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
    /// Jiffies of the first packet in the upper 48 bits, bits of [`state`] in the lower 16.
    pub state: u64,
    /// Jiffies of the last packet.
    pub last_seen: u64,
    /// Packets.
    pub packets: Halves,
    /// Bytes on the wire, Ethernet header included.
    pub bytes: Halves,
}

const _: () = assert!(size_of::<Slot>() == 128);
const _: () = assert!(core::mem::offset_of!(Slot, claim) == 40);
const _: () = assert!(core::mem::offset_of!(Slot, last_seen) == 56);

impl Slot {
    /// Jiffies of the first packet.
    #[must_use]
    pub const fn first_seen(&self) -> u64 {
        self.state >> 16
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

    /// The tag of a key with that hash: bit 1 set, so that it is neither free nor busy.
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

/// What is known of a flow, one bit each.
pub mod state {
    /// The high end opened it (else the low end).
    pub const INITIATOR_HIGH: u16 = 1 << 0;
    /// The initiator was seen to open it; without it, it is inferred.
    pub const INITIATOR_SEEN: u16 = 1 << 1;
    /// A SYN of the initiator was seen.
    pub const SYN: u16 = 1 << 2;
    /// A SYN-ACK was seen.
    pub const SYN_ACK: u16 = 1 << 3;
    /// The initiator acknowledged: the handshake is done.
    pub const HANDSHAKE: u16 = 1 << 4;
    /// The low end sent payload.
    pub const PAYLOAD_LOW: u16 = 1 << 5;
    /// The high end sent payload.
    pub const PAYLOAD_HIGH: u16 = 1 << 6;
    /// The low end sent a FIN.
    pub const FIN_LOW: u16 = 1 << 7;
    /// The high end sent a FIN.
    pub const FIN_HIGH: u16 = 1 << 8;
    /// A RST was seen.
    pub const RESET: u16 = 1 << 9;
    /// The responder refused: a RST to a SYN, or an ICMP error that quotes an unanswered flow.
    pub const REFUSED: u16 = 1 << 10;
    /// Nobody in particular answers: the responder is a group or broadcast address.
    pub const NO_ANSWER_EXPECTED: u16 = 1 << 11;
    /// A packet of the low end itself was seen, ICMP errors about it not counted.
    pub const FROM_LOW: u16 = 1 << 12;
    /// A packet of the high end itself was seen, ICMP errors about it not counted.
    pub const FROM_HIGH: u16 = 1 << 13;
}

/// The state bits after a packet with those signs, sent by the low end or not.
///
/// Bits are only ever set. The initiator's two bits are not touched: they come with the verdict.
#[inline(always)]
#[must_use]
pub const fn advance(before: u16, signs: u16, from_low: bool) -> u16 {
    let mut after = before;
    let from_initiator = from_low != (before & state::INITIATOR_HIGH != 0);
    if signs & sign::ICMP_ERROR != 0 {
        // An error says that a packet of the end it travels to did not arrive: it is no answer.
        let answered = before
            & if from_low {
                state::FROM_LOW
            } else {
                state::FROM_HIGH
            }
            != 0;
        if signs & sign::UNREACHABLE != 0 && !answered {
            after |= state::REFUSED;
        }
        return after;
    }
    after |= if from_low {
        state::FROM_LOW
    } else {
        state::FROM_HIGH
    };
    if signs & sign::PAYLOAD != 0 {
        after |= if from_low {
            state::PAYLOAD_LOW
        } else {
            state::PAYLOAD_HIGH
        };
    }
    if signs & sign::SYN != 0 {
        after |= if signs & sign::ACK == 0 {
            state::SYN
        } else {
            state::SYN_ACK
        };
    } else if signs & sign::ACK != 0 && from_initiator && before & state::SYN_ACK != 0 {
        after |= state::HANDSHAKE;
    }
    if signs & sign::FIN != 0 {
        after |= if from_low { state::FIN_LOW } else { state::FIN_HIGH };
    }
    if signs & sign::RST != 0 {
        after |= state::RESET;
        if !from_initiator && before & state::SYN != 0 && before & state::SYN_ACK == 0 {
            after |= state::REFUSED;
        }
    }
    after
}

/// Whether [`advance`] would set no bit: what nearly every packet of a flow under way is found to be, at a
/// fraction of the cost. It may say no where the answer is yes, never the other way round.
#[inline(always)]
#[must_use]
pub const fn says_nothing_new(before: u16, signs: u16, from_low: bool) -> bool {
    // The high end's two bits stand one place above the low end's.
    let expected = (state::FROM_LOW | signs & sign::PAYLOAD) << !from_low as u16;
    let telling = signs & (sign::SYN | sign::FIN | sign::RST | sign::ICMP_ERROR);
    let handshake_open = before & (state::SYN_ACK | state::HANDSHAKE) == state::SYN_ACK;
    expected & !before | telling == 0 && !handshake_open
}

const _: () = assert!(
    state::PAYLOAD_LOW == sign::PAYLOAD
        && state::PAYLOAD_HIGH == state::PAYLOAD_LOW << 1
        && state::FROM_HIGH == state::FROM_LOW << 1
);

/// The idle class of a flow: which gate and timeout it lives under.
#[inline(always)]
#[must_use]
pub const fn idle_class(key_protocol: u8, bits: u16) -> Idle {
    match key_protocol {
        protocol::TCP => {
            let both_fins = state::FIN_LOW | state::FIN_HIGH;
            let closed = bits & (state::RESET | state::REFUSED) != 0 || bits & both_fins == both_fins;
            let one_end_silent = bits & state::FROM_LOW == 0 || bits & state::FROM_HIGH == 0;
            if closed || one_end_silent {
                Idle::Closing
            } else {
                Idle::Established
            }
        }
        protocol::UDP => Idle::Datagram,
        _ => Idle::Other,
    }
}

/// What became of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FlowState {
    /// TCP: handshake done and payload from the responder. Otherwise: a packet from the responder.
    Answered,
    /// The responder said nothing, or nothing but its handshake.
    Unanswered,
    /// The responder or a router said no.
    Refused,
    /// The flow is alive, but one direction of it does not cross here.
    OneSided,
    /// Nobody was expected to answer.
    NoAnswerExpected,
}

impl FlowState {
    /// The state that those bits of a flow say.
    #[must_use]
    pub const fn of(key_protocol: u8, bits: u16) -> Self {
        let initiator_high = bits & state::INITIATOR_HIGH != 0;
        let (from_initiator, from_responder, responder_payload, initiator_payload) = if initiator_high {
            (
                state::FROM_HIGH,
                state::FROM_LOW,
                state::PAYLOAD_LOW,
                state::PAYLOAD_HIGH,
            )
        } else {
            (
                state::FROM_LOW,
                state::FROM_HIGH,
                state::PAYLOAD_HIGH,
                state::PAYLOAD_LOW,
            )
        };
        let (asked, answered) = (bits & from_initiator != 0, bits & from_responder != 0);
        if bits & state::NO_ANSWER_EXPECTED != 0 && !answered {
            return Self::NoAnswerExpected;
        }
        if key_protocol == protocol::TCP {
            if bits & state::REFUSED != 0 {
                return Self::Refused;
            }
            // Flows that were under way before the first look have no handshake to show.
            let opened = bits & state::HANDSHAKE != 0 || bits & state::SYN == 0;
            if asked && answered {
                return if opened && bits & responder_payload != 0 {
                    Self::Answered
                } else {
                    Self::Unanswered
                };
            }
            // Payload or a SYN-ACK from one end alone: the other end's packets take another way.
            let alive = bits & (initiator_payload | responder_payload | state::SYN_ACK) != 0;
            return if alive { Self::OneSided } else { Self::Unanswered };
        }
        if answered {
            if asked { Self::Answered } else { Self::OneSided }
        } else if bits & state::REFUSED != 0 {
            Self::Refused
        } else {
            Self::Unanswered
        }
    }

    /// The name that tables and JSON use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Unanswered => "unanswered",
            Self::Refused => "refused",
            Self::OneSided => "one-sided",
            Self::NoAnswerExpected => "no-answer-expected",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays packets into a flow whose low end opened it: `>` from the initiator, `<` from the responder.
    fn played(key_protocol: u8, packets: &[(char, u16)]) -> FlowState {
        let seen = if key_protocol == protocol::TCP && packets[0].1 & sign::SYN == 0 {
            0
        } else {
            state::INITIATOR_SEEN
        };
        let bits = packets
            .iter()
            .fold(seen, |bits, (from, signs)| advance(bits, *signs, *from == '>'));
        FlowState::of(key_protocol, bits)
    }

    #[test]
    fn tcp_states_follow_the_handshake_and_the_payload() {
        use FlowState::{Answered, OneSided, Refused, Unanswered};
        const SYN: u16 = sign::SYN;
        const SYN_ACK: u16 = sign::SYN | sign::ACK;
        const ACK: u16 = sign::ACK;
        const DATA: u16 = sign::ACK | sign::PAYLOAD;
        const RST: u16 = sign::RST;
        const ERROR: u16 = sign::ICMP_ERROR | sign::UNREACHABLE;
        #[rustfmt::skip]
        type Case = (&'static str, &'static [(char, u16)], FlowState);
        let cases: &[Case] = &[
            ("a lone SYN", &[('>', SYN)], Unanswered),
            ("a SYN repeated", &[('>', SYN), ('>', SYN)], Unanswered),
            ("refused by RST", &[('>', SYN), ('<', RST | ACK)], Refused),
            ("refused by a router", &[('>', SYN), ('<', ERROR)], Refused),
            (
                "an error that is not final",
                &[('>', SYN), ('<', sign::ICMP_ERROR)],
                Unanswered,
            ),
            (
                "handshake only",
                &[('>', SYN), ('<', SYN_ACK), ('>', ACK)],
                Unanswered,
            ),
            (
                "only the client spoke",
                &[('>', SYN), ('<', SYN_ACK), ('>', DATA), ('<', ACK)],
                Unanswered,
            ),
            (
                "request and answer",
                &[('>', SYN), ('<', SYN_ACK), ('>', DATA), ('<', DATA)],
                Answered,
            ),
            (
                "the server speaks first",
                &[('>', SYN), ('<', SYN_ACK), ('>', ACK), ('<', DATA)],
                Answered,
            ),
            (
                "reset after the answer",
                &[('>', SYN), ('<', SYN_ACK), ('>', DATA), ('<', DATA), ('<', RST)],
                Answered,
            ),
            (
                "an error late in a good flow",
                &[('>', SYN), ('<', SYN_ACK), ('>', DATA), ('<', DATA), ('<', ERROR)],
                Answered,
            ),
            (
                "only the initiator's way crosses",
                &[('>', SYN), ('>', ACK), ('>', DATA)],
                OneSided,
            ),
            ("only the answers cross", &[('<', SYN_ACK), ('<', DATA)], OneSided),
            (
                "under way before the first look",
                &[('>', DATA), ('<', DATA)],
                Answered,
            ),
            ("under way, one direction", &[('>', DATA), ('>', DATA)], OneSided),
            ("RST to nothing", &[('<', RST)], Unanswered),
        ];
        for (what, packets, expected) in cases {
            assert_eq!(played(protocol::TCP, packets), *expected, "{what}");
        }
    }

    #[test]
    fn other_protocols_are_answered_by_any_packet_of_the_responder() {
        use FlowState::{Answered, OneSided, Refused, Unanswered};
        const DATA: u16 = sign::PAYLOAD;
        const ERROR: u16 = sign::ICMP_ERROR | sign::UNREACHABLE;
        for (what, packets, expected) in [
            ("question", &[('>', DATA)][..], Unanswered),
            ("question and answer", &[('>', DATA), ('<', DATA)], Answered),
            ("port unreachable", &[('>', DATA), ('<', ERROR)], Refused),
            (
                "port unreachable once, later answered",
                &[('>', DATA), ('<', ERROR), ('<', DATA)],
                Answered,
            ),
            ("answers alone", &[('<', DATA)], OneSided),
        ] {
            assert_eq!(played(protocol::UDP, packets), expected, "{what}");
        }
        let wake = advance(state::INITIATOR_SEEN | state::NO_ANSWER_EXPECTED, DATA, true);
        assert_eq!(FlowState::of(protocol::UDP, wake), FlowState::NoAnswerExpected);
    }

    #[test]
    fn what_says_nothing_new_changes_no_bit() {
        for before in 0..1_u16 << 14 {
            for signs in 0..1_u16 << 9 {
                for from_low in [true, false] {
                    let quick = says_nothing_new(before, signs, from_low);
                    assert!(
                        !quick || advance(before, signs, from_low) == before,
                        "{before:b} {signs:b} {from_low}"
                    );
                }
            }
        }
        // And the packets of a conversation under way take that way.
        let open = state::FROM_LOW | state::FROM_HIGH | state::SYN | state::SYN_ACK | state::HANDSHAKE;
        let both = open | state::PAYLOAD_LOW | state::PAYLOAD_HIGH;
        for (before, signs) in [
            (open, sign::ACK),
            (both, sign::ACK | sign::PAYLOAD),
            (both, sign::PAYLOAD),
        ] {
            assert!(says_nothing_new(before, signs, true) && says_nothing_new(before, signs, false));
        }
    }

    #[test]
    fn state_bits_are_never_taken_back() {
        for before in 0..1_u16 << 14 {
            for signs in [
                0,
                sign::SYN,
                sign::SYN | sign::ACK,
                sign::ACK,
                sign::RST,
                sign::FIN | sign::ACK,
                sign::ICMP_ERROR,
            ] {
                assert_eq!(advance(before, signs, true) & before, before);
                assert_eq!(advance(before, signs, false) & before, before);
            }
        }
    }

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

    #[test]
    fn idle_classes_tell_open_from_closed() {
        let both = state::FROM_LOW | state::FROM_HIGH;
        for (bits, expected) in [
            (state::FROM_LOW, Idle::Closing),
            (both, Idle::Established),
            (both | state::FIN_LOW, Idle::Established),
            (both | state::FIN_LOW | state::FIN_HIGH, Idle::Closing),
            (both | state::RESET, Idle::Closing),
        ] {
            assert_eq!(idle_class(protocol::TCP, bits), expected, "{bits:b}");
        }
        assert_eq!(idle_class(protocol::UDP, 0), Idle::Datagram);
        assert_eq!(idle_class(protocol::ICMP, 0), Idle::Other);
    }
}
