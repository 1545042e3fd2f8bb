//! `cmflow replay` of captures in every format: the same conversations are the same flows.

use std::time::Duration;

use anyhow::{Result, ensure};
use cmflow::answer::{Flow, Replay};
use cmflow_tests::replayed::{BEGINS, Desk, Tables, behind, capture, conversations, timed};
use xtask::capture::file::{ByteOrder, Container, Format, Resolution, link_type};
use xtask::frames::{Frame, eth, null, raw, sll, sll2};

/// A way to begin frames: its link types, what it puts before the IP header, and how many bytes that are.
type Start = (&'static [u32], fn() -> Frame, u64);

const STARTS: [Start; 6] = [
    (&[link_type::ETHERNET], eth, 14),
    (&[101, 12, 14, 228, 229], raw, 0),
    (&[link_type::LINUX_SLL], sll, 16),
    (&[link_type::LINUX_SLL2], sll2, 20),
    (&[0, 108], || null(ByteOrder::Little), 4),
    (&[0, 108], || null(ByteOrder::Big), 4),
];

/// The flows as they are, told without a capture.
fn expect_flows(flows: &[Flow], start: u64, what: &str) -> Result<()> {
    let told = behind(flows, start).into_iter().map(|flow| {
        format!(
            "{} {}:{} {} {}:{} {} {} {}+{} {}+{} {}",
            flow.protocol,
            flow.initiator.address,
            flow.initiator.port,
            if flow.initiator_seen { "->" } else { "~>" },
            flow.responder.address,
            flow.responder.port,
            flow.state,
            flow.verdict,
            flow.forward.packets,
            flow.reverse.packets,
            flow.forward.bytes,
            flow.reverse.bytes,
            flow.rules.join(" "),
        )
    });
    let told: Vec<String> = told.collect();
    // IPv4 and TCP are 40 bytes, IPv6 and TCP 60, IPv4 and UDP 28.
    let expected = [
        "tcp 10.10.0.5:50000 -> 10.20.0.11:443 answered documented 3+3 220+1320 client/management-point/https",
        "tcp 10.10.0.5:50002 -> 10.20.0.11:4444 refused undocumented 1+1 40+40 ",
        "udp 10.10.0.5:40001 -> 10.20.0.12:4011 answered documented 1+1 328+428 \
         client/distribution-point-pxe/binl",
        "tcp 10.10.99.9:50003 -> 10.20.0.5:445 unanswered foreign 1+0 40+0 ",
        "tcp fd00:10::5:50001 -> fd00:20::11:443 answered documented 2+2 137+1020 \
         client/management-point/https",
    ];
    ensure!(told == expected, "{what}: {told:#?}");
    Ok(())
}

fn formats(link: u32) -> impl Iterator<Item = Format> {
    let containers = [Container::Pcap, Container::PcapNg];
    containers.into_iter().flat_map(move |container| {
        [ByteOrder::Little, ByteOrder::Big]
            .into_iter()
            .flat_map(move |byte_order| {
                [Resolution::Micro, Resolution::Nano].map(|resolution| Format {
                    container,
                    byte_order,
                    resolution,
                    link,
                    snap: None,
                })
            })
    })
}

#[test]
fn every_format_and_link_type_gives_the_same_flows() -> Result<()> {
    let tables = Tables::new()?;
    for (links, start, bytes) in STARTS {
        let frames = timed(conversations(start));
        let wire_bytes: usize = frames.iter().map(|(_, frame)| frame.len()).sum();
        for format in links.iter().flat_map(|link| formats(*link)) {
            let what = format!("{format:?}");
            let (replayed, flows) = tables.play(&capture(format, &frames)?)?;
            expect_flows(&flows, bytes, &what)?;
            let counted = replayed.frames();
            ensure!(
                (counted.packets, counted.bytes, replayed.cut) == (15, wire_bytes as u64, 0),
                "{what}: {counted:?}"
            );
            ensure!(replayed.problems.is_empty(), "{what}: {:?}", replayed.problems);
        }
    }
    Ok(())
}

#[test]
fn frames_cut_by_the_snap_length_count_with_their_length_on_the_wire() -> Result<()> {
    let tables = Tables::new()?;
    for (links, start, bytes) in STARTS {
        let frames = timed(conversations(start));
        for format in formats(links[0]) {
            let format = Format {
                // Headers of IPv6 and TCP.
                snap: Some(bytes as u32 + 60),
                ..format
            };
            let (replayed, flows) = tables.play(&capture(format, &frames)?)?;
            expect_flows(&flows, bytes, &format!("{format:?}"))?;
            ensure!(replayed.cut == 6, "{format:?}: {} frames are cut", replayed.cut);
        }
    }
    Ok(())
}

#[test]
fn the_program_says_what_the_tables_count() -> Result<()> {
    let desk = Desk::new()?;
    let frames = timed(conversations(eth));
    for format in formats(link_type::ETHERNET) {
        let snap = Format {
            snap: Some(74),
            ..format
        };
        let replay = desk.replay_frames(snap, &frames)?;
        expect_flows(&replay.flows, 14, &format!("{format:?}"))?;
        let capture = &replay.capture;
        let wire_bytes: usize = frames.iter().map(|(_, frame)| frame.len()).sum();
        ensure!(
            (capture.frames, capture.bytes, capture.cut) == (15, wire_bytes as u64, 6),
            "{capture:?}"
        );
        let span = [capture.first_seen, capture.last_seen].map(|time| time.map(|time| time.to_string()));
        let expected = ["2023-11-14T22:13:20Z", "2023-11-14T22:13:20.021Z"];
        ensure!(span == expected.map(|time| Some(time.to_owned())), "{span:?}");
        ensure!(replay.problems.is_empty(), "{:?}", replay.problems);
    }
    Ok(())
}

#[test]
fn frames_of_no_flow_are_counted_by_what_they_are() -> Result<()> {
    let desk = Desk::new()?;
    let arp = |start: Frame| vec![start.arp()];
    let other = |start: Frame| vec![start.ethertype(0x88cc, &[0; 20])];
    for (link, frames, outcome) in [
        (1, arp(eth()), "arp"),
        (113, arp(sll()), "arp"),
        (276, arp(sll2()), "arp"),
        (1, other(eth()), "other-ethertype"),
        (113, other(sll()), "other-ethertype"),
        (276, other(sll2()), "other-ethertype"),
        (113, vec![sll().llc()], "llc"),
        // AppleTalk, in either byte order.
        (
            0,
            vec![null(ByteOrder::Little).family(16).bytes(&[0; 20])],
            "other-ethertype",
        ),
        (
            108,
            vec![null(ByteOrder::Big).family(16).bytes(&[0; 20])],
            "other-ethertype",
        ),
        (1, vec![eth().cut(9)], "truncated-ethernet"),
        (113, vec![sll().arp().cut(15)], "truncated-ethernet"),
        (276, vec![sll2().arp().cut(19)], "truncated-ethernet"),
        (0, vec![null(ByteOrder::Big).arp().cut(3)], "truncated-ethernet"),
        (101, vec![raw().bytes(&[0x45])], "truncated-ip"),
        (101, vec![raw().bytes(&[0; 40])], "malformed-ip"),
        (
            113,
            vec![sll().vlan(7).ipv4("10.10.0.5", "10.20.0.11").tcp(1, 443).syn()],
            "flow",
        ),
        (
            0,
            vec![
                null(ByteOrder::Little)
                    .family(24)
                    .ipv6("fd00:10::5", "fd00:20::11")
                    .tcp(1, 443),
            ],
            "flow",
        ),
    ] {
        let format = Format {
            link,
            ..Format::default()
        };
        let replay = desk.replay_frames(format, &timed(frames))?;
        let met: Vec<_> = replay.outcomes.iter().collect();
        ensure!(
            met == [(&outcome.to_owned(), &1)],
            "link {link}: {met:?}, not {outcome}"
        );
    }
    Ok(())
}

#[test]
fn a_pipe_is_read_like_a_file() -> Result<()> {
    let desk = Desk::new()?;
    for format in formats(link_type::ETHERNET) {
        let frames = timed(conversations(eth));
        let piped = desk.replay_piped(&capture(format, &frames)?)?;
        let mut expected = desk.replay_frames(format, &frames)?;
        let mut answer = piped.answer()?.clone();
        ensure!(
            (piped.code, answer.capture.file.as_str()) == (0, "-"),
            "{piped:?}"
        );
        answer.capture.file.clone_from(&expected.capture.file);
        let key = |flow: &Flow| (flow.initiator.address, flow.initiator.port);
        answer.flows.sort_by_key(key);
        expected.flows.sort_by_key(key);
        ensure!(answer == expected, "{answer:#?}");
    }
    Ok(())
}

/// By the timeouts of a live gateway, and however long nothing at all was captured.
#[test]
fn a_port_pair_used_again_after_long_silence_is_a_new_flow() -> Result<()> {
    let desk = Desk::new()?;
    let open = || eth().ipv4("10.10.0.5", "10.20.0.11").tcp(50_000, 443);
    let answer = || eth().ipv4("10.20.0.11", "10.10.0.5").tcp(443, 50_000);
    let query = || eth().ipv4("10.10.0.5", "10.20.0.12").udp(40_001, 4011).payload(8);
    let year = 365 * 86_400;
    // Frames of the first use, seconds of silence, frames of the second; how many flows that is.
    for (first, silence_s, second, flows) in [
        // A SYN on a closed conversation begins another one at once. TCP that is not open is kept two minutes, open
        // TCP an hour, UDP three minutes.
        (vec![open().syn(), answer().rst().ack()], 1, vec![open().syn()], 2),
        (vec![open().syn()], 60, vec![open().syn()], 1),
        (vec![open().syn()], 150, vec![open().syn()], 2),
        (
            vec![open().ack(), answer().ack()],
            3000,
            vec![open().ack().payload(1)],
            1,
        ),
        (
            vec![open().ack(), answer().ack()],
            3700,
            vec![open().ack().payload(1)],
            2,
        ),
        (vec![query()], 100, vec![query()], 1),
        (vec![query()], 300, vec![query()], 2),
        (vec![query()], year, vec![query()], 2),
    ] {
        let mut frames = timed(first);
        let mut later = timed(second);
        for (at, _) in &mut later {
            *at += Duration::from_secs(silence_s);
        }
        frames.append(&mut later);
        let replay = desk.replay_frames(Format::default(), &frames)?;
        ensure!(
            replay.flows.len() == flows,
            "{silence_s} s of silence: {:#?}",
            replay.flows
        );
        let tallied: u64 = replay.verdicts.values().map(|tally| tally.flows).sum();
        ensure!(tallied == flows as u64, "{silence_s} s: {:?}", replay.verdicts);
    }
    Ok(())
}

#[test]
fn time_never_runs_backwards_and_that_is_said() -> Result<()> {
    let desk = Desk::new()?;
    let mut frames = timed(conversations(eth));
    frames[3].0 = BEGINS - Duration::from_secs(90);
    let file = desk.put("capture", &capture(Format::default(), &frames)?)?;
    let said = desk.replay(&file, &[])?;
    let answer = said.answer()?;
    ensure!(said.code == 0 && answer.flows.len() == 5, "{answer:#?}");
    let [problem] = answer.problems.as_slice() else {
        anyhow::bail!("{:?}", answer.problems);
    };
    ensure!(
        problem.contains("1 frames are dated up to 90.0 s before"),
        "{problem}"
    );
    ensure!(
        answer.flows.iter().all(|flow| flow.first_seen <= flow.last_seen),
        "{answer:#?}"
    );
    Ok(())
}

#[test]
fn filters_and_limits_choose_what_is_listed_and_the_table_names_the_nearest_rule() -> Result<()> {
    let desk = Desk::new()?;
    let file = desk.put(
        "capture",
        &capture(Format::default(), &timed(conversations(eth)))?,
    )?;
    let listed = |arguments: &[&str]| -> Result<usize> {
        let output = desk
            .command(&file, &[arguments, &["--format", "json"]].concat())
            .output()?;
        let replay: Replay = serde_json::from_slice(&output.stdout)?;
        Ok(replay.flows.len())
    };
    ensure!(listed(&["--verdict", "documented"])? == 3);
    ensure!(listed(&["--limit", "2"])? == 2);
    ensure!(listed(&["--role", "distribution-point-pxe"])? == 1);
    let output = desk.command(&file, &[]).output()?;
    let table = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "{output:?}");
    for expected in [
        "15 frames",
        "from 2023-11-14 22:13:20 to 2023-11-14 22:13:20 UTC",
        "client/management-point/https",
        "5 flows; ~> initiator inferred",
        "what nothing explains",
        "2 of 2 conversations",
    ] {
        ensure!(table.contains(expected), "{expected} in {table}");
    }
    let output = desk.command(&file, &["--verdict", "documentd"]).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.code() == Some(2), "{said}");
    ensure!(said.contains("did you mean \"documented\"?"), "{said}");
    Ok(())
}

#[test]
fn filters_hold_for_what_nothing_explains_and_limits_do_not() -> Result<()> {
    let desk = Desk::new()?;
    let file = desk.put(
        "capture",
        &capture(Format::default(), &timed(conversations(eth)))?,
    )?;
    // A flow to a port that nothing documents, and one of a stranger.
    for (arguments, lines) in [
        (&[][..], [true, true]),
        (&["--limit", "1"], [true, true]),
        (&["--verdict", "foreign"], [false, true]),
        (&["--role", "client"], [true, false]),
        (&["--verdict", "documented"], [false, false]),
    ] {
        let output = desk.command(&file, arguments).output()?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let told = said.split("what nothing explains").nth(1).unwrap_or_default();
        let found = ["tcp/4444", "10.10.99.9"].map(|what| told.contains(what));
        ensure!(found == lines, "{arguments:?}: {said}");
    }
    Ok(())
}
