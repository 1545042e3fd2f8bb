//! What the daemon answers: filters of `flows` and their refusals, the log, and what people are shown.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use cmflow_tests::gateway_daemon::{Daemon, LIMIT, Plan};
use cmflow_tests::office::{BOTH, Office};
use cmflow_tests::traffic::{conversation, datagrams, ends};
use xtask::lab::wait_until;

/// A daemon that saw six flows; their responders' ports name them.
fn six_flows(office: &Office) -> Result<Daemon> {
    let daemon = office.run(&Plan::on(&BOTH))?;
    for (from, to, count) in [
        ("10.10.0.5:40001", "10.20.0.12:4011", 9),
        ("10.10.0.6:40002", "10.20.0.12:69", 7),
        ("10.10.0.5:40003", "10.20.0.11:4444", 5),
        ("[fd00:10::5]:40004", "[fd00:20::12]:4012", 3),
        ("10.10.99.9:40005", "10.20.0.11:4445", 1),
    ] {
        let (from, to) = ends(from, to)?;
        datagrams(office, from, to, count, 10)?;
    }
    let (from, to) = ends("10.20.0.11:40006", "10.10.0.6:443")?;
    conversation(office, from, to)?;
    wait_until("six flows", LIMIT, || {
        daemon
            .flows(&["--sort", "packets"])
            .is_ok_and(|flows| flows.iter().filter(|flow| flow.responder.port != 0).count() == 6)
    })?;
    Ok(daemon)
}

#[test]
fn filters_let_through_what_they_name() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let daemon = six_flows(&office)?;
    let rows: [(&[&str], &[u16]); 14] = [
        (&["--verdict", "documented"], &[4011, 69]),
        (&["--verdict", "undocumented"], &[4444, 4012]),
        (&["--verdict", "foreign", "--verdict", "reversed"], &[4445, 443]),
        (&["--role", "client"], &[4011, 69, 4444, 4012, 443]),
        (&["--role", "management-point"], &[4444, 4445, 443]),
        (&["--role", "sql-server"], &[]),
        (&["--address", "10.10.0.5"], &[4011, 4444]),
        (&["--address", "fd00:20:0::12"], &[4012]),
        (
            &["--address", "10.10.0.6", "--address", "10.10.99.9"],
            &[69, 443, 4445],
        ),
        (&["--address", "192.0.2.1"], &[]),
        (&["--rule", "client/distribution-point-pxe/tftp"], &[69]),
        (&["--rule", "client/distribution-point-pxe"], &[4011, 69]),
        (&["--rule", "client/management-point/https"], &[443]),
        (
            &[
                "--role",
                "client",
                "--verdict",
                "undocumented",
                "--address",
                "10.10.0.5",
            ],
            &[4444],
        ),
    ];
    for (filters, expected) in rows {
        let found: BTreeSet<_> = daemon
            .flows(filters)?
            .iter()
            .map(|flow| flow.responder.port)
            .collect();
        assert_eq!(found, expected.iter().copied().collect(), "{filters:?}");
    }
    daemon.finish()
}

#[test]
fn orders_and_limits() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let daemon = six_flows(&office)?;
    let ports = |arguments: &[&str]| -> Result<Vec<u16>> {
        let udp = [&["--address", "10.20.0.12", "--address", "10.20.0.11"], arguments].concat();
        let flows = daemon.flows(&udp)?;
        Ok(flows
            .iter()
            .filter(|flow| flow.protocol == "udp")
            .map(|flow| flow.responder.port)
            .collect())
    };
    assert_eq!(ports(&["--sort", "packets"])?, [4011, 69, 4444, 4445]);
    assert_eq!(ports(&["--sort", "bytes"])?, [4011, 69, 4444, 4445]);
    assert_eq!(ports(&["--sort", "address"])?, [4444, 4011, 69, 4445]);
    assert_eq!(ports(&["--sort", "verdict"])?, [4011, 69, 4444, 4445]);
    let unexplained: BTreeSet<u16> = ports(&["--sort", "unexplained"])?[..2].iter().copied().collect();
    assert_eq!(unexplained, BTreeSet::from([4444, 4445]), "first of all");
    // By initiator, 10.10.0.5 before 10.10.0.6.
    let all = daemon.flows(&["--sort", "last-seen"])?;
    assert!(
        all.is_sorted_by_key(|flow| std::cmp::Reverse(flow.last_seen)),
        "{all:#?}"
    );
    let all = daemon.flows(&["--sort", "first-seen"])?;
    assert!(
        all.is_sorted_by_key(|flow| std::cmp::Reverse(flow.first_seen)),
        "{all:#?}"
    );

    let answer = daemon.json(&[
        "flows",
        "--sort",
        "packets",
        "--limit",
        "2",
        "--verdict",
        "documented",
    ])?;
    assert_eq!(answer["matching"], 2);
    let answer = daemon.json(&[
        "flows",
        "--sort",
        "packets",
        "--limit",
        "1",
        "--verdict",
        "documented",
    ])?;
    assert_eq!(answer["matching"], 2, "how many there were before the limit");
    assert_eq!(answer["flows"].as_array().map(Vec::len), Some(1));
    assert_eq!(answer["flows"][0]["responder"]["port"], 4011);
    let table = daemon.ask(&["flows", "--limit", "1", "--verdict", "documented"]);
    let said = String::from_utf8_lossy(&table.stdout).into_owned();
    assert!(said.contains("1 more flows; --limit 2 shows all"), "{said}");
    daemon.finish()
}

#[test]
fn what_is_misspelt_is_refused_with_the_nearest_spelling() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let daemon = office.run(&Plan::on(&BOTH))?;
    let rows: [(&[&str], &str); 7] = [
        (
            &["flows", "--role", "clent"],
            "cmflow: unknown role \"clent\"; did you mean \"client\"?",
        ),
        (
            &["flows", "--verdict", "documentd"],
            "cmflow: unknown verdict \"documentd\"; did you mean \"documented\"?",
        ),
        (
            &["flows", "--rule", "client/managment-point/https"],
            "cmflow: no rule of this edition begins with \"client/managment-point/https\"; did you mean \
             \"client/management-point/https\"?",
        ),
        (
            &["flows", "--address", "10.0.0"],
            "invalid value '10.0.0' for '--address <ADDRESS>'",
        ),
        (&["flows", "--sort", "byte"], "similar value exists: 'bytes'"),
        (&["flows", "--limit", "many"], "invalid value 'many'"),
        (&["rules", "--format", "jsn"], "similar value exists: 'json'"),
    ];
    for (arguments, expected) in rows {
        let output = daemon.ask(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(output.stdout.is_empty(), "{arguments:?} prints an answer too");
        assert!(said.contains(expected), "{arguments:?}: {said}");
    }
    daemon.finish()
}

#[test]
fn news_come_once_and_only_of_what_nothing_explains() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let daemon = office.run(&Plan::on(&BOTH))?;
    for (from, to) in [
        ("10.10.0.5:0", "10.20.0.11:443"),
        ("10.10.0.5:0", "10.20.0.11:4444"),
        ("10.10.0.5:0", "10.20.0.11:4444"),
        ("10.10.0.6:0", "10.20.0.11:4444"),
        ("10.20.0.11:0", "10.10.0.6:443"),
        ("[fd00:10::99:9]:0", "[fd00:20::11]:443"),
        ("10.10.99.9:0", "10.20.99.9:443"),
    ] {
        let (from, to) = ends(from, to)?;
        conversation(&office, from, to)?;
    }
    let (from, to) = ends("10.10.0.5:40001", "10.20.0.12:4012")?;
    datagrams(&office, from, to, 2, 10)?;
    let expected = [
        ("undocumented: 10.10.0.5 (client) -> 10.20.0.11 (", " tcp/4444"),
        ("undocumented: 10.10.0.6 (client) -> 10.20.0.11 (", " tcp/4444"),
        (
            "reversed: 10.20.0.11 (",
            " -> 10.10.0.6 (client) tcp/443, rule client/management-point/https",
        ),
        ("foreign: fd00:10::99:9 -> fd00:20::11 (", " tcp/443"),
        (
            "undocumented: 10.10.0.5 (client) -> 10.20.0.12 (",
            " udp/4012 (initiator inferred)",
        ),
    ];
    let told = |log: &str, (begin, end): (&str, &str)| {
        log.lines()
            .filter(|line| line.contains(begin) && line.ends_with(end))
            .count()
    };
    wait_until("the news", LIMIT, || {
        let log = daemon.log();
        expected.iter().all(|one| told(&log, *one) > 0)
    })?;
    let log = daemon.log();
    for one in expected {
        assert_eq!(told(&log, one), 1, "{one:?}: {log}");
    }
    let warnings: Vec<_> = log.lines().filter(|line| line.contains(" -> ")).collect();
    assert_eq!(warnings.len(), expected.len(), "{warnings:#?}");
    assert_eq!(daemon.status()?.events_lost, 0);
    daemon.finish()
}

#[test]
fn tables_are_for_people() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let daemon = six_flows(&office)?;
    let rows: [(&[&str], &[&str]); 6] = [
        (
            &["status"],
            &[
                "instance test-",
                "edition current",
                "native",
                "conservation holds",
                "before this gateway's own firewall",
            ],
        ),
        (
            &["flows"],
            &[
                "10.10.0.5 client",
                "udp/4011",
                "~>",
                "->",
                "before this gateway's own firewall",
            ],
        ),
        (
            &["rules"],
            &[
                "client/distribution-point-pxe/binl",
                "possible rules have hits",
                "before this gateway's own firewall",
            ],
        ),
        (&["rules", "--all"], &["site-server/sql-server/sql"]),
        (
            &["undocumented"],
            &[
                "udp/4444",
                "tcp/443",
                "nearest rule",
                "before this gateway's own firewall",
            ],
        ),
        (
            &["undocumented", "--groups"],
            &[
                "1 of no role",
                "1 client",
                "udp/4012",
                "nearest rule",
                "groups, counted at ingress, before this gateway's own firewall",
            ],
        ),
    ];
    for (arguments, expected) in rows {
        let output = daemon.ask(arguments);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let findings = i32::from(arguments[0] == "undocumented");
        assert_eq!(output.status.code(), Some(findings), "{arguments:?}");
        for words in expected {
            ensure!(said.contains(words), "{arguments:?} lacks {words:?}:\n{said}");
        }
    }
    daemon.finish()
}
