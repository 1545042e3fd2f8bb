//! What must not happen and does: a slot that is lost, an interface that goes, a file system that is not there.

use std::sync::atomic::Ordering;

use anyhow::{Context, Result, ensure};
use cmflow::answer::Status;
use cmflow_tests::frames::eth;
use cmflow_tests::gateway_daemon::{Daemon, LIMIT, Plan};
use cmflow_tests::office::{BOTH, Office};
use cmflow_tests::pinned::Pinned;
use cmflow_tests::traffic::{datagrams, ends};
use rustix::process::Signal;
use xtask::lab::eventually;

/// Slots of the daemon's flow table, and bytes of one.
const SLOTS: usize = 4096;
const SLOT: usize = 128;
/// Offsets of its claim word and of its four counts of packets.
const CLAIM: usize = 40;
const PACKETS: [usize; 4] = [64, 72, 80, 88];

#[test]
fn a_slot_that_is_lost_is_told_at_the_next_tick() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let plan = Plan::on(&BOTH);
    let mut daemon = office.run(&plan)?;
    let (from, to) = ends("10.10.0.5:40001", "10.20.0.12:4011")?;
    datagrams(&office, from, to, 20, 10)?;
    daemon.flow(to, |flow| flow.forward.packets == 20)?;
    assert_eq!(daemon.ask(&["status"]).status.code(), Some(0));

    let table = Pinned::open(daemon.process()?, plan.instance(), "FLOWS", SLOTS * SLOT)?;
    let packets = |slot: usize| -> u64 {
        let counts = PACKETS.map(|offset| table.word(slot * SLOT + offset).load(Ordering::SeqCst));
        counts.iter().sum()
    };
    let lost = (0..SLOTS)
        .find(|slot| packets(*slot) == 40)
        .context("the flow's slot")?;
    table.set(lost * SLOT + CLAIM, 0);

    // One tick for each half of the counters: the flow may be in one of them alone.
    let codes = [0, 1].map(|_| daemon.ask(&["status"]).status.code());
    assert_eq!(codes[1], Some(1), "{codes:?}");
    let told = daemon.ask(&["status", "--format", "json"]);
    let status: Status = serde_json::from_slice(&told.stdout)?;
    let law = status.conservation;
    assert!(!law.ok && law.broken_ticks > 0, "{law:?}");
    assert_eq!(
        (law.frames, law.judged),
        (law.accounted + 40, law.frames),
        "{law:?}"
    );
    let log = daemon.log();
    assert!(log.contains("conservation law broken in half"), "{log}");
    assert!(
        log.contains("packets parsed into flows") && log.contains("accounted for"),
        "{log}"
    );

    // Once for each half that lacks something, however often it is looked at.
    for _ in 0..4 {
        assert_eq!(daemon.ask(&["status"]).status.code(), Some(1));
    }
    let lines = daemon.log().matches("conservation law broken in half").count();
    assert!((1..=2).contains(&lines), "{}", daemon.log());

    // A restart does not make it good.
    daemon.end(Signal::KILL)?;
    let mut second = office.run_broken(&Plan::on(&BOTH).named(plan.instance()))?;
    assert_eq!(second.ask(&["status"]).status.code(), Some(1));
    let (status, log) = second.end(Signal::TERM)?;
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("conservation law BROKEN"), "{log}");
    Ok(())
}

fn mode(status: &Status, name: &str) -> Option<(String, u64)> {
    let mut interfaces = status.interfaces.iter();
    interfaces
        .find(|one| one.name == name)
        .map(|one| (one.mode.clone(), one.frames))
}

/// A pair of interfaces in the gateway.
fn make_extra(office: &Office) -> Result<()> {
    for line in [
        "link add extra type veth peer name extra-peer",
        "link set extra up",
        "link set extra-peer up",
    ] {
        office.gateway().ip(line)?;
    }
    Ok(())
}

/// Frames that come in by the extra interface.
fn send(office: &Office, frames: usize) -> Result<()> {
    let socket = office.gateway().frames("extra-peer")?;
    let frame = eth()
        .ipv4("10.10.0.5", "10.20.0.11")
        .udp(50_000, 9)
        .payload(10)
        .build();
    (0..frames).try_for_each(|_| socket.send(&frame))
}

/// The interface's mode and frames, once they are so.
fn extra_is(daemon: &Daemon, settled: impl Fn(&str, u64) -> bool) -> Result<u64> {
    eventually("the extra interface", LIMIT, || {
        let (mode, frames) = mode(&daemon.status()?, "extra").context("it has a row")?;
        ensure!(settled(&mode, frames), "{mode} {frames}");
        Ok(frames)
    })
}

#[test]
fn an_interface_that_goes_and_comes_back_is_looked_at_again() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    make_extra(&office)?;
    let plan = Plan::on(&["client", "site", "extra"]);
    let mut daemon = office.run(&plan)?;
    send(&office, 3)?;
    let before = extra_is(&daemon, |mode, frames| mode == "native" && frames >= 3)?;
    office.gateway().ip("link del extra")?;
    let gone = extra_is(&daemon, |mode, _| mode == "none")?;
    ensure!(gone >= before, "what was counted stays");
    assert!(daemon.log().contains("extra is gone"), "{}", daemon.log());
    // The rest goes on.
    let (from, to) = ends("10.10.0.5:40001", "10.20.0.12:4011")?;
    datagrams(&office, from, to, 3, 10)?;
    daemon.flow(to, |flow| flow.forward.packets == 3)?;
    let generation = daemon.status()?.generation;

    make_extra(&office)?;
    extra_is(&daemon, |mode, _| mode == "native")?;
    send(&office, 3)?;
    let back = extra_is(&daemon, |_, frames| frames >= gone + 3)?;
    assert!(daemon.log().contains("extra is back"), "{}", daemon.log());
    eventually("tables that know its new number", LIMIT, || {
        ensure!(daemon.status()?.generation > generation);
        Ok(())
    })?;

    // While nobody looks: the link of its pin hangs nowhere.
    daemon.end(Signal::KILL)?;
    office.gateway().ip("link del extra")?;
    make_extra(&office)?;
    let plan = Plan::on(&["client", "site", "extra"]).named(plan.instance());
    let second = office.run(&plan)?;
    send(&office, 3)?;
    extra_is(&second, |mode, frames| mode == "native" && frames >= back + 3)?;
    second.flow(to, |flow| flow.forward.packets == 3)?;
    let lines = second.log();
    assert!(lines.contains("client: native XDP, taken over"), "{lines}");
    assert!(!lines.contains("extra: native XDP, taken over"), "{lines}");
    second.finish()
}

#[test]
fn a_bpf_file_system_that_is_not_mounted_is_mounted() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let mut umount = office.gateway().command_with_sys("umount")?;
    ensure!(
        umount.arg("/sys/fs/bpf").status()?.success(),
        "nothing is mounted there"
    );
    let plan = Plan::on(&BOTH);
    let daemon = office.run(&plan)?;
    ensure!(office.pins()?.contains(plan.instance()), "{}", office.pins()?);
    daemon.finish()
}
