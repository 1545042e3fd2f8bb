//! The daemon: loads the tables, attaches, counts, answers.

mod account;
mod alerts;
mod answers;
mod approver;
mod attach;
mod instance;
mod live;
mod memory;
mod observer;
mod past;
mod posting;
mod prepared;
mod privileges;
mod publisher;
mod recorder;
mod reload;
mod saving;
mod settle;
mod sources;
mod start;
mod state;
mod watch;
mod writer;

pub use account::Account;
pub use instance::{Instance, Lock};
pub use privileges::Demotion;
pub(crate) use sources::hash;
pub use start::{Settings, run};
