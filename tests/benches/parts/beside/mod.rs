//! Other tools beside cmflow, in the same run: a program that does nothing, xdp-filter, and an nftables ruleset with
//! the same rules and counters.

mod forwarded;
mod ruleset;
mod xdp_filter;

pub use forwarded::measure as nftables;
pub use xdp_filter::measure as xdp_filter;
