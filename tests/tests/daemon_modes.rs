//! The hooks: which one is chosen and why, and that they count the same.

use anyhow::{Context as _, Result, ensure};
use cmflow::answer::{Count, Status};
use cmflow_tests::gateway_daemon::Plan;
use cmflow_tests::office::{BOTH, Office};
use cmflow_tests::traffic::{datagrams, ends, ip_header, transfer};

/// Mode and reason of every interface.
fn modes(status: &Status) -> Vec<(&str, &str)> {
    let interfaces = status.interfaces.iter();
    interfaces
        .map(|one| (one.mode.as_str(), one.why.as_str()))
        .collect()
}

#[test]
fn auto_is_native_on_a_pair_and_says_why() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let daemon = office.run(&Plan::on(&BOTH))?;
    let status = daemon.status()?;
    for (mode, why) in modes(&status) {
        assert_eq!(mode, "native");
        assert!(why.contains("counts each frame as it was on the wire"), "{why}");
    }
    let log = daemon.log();
    for interface in BOTH {
        assert!(log.contains(&format!("{interface}: native XDP (")), "{log}");
        ensure!(
            office.program(interface)?.is_some(),
            "{interface} carries no program"
        );
    }
    daemon.finish()
}

#[test]
fn auto_is_tcx_without_ethernet_headers() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    // Without Ethernet headers there is no native XDP.
    for line in [
        "tuntap add dev bare mode tun",
        "link set bare up",
        "address add 10.77.0.1/24 dev bare",
    ] {
        office.gateway().ip(line)?;
    }
    let daemon = office.run(&Plan::on(&["bare", "client"]))?;
    let status = daemon.status()?;
    let modes = modes(&status);
    assert_eq!((modes[0].0, modes[1].0), ("tcx", "native"), "{modes:?}");
    assert!(modes[0].1.contains("Ethernet"), "{modes:?}");
    daemon.finish()
}

#[test]
fn generic_says_that_packets_are_merged() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let daemon = office.run(&Plan::on(&BOTH).with(&["--mode", "generic"]))?;
    for (mode, _) in modes(&daemon.status()?) {
        assert_eq!(mode, "generic");
    }
    let log = daemon.log();
    assert!(log.contains("packets are merged packets"), "{log}");
    let (from, to) = ends("10.10.0.5:40001", "10.20.0.12:4011")?;
    datagrams(&office, from, to, 10, 100)?;
    daemon.flow(to, |flow| {
        (flow.forward.packets, flow.reverse.packets) == (10, 10)
    })?;
    daemon.finish()
}

#[test]
fn small_packets_count_the_same_at_every_hook() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let mut said: Vec<(&str, Vec<(Count, Count)>)> = Vec::new();
    for mode in ["native", "tcx", "generic"] {
        let daemon = office.run(&Plan::on(&BOTH).with(&["--mode", mode]))?;
        let mut counts = Vec::new();
        for (from, to, payload) in [
            ("10.10.0.5:40001", "10.20.0.12:4011", 0),
            ("10.10.0.5:40002", "10.20.0.12:69", 1400),
            ("[fd00:10::5]:40003", "[fd00:20::12]:4011", 3),
        ] {
            let (from, to) = ends(from, to)?;
            datagrams(&office, from, to, 12, payload)?;
            let flow = daemon.flow(to, |flow| flow.reverse.packets == 12)?;
            counts.push((flow.forward, flow.reverse));
        }
        said.push((mode, counts));
        daemon.finish()?;
    }
    let (_, native) = said.first().context("three modes")?;
    for (mode, counts) in &said {
        assert_eq!(counts, native, "{mode}");
    }
    Ok(())
}

#[test]
fn merged_packets_are_counted_one_by_one() -> Result<()> {
    const BYTES: usize = 2 << 20;
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    for (mode, from, to) in [
        ("tcx", "10.10.0.5:50001", "10.20.0.11:443"),
        ("tcx", "[fd00:10::5]:50002", "[fd00:20::11]:443"),
        ("native", "10.10.0.5:50003", "10.20.0.11:80"),
    ] {
        let daemon = office.run(&Plan::on(&BOTH).with(&["--mode", mode]))?;
        let (from, to) = ends(from, to)?;
        let told = transfer(&office, from, to, BYTES)?;
        let flow = daemon.flow(to, |flow| flow.forward.packets == told.sent)?;
        assert!(told.sent > 1000, "{told:?}");
        if told.again == 0 {
            // A header on each of them, eight more bytes of options on the SYN, and the payload once.
            let headers = told.sent * (14 + ip_header(to) + 32) + 8;
            assert_eq!(flow.forward.bytes, headers + BYTES as u64, "{mode}: {flow:#?}");
        }
        let frames: u64 = daemon.status()?.interfaces.iter().map(|one| one.frames).sum();
        assert!(frames >= told.sent, "{mode}: {frames} frames, {told:?}");
        daemon.finish()?;
    }
    Ok(())
}
