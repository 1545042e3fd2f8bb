//! What packets leave behind of a flow: state bits, what they say of it, and how long its silence is borne.

use crate::control::Idle;
use crate::packet::{protocol, sign};

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
    /// The flow goes to a port that announces others: [`crate::expectation::Kind::announced`].
    pub const ANNOUNCES: u16 = 1 << 14;
    /// Beside [`ANNOUNCES`]: it has announced all that it will. Alone: the flow was announced by another one.
    pub const SETTLED: u16 = 1 << 15;

    /// Whether the flow was announced by another one, and met that expectation.
    #[inline(always)]
    #[must_use]
    pub const fn was_expected(bits: u16) -> bool {
        bits & (ANNOUNCES | SETTLED) == SETTLED
    }
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
    // What closes each of the two stands one place above it.
    let open = before & !(before >> 1) & (state::SYN_ACK | state::ANNOUNCES);
    expected & !before | telling | open == 0
}

const _: () = assert!(
    state::PAYLOAD_LOW == sign::PAYLOAD
        && state::PAYLOAD_HIGH == state::PAYLOAD_LOW << 1
        && state::FROM_HIGH == state::FROM_LOW << 1
        && state::HANDSHAKE == state::SYN_ACK << 1
        && state::SETTLED == state::ANNOUNCES << 1
);

/// Whether a TCP conversation has ended: by a RST, or by the FINs of both ends.
#[inline(always)]
#[must_use]
pub const fn is_closed(bits: u16) -> bool {
    let both_fins = state::FIN_LOW | state::FIN_HIGH;
    bits & state::RESET != 0 || bits & both_fins == both_fins
}

/// The idle class of a flow: which gate and timeout it lives under.
#[inline(always)]
#[must_use]
pub const fn idle_class(key_protocol: u8, bits: u16) -> Idle {
    match key_protocol {
        protocol::TCP => {
            let closed = is_closed(bits) || bits & state::REFUSED != 0;
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
        for before in (0..=u16::MAX).step_by(3) {
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
