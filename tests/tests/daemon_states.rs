//! What becomes of a conversation, from nobody answers to half of it crossing elsewhere; and tagged frames.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context as _, Result};
use cmflow_tests::gateway_daemon::Plan;
use cmflow_tests::office::{BOTH, Office};
use cmflow_tests::raw_frame::{Link, datagram};
use cmflow_tests::traffic::{conversation, datagram_frame, datagrams, ends};
use xtask::lab::Tier;

#[test]
fn nobody_answers() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let daemon = office.run(&Plan::on(&BOTH))?;
    let (from, to) = ends("10.10.0.5:40001", "10.20.0.12:4011")?;
    // Open, so that no ICMP says otherwise; but nobody reads it.
    let _silent = office.of(to)?.udp(to)?;
    office.of(from)?.udp(from)?.send_to(b"anybody?", to)?;
    let flow = daemon.flow(to, |flow| flow.forward.packets == 1)?;
    assert_eq!(flow.state, "unanswered", "{flow:#?}");
    assert_eq!((flow.reverse.packets, flow.reverse.bytes), (0, 0), "{flow:#?}");
    assert_eq!(flow.verdict, "documented", "a hit, if not a use: {flow:#?}");
    daemon.finish()
}

#[test]
fn an_unanswered_connection_is_answered_when_the_way_is_free() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let daemon = office.run(&Plan::on(&BOTH))?;
    let (from, to) = ends("10.10.0.5:50001", "10.20.0.11:443")?;
    // The gateway's own firewall would stand here: what it drops was counted before.
    office.gateway().ip("route add blackhole 10.20.0.11/32")?;
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| conversation(&office, from, to));
        let flow = daemon.flow(to, |flow| flow.forward.packets >= 1)?;
        assert_eq!(flow.state, "unanswered", "{flow:#?}");
        assert_eq!(
            (flow.verdict.as_str(), flow.initiator_seen),
            ("documented", true),
            "{flow:#?}"
        );
        office.gateway().ip("route del blackhole 10.20.0.11/32")?;
        let told = asking.join().expect("the conversation returns its errors")?;
        assert!(told.again >= 1, "the dropped SYN is sent again: {told:?}");
        let flow = daemon.flow(to, |flow| flow.forward.packets == told.sent)?;
        assert_eq!(flow.state, "answered", "{flow:#?}");
        anyhow::Ok(())
    })?;
    daemon.finish()
}

#[test]
fn a_closed_port_refuses() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let daemon = office.run(&Plan::on(&BOTH))?;
    for (from, to) in [
        ("10.10.0.5:0", "10.20.0.11:443"),
        ("[fd00:10::5]:0", "[fd00:20::11]:10123"),
    ] {
        let (from, to) = ends(from, to)?;
        office
            .of(from)?
            .tcp_connect(from, to)
            .expect_err("nothing listens there");
        let flow = daemon.flow(to, |flow| flow.reverse.packets == 1)?;
        assert_eq!(
            (flow.state.as_str(), flow.verdict.as_str()),
            ("refused", "documented"),
            "{flow:#?}"
        );
        assert_eq!(flow.forward.packets, 1, "{flow:#?}");
    }
    // For UDP the refusal is an ICMP error, credited to the flow that it quotes.
    for (from, to) in [
        ("10.10.0.5:40001", "10.20.0.12:4011"),
        ("[fd00:10::5]:40001", "[fd00:20::12]:69"),
    ] {
        let (from, to) = ends(from, to)?;
        office.of(from)?.udp(from)?.send_to(b"anybody?", to)?;
        let flow = daemon.flow(to, |flow| flow.reverse.packets == 1)?;
        assert_eq!(
            (flow.state.as_str(), flow.verdict.as_str()),
            ("refused", "documented"),
            "{flow:#?}"
        );
        let protocols: Vec<_> = daemon
            .flows(&["--verdict", "documented"])?
            .into_iter()
            .map(|flow| flow.protocol)
            .filter(|protocol| protocol.starts_with("icmp"))
            .collect();
        assert_eq!(protocols, [""; 0], "an error is no flow of its own");
    }
    daemon.finish()
}

#[test]
fn a_group_is_not_expected_to_answer() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let daemon = office.run(&Plan::on(&BOTH))?;
    let (from, to) = ends("10.10.0.5:40001", "239.10.10.10:63000")?;
    let socket = office.of(from)?.udp(from)?;
    for _ in 0..3 {
        socket.send_to(b"all of you", to)?;
    }
    let flow = daemon.flow(to, |flow| flow.forward.packets == 3)?;
    assert_eq!(flow.state, "no-answer-expected", "{flow:#?}");
    assert_eq!(flow.forward.bytes, 3 * datagram_frame(to, 10), "{flow:#?}");
    daemon.finish()
}

#[test]
fn half_a_conversation_is_one_sided() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let (from, to) = ends("10.10.0.5:50001", "10.20.0.11:443")?;
    for (interface, forward) in [("client", true), ("site", false)] {
        let daemon = office.run(&Plan::on(&[interface]))?;
        let told = conversation(&office, from, to)?;
        let (sent, received) = if forward {
            (told.sent, 0)
        } else {
            (0, told.received)
        };
        let flow = daemon.flow(to, |flow| {
            (flow.forward.packets, flow.reverse.packets) == (sent, received)
        })?;
        assert_eq!(flow.state, "one-sided", "{interface}: {flow:#?}");
        assert_eq!(
            flow.initiator.port, 50001,
            "a SYN-ACK tells the initiator too: {flow:#?}"
        );
        assert_eq!(
            (flow.verdict.as_str(), flow.initiator_seen),
            ("documented", true),
            "{flow:#?}"
        );
        daemon.finish()?;
    }
    Ok(())
}

#[test]
fn what_is_for_the_gateway_itself_is_local() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let daemon = office.run(&Plan::on(&BOTH))?;
    let (from, to) = ends("10.10.0.5:40001", "10.10.0.1:5555")?;
    let _silent = office.gateway().udp(to)?;
    office.of(from)?.udp(from)?.send_to(b"you there?", to)?;
    let flow = daemon.flow(to, |flow| flow.forward.packets == 1)?;
    assert_eq!(flow.verdict, "local", "{flow:#?}");
    daemon.finish()
}

#[test]
fn tagged_frames_are_flows_like_others() -> Result<()> {
    const C_TAG: u16 = 0x8100;
    const S_TAG: u16 = 0x88a8;
    let stacks: [&[(u16, u16)]; 4] = [
        &[],
        &[(C_TAG, 30)],
        &[(S_TAG, 10), (C_TAG, 30)],
        &[(S_TAG, 1), (S_TAG, 2), (C_TAG, 3), (C_TAG, 4)],
    ];
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    for mode in ["native", "tcx"] {
        let daemon = office.run(&Plan::on(&BOTH).with(&["--mode", mode]))?;
        let client = office.of("10.10.0.5:0".parse()?)?.frames(Tier::INTERFACE)?;
        let gateway = office.gateway().frames("client")?.address();
        for (number, tags) in stacks.iter().enumerate() {
            let link = Link {
                to: gateway,
                from: client.address(),
                tags,
            };
            let port = 40_000 + u16::try_from(number)?;
            let frame = datagram(
                link,
                (Ipv4Addr::new(10, 10, 0, 5), port),
                (Ipv4Addr::new(10, 20, 0, 12), 4011),
                &[7; 100],
            );
            for _ in 0..=number {
                client.send(&frame)?;
            }
            let expected = (1 + number as u64, (1 + number as u64) * frame.len() as u64);
            let initiator = SocketAddr::new("10.10.0.5".parse()?, port);
            let counted = || -> Result<_> {
                let flows = daemon.flows(&["--address", "10.10.0.5"])?;
                let mine = flows.into_iter().find(|flow| {
                    (flow.initiator.address, flow.initiator.port) == (initiator.ip(), initiator.port())
                });
                mine.context("no such flow")
            };
            let flow = xtask::lab::eventually("the frames", cmflow_tests::gateway_daemon::LIMIT, || {
                let flow = counted()?;
                anyhow::ensure!(
                    (flow.forward.packets, flow.forward.bytes) == expected,
                    "{mode}, {tags:x?}, expected {expected:?}: {flow:#?}"
                );
                Ok(flow)
            })?;
            assert_eq!(flow.verdict, "documented", "{mode}, {tags:x?}: {flow:#?}");
        }
        let five = [(C_TAG, 1); 5];
        let link = Link {
            to: gateway,
            from: client.address(),
            tags: &five,
        };
        let ends = [Ipv4Addr::new(10, 10, 0, 5), Ipv4Addr::new(10, 20, 0, 12)];
        client.send(&datagram(link, (ends[0], 1), (ends[1], 2), b""))?;
        xtask::lab::wait_until(
            "the frame with five tags",
            cmflow_tests::gateway_daemon::LIMIT,
            || {
                daemon
                    .status()
                    .is_ok_and(|status| status.outcomes.get("too-many-tags") == Some(&1))
            },
        )?;
        daemon.finish()?;
    }
    Ok(())
}

#[test]
fn a_flow_is_one_however_often_it_is_used() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let daemon = office.run(&Plan::on(&BOTH))?;
    let (from, to) = ends("10.10.0.5:40001", "10.20.0.12:4011")?;
    for _ in 0..3 {
        datagrams(&office, from, to, 4, 64)?;
    }
    let flow = daemon.flow(to, |flow| flow.reverse.packets == 12)?;
    assert_eq!(
        (flow.forward.packets, flow.state.as_str()),
        (12, "answered"),
        "{flow:#?}"
    );
    assert_eq!(daemon.rules()?.rules[0].flows, 1);
    daemon.finish()
}
