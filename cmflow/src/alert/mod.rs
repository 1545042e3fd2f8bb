//! Alerts: somebody is told of a new unexplained group, once, and of what went on each day.
//!
//! [`Desk`] is pure: it hears of groups and says which letters go out now. A [`Courier`] a channel takes them there, in
//! a thread of its own, so that a channel that hangs delays nothing.

mod channel;
mod courier;
mod desk;
mod group;
mod journal;
mod letter;
mod memory;
mod options;
mod syslog;
#[cfg(test)]
mod tests;
mod webhook;

pub use channel::{Channel, Failure};
pub use courier::{Courier, Load};
pub use desk::Desk;
pub use group::{Example, Group, Heard};
pub use journal::is_journal;
pub use letter::{Kind, Letter, Message, Sender, Told};
pub use memory::{Known, Memory, Stage};
pub use options::{Address, Options, Syslog, Webhook};
