//! What hides ports (issue of the notes, "what hides ports"): between known computers it is `opaque` and named by
//! protocol, with a stranger it is `foreign`, and what can be seen behind an authentication header is used.

use anyhow::{Result, ensure};
use cmflow_tests::replayed::{Desk, timed};
use xtask::capture::file::Format;
use xtask::frames::{Frame, eth};

const CLIENT: &str = "10.10.0.5";
const STRANGER: &str = "10.10.99.9";
const POINT: &str = "10.20.0.11";
const CLIENT_V6: &str = "fd00:10::5";
const STRANGER_V6: &str = "fd00:10::99:9";
const POINT_V6: &str = "fd00:20::11";

/// What it is called, and what it puts behind the IP header.
type Row = (&'static str, fn(Frame) -> Frame);

const HIDING: [Row; 13] = [
    ("esp", Frame::esp),
    ("esp", |ip| ip.authentication(1).esp()),
    ("ike", |ip| ip.udp(500, 500).payload(40)),
    ("ike", |ip| ip.udp(50_000, 500).payload(40)),
    ("ike-nat-t", |ip| ip.udp(4500, 4500).payload(40)),
    ("gre", Frame::gre),
    ("ipip", |ip| {
        ip.ipv4("192.168.0.1", "192.168.0.2").tcp(50_000, 443).syn()
    }),
    ("6in4", |ip| ip.ipv6("fd99::1", "fd99::2").tcp(50_000, 443).syn()),
    ("vxlan", |ip| ip.udp(53_111, 4789).payload(60)),
    ("vxlan", |ip| ip.udp(53_111, 8472).payload(60)),
    ("geneve", |ip| ip.udp(53_111, 6081).payload(60)),
    ("l2tp", |ip| ip.udp(1701, 1701).payload(60)),
    ("ip-200", |ip| ip.protocol(200).payload(20)),
];

#[test]
fn what_hides_ports_is_named_between_known_computers_and_foreign_with_a_stranger() -> Result<()> {
    let desk = Desk::new()?;
    for (number, (name, hidden)) in HIDING.into_iter().enumerate() {
        let rows = [
            (eth().ipv4(CLIENT, POINT), true),
            (eth().ipv6(CLIENT_V6, POINT_V6), true),
            (eth().ipv4(STRANGER, POINT), false),
            (eth().ipv6(STRANGER_V6, POINT_V6), false),
        ];
        for (ip, known) in rows {
            let frames = timed(vec![hidden(ip.clone()), hidden(ip)]);
            let bytes: usize = frames.iter().map(|(_, frame)| frame.len()).sum();
            let said = desk.replay_frames(Format::default(), &frames)?;
            let verdict = if known { "opaque" } else { "foreign" };
            ensure!(said.flows.len() == 1, "{number} {name}: {said:#?}");
            ensure!(said.flows[0].verdict == verdict, "{number} {name}: {said:#?}");
            let told: Vec<_> = said
                .opaque
                .iter()
                .map(|one| (one.protocol.as_str(), one.packets, one.bytes, one.flows))
                .collect();
            let expected = if known {
                vec![(name, 2, bytes as u64, 1)]
            } else {
                vec![]
            };
            ensure!(told == expected, "{number} {name}: {told:?}");
        }
    }
    Ok(())
}

#[test]
fn each_protocol_is_counted_apart_and_told_to_people() -> Result<()> {
    let desk = Desk::new()?;
    let fragment = |number| {
        eth()
            .ipv4(CLIENT, POINT)
            .fragment(number, true)
            .protocol(17)
            .payload(64)
    };
    let ip = || eth().ipv4(CLIENT, POINT);
    let frames = timed(vec![
        ip().esp(),
        ip().udp(53_111, 4789).payload(10),
        ip().udp(53_112, 8472).payload(10),
        fragment(8),
        fragment(16),
        fragment(24),
    ]);
    let said = desk.replay_frames(Format::default(), &frames)?;
    let told: Vec<_> = said
        .opaque
        .iter()
        .map(|one| (one.protocol.as_str(), one.packets, one.flows))
        .collect();
    assert_eq!(told, [("esp", 1, 1), ("fragment", 3, 1), ("vxlan", 2, 2)]);
    let opaque = said.verdicts["opaque"];
    assert_eq!((opaque.packets, opaque.flows), (6, 4));
    assert_eq!(opaque.bytes, said.opaque.iter().map(|one| one.bytes).sum::<u64>());

    let text = desk
        .command(&desk.path("capture").to_string_lossy(), &[])
        .output()?;
    let text = String::from_utf8(text.stdout)?;
    let line = text.lines().find(|line| line.starts_with("ports hidden by: "));
    ensure!(
        line.is_some_and(|line| line.contains("esp 1 flow (1 packet") && line.contains("vxlan 2 flows")),
        "{text}"
    );
    Ok(())
}

#[test]
fn ports_behind_an_authentication_header_are_used() -> Result<()> {
    let desk = Desk::new()?;
    for (ip, to) in [
        (eth().ipv4(CLIENT, POINT), POINT),
        (eth().ipv6(CLIENT_V6, POINT_V6), POINT_V6),
    ] {
        for (port, verdict, rules) in [
            (443, "documented", &["client/management-point/https"][..]),
            (4444, "undocumented", &[]),
        ] {
            let frames = timed(vec![ip.clone().authentication(4).tcp(50_000, port).syn()]);
            let said = desk.replay_frames(Format::default(), &frames)?;
            let flow = &said.flows[0];
            ensure!(
                (flow.protocol.as_str(), flow.verdict.as_str()) == ("tcp", verdict) && flow.rules == rules,
                "{to} {port}: {flow:#?}"
            );
            ensure!(said.opaque.is_empty(), "{said:#?}");
        }
    }
    Ok(())
}

/// A documented or approved port wins, tunnel or not.
#[test]
fn a_rule_of_the_users_own_explains_a_tunnel() -> Result<()> {
    let desk = Desk::new()?;
    let rule = "\n[[rule]]\nid = \"overlay\"\nfrom = \"client\"\nto = \"management-point\"\nudp = [4789]\nwhy = \"CHG1\"\n";
    let site = std::fs::read_to_string(desk.path("site.toml"))?;
    desk.put("site.toml", (site + rule).as_bytes())?;
    let frames = timed(vec![
        eth().ipv4(CLIENT, POINT).udp(53_111, 4789).payload(60),
        eth().ipv4(POINT, "10.20.0.5").udp(53_111, 4789).payload(60),
    ]);
    let said = desk.replay_frames(Format::default(), &frames)?;
    let told: Vec<_> = said.flows.iter().map(|flow| flow.verdict.as_str()).collect();
    assert_eq!(told, ["approved", "opaque"]);
    assert_eq!((said.opaque.len(), said.opaque[0].packets), (1, 1));
    Ok(())
}
