//! Which metrics there are.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use cmflow_common::gateway::Count;
use cmflow_common::verdict::{VerdictId, VerdictKind};
use jiff::Timestamp;

use super::exposition::{Family, Labels, Samples};
use crate::answer::Status;
use crate::serve::FlowQuery;
use crate::snapshot::Snapshot;

/// The most flows that were told of each verdict. Halves of translated conversations are two flows until they are known
/// to be one, and a counter must not go back.
#[derive(Debug, Default)]
pub(in crate::serve::http) struct HighWater(Mutex<HashMap<u16, u64>>);

impl HighWater {
    fn raise(&self, verdict: u16, flows: u64) -> u64 {
        let Self(highest) = self;
        let mut highest = highest.lock().unwrap_or_else(PoisonError::into_inner);
        let so_far = highest.entry(verdict).or_default();
        *so_far = flows.max(*so_far);
        *so_far
    }
}

/// Packets, bytes and flows, as the kernel judged them.
#[derive(Clone, Copy, Default)]
struct Sum {
    count: Count,
    flows: u64,
}

impl Sum {
    fn add(&mut self, other: Self) {
        self.count.add(other.count.packets, other.count.bytes);
        self.flows += other.flows;
    }
}

fn labels<const N: usize>(pairs: [(&'static str, &str); N]) -> Labels {
    pairs
        .into_iter()
        .map(|(name, value)| (name, value.to_owned()))
        .collect()
}

const fn counter(name: &'static str, help: &'static str, samples: Vec<(Labels, u64)>) -> Family {
    Family {
        name,
        help,
        unit: None,
        samples: Samples::Counters(samples),
    }
}

const fn gauge(name: &'static str, help: &'static str, samples: Vec<(Labels, f64)>) -> Family {
    Family {
        name,
        help,
        unit: None,
        samples: Samples::Gauges(samples),
    }
}

/// One without labels.
fn plain_gauge(name: &'static str, help: &'static str, value: f64) -> Family {
    gauge(name, help, vec![(Vec::new(), value)])
}

fn of_unit(family: Family, unit: &'static str) -> Family {
    Family {
        unit: Some(unit),
        ..family
    }
}

fn seconds(at: Timestamp) -> f64 {
    at.as_millisecond() as f64 / 1000.0
}

/// Every metric of a snapshot.
pub(super) fn of(snapshot: &Snapshot, high: &HighWater) -> Vec<Family> {
    let mut families = daemon(&snapshot.status);
    families.extend(interfaces(&snapshot.status));
    families.extend(verdicts_and_rules(snapshot, high));
    families.extend(tables(&snapshot.status));
    let (_, groups) = snapshot.findings().first_groups(&FlowQuery::default(), 0);
    families.push(plain_gauge(
        "unexplained_groups",
        "Groups (roles, roles, service) of conversations that nothing explains.",
        groups as f64,
    ));
    families
}

fn daemon(status: &Status) -> Vec<Family> {
    let build = labels([("version", &status.version), ("edition", &status.edition)]);
    let law = &status.conservation;
    let history = &status.history;
    let alone: f64 = status
        .gaps
        .iter()
        .map(|gap| gap.to.duration_since(gap.from).as_secs_f64())
        .sum();
    vec![
        gauge(
            "build_info",
            "Version of cmflow and edition of the page; always 1.",
            vec![(build, 1.0)],
        ),
        of_unit(
            plain_gauge(
                "counting_since_timestamp",
                "When counting began.",
                seconds(status.since),
            ),
            "seconds",
        ),
        plain_gauge(
            "generation",
            "Generation of the tables in use.",
            status.generation as f64,
        ),
        of_unit(
            plain_gauge(
                "kernel_alone",
                "How long the kernel counted without a daemon since counting began.",
                alone,
            ),
            "seconds",
        ),
        plain_gauge(
            "conservation_ok",
            "Whether every counted packet is accounted for, at every tick since counting began.",
            f64::from(u8::from(law.ok)),
        ),
        counter(
            "conservation_broken_ticks",
            "Ticks at which a counted packet was not accounted for.",
            vec![(Vec::new(), law.broken_ticks)],
        ),
        plain_gauge(
            "history_ok",
            "Whether the history on disk is written.",
            f64::from(u8::from(history.problem.is_none())),
        ),
        of_unit(
            plain_gauge(
                "history_written_timestamp",
                "When the history was written last; 0 where it was not yet.",
                history.written.map_or(0.0, seconds),
            ),
            "seconds",
        ),
        of_unit(
            plain_gauge(
                "history_size",
                "Size of the history's file.",
                history.bytes as f64,
            ),
            "bytes",
        ),
        counter(
            "events_lost",
            "News that the ring had no room for: counted, but not told at once.",
            by_name(&status.events_lost_by_kind, "kind", |lost| *lost),
        ),
    ]
}

fn by_name<T>(all: &BTreeMap<String, T>, label: &'static str, of: impl Fn(&T) -> u64) -> Vec<(Labels, u64)> {
    all.iter()
        .map(|(name, value)| (labels([(label, name)]), of(value)))
        .collect()
}

fn interfaces(status: &Status) -> Vec<Family> {
    let of = |value: fn(&crate::answer::InterfaceStatus) -> u64| -> Vec<(Labels, u64)> {
        let each = status.interfaces.iter();
        each.map(|one| {
            (
                labels([("interface", &one.name), ("mode", &one.mode)]),
                value(one),
            )
        })
        .collect()
    };
    vec![
        counter(
            "interface_packets",
            "Frames that an interface received, before this gateway's own firewall.",
            of(|one| one.frames),
        ),
        of_unit(
            counter("interface", "Their bytes on the wire.", of(|one| one.bytes)),
            "bytes",
        ),
        gauge(
            "interface_one_sided_flows",
            "Flows of which one direction alone crosses here, by the interface that they came in by.",
            of(|one| one.one_sided_flows)
                .into_iter()
                .map(|(labels, value)| (labels, value as f64))
                .collect(),
        ),
        counter(
            "outcome_packets",
            "Frames by what parsing made of them.",
            by_name(&status.outcomes, "outcome", |packets| *packets),
        ),
    ]
}

fn verdicts_and_rules(snapshot: &Snapshot, high: &HighWater) -> Vec<Family> {
    let compiled = &snapshot.compiled;
    let mut kinds: BTreeMap<VerdictKind, Sum> = VerdictKind::ALL
        .into_iter()
        .map(|kind| (kind, Sum::default()))
        .collect();
    let mut rules: HashMap<&str, Sum> = HashMap::new();
    for (number, (info, count)) in (0_u16..).zip(compiled.verdicts.iter().zip(&snapshot.verdicts)) {
        let reversed = info.kind == VerdictKind::Reversed;
        let id = VerdictId(if reversed {
            number | VerdictId::REVERSED
        } else {
            number
        });
        let flows = snapshot.totals.verdicts.get(&id).map_or(0, |total| total.flows);
        let sum = Sum {
            count: *count,
            flows: high.raise(number, flows),
        };
        kinds.entry(info.kind).or_default().add(sum);
        for rule in info.rules.iter().filter(|_| !reversed) {
            rules.entry(rule).or_default().add(sum);
        }
    }
    let possible = compiled.rules.iter().filter(|rule| rule.pairs > 0);
    let rules: Vec<_> = possible
        .map(|rule| {
            let labels = labels([("rule", rule.id.as_str()), ("verdict", rule.kind.name())]);
            (labels, rules.get(rule.id.as_str()).copied().unwrap_or_default())
        })
        .collect();
    let kinds: Vec<_> = kinds
        .into_iter()
        .map(|(kind, sum)| (labels([("verdict", kind.name())]), sum))
        .collect();
    let of = |all: &[(Labels, Sum)], value: fn(&Sum) -> u64| -> Vec<(Labels, u64)> {
        all.iter()
            .map(|(labels, sum)| (labels.clone(), value(sum)))
            .collect()
    };
    vec![
        counter(
            "verdict_packets",
            "Packets by verdict, as the kernel judged them.",
            of(&kinds, |sum| sum.count.packets),
        ),
        of_unit(
            counter(
                "verdict",
                "Their bytes on the wire.",
                of(&kinds, |sum| sum.count.bytes),
            ),
            "bytes",
        ),
        counter("verdict_flows", "Flows by verdict.", of(&kinds, |sum| sum.flows)),
        counter(
            "rule_packets",
            "Packets that a rule explains, alone or with others: what several explain counts for each.",
            of(&rules, |sum| sum.count.packets),
        ),
        of_unit(
            counter(
                "rule",
                "Their bytes on the wire.",
                of(&rules, |sum| sum.count.bytes),
            ),
            "bytes",
        ),
        counter(
            "rule_flows",
            "Flows that a rule explains, alone or with others.",
            of(&rules, |sum| sum.flows),
        ),
    ]
}

fn tables(status: &Status) -> Vec<Family> {
    let table = &status.flow_table;
    let expected =
        |value: fn(&crate::answer::Expectations) -> u64| by_name(&status.expectations, "kind", value);
    let gauges = |all: Vec<(Labels, u64)>| {
        all.into_iter()
            .map(|(labels, value)| (labels, value as f64))
            .collect()
    };
    vec![
        gauge(
            "flow_table_entries",
            "Slots of the flow table in use, by the kind of flows in them.",
            gauges(by_name(&table.rooms, "room", |slots| *slots)),
        ),
        plain_gauge(
            "flow_table_capacity",
            "Slots of the flow table.",
            table.capacity as f64,
        ),
        counter(
            "flow_table_packets_without_entry",
            "Packets that found no slot: counted by outcome and verdict, but in no flow.",
            vec![(Vec::new(), table.packets_without_entry)],
        ),
        gauge(
            "expectations",
            "Announcements of packets to come that have not ended.",
            gauges(expected(|one| one.live)),
        ),
        gauge(
            "expectations_capacity",
            "How many announcements there may be at a time.",
            gauges(expected(|one| one.capacity)),
        ),
        counter(
            "expectations_made",
            "Announcements of packets to come.",
            expected(|one| one.made),
        ),
        counter(
            "expectations_met",
            "How often an announced packet came.",
            expected(|one| one.met),
        ),
        counter(
            "expectations_crowded_out",
            "Announcements that made room for others before they ended.",
            expected(|one| one.crowded_out),
        ),
    ]
}
