//! An audit of a small company, made from the real catalogue: every rule that its site file makes possible, with every
//! grade, gaps, and what an audit says beside.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::answer::{
    Approved, Audit, AuditGap, AuditGroup, AuditWindow, AuditedGateway, AuditedRule, Contradiction, DayUse,
    Grade, Nearest, Opening, Pairs, SourceFile, TableGeneration,
};
use crate::catalogue::Catalogue;
use crate::compile::{Compiled, Machine, RuleInfo, compile};
use crate::config;
use crate::history::{begin_of, date_of, day_of};

const SITE: &str = r#"
edition = "current"
[networks]
internal = ["10.0.0.0/8"]
[roles]
client             = ["10.10.0.0/16"]
management-point   = ["10.20.0.11", "10.20.0.12"]
distribution-point = ["10.20.0.12", "10.20.0.21"]
software-update-point = ["10.20.0.13"]
site-server        = ["10.30.0.5"]
sql-server         = ["10.30.0.6"]
sms-provider       = ["10.30.0.5"]
domain-controller  = ["10.40.0.2", "10.40.0.3"]
configuration-manager-console = ["10.50.0.9"]
[custom-roles]
backup = { addresses = ["10.9.9.10"] }
[[rule]]
id = "backup-agent"
from = "backup"
to = "site-system"
tcp = [10000]
why = "CHG1234"
until = 2027-06-30
"#;

/// A time.
pub(in crate::report) fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// A rule of which nothing is known.
pub(in crate::report) fn rule(id: &str) -> AuditedRule {
    let mut parts = id.split('/');
    let mut part = || parts.next().unwrap_or_default().to_owned();
    let (from, to, service) = (part(), part(), part());
    AuditedRule {
        rule: id.to_owned(),
        verdict: "documented".to_owned(),
        service,
        from,
        to,
        grade: Grade::Unused,
        why: "no hit on 2 of 2 pairs that cross here, in 30 d of a rule that runs all the time".to_owned(),
        packets: 0,
        bytes: 0,
        flows: 0,
        answered_flows: 0,
        initiators: 0,
        responders: 0,
        pairs: Pairs::default(),
        shared_with: Vec::new(),
        first_seen: None,
        last_seen: None,
        active_days: 0,
        days: Vec::new(),
        since: at("2026-10-12T00:00:00Z"),
        observed_s: 40 * 86_400,
        cadence: "continuous".to_owned(),
        conditions: Vec::new(),
        remarks: Vec::new(),
    }
}

fn window() -> AuditWindow {
    let gap = |from, to, kind: &str, note: &str, hides| AuditGap {
        from: at(from),
        to: at(to),
        kind: kind.to_owned(),
        note: note.to_owned(),
        hides,
    };
    AuditWindow {
        from: at("2026-10-12T00:00:00Z"),
        to: at("2026-11-23T12:00:00Z"),
        observed_s: 3_480_000,
        gaps: vec![
            gap(
                "2026-10-20T22:00:00Z",
                "2026-10-22T06:10:00Z",
                "daemon-down",
                "Nobody counted: what crossed meanwhile is not known.",
                true,
            ),
            gap(
                "2026-11-02T03:00:00Z",
                "2026-11-02T03:00:41Z",
                "kernel-only",
                "The kernel counted and judged by the tables of before.",
                false,
            ),
            gap(
                "2026-11-14T08:00:00Z",
                "2026-11-14T08:20:00Z",
                "interface-lost",
                "eth1 was not looked at.",
                true,
            ),
        ],
    }
}

fn file(path: &str, digit: char) -> SourceFile {
    SourceFile {
        path: path.to_owned(),
        sha256: digit.to_string().repeat(64),
    }
}

/// The audit.
pub(in crate::report) fn audit() -> Audit {
    let catalogue = Catalogue::embedded().expect("the built-in files are good");
    let file_ = config::parse(&catalogue, "site.toml", SITE).expect("the site file is good");
    let compiled =
        compile(&catalogue, &file_.model, &Machine::default(), &[]).expect("the site file can be compiled");
    let possible = compiled.rules.iter().filter(|rule| rule.is_possible());
    let rules: Vec<_> = possible
        .enumerate()
        .map(|(number, info)| audited(&compiled, info, number))
        .collect();
    let mut grades: BTreeMap<String, u64> = BTreeMap::new();
    rules
        .iter()
        .for_each(|rule| *grades.entry(rule.grade.name().to_owned()).or_default() += 1);
    Audit {
        edition: "current".to_owned(),
        version: "0.1.0".to_owned(),
        at: at("2026-11-23T12:00:30Z"),
        gateways: vec![AuditedGateway {
            name: "gw-berlin-1".to_owned(),
            interfaces: [("eth0", "native"), ("eth1", "tcx")]
                .map(|(name, hook)| (name.to_owned(), hook.to_owned()))
                .into(),
            window: window(),
        }],
        files: vec![
            file("site.toml", 'a'),
            file("approvals.toml", 'b'),
            file("built-in catalogue", 'c'),
        ],
        window: window(),
        generations: vec![
            TableGeneration {
                from: at("2026-10-12T00:00:00Z"),
                edition: "current".to_owned(),
                files: vec![file("site.toml", 'd')],
            },
            TableGeneration {
                from: at("2026-10-29T14:11:00Z"),
                edition: "current".to_owned(),
                files: vec![file("site.toml", 'a'), file("approvals.toml", 'b')],
            },
        ],
        grades,
        openings: openings(&rules),
        rules,
        unexplained: unexplained(),
        contradictions: vec![Contradiction {
            address: Some("10.20.0.40".parse().expect("an address")),
            what: "answers tcp/8530 for 3,112 clients, and the site file gives it no role".to_owned(),
            place: Some("site.toml:8".to_owned()),
        }],
        approvals: vec![Approved {
            rule: "backup-agent".to_owned(),
            by: Some("J. Doe, network team".to_owned()),
            why: "CHG1234".to_owned(),
            until: Some("2027-06-30".parse().expect("a day")),
            ended: false,
            flows: 0,
            last_seen: None,
            remark: Some("It has had no hit since it was approved.".to_owned()),
        }],
        limits: vec![
            "Packets are seen before this gateway's own firewall drops them; a hit is not yet a use."
                .to_owned(),
            "What does not cross this gateway cannot be seen: unused means unused here.".to_owned(),
        ],
    }
}

/// Every grade in turn, more of some than of others, as a real company has them.
fn audited(compiled: &Compiled, info: &RuleInfo, number: usize) -> AuditedRule {
    let companion = info.kind.name() == "baseline";
    let grade = match (companion, number % 11) {
        (true, 0..=7) => Grade::ExpectedIdle,
        (false, 0..=3) => Grade::Used,
        (_, 4 | 5) => Grade::Shared,
        (_, 6) => Grade::Attempted,
        (_, 7) => Grade::InsufficientWindow,
        (_, 8) => Grade::ExpectedIdle,
        (_, 9) => Grade::Unused,
        (true, _) => Grade::Used,
        (false, _) => Grade::NotObservable,
    };
    let hits = matches!(grade, Grade::Used | Grade::Shared | Grade::Attempted);
    let first = day_of(at("2026-10-12T00:00:00Z"));
    let gap = day_of(at("2026-10-21T00:00:00Z"));
    // Some run each day, some once a week, all more on a patch Tuesday.
    let every = [1, 1, 3, 7][number % 4];
    let days: Vec<_> = (0..43_i32)
        .filter(|day| hits && day % every == 0 && first + day != gap)
        .map(|day| DayUse {
            day: date_of(first + day),
            packets: 1000
                + 37 * (number as u64 * 31 + day as u64 * 17) % 9000
                + if day == 29 { 400_000 } else { 0 },
        })
        .collect();
    let packets: u64 = days.iter().map(|day| day.packets).sum();
    let flows = packets / 40;
    AuditedRule {
        verdict: info.kind.name().to_owned(),
        service: info.service.clone(),
        from: compiled.role(info.from).to_owned(),
        to: compiled.role(info.to).to_owned(),
        grade,
        why: why(grade).to_owned(),
        packets,
        bytes: packets * 612,
        flows,
        answered_flows: if grade == Grade::Attempted {
            0
        } else {
            flows * 99 / 100
        },
        initiators: if hits { 3112 } else { 0 },
        responders: if hits { 2 } else { 0 },
        pairs: Pairs {
            possible: 4,
            observable: if grade == Grade::NotObservable { 0 } else { 3 },
            used: if hits { 2 } else { 0 },
        },
        shared_with: if grade == Grade::Shared {
            [
                "client/distribution-point/https",
                "client/software-update-point/https",
                "client/management-point/https",
            ]
            .iter()
            .cycle()
            .take(2 + number % 6)
            .map(|id| (*id).to_owned())
            .collect()
        } else {
            Vec::new()
        },
        first_seen: hits.then(|| begin_of(first)),
        last_seen: hits.then(|| at("2026-11-23T11:58:02Z")),
        active_days: days.len() as u64,
        days,
        since: if number.is_multiple_of(9) {
            at("2026-10-29T14:11:00Z")
        } else {
            at("2026-10-12T00:00:00Z")
        },
        cadence: ["continuous", "monthly", "on-demand"][number % 3].to_owned(),
        conditions: info.open_conditions.clone(),
        remarks: if number % 17 == 5 && hits {
            vec!["Used outside its condition: hits on 5 days.".to_owned()]
        } else {
            Vec::new()
        },
        ..rule(&info.id)
    }
}

const fn why(grade: Grade) -> &'static str {
    match grade {
        Grade::Used => "answered flows that only this rule explains, on 2 of 3 pairs that cross here",
        Grade::Shared => "answered, and each flow is explained by other rules as well",
        Grade::Attempted => "1,204 flows asked and none was answered: blocked, or nobody listens",
        Grade::InsufficientWindow => {
            "no hit in 40 d 6 h observed; the rule runs monthly and asks for 40 d with a patch Tuesday in one piece"
        }
        Grade::ExpectedIdle => "no hit, and it runs only when somebody asks for it",
        Grade::Unused => {
            "no hit on 3 of 3 pairs that cross here, in 40 d 6 h of a rule that runs all the time"
        }
        Grade::NotObservable => {
            "no pair of its computers crosses this gateway: both ends were seen at eth1 alone"
        }
    }
}

fn openings(rules: &[AuditedRule]) -> Vec<Opening> {
    let nets = |texts: &[&str]| texts.iter().map(|text| text.parse().expect("a prefix")).collect();
    let many: Vec<ipnet::IpNet> = (0..40)
        .map(|net| format!("10.10.{net}.0/24").parse().expect("a prefix"))
        .collect();
    let of = rules
        .iter()
        .filter(|rule| rule.verdict == "documented")
        .take(24)
        .enumerate();
    of.map(|(number, rule)| Opening {
        sources: if number % 5 == 0 {
            many.clone()
        } else {
            nets(&["10.10.0.0/16"])
        },
        source_roles: vec![rule.from.clone()],
        destinations: nets(&["10.20.0.11/32", "10.20.0.12/32"]),
        destination_roles: vec![rule.to.clone()],
        protocol: "tcp".to_owned(),
        ports: serde_json::from_str(r#"[{"first":443,"last":443},{"first":49152,"last":65535}]"#)
            .expect("ports"),
        dynamic: number % 4 == 0,
        rules: vec![rule.rule.clone()],
        verdict: rule.verdict.clone(),
        grade: rule.grade,
        why: rule.why.clone(),
        packets: rule.packets,
        flows: rule.flows,
        answered_flows: rule.answered_flows,
        last_seen: rule.last_seen,
    })
    .collect()
}

fn unexplained() -> Vec<AuditGroup> {
    let group = |from: &[&str], to: &[&str], port, verdict: &str, guess: Option<&str>, flows| AuditGroup {
        initiator_roles: from.iter().map(|role| (*role).to_owned()).collect(),
        responder_roles: to.iter().map(|role| (*role).to_owned()).collect(),
        protocol: "tcp".to_owned(),
        port,
        verdict: verdict.to_owned(),
        initiators: 3112,
        responders: 1,
        examples: vec![[
            "10.10.4.7/32".parse().expect("a prefix"),
            "10.20.0.40/32".parse().expect("a prefix"),
        ]],
        packets: flows * 12,
        bytes: flows * 12 * 480,
        flows,
        answered_flows: flows,
        first_seen: at("2026-10-12T00:00:09Z"),
        last_seen: at("2026-11-23T11:59:40Z"),
        nearest: Some(Nearest {
            rule: "client/software-update-point/http".to_owned(),
            why_not: "10.20.0.40 is no software-update-point".to_owned(),
        }),
        guess: guess.map(str::to_owned),
    };
    vec![
        group(&["client"], &[], 8530, "undocumented", Some("WSUS"), 93_360),
        group(
            &["client"],
            &["site-server"],
            3389,
            "undocumented",
            Some("Remote Desktop"),
            14,
        ),
        group(
            &["sql-server"],
            &["management-point"],
            49_777,
            "reversed",
            None,
            3,
        ),
    ]
}
