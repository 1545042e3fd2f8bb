//! What was counted, from slots and counters to flows, rules and groups. Pure: no kernel, no clock, no file.

mod flows;
mod law;
mod totals;

pub use flows::{End, Flow};
pub(crate) use law::sum;
pub use law::{Conservation, Half};
pub use totals::{Conversation, ConversationTotal, Totals};
