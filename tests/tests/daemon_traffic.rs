//! Real conversations through a gateway: what the daemon says of them is what the sockets and the interfaces
//! say.

use std::net::SocketAddr;

use anyhow::{Result, ensure};
use cmflow::answer::Flow;
use cmflow_tests::gateway_daemon::{LIMIT, Plan};
use cmflow_tests::office::{BOTH, Office};
use cmflow_tests::traffic::{conversation, datagram_frame, datagrams, ends, ip_header, segment_frames};
use xtask::lab::{eventually, wait_until};

/// A conversation, and what is to be said of it.
struct Row {
    from: &'static str,
    to: &'static str,
    verdict: &'static str,
    basis: Option<&'static str>,
    rules: &'static [&'static str],
    /// A role of each end; nothing for a stranger.
    roles: [Option<&'static str>; 2],
}

const fn row(
    from: &'static str,
    to: &'static str,
    verdict: &'static str,
    rules: &'static [&'static str],
    roles: [Option<&'static str>; 2],
) -> Row {
    let basis = if rules.is_empty() { None } else { Some("port") };
    Row {
        from,
        to,
        verdict,
        basis,
        rules,
        roles,
    }
}

const CLIENT: Option<&str> = Some("client");
const MANAGEMENT_POINT: Option<&str> = Some("management-point");
const PXE: Option<&str> = Some("distribution-point-pxe");

const TCP: [Row; 9] = [
    row(
        "10.10.0.5:50001",
        "10.20.0.11:10123",
        "documented",
        &["client/management-point/client-notification"],
        [CLIENT, MANAGEMENT_POINT],
    ),
    row(
        "[fd00:10::5]:50001",
        "[fd00:20::11]:443",
        "documented",
        &["client/management-point/https"],
        [CLIENT, MANAGEMENT_POINT],
    ),
    row(
        "10.20.0.5:50002",
        "10.10.1.6:1433",
        "documented",
        &["site-server/sql-server/sql"],
        [Some("site-server"), Some("sql-server")],
    ),
    row(
        "10.10.0.5:50003",
        "10.20.0.11:4444",
        "undocumented",
        &[],
        [CLIENT, MANAGEMENT_POINT],
    ),
    row(
        "[fd00:10::5]:50003",
        "[fd00:20::11]:4445",
        "undocumented",
        &[],
        [CLIENT, MANAGEMENT_POINT],
    ),
    row(
        "10.20.0.11:50004",
        "10.10.0.5:10124",
        "undocumented",
        &[],
        [MANAGEMENT_POINT, CLIENT],
    ),
    row(
        "10.20.0.11:50005",
        "10.10.0.6:443",
        "reversed",
        &["client/management-point/https"],
        [MANAGEMENT_POINT, CLIENT],
    ),
    row(
        "[fd00:10::99:9]:50006",
        "[fd00:20::11]:8443",
        "foreign",
        &[],
        [None, MANAGEMENT_POINT],
    ),
    row(
        "10.10.99.9:50007",
        "10.20.99.9:8444",
        "out-of-scope",
        &[],
        [None, None],
    ),
];

/// Checks what is said of a row's flow beside its counts.
fn check(row: &Row, flow: &Flow) -> Result<()> {
    let (from, to) = ends(row.from, row.to)?;
    let end = |end: &cmflow::answer::FlowEnd| SocketAddr::new(end.address, end.port);
    assert_eq!(
        (end(&flow.initiator), end(&flow.responder)),
        (from, to),
        "{flow:#?}"
    );
    assert_eq!(flow.verdict, row.verdict, "{flow:#?}");
    assert_eq!(flow.rules, row.rules, "{flow:#?}");
    assert_eq!(flow.basis.as_deref(), row.basis, "{flow:#?}");
    assert_eq!(flow.state, "answered", "{flow:#?}");
    for (role, roles) in row
        .roles
        .iter()
        .zip([&flow.initiator.roles, &flow.responder.roles])
    {
        match role {
            Some(role) => assert!(roles.iter().any(|one| one == role), "{role}: {flow:#?}"),
            None => assert!(roles.is_empty(), "{flow:#?}"),
        }
    }
    assert!(flow.first_seen <= flow.last_seen, "{flow:#?}");
    Ok(())
}

#[test]
fn tcp_counts_are_those_of_the_sockets() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let daemon = office.run(&Plan::on(&BOTH))?;
    for row in &TCP {
        let (from, to) = ends(row.from, row.to)?;
        let told = conversation(&office, from, to)?;
        let flow = daemon.flow(to, |flow| {
            (flow.forward.packets, flow.reverse.packets) == (told.sent, told.received)
        })?;
        check(row, &flow)?;
        assert_eq!(flow.protocol, "tcp");
        assert!(flow.initiator_seen, "{flow:#?}");
        // A segment that was sent again has its payload twice.
        if told.again == 0 {
            assert_eq!(flow.forward.bytes, segment_frames(to, told.sent, 8), "{flow:#?}");
        }
    }
    daemon.finish()
}

#[test]
fn udp_counts_are_exact() -> Result<()> {
    const TFTP: &[&str] = &["client/distribution-point-pxe/tftp"];
    const BINL: &[&str] = &["client/distribution-point-pxe/binl"];
    let rows = [
        row(
            "10.10.0.5:40001",
            "10.20.0.12:4011",
            "documented",
            BINL,
            [CLIENT, PXE],
        ),
        row(
            "[fd00:10::5]:40001",
            "[fd00:20::12]:69",
            "documented",
            TFTP,
            [CLIENT, PXE],
        ),
        row(
            "10.10.0.5:40002",
            "10.20.0.12:4012",
            "undocumented",
            &[],
            [CLIENT, PXE],
        ),
        row(
            "[fd00:10::99:9]:40003",
            "[fd00:20::12]:4013",
            "foreign",
            &[],
            [None, PXE],
        ),
    ];
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let daemon = office.run(&Plan::on(&BOTH))?;
    let before = office.frames(&daemon)?;
    for (row, (count, payload)) in rows.iter().zip([(50, 0), (1, 1), (7, 512), (20, 1200)]) {
        let (from, to) = ends(row.from, row.to)?;
        datagrams(&office, from, to, count, payload)?;
        let flow = daemon.flow(to, |flow| {
            (flow.forward.packets, flow.reverse.packets) == (count, count)
        })?;
        check(row, &flow)?;
        assert_eq!(flow.protocol, "udp");
        assert_eq!(
            flow.initiator_seen,
            row.verdict == "documented",
            "toward a documented port a datagram names its sender at once; else only once the gateway has looked \
             for longer than a conversation may be silent"
        );
        let bytes = count * datagram_frame(to, payload);
        assert_eq!(
            (flow.forward.bytes, flow.reverse.bytes),
            (bytes, bytes),
            "{flow:#?}"
        );
    }

    let after = office.frames(&daemon)?;
    for (before, after) in before.iter().zip(&after) {
        let received = after.received - before.received;
        assert!(received >= 78, "{received} frames crossed");
        assert_eq!(after.counted - before.counted, received, "{before:?} {after:?}");
        assert_eq!(after.said - before.said, received, "{before:?} {after:?}");
    }
    let status = daemon.status()?;
    let judged: u64 = status.verdicts.values().map(|tally| tally.packets).sum();
    assert_eq!(status.outcomes.get("flow"), Some(&judged), "{status:#?}");
    assert_eq!(
        status.frames,
        status.outcomes.values().sum::<u64>(),
        "{status:#?}"
    );
    assert_eq!(
        status.frames,
        status.interfaces.iter().map(|one| one.frames).sum::<u64>()
    );
    let documented = status.verdicts["documented"];
    assert_eq!((documented.packets, documented.flows), (102, 2), "{status:#?}");
    wait_until("all packets to be settled", LIMIT, || {
        daemon.status().is_ok_and(|status| {
            let law = &status.conservation;
            law.ok && law.frames == law.accounted && law.frames == law.judged && law.frames >= judged
        })
    })?;

    let rules = daemon.rules()?.rules;
    let hits: Vec<_> = rules
        .iter()
        .map(|rule| (rule.rule.as_str(), rule.packets, rule.flows))
        .collect();
    assert_eq!(hits.len(), 2, "{hits:?}");
    assert!(
        hits.contains(&(BINL[0], 100, 1)) && hits.contains(&(TFTP[0], 2, 1)),
        "{hits:?}"
    );
    daemon.finish()
}

#[test]
fn what_nothing_explains_names_its_nearest_rule() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let daemon = office.run(&Plan::on(&BOTH))?;
    assert_eq!(
        daemon.ask(&["undocumented"]).status.code(),
        Some(0),
        "no findings"
    );
    for (from, to) in [
        ("10.10.0.5:0", "10.20.0.11:4444"),
        ("10.10.0.5:0", "10.20.0.11:4444"),
        ("10.20.0.11:0", "10.10.0.6:443"),
        ("10.10.0.5:0", "10.20.0.11:443"),
    ] {
        let (from, to) = ends(from, to)?;
        conversation(&office, from, to)?;
    }
    let rows = eventually("three flows of two conversations", LIMIT, || {
        let rows = daemon.undocumented()?.undocumented;
        let flows: u64 = rows.iter().map(|row| row.flows).sum();
        ensure!((rows.len(), flows) == (2, 3), "{rows:#?}");
        Ok(rows)
    })?;
    assert!(
        rows.is_sorted_by_key(|row| std::cmp::Reverse(row.first_seen)),
        "newest first: {rows:#?}"
    );
    // They may have begun within one tick of the kernel's clock.
    let mut rows = rows;
    rows.sort_by_key(|row| row.port);
    assert_eq!(daemon.ask(&["undocumented"]).status.code(), Some(1), "findings");
    assert_eq!(
        (rows[0].verdict.as_str(), rows[0].port, rows[0].flows),
        ("reversed", 443, 1),
        "{rows:#?}"
    );
    assert_eq!(
        (rows[1].verdict.as_str(), rows[1].port, rows[1].flows),
        ("undocumented", 4444, 2),
        "{rows:#?}"
    );
    for row in &rows {
        assert!(
            row.nearest
                .as_ref()
                .is_some_and(|nearest| nearest.rule.starts_with("client/management-point/")),
            "{row:#?}"
        );
    }
    daemon.finish()
}

#[test]
fn the_last_bytes_of_a_datagram_are_counted_in_fragments_too() -> Result<()> {
    const PAYLOAD: usize = 4000;
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let daemon = office.run(&Plan::on(&BOTH))?;
    let (from, to) = ends("10.10.0.5:40001", "10.20.0.12:4011")?;
    let _listener = office.of(to)?.udp(to)?;
    office.of(from)?.udp(from)?.send_to(&[7; PAYLOAD], to)?;
    // 1500 bytes of MTU carry 1480 of the IP payload.
    let fragments = (8 + PAYLOAD as u64).div_ceil(1480);
    let bytes = 8 + PAYLOAD as u64 + fragments * (14 + ip_header(to));
    let sums = |flows: Vec<Flow>| {
        flows.iter().fold((0, 0), |(packets, bytes), flow| {
            (packets + flow.forward.packets, bytes + flow.forward.bytes)
        })
    };
    wait_until("all fragments", LIMIT, || {
        daemon
            .flows(&["--address", "10.20.0.12"])
            .is_ok_and(|flows| sums(flows) == (fragments, bytes))
    })?;
    ensure!(daemon.status()?.conservation.ok, "the law is broken");
    daemon.finish()
}
