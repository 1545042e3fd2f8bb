//! The history on disk: one SQLite database an instance. Nothing outside names SQLite.
//!
//! [`Store`] is the daemon's: each [`crate::history::Change`] is one transaction, so that a kill loses what was not
//! yet handed over, and nothing else. [`Archive`] reads, whether a daemon writes or not, on this machine or another.
//!
//! By verdict there are minutes, hours and days (`buckets`), by conversation one row (`conversations`). `tidy` rolls
//! the former up and `fold`s the latter, so that the file keeps its size.

mod archive;
mod baseline;
mod buckets;
mod conversations;
mod error;
mod fold;
mod functions;
mod generations;
mod opening;
mod outages;
mod schema;
mod series;
#[cfg(test)]
mod tests;
mod tidy;
mod value;
mod verdicts;
mod writing;

pub use archive::Archive;
pub use baseline::Baseline;
pub use error::StoreError;
pub use generations::sha256;
pub use opening::Opened;
pub use series::{Point, Resolution, Series};
pub use writing::Store;
