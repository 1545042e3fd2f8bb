//! The lab itself: what the other namespace tests stand on.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::{Signal, kill_process};
use xtask::lab::{self, Lab, Tier, TierPlan, wait_until};

const LIMIT: Duration = Duration::from_secs(5);

/// Two tiers with both address families; none, with the reason printed, where no lab can be made.
fn two_tiers() -> Result<Option<Lab>> {
    if let Some(reason) = lab::unavailable() {
        println!("skipped: {reason}");
        return Ok(None);
    }
    let tier = |name: &str, third: u8| {
        TierPlan::new(name)
            .network(&format!("10.{third}.0.1/16"))
            .network(&format!("fd00:{third}::1/64"))
            .address(&format!("10.{third}.0.11"))
            .address(&format!("fd00:{third}::11"))
    };
    Lab::new(&[tier("client", 10), tier("site", 20)]).map(Some)
}

#[test]
fn a_conversation_crosses_the_gateway_and_the_counters_agree() -> Result<()> {
    let Some(lab) = two_tiers()? else { return Ok(()) };
    let (client, site) = (lab.tier("client"), lab.tier("site"));
    for (from, to) in [
        ("10.10.0.11:0", "10.20.0.11:443"),
        ("[fd00:10::11]:0", "[fd00:20::11]:443"),
    ] {
        let (from, to): (SocketAddr, SocketAddr) = (from.parse()?, to.parse()?);
        let server = site.netns().echo_tcp(to)?;
        let before = [
            client.netns().counters(Tier::INTERFACE)?,
            lab.gateway_counters("client")?,
            lab.gateway_counters("site")?,
        ];

        let mut connection = client.netns().tcp_connect(from, to)?;
        connection.write_all(b"which rule explains this?")?;
        let mut answer = [0; 25];
        connection.read_exact(&mut answer)?;
        ensure!(
            &answer == b"which rule explains this?",
            "the answer came back changed"
        );
        drop(connection);
        wait_until("the server to have served one", LIMIT, || {
            server.served() == 1 && server.bytes() == 25
        })?;

        // Both ends of a veth pair count the same frames, whatever neighbour discovery adds to them.
        wait_until("the two ends of the client's link to agree", LIMIT, || {
            let Ok(sent) = client.netns().counters(Tier::INTERFACE) else {
                return false;
            };
            let Ok(received) = lab.gateway_counters("client") else {
                return false;
            };
            (sent - before[0]).tx_packets == (received - before[1]).rx_packets
        })?;
        let crossed = lab.gateway_counters("site")? - before[2];
        // SYN, ACK, data, and the end of it one way; SYN-ACK, data, and the end the other.
        ensure!(crossed.tx_packets >= 4, "toward the site: {crossed:?}");
        ensure!(crossed.rx_packets >= 3, "from the site: {crossed:?}");
    }
    Ok(())
}

#[test]
fn a_tagged_frame_arrives_with_its_tag() -> Result<()> {
    let Some(lab) = two_tiers()? else { return Ok(()) };
    let sender = lab.tier("client").netns().frames(Tier::INTERFACE)?;
    let receiver = lab.gateway().frames("client")?;
    let mut frame = [receiver.address(), sender.address()].concat();
    frame.extend([0x81, 0x00, 0x00, 30, 0x88, 0xb5]);
    frame.extend([0x5a; 60]);
    sender.send(&frame)?;
    let mut received = None;
    wait_until("the tagged frame", LIMIT, || {
        received = receiver.receive(Duration::from_millis(200)).ok().flatten();
        received.as_deref() == Some(&frame[..])
    })
    .with_context(|| format!("last seen: {received:02x?}"))
}

#[test]
fn a_program_sees_a_sys_of_its_namespace() -> Result<()> {
    let Some(lab) = two_tiers()? else { return Ok(()) };
    let listing = |mut command: Command| -> Result<String> {
        let output = command
            .args([
                "-c",
                "pwd; ls /sys/class/net /sys/fs/bpf; touch /sys/fs/bpf/x 2>&1; true",
            ])
            .output()?;
        Ok(String::from_utf8(output.stdout)?)
    };
    let inside = listing(lab.gateway().command_with_sys("sh")?)?;
    for interface in lab.gateway_interfaces() {
        ensure!(
            inside.lines().any(|line| line == interface),
            "{interface} is not in: {inside}"
        );
    }
    ensure!(inside.contains("maps.debug"), "no bpffs in: {inside}");
    ensure!(
        inside.lines().next() == std::env::current_dir()?.to_str(),
        "the working directory changed: {inside}"
    );
    ensure!(
        !listing(lab.gateway().command("sh"))?.contains("\nsite\n"),
        "the /sys of the host tells of the gateway"
    );
    Ok(())
}

#[test]
fn a_kernel_that_carries_a_lab_is_not_said_to_lack_namespaces_or_xdp() -> Result<()> {
    let Some(_lab) = two_tiers()? else { return Ok(()) };
    let reason = lab::cannot_observe();
    ensure!(reason.is_none(), "{reason:?}");
    Ok(())
}

#[test]
fn nothing_stays_when_a_lab_is_dropped() -> Result<()> {
    let Some(lab) = two_tiers()? else { return Ok(()) };
    let path = lab.gateway().path();
    let mut command = lab.gateway().command("sleep");
    command.arg("600");
    // Forgotten: the namespace has to end it.
    let sleeper = std::mem::ManuallyDrop::new(lab.gateway().start(command, None)?);
    let process = format!("/proc/{}/ns/net", sleeper.id());
    ensure!(
        path.exists() && Path::new(&process).exists(),
        "the lab is not there"
    );
    drop(lab);
    ensure!(!path.exists(), "{} is still there", path.display());
    // A dead child that nobody waited for keeps its number but has no namespace any more.
    wait_until("the process inside to end", LIMIT, || {
        std::fs::read_link(&process).is_err()
    })
}

/// Not a test of its own: the process that [`an_interrupted_lab_is_removed`] interrupts.
#[test]
fn holds_a_lab_until_interrupted() -> Result<()> {
    let Some(file) = std::env::var_os("CMFLOW_LAB_HOLDER") else {
        return Ok(());
    };
    let Some(lab) = two_tiers()? else { return Ok(()) };
    std::fs::write(file, lab.gateway().path().as_os_str().as_encoded_bytes())?;
    let never = wait_until("a signal", Duration::from_secs(60), || false);
    drop(lab);
    never
}

#[test]
fn an_interrupted_lab_is_removed() -> Result<()> {
    if let Some(reason) = lab::unavailable() {
        println!("skipped: {reason}");
        return Ok(());
    }
    let scratch = lab::ScratchDir::new("interrupted")?;
    for signal in [Signal::INT, Signal::TERM] {
        let note = scratch.path().join(format!("{signal:?}"));
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--exact", "holds_a_lab_until_interrupted"])
            .env("CMFLOW_LAB_HOLDER", &note)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let noted = || std::fs::read_to_string(&note).unwrap_or_default();
        let held = wait_until("the other process to make its lab", LIMIT, || !noted().is_empty());
        let namespace = noted();
        kill_process(rustix::process::Pid::from_child(&child), signal)?;
        child.wait()?;
        held?;
        ensure!(
            !Path::new(&namespace).exists(),
            "{namespace} is still there after {signal:?}"
        );
    }
    Ok(())
}
