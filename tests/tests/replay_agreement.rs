//! One capture, counted in several ways: in memory, in the kernel by test runs, at a live gateway, and by tshark.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use cmflow::answer::Flow;
use cmflow_tests::gateway_daemon::{LIMIT, Plan};
use cmflow_tests::office::Office;
use cmflow_tests::replayed::{Desk, Said, capture, conversations, timed, timeless};
use xtask::capture::file::{Container, Format, link_type};
use xtask::frames::{Frame, eth, raw, sll, sll2};
use xtask::lab::{self, eventually};
use xtask::setup::programs;

/// The conversations, and frames of other kinds between them.
fn mixture() -> Vec<Frame> {
    let quoted = raw().ipv4("10.10.0.6", "10.20.0.11").tcp(50_010, 443).syn();
    let mut frames = conversations(eth);
    frames.extend([
        eth().arp(),
        eth()
            .vlan(7)
            .ipv4("10.10.0.6", "10.20.0.11")
            .tcp(50_010, 443)
            .syn(),
        eth().ipv4("10.20.0.1", "10.10.0.6").icmp(3, 1).quoting(&quoted),
        eth().ipv4("10.20.0.11", "10.10.0.6").tcp(50_011, 443).syn(),
        eth()
            .ipv4("10.10.0.6", "10.20.0.12")
            .fragment(100, false)
            .protocol(17)
            .payload(64),
        eth().ipv4("10.10.0.6", "10.20.0.12").icmp(8, 0).payload(56),
        eth().ipv4("10.20.0.12", "10.10.0.6").icmp(0, 0).payload(56),
        eth().ipv4("10.10.0.6", "10.20.0.12").esp().payload(32),
        eth()
            .ipv6("fd00:10::5", "fd00:20::5")
            .hop_by_hop(1)
            .udp(40_002, 53)
            .payload(20),
        eth().ipv4("10.10.0.6", "10.20.0.11").tcp(50_012, 443).cut(40),
        eth().ethertype(0x88cc, &[0; 46]),
    ]);
    frames
}

#[test]
fn memory_kernel_and_a_live_gateway_count_the_same() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let frames = timed(mixture());
    let desk = Desk::new()?;
    let file = desk.put("capture", &capture(Format::default(), &frames)?)?;
    let order: &[&str] = &["--sort", "address"];
    let in_memory = desk.replay(&file, order)?;
    let in_memory = in_memory.answer()?;
    ensure!(in_memory.capture.frames == frames.len() as u64, "{in_memory:#?}");

    let in_kernel = desk.replay(&file, &[order, &["--kernel"]].concat())?;
    ensure!(in_kernel.code == 0, "{in_kernel:?}");
    let in_kernel = in_kernel.answer()?;
    ensure!(in_kernel.capture == in_memory.capture, "{in_kernel:#?}");
    ensure!(in_kernel.outcomes == in_memory.outcomes, "{in_kernel:#?}");
    ensure!(in_kernel.verdicts == in_memory.verdicts, "{in_kernel:#?}");
    let expected = sorted(&in_memory.flows);
    ensure!(sorted(&in_kernel.flows) == expected, "{in_kernel:#?}");
    let [problem] = in_kernel.problems.as_slice() else {
        anyhow::bail!("{:?}", in_kernel.problems);
    };
    ensure!(problem.contains("no clock of the capture"), "{problem}");

    // The frames are for another computer's address: the gateway looks at them and forwards none.
    let daemon = office.run(&Plan::on(&["client"]))?;
    let tier = &office.lab.tiers()[0];
    let socket = tier.netns().frames("eth0")?;
    for (_, frame) in &frames {
        socket.send(frame)?;
    }
    eventually("the same flows", LIMIT, || {
        let live = sorted(&daemon.flows(&[])?);
        ensure!(live == expected, "{live:#?} instead of {expected:#?}");
        Ok(())
    })?;
    let status = daemon.status()?;
    ensure!(status.verdicts == in_memory.verdicts, "{status:#?}");
    daemon.finish()
}

/// Without times, in one order.
fn sorted(flows: &[Flow]) -> Vec<Flow> {
    let mut flows = timeless(flows);
    flows.sort_by_key(|flow| format!("{flow:?}"));
    flows
}

#[test]
fn what_test_runs_cannot_do_is_said() -> Result<()> {
    if let Some(reason) = lab::unavailable() {
        println!("skipped: {reason}");
        return Ok(());
    }
    let desk = Desk::new()?;
    let cooked = Format {
        container: Container::PcapNg,
        link: link_type::LINUX_SLL,
        ..Format::default()
    };
    let ethernet = Format {
        container: Container::PcapNg,
        snap: Some(74),
        ..Format::default()
    };
    let mut frames = conversations(eth);
    frames.push(eth().cut(13));
    let file = [
        capture(cooked, &timed(conversations(sll)))?,
        capture(ethernet, &timed(frames))?,
    ]
    .concat();
    let file = desk.put("capture", &file)?;
    let mut command = desk.command(&file, &["--kernel", "--format", "json"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn()?;
    let pins = format!("/sys/fs/bpf/cmflow/replay-{}", child.id());
    let said = Said::of(&child.wait_with_output()?)?;
    let answer = said.answer()?;
    ensure!(said.code == 1, "{said:?}");
    ensure!(
        (answer.capture.frames, answer.capture.cut) == (15, 6),
        "{answer:#?}"
    );
    for expected in [
        "15 frames are not Ethernet; without --kernel they are read",
        "1 frames are shorter than an Ethernet header",
        "6 frames were cut when they were captured; --kernel counts the bytes that are there",
    ] {
        let told = answer
            .problems
            .iter()
            .any(|problem| problem.starts_with(expected));
        ensure!(told, "{expected} in {:?}", answer.problems);
    }
    ensure!(!Path::new(&pins).exists(), "{pins} stays behind");
    Ok(())
}

/// Packets and bytes of a direction, by protocol, sender and receiver.
type Directions = BTreeMap<(String, SocketAddr, SocketAddr), (u64, u64)>;

#[test]
fn tshark_counts_the_same_packets_and_bytes_in_each_direction() -> Result<()> {
    if !programs::bring(&[programs::TSHARK]).is_empty() {
        ensure!(
            std::env::var_os("CI").is_none(),
            "CI compares with tshark, and it cannot be had"
        );
        println!("skipped: there is no tshark, and Debian's package of it cannot be installed");
        return Ok(());
    }
    let desk = Desk::new()?;
    for (link, start) in [
        (link_type::ETHERNET, eth as fn() -> Frame),
        (link_type::RAW, raw),
        (link_type::LINUX_SLL, sll),
        (link_type::LINUX_SLL2, sll2),
    ] {
        for (container, snap) in [
            (Container::Pcap, None),
            (Container::PcapNg, None),
            (Container::PcapNg, Some(96)),
        ] {
            let format = Format {
                container,
                link,
                snap,
                ..Format::default()
            };
            let frames = timed(conversations(start));
            let file = desk.put("capture", &capture(format, &frames)?)?;
            let ours = ours(&desk.replay(&file, &[])?.answer()?.flows);
            let theirs = theirs(&file)?;
            ensure!(ours.len() == 9, "{ours:#?}");
            ensure!(ours == theirs, "{format:?}: {ours:#?}, tshark: {theirs:#?}");
        }
    }
    Ok(())
}

fn ours(flows: &[Flow]) -> Directions {
    let mut directions = Directions::new();
    for flow in flows {
        let [initiator, responder] =
            [&flow.initiator, &flow.responder].map(|end| SocketAddr::new(end.address, end.port));
        for (from, to, count) in [
            (initiator, responder, flow.forward),
            (responder, initiator, flow.reverse),
        ] {
            if count.packets > 0 {
                let key = (flow.protocol.clone(), from, to);
                directions.insert(key, (count.packets, count.bytes));
            }
        }
    }
    directions
}

/// Packet by packet, because tshark's own sums of conversations are rounded.
fn theirs(file: &str) -> Result<Directions> {
    const FIELDS: [&str; 9] = [
        "frame.len",
        "ip.src",
        "ip.dst",
        "ipv6.src",
        "ipv6.dst",
        "tcp.srcport",
        "tcp.dstport",
        "udp.srcport",
        "udp.dstport",
    ];
    let mut tshark = Command::new("tshark");
    tshark.args(["-n", "-r", file, "-T", "fields"]);
    for field in FIELDS {
        tshark.args(["-e", field]);
    }
    let output = tshark.output().context("tshark")?;
    ensure!(output.status.success(), "{output:?}");
    let mut directions = Directions::new();
    for line in String::from_utf8(output.stdout)?.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [
            bytes,
            v4_from,
            v4_to,
            v6_from,
            v6_to,
            tcp_from,
            tcp_to,
            udp_from,
            udp_to,
        ] = fields[..]
        else {
            anyhow::bail!("tshark says {line:?}");
        };
        let protocol = if tcp_from.is_empty() { "udp" } else { "tcp" };
        let end = |v4: &str, v6: &str, tcp: &str, udp: &str| -> Result<SocketAddr> {
            // Of each pair one is empty.
            let (address, port) = (format!("{v4}{v6}"), format!("{tcp}{udp}"));
            Ok(SocketAddr::new(address.parse()?, port.parse()?))
        };
        let from = end(v4_from, v6_from, tcp_from, udp_from).with_context(|| line.to_owned())?;
        let to = end(v4_to, v6_to, tcp_to, udp_to).with_context(|| line.to_owned())?;
        let count = directions.entry((protocol.to_owned(), from, to)).or_default();
        count.0 += 1;
        count.1 += bytes.parse::<u64>()?;
    }
    Ok(directions)
}
