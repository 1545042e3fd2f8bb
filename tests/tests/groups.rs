//! Groups, broadcasts and sides as `cmflow replay` and `cmflow explain` tell them.

use std::borrow::Cow;
use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Result, ensure};
use cmflow::account::{End, Flow, Totals};
use cmflow::catalogue::Catalogue;
use cmflow::compile::{Compiled, Machine, compile};
use cmflow::config;
use cmflow::explain::{Book, Question, Service};
use cmflow::findings::Findings;
use cmflow::replay::Replayed;
use cmflow::site::{InterfaceSide, Place, SiteModel};
use cmflow_common::address::Address;
use cmflow_common::flow::{FlowKey, FlowState, Selector};
use cmflow_common::gateway::Count;
use cmflow_common::verdict::VerdictId;
use cmflow_tests::binary::run;
use cmflow_tests::frames::{Frame, eth};
use cmflow_tests::replayed::{BEGINS, Desk, Tables, capture, timed};
use xtask::capture::file::{ByteOrder, Container, Format, Resolution, link_type};

const SITE: &str = r#"
companions = []
[networks]
internal = ["10.0.0.0/8", "fd00::/8"]
[roles]
client                       = ["10.10.0.0/16", "fd00:10::/64"]
distribution-point-pxe       = ["10.20.0.12", "fd00:20::12"]
distribution-point-multicast = ["10.20.0.13"]
site-server                  = ["10.30.0.5"]
"#;

const PCAP: Format = Format {
    container: Container::Pcap,
    byte_order: ByteOrder::Little,
    resolution: Resolution::Micro,
    link: link_type::ETHERNET,
    snap: None,
};

/// Clients are at eth1, behind which the gateway is 10.10.4.1/24.
fn compiled() -> Result<(Catalogue, SiteModel, Compiled)> {
    let catalogue = Catalogue::embedded()?;
    let mut site = config::parse(&catalogue, "site.toml", SITE)?.model;
    site.interfaces = vec![InterfaceSide {
        name: "eth1".to_owned(),
        role: catalogue.role("client").expect("a role"),
        place: Place {
            line: 12,
            ..Place::default()
        },
    }];
    let machine = Machine {
        addresses: vec!["10.10.4.1".parse()?],
        broadcasts: vec!["10.10.4.255".parse()?],
        interfaces: vec![("eth1".to_owned(), 7)],
    };
    let compiled = compile(&catalogue, &site, &machine, &[])?;
    Ok((catalogue, site, compiled))
}

fn from(host: &str, to: &str) -> Frame {
    eth().ipv4(host, to)
}

/// One packet, as no answer came; rules of the page, and what its tables say of answers.
#[test]
fn nobody_answers_a_group_nor_a_packet_that_wakes() -> Result<()> {
    let (_, site, compiled) = compiled()?;
    let tables = Tables::of(site, compiled);
    let table: [(Frame, &str, &str, &str); 10] = [
        (
            from("10.30.0.5", "10.10.9.9").udp(50_000, 9).payload(102),
            "documented",
            "client/client/wake-on-lan site-server/client/wake-on-lan",
            "no-answer-expected",
        ),
        (
            from("10.30.0.5", "10.10.4.255").udp(50_000, 9).payload(102),
            "documented",
            "client/client/wake-on-lan site-server/client/wake-on-lan",
            "no-answer-expected",
        ),
        (
            from("10.10.4.7", "10.10.4.255").udp(50_000, 8004).payload(60),
            "documented",
            "client/client/peer-cache-broadcast",
            "no-answer-expected",
        ),
        (
            from("10.10.4.7", "10.10.4.255").udp(137, 137).payload(60),
            "local",
            "",
            "no-answer-expected",
        ),
        // The end of the client network is a subnet's end too.
        (
            from("10.30.0.5", "10.10.255.255").udp(50_000, 7777).payload(60),
            "undocumented",
            "",
            "no-answer-expected",
        ),
        // Where TCP is spoken, somebody is meant.
        (
            from("10.30.0.5", "10.10.255.255").tcp(50_000, 7777).syn(),
            "undocumented",
            "",
            "unanswered",
        ),
        (
            from("10.10.4.7", "255.255.255.255").udp(68, 67).payload(240),
            "documented",
            "client/distribution-point-pxe/dhcp",
            "no-answer-expected",
        ),
        (
            from("10.20.0.13", "239.1.2.3").udp(50_000, 63_000).payload(900),
            "documented",
            "client/distribution-point-multicast/multicast",
            "no-answer-expected",
        ),
        // These are answered, and nobody did.
        (
            from("10.10.4.7", "10.10.9.9").udp(50_000, 25_536).payload(60),
            "documented",
            "client/client/wake-up-proxy",
            "unanswered",
        ),
        (
            from("10.10.4.7", "10.20.0.12").udp(68, 67).payload(240),
            "documented",
            "client/distribution-point-pxe/dhcp",
            "unanswered",
        ),
    ];
    for (frame, verdict, rules, state) in table {
        let (_, flows) = tables.play(&capture(PCAP, &timed(vec![frame]))?)?;
        ensure!(flows.len() == 1, "{flows:?}");
        let flow = &flows[0];
        let found = (&*flow.verdict, &*flow.rules.join(" "), &*flow.state);
        assert_eq!(found, (verdict, rules, state), "{flow:?}");
    }
    Ok(())
}

/// The PXE table and its text: a relay speaks for the client, and both are one conversation.
#[test]
fn relayed_dhcp_is_one_conversation_of_the_relay_and_the_server() -> Result<()> {
    let (_, site, compiled) = compiled()?;
    let tables = Tables::of(site, compiled);
    let frames = vec![
        from("10.10.9.1", "10.20.0.12").udp(67, 67).payload(300),
        from("10.20.0.12", "10.10.9.1").udp(67, 67).payload(300),
    ];
    let (_, flows) = tables.play(&capture(PCAP, &timed(frames))?)?;
    ensure!(flows.len() == 1, "{flows:?}");
    assert_eq!(flows[0].rules, ["client/distribution-point-pxe/dhcp"]);
    assert_eq!((&*flows[0].verdict, &*flows[0].state), ("documented", "answered"));
    Ok(())
}

/// The PXE table: whoever has no address yet, in a capture that was taken at a side.
#[test]
fn a_computer_without_an_address_gets_one() -> Result<()> {
    let (_, site, compiled) = compiled()?;
    let tables = Tables::of(site, compiled).at(Some("eth1"));
    let link = |from, to| eth().ipv6(from, to);
    for (frame, rule, initiator) in [
        (
            from("0.0.0.0", "255.255.255.255").udp(68, 67).payload(300),
            "client/distribution-point-pxe/dhcp",
            "0.0.0.0",
        ),
        (
            from("10.20.0.12", "255.255.255.255").udp(67, 68).payload(300),
            "client/distribution-point-pxe/dhcp",
            "10.20.0.12",
        ),
        (
            link("fe80::7", "ff02::1:2").udp(546, 547).payload(90),
            "client/distribution-point-pxe/dhcpv6",
            "fe80::7",
        ),
        (
            // An answer, so that its receiver is taken for the one that asked.
            link("fd00:20::12", "fe80::7").udp(547, 546).payload(90),
            "client/distribution-point-pxe/dhcpv6",
            "fe80::7",
        ),
    ] {
        // An hour after the capture began: a datagram is the first of its conversation then.
        let early = from("10.10.4.7", "10.10.9.9").icmp(8, 0).echo(1, 1).build();
        let frames = [
            (BEGINS, early),
            (BEGINS + Duration::from_secs(3600), frame.build()),
        ];
        let (_, flows) = tables.play(&capture(PCAP, &frames)?)?;
        let flow = flows.iter().find(|flow| flow.protocol == "udp");
        let flow = flow.expect("the datagram's flow");
        let found = (&*flow.verdict, &*flow.rules.join(" "));
        assert_eq!(found, ("documented", rule), "{flow:?}");
        assert_eq!(flow.initiator.address, initiator.parse::<IpAddr>()?);
    }
    Ok(())
}

/// The wake-up proxy's text: echo, which has no port, with its replies.
#[test]
fn an_echo_between_clients_is_one_flow_by_icmp() -> Result<()> {
    let (_, site, compiled) = compiled()?;
    let tables = Tables::of(site, compiled);
    let frames = vec![
        from("10.10.4.7", "10.10.9.9").icmp(8, 0).echo(1, 1),
        from("10.10.9.9", "10.10.4.7").icmp(0, 0).echo(1, 1),
        eth().ipv6("fd00:10::7", "fd00:10::8").icmp6(128, 0).echo(1, 1),
        eth().ipv6("fd00:10::8", "fd00:10::7").icmp6(129, 0).echo(1, 1),
    ];
    let (_, flows) = tables.play(&capture(PCAP, &timed(frames))?)?;
    ensure!(flows.len() == 2, "{flows:?}");
    for flow in flows {
        assert_eq!(flow.rules, ["client/client/wake-up-proxy-echo"]);
        assert_eq!(flow.basis.as_deref(), Some("icmp"));
        assert_eq!((flow.forward.packets, flow.reverse.packets), (1, 1));
        assert_eq!(&*flow.state, "answered");
    }
    Ok(())
}

/// `[interfaces]`: whoever has no address of their own at a side is who the site file says.
#[test]
fn explain_knows_who_is_at_a_side() -> Result<()> {
    let (catalogue, site, compiled) = compiled()?;
    let book = Book {
        catalogue: &catalogue,
        site: &site,
        compiled: &compiled,
    };
    let dhcp = "client/distribution-point-pxe/dhcp";
    let dhcpv6 = "client/distribution-point-pxe/dhcpv6";
    for (from, to, service, interface, verdict, rules) in [
        (
            "0.0.0.0",
            "255.255.255.255",
            "udp/67",
            Some("eth1"),
            "documented",
            dhcp,
        ),
        ("0.0.0.0", "255.255.255.255", "udp/67", None, "local", ""),
        ("0.0.0.0", "255.255.255.255", "udp/67", Some("eth2"), "local", ""),
        (
            "fe80::7",
            "ff02::1:2",
            "udp/547",
            Some("eth1"),
            "documented",
            dhcpv6,
        ),
        ("fe80::7", "ff02::1:2", "udp/547", None, "local", ""),
        (
            "fd00:20::12",
            "fe80::7",
            "udp/546",
            Some("eth1"),
            "documented",
            dhcpv6,
        ),
        (
            "169.254.9.9",
            "255.255.255.255",
            "udp/67",
            Some("eth1"),
            "documented",
            dhcp,
        ),
        // An address of its own goes before the side.
        (
            "10.20.0.12",
            "255.255.255.255",
            "udp/68",
            Some("eth1"),
            "documented",
            dhcp,
        ),
        (
            "10.99.0.1",
            "255.255.255.255",
            "udp/67",
            Some("eth1"),
            "local",
            "",
        ),
    ] {
        let question = Question {
            initiator: from.parse::<IpAddr>()?,
            responder: to.parse::<IpAddr>()?,
            service: service.parse::<Service>().map_err(anyhow::Error::msg)?,
            after: None,
        };
        let said = book.explain_at(&question, interface);
        let found = (said.verdict.kind.name(), said.verdict.rules.join(" "));
        assert_eq!(found, (verdict, rules.to_owned()), "{from} {to} {interface:?}");
        assert_eq!(
            said.initiator.address, question.initiator,
            "shown as it was asked"
        );
        if from == "0.0.0.0" && interface == Some("eth1") {
            let ground = &said.initiator.grounds[0];
            assert_eq!(said.initiator.roles, ["client"]);
            assert_eq!((ground.interface.as_deref(), ground.line), (Some("eth1"), 12));
            assert_eq!(
                said.reasons[0].counted_as,
                ["255.255.255.255 reaches every distribution-point-pxe that listens"]
            );
        }
    }
    Ok(())
}

/// What comes near a flow to a group, and why it does not fit.
#[test]
fn the_nearest_rule_knows_groups_and_sides() -> Result<()> {
    let (catalogue, site, compiled) = compiled()?;
    let book = Book {
        catalogue: &catalogue,
        site: &site,
        compiled: &compiled,
    };
    for (from, to, service, interface, rule, why) in [
        (
            "10.10.4.7",
            "239.1.2.3",
            "udp/5000",
            None,
            "client/distribution-point-multicast/multicast",
            "the rule has UDP 63000-64000, not UDP 5000",
        ),
        (
            "10.10.4.7",
            "239.1.2.3",
            "udp/69",
            None,
            "client/distribution-point-pxe/tftp",
            "239.1.2.3 is a multicast group, the rule needs \"distribution-point-pxe\"",
        ),
        (
            "fe80::7",
            "fe80::8",
            "tcp/443",
            Some("eth1"),
            "client/distribution-point/https",
            "a computer at eth1 is client, the rule needs \"distribution-point\"",
        ),
    ] {
        let question = Question {
            initiator: from.parse::<IpAddr>()?,
            responder: to.parse::<IpAddr>()?,
            service: service.parse::<Service>().map_err(anyhow::Error::msg)?,
            after: None,
        };
        let said = book.explain_at(&question, interface);
        let nearest = said.nearest.iter().find(|near| near.rule == rule);
        let words = nearest.map(|near| &*near.why_not);
        assert_eq!(words, Some(why), "{from} {to} {service}: {:?}", said.nearest);
    }
    Ok(())
}

/// A link-local end of a listed flow has the roles of its side.
#[test]
fn a_flow_of_whoever_is_at_a_side_is_told_with_its_role() -> Result<()> {
    let (_, site, compiled) = compiled()?;
    let [client, elsewhere, server] = ["fe80::7", "fe80::8", "fd00:20::12"]
        .map(|text| Address::from(text.parse::<IpAddr>().expect("an address")));
    let findings = Findings {
        compiled: &compiled,
        site: &site,
        verdicts: &[],
        flows: &[],
        totals: Cow::Owned(Totals::default()),
        moment: Replayed::moment(),
    };
    for (end, link, roles) in [(client, 7, &["client"][..]), (elsewhere, 8, &[])] {
        let key = FlowKey {
            low: server,
            high: end.on_link(link),
            selector: Selector::new(547, 546, 17, 0),
        };
        let [responder, initiator] = End::both(&key);
        let flow = findings.flow(&Flow {
            key,
            initiator,
            responder,
            initiator_seen: false,
            state: FlowState::Unanswered,
            verdict: VerdictId::LOCAL,
            forward: Count::default(),
            reverse: Count::default(),
            goes_on: false,
            bits: 0,
            interface_slot: 0,
            first_seen: 0,
            last_seen: 0,
        });
        assert_eq!(flow.initiator.roles, roles, "{flow:?}");
        assert_eq!(flow.initiator.address, IpAddr::from(end));
    }
    Ok(())
}

#[test]
fn an_interface_without_a_side_is_refused() -> Result<()> {
    let desk = Desk::new()?;
    let site = desk.put("plain.toml", SITE.as_bytes())?;
    let asked = ["explain", "--site", &site, "0.0.0.0", "255.255.255.255", "udp/67"];
    let output = run(&[&asked[..], &["--interface", "eth1"]].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    ensure!(
        said.contains("the site file says nothing of the interface \"eth1\"; add it, as in [interfaces] eth1 = \"client\""),
        "{said}"
    );
    Ok(())
}

/// `[interfaces]` in a replay: only a capture that was taken at a side has somebody there.
#[test]
fn replay_is_told_at_which_interface_a_capture_was_taken() -> Result<()> {
    let desk = Desk::new()?;
    desk.put(
        "site.toml",
        (SITE.to_owned() + "[interfaces]\neth1 = \"client\"\n").as_bytes(),
    )?;
    let frames = timed(vec![
        from("0.0.0.0", "255.255.255.255").udp(68, 67).payload(300),
        eth().ipv6("fe80::7", "ff02::1:2").udp(546, 547).payload(90),
    ]);
    let file = desk.put("starts.pcap", &capture(PCAP, &frames)?)?;
    let verdicts = |arguments: &[&str]| -> Result<Vec<String>> {
        let said = desk.replay(&file, arguments)?;
        let flows = &said.answer()?.flows;
        Ok(flows.iter().map(|flow| flow.verdict.clone()).collect())
    };
    assert_eq!(verdicts(&["--interface", "eth1"])?, ["documented", "documented"]);
    assert_eq!(verdicts(&[])?, ["local", "local"]);
    // SAFETY: the call takes nothing and cannot fail.
    if unsafe { libc::geteuid() } == 0 {
        assert_eq!(
            verdicts(&["--kernel", "--interface", "eth1"])?,
            ["documented", "documented"]
        );
        assert_eq!(verdicts(&["--kernel"])?, ["local", "local"]);
    }
    let refused = desk.replay(&file, &["--interface", "eth2"])?;
    ensure!(refused.is_refusal(), "{refused:?}");
    ensure!(refused.stderr.contains("did you mean \"eth1\"?"), "{refused:?}");
    Ok(())
}

/// 40 clients that do one thing are one line, in the table and in JSON.
#[test]
fn replay_tells_what_nothing_explains_by_roles() -> Result<()> {
    let desk = Desk::new()?;
    let knock = |number: u32| from(&format!("10.10.0.{}", 5 + number), "10.20.0.11").tcp(50_000, 4444);
    let frames = (0..40).map(|number| knock(number).syn()).collect();
    let file = desk.put("knocks.pcap", &capture(PCAP, &timed(frames))?)?;
    let said = desk.replay(&file, &[])?;
    let groups = &said.answer()?.groups;
    ensure!(groups.len() == 1, "{groups:?}");
    let group = &groups[0];
    assert_eq!((group.initiators, group.responders, group.flows), (40, 1, 40));
    assert_eq!(
        (&*group.protocol, group.port, &*group.verdict),
        ("tcp", 4444, "undocumented")
    );
    assert_eq!(group.initiator_roles, ["client"]);
    ensure!(group.nearest.is_some(), "{group:?}");
    let output = desk.command(&file, &[]).output()?;
    let text = String::from_utf8(output.stdout)?;
    ensure!(
        text.contains("the same by roles") && text.contains("40 client"),
        "{text}"
    );
    ensure!(text.contains("1 of 1 groups"), "{text}");
    Ok(())
}
