//! Flows, as the tab lists them.

use std::cmp::Reverse;
use std::collections::HashMap;

use jiff::Timestamp;

use super::{Order, by_rate};
use crate::answer::{Count, Flow};
use crate::serve::FlowSort;
use crate::top::filter::Filter;
use crate::top::rate::Rate;

/// As many are asked for: more than anybody pages through, and little to tell.
pub const FLOWS: usize = 500;

/// Orders of flows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FlowOrder {
    /// What nothing explains first, then the latest.
    #[default]
    Unexplained,
    /// The fastest first, among those with the most bytes.
    Rate,
    /// Most bytes first.
    Bytes,
    /// Most packets first.
    Packets,
    /// Latest packet first.
    LastSeen,
    /// Newest first.
    FirstSeen,
    /// By the initiator's address.
    Address,
}

impl Order for FlowOrder {
    const ALL: &'static [Self] = &[
        Self::Unexplained,
        Self::Rate,
        Self::Bytes,
        Self::Packets,
        Self::LastSeen,
        Self::FirstSeen,
        Self::Address,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Unexplained => "unexplained",
            Self::Rate => "rate",
            Self::Bytes => "bytes",
            Self::Packets => "packets",
            Self::LastSeen => "last seen",
            Self::FirstSeen => "newest",
            Self::Address => "address",
        }
    }
}

impl FlowOrder {
    /// In which order the daemon is asked for them.
    #[must_use]
    pub const fn asked(self) -> FlowSort {
        match self {
            Self::Unexplained => FlowSort::Unexplained,
            Self::Rate | Self::Bytes => FlowSort::Bytes,
            Self::Packets => FlowSort::Packets,
            Self::LastSeen => FlowSort::LastSeen,
            Self::FirstSeen => FlowSort::FirstSeen,
            Self::Address => FlowSort::Address,
        }
    }
}

/// A flow of the list.
#[derive(Clone, Copy, Debug)]
pub struct FlowRow<'a> {
    /// What the daemon says of it.
    pub flow: &'a Flow,
    /// How fast it is; nothing where it was not among those asked for before.
    pub rate: Option<Rate>,
    /// Whether it began since the last answer.
    pub new: bool,
}

/// What tells a flow from others: its ends, and when it began.
#[must_use]
pub fn flow_name(flow: &Flow) -> String {
    let (from, to) = (&flow.initiator, &flow.responder);
    format!(
        "{} {} {} {} {} {}",
        flow.protocol, from.address, from.port, to.address, to.port, flow.first_seen
    )
}

/// Packets and bytes of both directions.
pub(in crate::top) const fn total(flow: &Flow) -> Count {
    Count {
        packets: flow.forward.packets + flow.reverse.packets,
        bytes: flow.forward.bytes + flow.reverse.bytes,
    }
}

/// Flows that a filter lets through, in order. The daemon has put most orders right; those that it cannot know, and a
/// list that no longer changes, are put right here.
#[must_use]
pub fn flows<'a>(
    flows: &'a [Flow],
    rates: &HashMap<String, Rate>,
    since: Option<Timestamp>,
    filter: &Filter,
    order: FlowOrder,
    turned: bool,
) -> Vec<FlowRow<'a>> {
    let mut rows: Vec<FlowRow<'a>> = flows
        .iter()
        .filter(|flow| fits(flow, filter))
        .map(|flow| FlowRow {
            flow,
            rate: rates.get(&flow_name(flow)).copied(),
            new: since.is_some_and(|since| flow.first_seen > since),
        })
        .collect();
    match order {
        FlowOrder::Unexplained => rows.sort_by_key(|row| {
            // Which of the foreign ones are flagged cannot be told here; the daemon has put those before others.
            let rank = match &*row.flow.verdict {
                "undocumented" | "reversed" => 0,
                "foreign" => 1,
                _ => 2,
            };
            (rank, Reverse(row.flow.last_seen))
        }),
        FlowOrder::Rate => rows.sort_by_key(|row| by_rate(row.rate)),
        FlowOrder::Bytes => rows.sort_by_key(|row| Reverse(total(row.flow).bytes)),
        FlowOrder::Packets => rows.sort_by_key(|row| Reverse(total(row.flow).packets)),
        FlowOrder::LastSeen => rows.sort_by_key(|row| Reverse(row.flow.last_seen)),
        FlowOrder::FirstSeen => rows.sort_by_key(|row| Reverse(row.flow.first_seen)),
        FlowOrder::Address => rows.sort_by_key(|row| {
            let (from, to) = (&row.flow.initiator, &row.flow.responder);
            (from.address, to.address, to.port, from.port)
        }),
    }
    if turned {
        rows.reverse();
    }
    rows
}

fn fits(flow: &Flow, filter: &Filter) -> bool {
    if filter.is_empty() {
        return true;
    }
    let words = [
        flow.initiator.address.to_string(),
        flow.responder.address.to_string(),
        service(flow),
    ];
    let mut texts: Vec<&str> = words.iter().map(String::as_str).collect();
    texts.extend([&*flow.verdict, &*flow.state]);
    let roles = flow.initiator.roles.iter().chain(&flow.responder.roles);
    texts.extend(roles.chain(&flow.rules).map(String::as_str));
    filter.fits(&texts)
}

/// `tcp/443`.
pub(in crate::top) fn service(flow: &Flow) -> String {
    match flow.protocol.as_str() {
        protocol @ ("tcp" | "udp") => format!("{protocol}/{}", flow.responder.port),
        other => other.to_owned(),
    }
}
