//! Rules, as the tab lists them.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::{Order, by_rate};
use crate::answer::RuleCount;
use crate::top::filter::Filter;
use crate::top::rate::Rate;

/// Orders of rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RuleOrder {
    /// The fastest first, then those with most bytes.
    #[default]
    Rate,
    /// Most bytes first.
    Bytes,
    /// Most packets first.
    Packets,
    /// Most flows first.
    Flows,
    /// Latest packet first.
    LastSeen,
    /// By id.
    Name,
}

impl Order for RuleOrder {
    const ALL: &'static [Self] = &[
        Self::Rate,
        Self::Bytes,
        Self::Packets,
        Self::Flows,
        Self::LastSeen,
        Self::Name,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Rate => "rate",
            Self::Bytes => "bytes",
            Self::Packets => "packets",
            Self::Flows => "flows",
            Self::LastSeen => "last seen",
            Self::Name => "rule",
        }
    }
}

/// A rule of the list.
#[derive(Clone, Copy, Debug)]
pub struct RuleRow<'a> {
    /// What the daemon says of it.
    pub rule: &'a RuleCount,
    /// How fast it is.
    pub rate: Option<Rate>,
    /// Flows that began since the last answer.
    pub new_flows: u64,
}

/// Rules that a filter and a verdict let through, in order.
#[must_use]
pub fn rules<'a>(
    rules: &'a [RuleCount],
    rates: &HashMap<String, Rate>,
    flows_before: &HashMap<String, u64>,
    (filter, verdict): (&Filter, Option<&str>),
    order: RuleOrder,
    turned: bool,
) -> Vec<RuleRow<'a>> {
    let mut rows: Vec<RuleRow<'a>> = rules
        .iter()
        .filter(|rule| verdict.is_none_or(|verdict| rule.verdict == verdict))
        .filter(|rule| filter.fits(&[&rule.rule, &rule.verdict]))
        .map(|rule| RuleRow {
            rule,
            rate: rates.get(&rule.rule).copied(),
            new_flows: flows_before
                .get(&rule.rule)
                .map_or(0, |before| rule.flows.saturating_sub(*before)),
        })
        .collect();
    match order {
        RuleOrder::Rate => rows.sort_by_key(|row| (by_rate(row.rate), Reverse(row.rule.bytes))),
        RuleOrder::Bytes => rows.sort_by_key(|row| Reverse(row.rule.bytes)),
        RuleOrder::Packets => rows.sort_by_key(|row| Reverse(row.rule.packets)),
        RuleOrder::Flows => rows.sort_by_key(|row| Reverse(row.rule.flows)),
        RuleOrder::LastSeen => rows.sort_by_key(|row| Reverse(row.rule.last_seen)),
        RuleOrder::Name => rows.sort_by_key(|row| &row.rule.rule),
    }
    if turned {
        rows.reverse();
    }
    rows
}
