//! The daemon: loads the tables, attaches, counts, answers.

mod answers;
mod attach;
mod instance;
mod live;
mod observer;
mod prepared;
mod reload;
mod saving;
mod sources;
mod start;
mod state;
mod watch;

pub use instance::{Instance, Lock};
pub use start::{Settings, run};
