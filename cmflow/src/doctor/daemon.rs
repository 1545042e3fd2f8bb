//! The daemon: does it answer, does the conservation law hold, does it tick, does it lose detail?

use super::Check;
use crate::answer::{InterfaceStatus, Status};
use jiff::{SignedDuration, Timestamp};

const GROUP: &str = "daemon";

/// What the daemon says, or why it says nothing.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Its process, where its lock is held.
    pub process: Option<u32>,
    /// Its status, or why there is none.
    pub status: Result<Box<Status>, String>,
    /// When it was asked.
    pub now: Timestamp,
}

/// It ticks every second, and once more when it is asked.
const LATE: SignedDuration = SignedDuration::from_secs(10);

pub(super) fn judge(facts: &Facts) -> Vec<Check> {
    let status = match (&facts.status, facts.process) {
        (Ok(status), _) => status,
        (Err(why), None) => {
            return vec![Check::warning(
                GROUP,
                "answers",
                why.clone(),
                "start it with cmflow run; until then the law and the counters cannot be looked at",
            )];
        }
        (Err(why), Some(process)) => {
            return vec![Check::problem(
                GROUP,
                "answers",
                format!("process {process} holds the lock and does not answer: {why}"),
                "read its log; stop it and start it again",
            )];
        }
    };
    let answers = format!("version {}, counting since {}", status.version, status.since);
    let mut checks = vec![
        Check::ok(GROUP, "answers", answers),
        law(status),
        tick(status, facts.now),
    ];
    checks.extend([entries(status), events(status)]);
    checks.extend(status.interfaces.iter().filter_map(frames));
    checks
}

fn law(status: &Status) -> Check {
    let law = &status.conservation;
    let sides = format!(
        "{} packets parsed into flows, {} judged, {} accounted for",
        law.frames, law.judged, law.accounted
    );
    if law.ok {
        return Check::ok(GROUP, "conservation law", format!("held at every tick: {sides}"));
    }
    Check::problem(
        GROUP,
        "conservation law",
        format!("broken at {} ticks: {sides}", law.broken_ticks),
        "counts of this instance are not to be trusted; keep its log, report it, and start anew",
    )
}

fn tick(status: &Status, now: Timestamp) -> Check {
    let since = now.duration_since(status.at);
    let found = format!("the counters were settled at {}", status.at);
    if since.abs() <= LATE {
        return Check::ok(GROUP, "last tick", found);
    }
    Check::problem(
        GROUP,
        "last tick",
        format!("{found}, {} s from now", since.as_secs()),
        "the daemon hangs, or its clock is not this machine's; read its log",
    )
}

fn entries(status: &Status) -> Check {
    let table = &status.flow_table;
    let found = format!("{} of {} entries are in use", table.entries, table.capacity);
    if table.packets_without_entry == 0 {
        return Check::ok(GROUP, "flow table", found);
    }
    Check::warning(
        GROUP,
        "flow table",
        format!(
            "{found}, and {} packets found none: counted by verdict, but in no flow",
            table.packets_without_entry
        ),
        format!(
            "give more --flows (128 bytes each), such as --flows {}",
            table.capacity * 2
        ),
    )
}

fn events(status: &Status) -> Check {
    if status.events_lost == 0 {
        return Check::ok(GROUP, "events", "none was lost");
    }
    let by_kind: Vec<String> = status
        .events_lost_by_kind
        .iter()
        .filter(|(_, lost)| **lost > 0)
        .map(|(kind, lost)| format!("{lost} {kind}"))
        .collect();
    Check::warning(
        GROUP,
        "events",
        format!(
            "{} were lost ({}): counted, but not logged at once",
            status.events_lost,
            by_kind.join(", ")
        ),
        "more unexplained flows began at once than could be told; cmflow undocumented has all of them",
    )
}

/// The interface's own counter against what the program saw, where they can be compared: native XDP sees each frame
/// once. Between two readings frames pass, and a card may drop frames before the program sees them.
fn frames(interface: &InterfaceStatus) -> Option<Check> {
    const BOUND: u64 = 1000;
    if interface.mode != "native" {
        return None;
    }
    let (seen, received) = (interface.frames, interface.received);
    let found = format!("{seen} frames seen, {received} received by its own counter");
    let check = format!("frames of {}", interface.name);
    let bound = BOUND.max(received / 100);
    Some(if seen.abs_diff(received) <= bound {
        Check::ok(GROUP, &check, found)
    } else {
        Check::warning(
            GROUP,
            &check,
            found,
            "the card merges packets or counts differently (ethtool -k, ethtool -S), or its counters were reset",
        )
    })
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeMap;

    use super::super::Grade::{Ok as Fine, Problem, Warning};
    use super::super::check::grades;
    use super::*;
    use crate::answer::{ConservationStatus, FlowTable};

    pub(crate) fn status() -> Status {
        Status {
            instance: "test".to_owned(),
            site: "site.toml".to_owned(),
            edition: "current".to_owned(),
            version: "0".to_owned(),
            since: Timestamp::UNIX_EPOCH,
            at: Timestamp::UNIX_EPOCH,
            interfaces: vec![InterfaceStatus {
                name: "eth0".to_owned(),
                mode: "native".to_owned(),
                why: String::new(),
                frames: 100_000,
                bytes: 0,
                received: 100_900,
                flows: 0,
                one_sided_flows: 0,
                one_sided_share: 0.0,
            }],
            frames: 100_000,
            outcomes: BTreeMap::new(),
            verdicts: BTreeMap::new(),
            opaque: Vec::new(),
            flow_table: FlowTable {
                entries: 5,
                rooms: BTreeMap::new(),
                capacity: 4096,
                packets_without_entry: 0,
            },
            expectations: BTreeMap::new(),
            events_lost: 0,
            events_lost_by_kind: BTreeMap::new(),
            files: Vec::new(),
            gaps: Vec::new(),
            history: crate::answer::HistoryStatus::default(),
            alerts: crate::answer::AlertStatus::default(),
            generation: 1,
            conservation: ConservationStatus {
                ok: true,
                frames: 9,
                accounted: 9,
                judged: 9,
                broken_ticks: 0,
            },
        }
    }

    fn graded(status: Status, now: i64) -> Vec<(String, super::super::Grade)> {
        let facts = Facts {
            process: Some(1),
            status: Ok(Box::new(status)),
            now: Timestamp::from_second(now).expect("a time"),
        };
        let checks = judge(&facts);
        let graded = grades(&checks).into_iter();
        graded
            .filter(|(_, grade)| *grade != Fine)
            .map(|(check, grade)| (check.to_owned(), grade))
            .collect()
    }

    #[test]
    fn a_daemon_is_well_until_one_thing_is_wrong() {
        type Change = fn(&mut Status);
        type Worse = &'static [(&'static str, super::super::Grade)];
        let rows: [(Change, i64, Worse); 7] = [
            (|_| {}, 1, &[]),
            (|_| {}, 11, &[("last tick", Problem)]),
            (
                |status| status.conservation.ok = false,
                1,
                &[("conservation law", Problem)],
            ),
            (
                |status| status.flow_table.packets_without_entry = 1,
                1,
                &[("flow table", Warning)],
            ),
            (|status| status.events_lost = 1, 1, &[("events", Warning)]),
            (
                |status| status.interfaces[0].received = 102_000,
                1,
                &[("frames of eth0", Warning)],
            ),
            (
                |status| {
                    "generic".clone_into(&mut status.interfaces[0].mode);
                    status.interfaces[0].received = 0;
                },
                1,
                &[],
            ),
        ];
        for (number, (change, now, expected)) in rows.into_iter().enumerate() {
            let mut changed = status();
            change(&mut changed);
            let expected: Vec<_> = expected
                .iter()
                .map(|(check, grade)| ((*check).to_owned(), *grade))
                .collect();
            assert_eq!(graded(changed, now), expected, "row {number}");
        }
    }

    #[test]
    fn silence_is_worse_where_a_daemon_is() {
        for (process, grade) in [(None, Warning), (Some(7), Problem)] {
            let facts = Facts {
                process,
                status: Err("no daemon listens".to_owned()),
                now: Timestamp::UNIX_EPOCH,
            };
            assert_eq!(grades(&judge(&facts)), [("answers", grade)]);
        }
    }
}
