//! The daemon: loads the tables, attaches, counts, answers.

mod account;
mod answers;
mod instance;
mod observer;
mod privileges;
mod start;
mod watch;

pub use account::Account;
pub use instance::{Instance, Lock};
pub use privileges::Demotion;
pub use start::{Settings, run};
