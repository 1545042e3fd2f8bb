//! Whether a conversation proves that its rules are used.

use cmflow_common::address::Address;

use super::entries::Entries;
use crate::compile::{Basis, VerdictInfo};
use crate::explain::Book;
use crate::history::{Evidence, RecordedConversation};

/// What a conversation proves of its rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// They are used.
    Proves,
    /// Nothing: whoever opened it tries everything.
    OfScanner,
    /// Nothing: any port of the range would have been explained alike.
    RangeAlone,
    /// Nothing: nobody answered in the window, or it was not seen who opened it.
    Unanswered,
}

/// What a conversation proves in the window of its gateway.
pub(super) fn proof(
    book: &Book<'_>,
    entries: &Entries,
    info: &VerdictInfo,
    conversation: &RecordedConversation,
    evidence: &Evidence,
) -> Proof {
    let initiator = Address::from(conversation.key.initiator.addr());
    if entries.proves_nothing(book.compiled.class(initiator)) {
        Proof::OfScanner
    } else if info.basis == Some(Basis::Range) {
        Proof::RangeAlone
    } else if conversation.total.proving > 0 && conversation.proves_in(evidence.from, evidence.to) {
        Proof::Proves
    } else {
        Proof::Unanswered
    }
}
