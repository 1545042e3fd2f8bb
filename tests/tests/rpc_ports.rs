//! Dynamic ports that were really used (note 6): by pair of computers, and how narrow the range could be.

use anyhow::{Result, ensure};
use cmflow::answer::{PortStretch, Rpc, RpcPair};
use cmflow_tests::gateway_daemon::{LIMIT, Plan};
use cmflow_tests::office::{BOTH, Office};
use cmflow_tests::replayed::{Desk, timed};
use cmflow_tests::traffic::{conversation, ends};
use xtask::capture::file::Format;
use xtask::frames::{Frame, eth};
use xtask::lab::eventually;

const SITE_SERVER: &str = "10.20.0.5";
const SQL: &str = "10.10.1.6";
const POINT: &str = "10.20.0.11";

const fn stretch(first: u16, last: u16) -> PortStretch {
    PortStretch { first, last }
}

/// Ports, flows of both kinds, verdict and rules of a pair.
fn told(pair: &RpcPair) -> (Vec<PortStretch>, u64, &str, Vec<&str>) {
    let flows = pair.flows_by_expectation + pair.flows_by_range;
    let rules = pair.rules.iter().map(String::as_str).collect();
    (pair.ports.clone(), flows, &pair.verdict, rules)
}

#[test]
fn a_replay_tells_the_ports_of_each_pair() -> Result<()> {
    let syn = |from: &str, to: &str, source: u16, port: u16| -> Frame {
        eth().ipv4(from, to).tcp(source, port).syn()
    };
    let desk = Desk::new()?;
    let frames = timed(vec![
        syn(SITE_SERVER, POINT, 40_001, 49_700),
        syn(SITE_SERVER, POINT, 40_002, 49_701),
        syn(SITE_SERVER, POINT, 40_003, 49_701),
        syn(SITE_SERVER, POINT, 40_004, 49_710),
        syn(SITE_SERVER, SQL, 40_001, 50_111),
        // Fixed ports, and what no rule explains, say nothing about the range.
        syn(SITE_SERVER, SQL, 40_002, 1433),
        syn("10.10.0.5", POINT, 40_001, 60_000),
    ]);
    let said = desk.replay_frames(Format::default(), &frames)?;
    let pairs: Vec<_> = said
        .rpc
        .iter()
        .map(|pair| (pair.responder.to_string(), told(pair)))
        .collect();
    let point = vec![stretch(49_700, 49_701), stretch(49_710, 49_710)];
    let sql = vec![stretch(50_111, 50_111)];
    assert_eq!(
        pairs,
        [
            (
                SQL.to_owned(),
                (sql, 1, "documented", vec!["site-server/sql-server/rpc"])
            ),
            (
                POINT.to_owned(),
                (point, 4, "documented", vec!["management-point/site-server/rpc"])
            ),
        ]
    );
    assert!(
        said.rpc
            .iter()
            .all(|pair| pair.initiator.to_string() == SITE_SERVER)
    );
    assert!(said.rpc[1].first_seen < said.rpc[1].last_seen);

    let text = desk
        .command(&desk.path("capture").to_string_lossy(), &[])
        .output()?;
    let text = String::from_utf8(text.stdout)?;
    for part in [
        "dynamic ports used",
        "49700-49701, 49710",
        "rpc-dynamic = \"49700-50111\"",
    ] {
        ensure!(text.contains(part), "no {part}: {text}");
    }
    Ok(())
}

/// What the endpoint mapper announced is told apart from what the range alone explains.
#[test]
fn ports_that_were_announced_are_told_apart() -> Result<()> {
    let desk = Desk::new()?;
    let asks = || eth().ipv4(SITE_SERVER, POINT).tcp(40_000, 135);
    let answers = || eth().ipv4(POINT, SITE_SERVER).tcp(135, 40_000);
    let syn = |source, port| eth().ipv4(SITE_SERVER, POINT).tcp(source, port).syn();
    let frames = timed(vec![
        syn(40_001, 49_700),
        asks().syn(),
        answers().syn().ack(),
        asks().ack().payload(72),
        answers().ack().payload(60),
        asks().ack().payload(156),
        answers().ack().payload(152),
        asks().ack().payload(40),
        syn(40_002, 49_701),
        syn(40_003, 49_702),
    ]);
    let said = desk.replay_frames(Format::default(), &frames)?;
    let [pair] = &said.rpc[..] else {
        anyhow::bail!("one pair: {:#?}", said.rpc);
    };
    ensure!(
        (pair.flows_by_range, pair.flows_by_expectation) == (1, 2),
        "{said:#?}"
    );
    assert_eq!(pair.ports, [stretch(49_700, 49_702)]);
    Ok(())
}

/// The line that `cmflow rpc` suggests is one that a site file may have, and it explains what the wide one did.
#[test]
fn the_suggested_setting_is_a_setting() -> Result<()> {
    let desk = Desk::new()?;
    let syn = |port| eth().ipv4(SITE_SERVER, POINT).tcp(40_001, port).syn();
    let frames = timed(vec![syn(49_700), syn(49_900)]);
    let before = desk.replay_frames(Format::default(), &frames)?;
    let site = std::fs::read_to_string(desk.path("site.toml"))?;
    desk.put(
        "site.toml",
        (site + "\n[ports]\nrpc-dynamic = \"49700-49900\"\n").as_bytes(),
    )?;
    let after = desk.replay_frames(Format::default(), &frames)?;
    assert_eq!(before.verdicts, after.verdicts);
    assert_eq!(before.rpc, after.rpc);
    Ok(())
}

#[test]
fn a_daemon_tells_the_ports_in_every_form() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let daemon = office.run(&Plan::on(&BOTH))?;
    let nothing = String::from_utf8(daemon.ask(&["rpc"]).stdout)?;
    assert_eq!(nothing, "no flow to a dynamic port was seen so far\n");
    for to in [
        "10.10.1.6:49700",
        "10.10.1.6:49701",
        "10.10.1.6:49701",
        "10.10.1.6:1433",
    ] {
        let (from, to) = ends("10.20.0.5:0", to)?;
        conversation(&office, from, to)?;
    }
    let found = eventually("three flows to dynamic ports", LIMIT, || {
        let found: Rpc = serde_json::from_value(daemon.json(&["rpc"])?)?;
        ensure!(
            found
                .rpc
                .first()
                .is_some_and(|pair| pair.flows_by_range + pair.flows_by_expectation == 3),
            "{found:#?}"
        );
        Ok(found)
    })?;
    assert_eq!(found.rpc.len(), 1, "{found:#?}");
    let expected = vec![stretch(49_700, 49_701)];
    assert_eq!(
        told(&found.rpc[0]),
        (expected, 3, "documented", vec!["site-server/sql-server/rpc"])
    );
    assert_eq!(found.narrowest, Some(stretch(49_700, 49_701)));
    assert_eq!(found.setting.as_deref(), Some("rpc-dynamic = \"49700-49701\""));

    let text = String::from_utf8(daemon.ask(&["rpc"]).stdout)?;
    let last = text.lines().last().unwrap_or_default();
    ensure!(last.ends_with("[ports] rpc-dynamic = \"49700-49701\""), "{text}");
    let csv = String::from_utf8(daemon.ask(&["rpc", "--format", "csv"]).stdout)?;
    let rows: Vec<Vec<&str>> = csv.lines().map(|line| line.split(',').collect()).collect();
    ensure!(rows.len() == 2 && rows[0].len() == rows[1].len(), "{csv}");
    let cell = |name: &str| {
        rows[0]
            .iter()
            .position(|one| *one == name)
            .map(|place| rows[1][place])
    };
    assert_eq!(cell("ports"), Some("49700-49701"));
    assert_eq!(cell("responder_roles"), Some("sql-server"));
    daemon.finish()
}
