//! What is remembered of the traffic, beyond what the kernel and a daemon hold: pure, and without a word of how it is
//! stored.
//!
//! flows and counters -> [`Sampler`] -> [`Change`] -> store -> [`Evidence`] -> audit

mod change;
mod conversation;
mod days;
mod evidence;
mod faces;
mod increments;
mod privacy;
mod retention;
mod sampler;
#[cfg(test)]
mod tests;

pub use change::{
    Activity, Change, ConversationChange, ConversationKey, Generation, Live, Outage, Sighting, StoredFile,
    VerdictChange,
};
pub use days::{Day, Days, begin_of, date_of, day_of};
pub use evidence::{Evidence, Gateway, RecordedConversation, RuleSpan, VerdictUse};
pub use privacy::{Place, Privacy};
pub use retention::{ClientDetail, Retention};
pub use sampler::{Counted, Sampler};
