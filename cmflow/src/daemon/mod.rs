//! The daemon: loads the tables, attaches, counts, answers.

mod answers;
mod instance;
mod observer;
mod start;
mod watch;

pub use instance::{Instance, Lock};
pub use start::{Settings, run};
