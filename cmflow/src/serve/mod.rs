//! How a running daemon is asked.

pub mod http;
mod question;
mod socket;

pub use question::{FlowQuery, FlowSort, GroupQuery, Question, Reply};
pub use socket::ask;
pub(crate) use socket::{listen, serve};
