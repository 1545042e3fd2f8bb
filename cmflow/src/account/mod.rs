//! What was counted, from slots and counters to flows, rules and groups. Pure: no kernel, no clock, no file.

mod dynamic;
mod flows;
pub mod hiding;
mod joined;
mod kept;
mod law;
#[cfg(test)]
mod tests;
mod totals;
mod translation;
mod waiting;

pub use dynamic::{DynamicPorts, PairPorts, stretches};
pub use kept::Kept;
pub use translation::{Joined, Moved, Translations, Whole};
pub use waiting::Waiting;

pub use flows::{End, Flow};
pub(crate) use law::sum;
pub use law::{Conservation, Half};
pub use totals::{Conversation, ConversationTotal, InterfaceTotal, Totals};
