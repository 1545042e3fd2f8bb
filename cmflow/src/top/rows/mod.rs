//! What the tabs list: answers, with rates, filtered and in order. No drawing here.

mod cells;
mod conversations;
mod flows;
mod groups;
mod rules;

pub use cells::{Cell, Matrix, Part, matrix};
pub use conversations::conversations;
pub use flows::{FLOWS, FlowOrder, FlowRow, flow_name, flows};
pub(super) use flows::{service, total};
pub use groups::{GroupOrder, GroupRow, group_name, groups, query_of};
pub use rules::{RuleOrder, RuleRow, rules};

/// An order that `s` steps through.
pub trait Order: Copy + PartialEq + Sized + 'static {
    /// All of them, the first one being where the program begins.
    const ALL: &'static [Self];

    /// Its name on the screen.
    fn name(self) -> &'static str;

    /// The next one.
    #[must_use]
    fn next(self) -> Self {
        let place = Self::ALL.iter().position(|one| *one == self).unwrap_or_default();
        Self::ALL[(place + 1) % Self::ALL.len()]
    }
}

/// Larger rates first; what has none comes last.
fn by_rate(rate: Option<super::rate::Rate>) -> std::cmp::Reverse<u64> {
    // A fraction of a byte a second decides nothing.
    std::cmp::Reverse(rate.map_or(0, |rate| 1 + rate.bytes as u64))
}

/// The order of names by their rates.
pub(super) fn by_rate_name(
    rates: &std::collections::HashMap<String, super::rate::Rate>,
    name: &str,
) -> std::cmp::Reverse<u64> {
    by_rate(rates.get(name).copied())
}
