//! Answers for tests, as a daemon gives them.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::answer::{
    ConservationStatus, Count, Flow, FlowEnd, FlowTable, Flows, HistoryStatus, InterfaceStatus, Nearest,
    RuleCount, Rules, Status, Tally, Undocumented, UnexplainedGroup,
};

/// A time so many seconds after the daemon began.
pub(in crate::top) fn after(seconds: i64) -> Timestamp {
    let began: Timestamp = "2026-03-01T08:00:00Z".parse().expect("a time");
    began + SignedDuration::from_secs(seconds)
}

fn owned(list: &[&str]) -> Vec<String> {
    list.iter().map(|one| (*one).to_owned()).collect()
}

pub(in crate::top) fn rule(id: &str, bytes: u64) -> RuleCount {
    RuleCount {
        rule: id.to_owned(),
        verdict: if id.contains(':') {
            "baseline"
        } else {
            "documented"
        }
        .to_owned(),
        packets: bytes / 100 + u64::from(bytes > 0),
        bytes,
        flows: u64::from(bytes > 0),
        first_seen: (bytes > 0).then(|| after(1)),
        last_seen: (bytes > 0).then(|| after(60)),
    }
}

pub(in crate::top) fn group(from: &[&str], to: &[&str], port: u16, bytes: u64) -> UnexplainedGroup {
    UnexplainedGroup {
        initiator_roles: owned(from),
        responder_roles: owned(to),
        protocol: "tcp".to_owned(),
        port,
        verdict: "undocumented".to_owned(),
        initiators: 40_000,
        responders: 1,
        flows: 41_000,
        packets: bytes / 100,
        bytes,
        first_seen: after(i64::from(port)),
        last_seen: after(i64::from(port) + 10),
        nearest: Some(Nearest {
            rule: "client/management-point/http".to_owned(),
            why_not: format!("port {port} is not client-http, the site file says 80"),
        }),
    }
}

pub(in crate::top) fn flow(from: &str, to: &str, port: u16, verdict: &str, bytes: u64) -> Flow {
    let end = |address: &str, port, roles: &[&str]| FlowEnd {
        address: address.parse().expect("an address"),
        port,
        roles: owned(roles),
    };
    let rules: &[&str] = match verdict {
        "documented" => &["client/management-point/https"],
        _ => &[],
    };
    Flow {
        protocol: "tcp".to_owned(),
        initiator: end(from, 50_000, &["client"]),
        responder: end(to, port, &["management-point", "distribution-point", "client"]),
        initiator_seen: true,
        state: "answered".to_owned(),
        basis: (!rules.is_empty()).then(|| "port".to_owned()),
        forward: Count {
            packets: 4,
            bytes: bytes / 4,
        },
        reverse: Count {
            packets: 4,
            bytes: bytes - bytes / 4,
        },
        verdict: verdict.to_owned(),
        rules: owned(rules),
        conditions: Vec::new(),
        first_seen: after(i64::from(port % 100)),
        last_seen: after(100),
    }
}

pub(in crate::top) fn flows(list: Vec<Flow>) -> Flows {
    Flows {
        matching: list.len() as u64,
        flows: list,
    }
}

pub(in crate::top) fn rules(list: &[(&str, u64)]) -> Rules {
    Rules {
        rules: list.iter().map(|(id, bytes)| rule(id, *bytes)).collect(),
        possible: list.len() as u64,
    }
}

pub(in crate::top) fn undocumented(groups: Vec<UnexplainedGroup>) -> Undocumented {
    Undocumented {
        undocumented: Vec::new(),
        groups,
        beyond: 0,
    }
}

pub(in crate::top) fn status(at: Timestamp) -> Status {
    let interface = |name: &str, one_sided_flows| InterfaceStatus {
        name: name.to_owned(),
        mode: "native".to_owned(),
        why: "the driver has native XDP".to_owned(),
        frames: 1000,
        bytes: 1_000_000,
        received: 1000,
        flows: 200,
        one_sided_flows,
        one_sided_share: one_sided_flows as f64 / 2.0,
    };
    let verdicts = [("documented", 900), ("undocumented", 40), ("local", 60)];
    Status {
        instance: "default".to_owned(),
        site: "/etc/cmflow/site.toml".to_owned(),
        edition: "2024-10".to_owned(),
        version: "0.1.0".to_owned(),
        since: after(0),
        at,
        interfaces: vec![interface("eth0", 4), interface("eth1", 0)],
        frames: 2000,
        outcomes: BTreeMap::from([("flow".to_owned(), 1990), ("arp".to_owned(), 10)]),
        verdicts: verdicts
            .into_iter()
            .map(|(kind, packets)| {
                let tally = Tally {
                    packets,
                    bytes: packets * 1000,
                    flows: packets / 10,
                };
                (kind.to_owned(), tally)
            })
            .collect(),
        opaque: Vec::new(),
        flow_table: FlowTable {
            entries: 100,
            rooms: BTreeMap::from([("answered".to_owned(), 80), ("unexplained".to_owned(), 20)]),
            capacity: 4096,
            packets_without_entry: 0,
        },
        expectations: BTreeMap::new(),
        events_lost: 0,
        events_lost_by_kind: BTreeMap::new(),
        generation: 3,
        files: Vec::new(),
        gaps: Vec::new(),
        alerts: Default::default(),
        history: HistoryStatus {
            file: "/var/lib/cmflow/default.db".to_owned(),
            bytes: 4_000_000,
            written: Some(at),
            problem: None,
        },
        conservation: ConservationStatus {
            ok: true,
            frames: 1990,
            accounted: 1990,
            judged: 1990,
            broken_ticks: 0,
        },
    }
}
