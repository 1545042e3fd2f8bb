//! What is found out of a flow when its first packet comes, and again when newer tables judge it.
//!
//! Apart from the path that every packet takes: the kernel program calls it as functions that the verifier checks by
//! themselves. All that they need of the packet is in the flow's key and a few bits.

use crate::expectation::{self, Kind, may_announce};
use crate::flow::{FlowKey, state};
use crate::gateway::{Endpoint, Gateway, Viewpoint};
use crate::judge::{self, Judged};
use crate::packet::{Packet, protocol, sign};
use crate::verdict::VerdictId;

/// The packet in question, as far as judging needs it.
#[derive(Clone, Copy, Debug)]
pub struct Glimpse {
    /// Bits of [`sign`].
    pub signs: u16,
    /// Whether the low end of the key sent it.
    pub from_low: bool,
}

impl Glimpse {
    /// One word for a call across: signs below, the sender above.
    #[inline(always)]
    #[must_use]
    pub const fn word(self) -> u32 {
        self.signs as u32 | (self.from_low as u32) << 16
    }

    /// What a word says.
    #[inline(always)]
    #[must_use]
    pub const fn from_word(word: u32) -> Self {
        Self {
            signs: word as u16,
            from_low: word & 1 << 16 != 0,
        }
    }

    /// The packet of a flow, with its own addresses again.
    #[inline(always)]
    fn packet(self, key: &FlowKey) -> Packet {
        let (mut source, mut destination, mut selector) = if self.from_low {
            (key.low, key.high, key.selector)
        } else {
            (key.high, key.low, key.selector.turned())
        };
        if self.signs & sign::LINK_LOCAL != 0 {
            source = source.without_link().0;
            destination = destination.without_link().0;
            selector = selector.untagged();
        }
        Packet {
            source,
            destination,
            source_port: selector.first_port(),
            destination_port: selector.second_port(),
            protocol: selector.protocol(),
            signs: self.signs,
            tags: 0,
            detail: 0,
        }
    }
}

/// What was found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The verdict.
    pub verdict: VerdictId,
    /// The verdict where an endpoint mapper announced the flow; [`VerdictId::NOT_EXPECTED`] where none can.
    pub expected: VerdictId,
    /// Bits of [`state`]: the initiator, and whether the flow may announce others.
    pub bits: u16,
    /// Whether this very packet announces others: a TFTP request does.
    pub announces: bool,
    /// Whether it may be the answer to a TFTP request of its receiver.
    pub may_answer: bool,
}

impl Opening {
    const ANNOUNCES: u64 = 1 << 48;
    const MAY_ANSWER: u64 = 1 << 49;

    /// One word for a call across.
    #[inline(always)]
    #[must_use]
    pub const fn word(self) -> u64 {
        let announces = if self.announces { Self::ANNOUNCES } else { 0 };
        let may_answer = if self.may_answer { Self::MAY_ANSWER } else { 0 };
        let verdicts = self.verdict.0 as u64 | (self.expected.0 as u64) << 32;
        verdicts | (self.bits as u64) << 16 | announces | may_answer
    }

    /// What a word says.
    #[inline(always)]
    #[must_use]
    pub const fn from_word(word: u64) -> Self {
        Self {
            verdict: VerdictId(word as u16),
            expected: VerdictId((word >> 32) as u16),
            bits: (word >> 16) as u16,
            announces: word & Self::ANNOUNCES != 0,
            may_answer: word & Self::MAY_ANSWER != 0,
        }
    }
}

/// Judges the first packet of a flow: who asked, what the tables of that generation say, whether it announces other
/// flows and whether another may have announced it. Nothing where there are no tables.
#[inline(always)]
pub fn first<G: Gateway, V: Viewpoint>(
    gateway: &G,
    view: &V,
    generation: u64,
    key: &FlowKey,
    glimpse: Glimpse,
) -> Option<Opening> {
    let tables = gateway.tables(generation)?;
    let (packet, from_low) = (glimpse.packet(key), glimpse.from_low);
    let datagram = packet.protocol == protocol::UDP;
    let from_beginning = datagram && gateway.now() >= gateway.known_from();
    let ends = judge::ends(&tables, view, &packet);
    let mut bits = judge::initiator(&tables, &packet, &ends, from_low, from_beginning);
    let mut judged = Judged::new(&tables, &packet, &ends, from_low, bits);
    if from_beginning
        && bits & state::INITIATOR_SEEN == 0
        && packet.signs & sign::ICMP_ERROR == 0
        && judge::is_unaccounted(judged.verdict(bits))
    {
        // What looked like an answer and is explained by nothing was sent by who began the conversation.
        bits = judge::initiator_bits(from_low, state::INITIATOR_SEEN);
        judged = Judged::new(&tables, &packet, &ends, from_low, bits);
    }
    let verdict = judged.verdict(bits);
    let low_asked = bits & state::INITIATOR_HIGH == 0;
    let port = if low_asked {
        key.selector.second_port()
    } else {
        key.selector.first_port()
    };
    let mut announces = false;
    if let Some(kind) = Kind::announced(packet.protocol, port) {
        bits |= state::ANNOUNCES;
        let asks = low_asked == from_low && packet.signs & sign::ICMP_ERROR == 0;
        announces = matches!(kind, Kind::Tftp) && asks && may_announce(verdict);
    }
    Some(Opening {
        verdict,
        expected: judged.if_expected(),
        bits,
        announces,
        may_answer: datagram && ends.source.is(Endpoint::SERVES_TFTP),
    })
}

/// Judges a known flow by the tables of that generation; nothing where there are none. `bits` are its state.
#[inline(always)]
pub fn again<G: Gateway, V: Viewpoint>(
    gateway: &G,
    view: &V,
    generation: u64,
    key: &FlowKey,
    glimpse: Glimpse,
    bits: u16,
) -> Option<VerdictId> {
    let tables = gateway.tables(generation)?;
    Some(judge::judge(
        &tables,
        view,
        &glimpse.packet(key),
        glimpse.from_low,
        bits,
    ))
}

/// The same with what another flow announced: an endpoint mapper the connection, or its receiver's TFTP request the
/// answer that this is.
#[inline(always)]
pub fn as_announced<G: Gateway, V: Viewpoint>(
    gateway: &G,
    view: &V,
    generation: u64,
    key: &FlowKey,
    glimpse: Glimpse,
    opening: Opening,
) -> Opening {
    // A datagram of a TFTP server may be the answer that its receiver asked for.
    let (kind, low_asked) = if opening.may_answer {
        (Kind::Tftp, !glimpse.from_low)
    } else {
        (Kind::Rpc, opening.bits & state::INITIATOR_HIGH == 0)
    };
    if gateway
        .meet(kind, &expectation::key(kind, key, low_asked))
        .is_none()
    {
        return opening;
    }
    if !opening.may_answer {
        return Opening {
            verdict: opening.expected,
            bits: opening.bits | state::SETTLED,
            ..opening
        };
    }
    let bits = judge::initiator_bits(low_asked, state::INITIATOR_SEEN) | state::SETTLED;
    Opening {
        verdict: gateway
            .again(view, generation, key, glimpse, bits)
            .unwrap_or(opening.verdict),
        bits,
        announces: false,
        ..opening
    }
}
