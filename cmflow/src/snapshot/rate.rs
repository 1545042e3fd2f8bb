//! How fast counters grew between two snapshots.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use cmflow_common::flow::FlowKey;
use cmflow_common::gateway::Count;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Beside, Snapshot};
use crate::account::Flow;
use crate::answer::{self, Tally};
use crate::compile::Compiled;

/// Packets and bytes a second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Rate {
    /// Packets a second.
    pub packets_per_s: f64,
    /// Bytes a second.
    pub bytes_per_s: f64,
}

impl Rate {
    /// So much in that time.
    #[must_use]
    pub fn of(grew: Count, over: Duration) -> Self {
        let per_s = |count: u64| tenths(count as f64 / over.as_secs_f64().max(0.001));
        Self {
            packets_per_s: per_s(grew.packets),
            bytes_per_s: per_s(grew.bytes),
        }
    }
}

/// More digits say nothing, and are sent to everybody each second.
fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// How fast everything grew.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Rates {
    /// Over how many seconds.
    pub over_s: f64,
    /// All frames.
    pub total: Rate,
    /// By verdict; those that did not grow are left out.
    pub verdicts: BTreeMap<String, Rate>,
    /// By id of the rule; those that did not grow are left out.
    pub rules: BTreeMap<String, Rate>,
    /// By interface.
    pub interfaces: BTreeMap<String, Rate>,
}

impl Rates {
    /// What grew between two snapshots that lie so far apart.
    #[must_use]
    pub(super) fn between(before: &Counted, now: &Counted, over: Duration) -> Self {
        let named = |all: &BTreeMap<String, Count>, former: &BTreeMap<String, Count>| {
            let grown = all.iter().map(|(name, count)| {
                let former = former.get(name).copied().unwrap_or_default();
                (name.clone(), grown(*count, former))
            });
            grown.collect::<BTreeMap<_, _>>()
        };
        let rated = |grown: BTreeMap<String, Count>, all: bool| {
            let rated = grown.into_iter().filter(|(_, grew)| all || grew.packets > 0);
            rated
                .map(|(name, grew)| (name, Rate::of(grew, over)))
                .collect::<BTreeMap<_, _>>()
        };
        let interfaces = named(&now.interfaces, &before.interfaces);
        let mut total = Count::default();
        for grew in interfaces.values() {
            total.add(grew.packets, grew.bytes);
        }
        Self {
            over_s: tenths(over.as_secs_f64()),
            total: Rate::of(total, over),
            verdicts: rated(named(&now.verdicts, &before.verdicts), false),
            rules: rated(named(&now.rules, &before.rules), false),
            interfaces: rated(interfaces, true),
        }
    }
}

/// What a counter came to since; all of it where it began anew.
const fn grown(now: Count, before: Count) -> Count {
    Count {
        packets: now.packets.saturating_sub(before.packets),
        bytes: now.bytes.saturating_sub(before.bytes),
    }
}

/// The counters that rates are made of, by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Counted {
    verdicts: BTreeMap<String, Count>,
    rules: BTreeMap<String, Count>,
    interfaces: BTreeMap<String, Count>,
}

impl Counted {
    pub(super) fn of(status: &answer::Status, rules: &answer::Rules) -> Self {
        let tally = |tally: &Tally| Count {
            packets: tally.packets,
            bytes: tally.bytes,
        };
        let verdicts = status.verdicts.iter();
        let rules = rules.rules.iter().map(|rule| {
            let count = Count {
                packets: rule.packets,
                bytes: rule.bytes,
            };
            (rule.rule.clone(), count)
        });
        let interfaces = status.interfaces.iter().map(|one| {
            let count = Count {
                packets: one.frames,
                bytes: one.bytes,
            };
            (one.name.clone(), count)
        });
        Self {
            verdicts: verdicts.map(|(name, one)| (name.clone(), tally(one))).collect(),
            rules: rules.collect(),
            interfaces: interfaces.collect(),
        }
    }
}

/// What is kept of a snapshot's flows to tell by the next one how fast they grew: no more than that.
#[derive(Debug, Default)]
pub struct Former {
    flows: HashMap<FlowKey, (u64, Count, [u16; 2])>,
    pub(super) counted: Counted,
    /// Of which tables the classes are.
    generation: u64,
}

impl Former {
    /// What is kept of that snapshot.
    pub(super) fn of(snapshot: &Snapshot, counted: Counted) -> Self {
        let flows = snapshot.flows.iter().zip(&snapshot.beside);
        Self {
            flows: flows
                .map(|(flow, beside)| (flow.key, (flow.first_seen, flow.total(), beside.classes)))
                .collect(),
            counted,
            generation: snapshot.status.generation,
        }
    }

    /// What is to be known beside flows: how much they grew, and which classes their ends are of. Looking a class up is
    /// most of the work, and is done once for each flow that lives on under the same tables.
    pub(super) fn beside(
        former: Option<&Self>,
        flows: &[Flow],
        compiled: &Compiled,
        generation: u64,
    ) -> Vec<Beside> {
        let known = former.filter(|former| former.generation == generation);
        let class = |address| compiled.endpoint(address).class();
        let each = flows.iter().map(|flow| {
            let before = former.and_then(|former| former.flows.get(&flow.key));
            // A conversation that began anew under the same key did not grow out of the one before it.
            let before = before.filter(|(first_seen, ..)| *first_seen == flow.first_seen);
            let (count, classes) = match before {
                Some((_, count, classes)) => (*count, known.is_some().then_some(*classes)),
                None => (Count::default(), None),
            };
            Beside {
                grew: grown(flow.total(), count),
                classes: classes
                    .unwrap_or_else(|| [class(flow.initiator.address), class(flow.responder.address)]),
            }
        });
        each.collect()
    }
}
