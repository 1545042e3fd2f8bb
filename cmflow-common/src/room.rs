//! Rooms of the flow table: what is cheap to make up must not take the places of what is real.
//!
//! A flow that nothing explains, or that nobody has answered, can be made by whoever can send a packet. While there
//! are few of these they may lie nearly anywhere. Once their kind has spent what user space allows it between two readings,
//! more of them lie in half of the places only, so that a flow that was answered always finds one. Nobody's flow is
//! ever thrown out for another one.

use crate::expectation::may_announce;
use crate::flow::state;
use crate::verdict::VerdictId;

/// What a flow is to the table when its first packet comes.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Room {
    /// Explained, and the responder has been heard.
    Answered = 0,
    /// No rule explains it.
    Unexplained = 1,
    /// Explained, and nobody but the initiator has been heard.
    Unanswered = 2,
}

impl Room {
    /// All of them, by number.
    pub const ALL: [Self; 3] = [Self::Answered, Self::Unexplained, Self::Unanswered];

    /// The name that tables and JSON use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Unexplained => "unexplained",
            Self::Unanswered => "unanswered",
        }
    }

    /// The room of a flow with that verdict and those bits of [`state`].
    #[inline(always)]
    #[must_use]
    pub const fn of(verdict: VerdictId, bits: u16) -> Self {
        let answer = if bits & state::INITIATOR_HIGH != 0 {
            state::FROM_LOW
        } else {
            state::FROM_HIGH
        };
        if !may_announce(verdict) {
            Self::Unexplained
        } else if bits & answer == 0 {
            Self::Unanswered
        } else {
            Self::Answered
        }
    }

    /// The places that it has to itself and shares, as bits of a place's index modulo eight, once what it may spend
    /// is spent. Eight neighbours, which is what a key is looked for in, have each of them once.
    #[inline(always)]
    #[must_use]
    pub const fn places(self) -> u8 {
        match self {
            Self::Answered => ANYWHERE,
            Self::Unexplained => 0b0011_1100,
            Self::Unanswered => 0b1111_0000,
        }
    }
}

/// Every place.
pub const ANYWHERE: u8 = 0xff;
/// Every place but one of eight, which only what was answered may take.
pub const NEARLY_ANYWHERE: u8 = 0xfe;

/// Of so many places of the table one may be spent on a kind before it has to keep to its own.
pub const SHARE: u64 = 8;

/// What a room has spent, and may.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// Flows of the kind that were new, since the table exists.
    pub spent: u64,
    /// How far that may go before more have to keep to the kind's own places.
    pub allowed: u64,
}

/// The budgets of all rooms, and one more that nobody has, so that an index is made of bits.
pub type Budgets = [Budget; 4];

/// What a kind of which `live` flows are in a table of `capacity` places may still spend.
#[must_use]
pub const fn allowance(capacity: u64, live: u64) -> u64 {
    (capacity / SHARE).saturating_sub(live)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_room_keeps_places_that_the_others_cannot_fill() {
        let all = Room::ALL.map(Room::places);
        assert_eq!(all[0], ANYWHERE);
        assert_eq!((ANYWHERE & !NEARLY_ANYWHERE).count_ones(), 1);
        // Whatever the others do, two of eight neighbours are left for the answered, two for each other.
        assert_eq!((ANYWHERE & !(all[1] | all[2])).count_ones(), 2);
        assert_eq!((all[1] & !all[2]).count_ones(), 2);
        assert_eq!((all[2] & !all[1]).count_ones(), 2);
    }

    #[test]
    fn a_room_follows_the_verdict_and_whether_the_responder_was_heard() {
        let (explained, reversed) = (VerdictId::FIRST_COMPILED, VerdictId(9 | VerdictId::REVERSED));
        for (verdict, bits, room) in [
            (explained, state::FROM_LOW, Room::Unanswered),
            (explained, state::FROM_LOW | state::FROM_HIGH, Room::Answered),
            (explained, state::FROM_HIGH, Room::Answered),
            (
                explained,
                state::INITIATOR_HIGH | state::FROM_HIGH,
                Room::Unanswered,
            ),
            (explained, state::INITIATOR_HIGH | state::FROM_LOW, Room::Answered),
            (reversed, state::FROM_LOW | state::FROM_HIGH, Room::Unexplained),
            (VerdictId::UNDOCUMENTED, state::FROM_HIGH, Room::Unexplained),
            (VerdictId::OUT_OF_SCOPE, state::FROM_LOW, Room::Unexplained),
        ] {
            assert_eq!(Room::of(verdict, bits), room, "{verdict:?} {bits:b}");
        }
    }
}
