//! What became of a conversation that was seen as two halves: the state bits of both, taken together.

use cmflow_common::flow::state;

/// Bits that stand for an end: the low end's, the high end's.
const ENDS: [(u16, u16); 3] = [
    (state::PAYLOAD_LOW, state::PAYLOAD_HIGH),
    (state::FIN_LOW, state::FIN_HIGH),
    (state::FROM_LOW, state::FROM_HIGH),
];

/// Bits with the ends exchanged, where they are to be; without the initiator's two.
pub(super) fn turned(bits: u16, exchange: bool) -> u16 {
    let bits = bits & !(state::INITIATOR_HIGH | state::INITIATOR_SEEN);
    if !exchange {
        return bits;
    }
    ENDS.iter().fold(bits, |turned, (low, high)| {
        let to = |from: u16, to: u16| if bits & from != 0 { to } else { 0 };
        turned & !(low | high) | to(*low, *high) | to(*high, *low)
    })
}

/// The bits of the whole, of the asking half and of the answering one, the initiator being the low end of both.
///
/// What takes both directions to be seen was seen by neither half's slot: that the handshake is done, and that a RST
/// answers a SYN.
pub(super) const fn joined(asking: u16, answering: u16) -> u16 {
    let mut bits = asking | answering;
    if asking & state::SYN == 0 {
        return bits;
    }
    // The initiator's ACK alone leaves no bit in its half. Data of either end, or its FIN, comes after it.
    let after_it = state::PAYLOAD_LOW | state::PAYLOAD_HIGH | state::FIN_LOW;
    if answering & state::SYN_ACK != 0 {
        if bits & after_it != 0 {
            bits |= state::HANDSHAKE;
        }
    } else if answering & state::RESET != 0 && answering & state::PAYLOAD_HIGH == 0 {
        bits |= state::REFUSED;
    }
    bits
}

#[cfg(test)]
mod tests {
    use cmflow_common::flow::{FlowState, advance};
    use cmflow_common::packet::{protocol, sign};

    use super::*;

    #[test]
    fn exchanging_the_ends_twice_changes_nothing() {
        for bits in 0..1_u16 << 14 {
            let kept = bits & !(state::INITIATOR_HIGH | state::INITIATOR_SEEN);
            assert_eq!(turned(turned(bits, true), true), kept, "{bits:b}");
            assert_eq!(turned(bits, false), kept);
        }
    }

    /// Each half's slot saw one direction; what both say is what one slot would have said that saw all.
    #[test]
    fn two_halves_say_what_one_flow_would() {
        const SYN: u16 = sign::SYN;
        const SYN_ACK: u16 = sign::SYN | sign::ACK;
        const ACK: u16 = sign::ACK;
        const DATA: u16 = sign::ACK | sign::PAYLOAD;
        const FIN: u16 = sign::ACK | sign::FIN;
        const RST: u16 = sign::RST | sign::ACK;
        const GONE: u16 = sign::ICMP_ERROR | sign::UNREACHABLE;
        type Case<'a> = (&'a str, u8, &'a [(char, u16)], FlowState);
        let cases: &[Case<'_>] = &[
            ("a lone SYN", protocol::TCP, &[('>', SYN)], FlowState::Unanswered),
            (
                "refused",
                protocol::TCP,
                &[('>', SYN), ('<', RST)],
                FlowState::Refused,
            ),
            (
                "unreachable",
                protocol::TCP,
                &[('>', SYN), ('<', GONE)],
                FlowState::Refused,
            ),
            (
                "a handshake alone",
                protocol::TCP,
                &[('>', SYN), ('<', SYN_ACK), ('>', ACK)],
                FlowState::Unanswered,
            ),
            (
                "asked and answered",
                protocol::TCP,
                &[('>', SYN), ('<', SYN_ACK), ('>', DATA), ('<', DATA), ('>', FIN)],
                FlowState::Answered,
            ),
            (
                "the server speaks first",
                protocol::TCP,
                &[('>', SYN), ('<', SYN_ACK), ('>', ACK), ('<', DATA)],
                FlowState::Answered,
            ),
            (
                "only the client spoke",
                protocol::TCP,
                &[('>', SYN), ('<', SYN_ACK), ('>', DATA), ('<', ACK)],
                FlowState::Unanswered,
            ),
            (
                "under way",
                protocol::TCP,
                &[('>', DATA), ('<', DATA)],
                FlowState::Answered,
            ),
            (
                "reset later",
                protocol::TCP,
                &[('>', SYN), ('<', SYN_ACK), ('>', DATA), ('<', DATA), ('<', RST)],
                FlowState::Answered,
            ),
            (
                "a datagram",
                protocol::UDP,
                &[('>', sign::PAYLOAD)],
                FlowState::Unanswered,
            ),
            (
                "a datagram and its answer",
                protocol::UDP,
                &[('>', sign::PAYLOAD), ('<', sign::PAYLOAD)],
                FlowState::Answered,
            ),
            (
                "port unreachable",
                protocol::UDP,
                &[('>', sign::PAYLOAD), ('<', GONE)],
                FlowState::Refused,
            ),
        ];
        for (what, number, packets, expected) in cases {
            let half = |way: char| {
                let seen = packets.iter().filter(|(from, _)| *from == way);
                seen.fold(0, |bits, (from, signs)| advance(bits, *signs, *from == '>'))
            };
            let whole = packets
                .iter()
                .fold(0, |bits, (from, signs)| advance(bits, *signs, *from == '>'));
            let bits = joined(half('>'), half('<'));
            assert_eq!(FlowState::of(*number, bits), *expected, "{what}");
            assert_eq!(FlowState::of(*number, whole), *expected, "{what}, in one");
        }
    }
}
