//! What becomes of a conversation, from nobody answers to half of it crossing elsewhere; and tagged frames.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use cmflow_tests::frames::{Frame, eth};
use cmflow_tests::gateway_daemon::{LIMIT, Plan};
use cmflow_tests::office::{BOTH, Office};
use cmflow_tests::traffic::{conversation, datagram_frame, datagrams, ends};
use xtask::lab::{Tier, wait_until};

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
    let stacks: [fn() -> Frame; 4] = [
        eth,
        || eth().vlan(30),
        || eth().service_vlan(10).vlan(30),
        || eth().service_vlan(1).service_vlan(2).vlan(3).vlan(4),
    ];
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let client = office.of("10.10.0.5:0".parse()?)?.frames(Tier::INTERFACE)?;
    for mode in ["native", "tcx"] {
        let daemon = office.run(&Plan::on(&BOTH).with(&["--mode", mode]))?;
        for (number, tagged) in stacks.iter().enumerate() {
            let port = 4000 + u16::try_from(number)?;
            let frame = tagged().ipv4("10.10.0.5", "10.20.0.12");
            let frame = frame.udp(40_000, port).payload(100).build();
            let count = 1 + number as u64;
            for _ in 0..count {
                client.send(&frame)?;
            }
            let to = SocketAddr::new("10.20.0.12".parse()?, port);
            let flow = daemon
                .flow(to, |flow| flow.forward.packets == count)
                .with_context(|| format!("{mode}, stack {number}"))?;
            assert_eq!(
                flow.forward.bytes,
                count * frame.len() as u64,
                "{mode}: {flow:#?}"
            );
            assert_eq!(flow.verdict, "undocumented", "{mode}: {flow:#?}");
        }
        let five = (1..=5).fold(eth(), Frame::vlan);
        client.send(&five.ipv4("10.10.0.5", "10.20.0.12").udp(1, 2).build())?;
        wait_until("the frame with five tags", LIMIT, || {
            daemon
                .status()
                .is_ok_and(|status| status.outcomes.get("too-many-tags") == Some(&1))
        })?;
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
