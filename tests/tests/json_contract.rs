//! The shapes of what the daemon answers, field by field: scripts read them, so they stay.

use anyhow::{Result, ensure};
use cmflow_tests::gateway_daemon::{LIMIT, Plan};
use cmflow_tests::office::{BOTH, Office};
use cmflow_tests::traffic::{conversation, datagrams, ends};
use serde_json::Value;
use xtask::lab::wait_until;

/// What a field holds.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Text,
    Address,
    Time,
    Count,
    Number,
    Bool,
    /// A list, empty or not.
    List,
    TextOrNull,
    /// An object; what is in it has lines of its own.
    Object,
    /// A list of texts, empty or not.
    Texts,
}

use Kind::{Address, Bool, Count, List, Number, Object, Text, TextOrNull, Texts, Time};

impl Kind {
    fn fits(self, value: &Value) -> bool {
        let text = value.as_str();
        match self {
            Text => text.is_some_and(|text| !text.is_empty()),
            Address => text.is_some_and(|text| text.parse::<std::net::IpAddr>().is_ok()),
            Time => text.is_some_and(is_utc),
            Count => value.is_u64(),
            Number => value.is_number(),
            List => value.is_array(),
            Bool => value.is_boolean(),
            TextOrNull => value.is_null() || value.is_string(),
            Object => value.is_object(),
            Texts => value
                .as_array()
                .is_some_and(|items| items.iter().all(Value::is_string)),
        }
    }
}

/// RFC 3339 with the zone, UTC: `2026-11-20T15:41:36.5Z`.
fn is_utc(text: &str) -> bool {
    let shape: String = text
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    let Some(rest) = shape.strip_prefix("0000-00-00T00:00:00") else {
        return false;
    };
    rest.strip_suffix('Z').is_some_and(|fraction| {
        fraction.is_empty() || fraction.starts_with('.') && fraction[1..].bytes().all(|b| b == b'0')
    })
}

/// The values at a path such as `flows[].initiator.port`; `{}` is every value of an object.
fn at<'a>(value: &'a Value, path: &str) -> Vec<&'a Value> {
    let mut found = vec![value];
    for step in path.split('.').filter(|step| !step.is_empty()) {
        let (name, list) = match step.strip_suffix("[]") {
            Some(name) => (name, true),
            None => (step, false),
        };
        found = found
            .into_iter()
            .flat_map(|value| match name {
                "{}" => value
                    .as_object()
                    .map(|fields| fields.values().collect())
                    .unwrap_or_default(),
                _ => vec![value.get(name).unwrap_or(&Value::Null)],
            })
            .flat_map(|value| match (list, value.as_array()) {
                (true, Some(items)) => items.iter().collect(),
                (true, None) => vec![&Value::Null],
                (false, _) => vec![value],
            })
            .collect();
    }
    found
}

fn check(answer: &Value, fields: &[(&str, Kind)]) -> Result<()> {
    for (path, kind) in fields {
        let values = at(answer, path);
        ensure!(!values.is_empty(), "nothing at {path}: {answer:#}");
        for value in values {
            ensure!(kind.fits(value), "{path} is {value}, not {kind:?}: {answer:#}");
        }
    }
    Ok(())
}

const STATUS: &[(&str, Kind)] = &[
    ("interfaces[].name", Text),
    ("interfaces[].mode", Text),
    ("interfaces[].frames", Count),
    ("interfaces[].bytes", Count),
    ("interfaces[].flows", Count),
    ("interfaces[].one_sided_flows", Count),
    ("interfaces[].one_sided_share", Number),
    ("opaque", List),
    ("alerts.learning_until", Time),
    ("alerts.sent", Count),
    ("alerts.held_back", Count),
    ("alerts.queued", Count),
    ("alerts.failed", Count),
    ("alerts.last", TextOrNull),
    ("alerts.problem", TextOrNull),
    ("frames", Count),
    ("outcomes", Object),
    ("outcomes.{}", Count),
    ("outcomes.flow", Count),
    ("verdicts", Object),
    ("verdicts.{}.packets", Count),
    ("verdicts.{}.bytes", Count),
    ("verdicts.{}.flows", Count),
    ("verdicts.documented", Object),
    ("verdicts.undocumented", Object),
    ("flow_table.entries", Count),
    ("flow_table.capacity", Count),
    ("flow_table.packets_without_entry", Count),
    ("events_lost", Count),
    ("events_lost_by_kind.undocumented", Count),
    ("events_lost_by_kind.foreign", Count),
    ("events_lost_by_kind.reversed", Count),
    ("generation", Count),
    ("files[].path", Text),
    ("files[].sha256", Text),
    ("gaps", List),
    ("conservation.ok", Bool),
    ("conservation.frames", Count),
    ("conservation.accounted", Count),
];

const FLOWS: &[(&str, Kind)] = &[
    ("flows[].protocol", Text),
    ("flows[].initiator.address", Address),
    ("flows[].initiator.port", Count),
    ("flows[].responder.address", Address),
    ("flows[].responder.port", Count),
    ("flows[].initiator_seen", Bool),
    ("flows[].state", Text),
    ("flows[].basis", TextOrNull),
    ("flows[].forward.packets", Count),
    ("flows[].forward.bytes", Count),
    ("flows[].reverse.packets", Count),
    ("flows[].reverse.bytes", Count),
    ("flows[].verdict", Text),
    ("flows[].rules", Texts),
    ("flows[].first_seen", Time),
    ("flows[].last_seen", Time),
];

const RULES: &[(&str, Kind)] = &[
    ("rules[].rule", Text),
    ("rules[].packets", Count),
    ("rules[].bytes", Count),
    ("rules[].flows", Count),
    ("rules[].first_seen", Time),
    ("rules[].last_seen", Time),
];

const UNDOCUMENTED: &[(&str, Kind)] = &[
    ("undocumented[].protocol", Text),
    ("undocumented[].initiator", Address),
    ("undocumented[].responder", Address),
    ("undocumented[].port", Count),
    ("undocumented[].verdict", Text),
    ("undocumented[].packets", Count),
    ("undocumented[].bytes", Count),
    ("undocumented[].flows", Count),
    ("undocumented[].first_seen", Time),
    ("undocumented[].last_seen", Time),
    ("undocumented[].nearest.rule", Text),
    ("undocumented[].nearest.why_not", Text),
];

#[test]
fn answers_keep_their_shapes() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let daemon = office.run(&Plan::on(&BOTH))?;
    for (from, to) in [
        ("10.10.0.5:0", "10.20.0.11:443"),
        ("[fd00:10::5]:0", "[fd00:20::11]:4444"),
    ] {
        let (from, to) = ends(from, to)?;
        conversation(&office, from, to)?;
    }
    let (from, to) = ends("10.10.0.5:40001", "10.20.0.12:4011")?;
    datagrams(&office, from, to, 2, 10)?;
    wait_until("three flows", LIMIT, || {
        daemon
            .status()
            .is_ok_and(|status| status.verdicts.values().map(|tally| tally.flows).sum::<u64>() >= 3)
    })?;

    check(&daemon.json(&["status"])?, STATUS)?;
    check(&daemon.json(&["flows"])?, FLOWS)?;
    let rules = daemon.json(&["rules"])?;
    check(&rules, RULES)?;
    check(&daemon.json(&["undocumented"])?, UNDOCUMENTED)?;

    // Rules without a packet were never seen.
    let all = daemon.json(&["rules", "--all"])?;
    check(&all, &[("rules[].rule", Text), ("rules[].packets", Count)])?;
    let (some, all) = (at(&rules, "rules[]").len(), at(&all, "rules[].first_seen"));
    ensure!(all.len() > some, "{some} of {} rules", all.len());
    assert_eq!(all.iter().filter(|seen| !seen.is_null()).count(), some);
    daemon.finish()
}

#[test]
fn a_time_needs_its_zone() {
    assert!(is_utc("2026-11-20T15:41:36Z") && is_utc("2026-11-20T15:41:36.618868913Z"));
    assert!(!is_utc("2026-11-20T15:41:36") && !is_utc("2026-11-20 15:41:36Z"));
    assert!(!is_utc("2026-11-20T15:41:36+01:00"));
}
