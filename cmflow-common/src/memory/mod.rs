//! A gateway in ordinary memory: what `replay`, `explain` and the tests run packets through.
#![cfg(feature = "std")]

mod gateway;
mod tables;

pub use gateway::MemoryGateway;
pub use tables::{MemoryTables, Prefixes, QuickMap};
