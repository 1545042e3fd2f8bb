//! Translation by real nftables in a gateway of namespaces: what `[[nat]]` declares is one flow with the packets of both
//! ends, and what it does not declare shows as one-sided.

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use cmflow::answer::{Flow, Status};
use cmflow_tests::gateway_daemon::{Daemon, LIMIT, Plan};
use cmflow_tests::office::{BOTH, Office, SITE};
use cmflow_tests::replayed::{Desk, timed};
use cmflow_tests::traffic::{
    conversation, datagram_frame, ends, segment_frames, translated_conversation, translated_datagrams,
};
use xtask::capture::file::Format;
use xtask::frames::eth;
use xtask::lab::{FrameSocket, eventually};
use xtask::setup::programs;
use xtask::step::find_program;

/// DNAT of two virtual addresses, one of them to another port, and masquerade of one client.
const RULES: &str = r"
table ip translated {
    chain to_members {
        type nat hook prerouting priority dstnat;
        ip daddr 10.20.0.100 tcp dport 443 dnat to 10.20.0.11
        ip daddr 10.20.0.100 tcp dport 8443 dnat to 10.20.0.11:443
        ip daddr 10.20.0.101 dnat to 10.20.0.12
    }
    chain by_itself {
        type nat hook postrouting priority srcnat;
        ip saddr 10.10.0.6 oifname site masquerade
    }
}
table ip6 translated {
    chain to_members {
        type nat hook prerouting priority dstnat;
        ip6 daddr fd00:20::100 dnat to fd00:20::11
    }
}
";

const DECLARED: &str = r#"
[[nat]]
vip = "10.20.0.100:443"
members = ["10.20.0.11:443"]
[[nat]]
vip = "10.20.0.100:8443"
members = ["10.20.0.11:443"]
[[nat]]
vip = "10.20.0.101"
members = ["10.20.0.12"]
[[nat]]
vip = "fd00:20::100"
members = ["fd00:20::11"]
[[nat]]
self = "10.20.0.1"
members = ["10.20.0.11"]
hides = 1
"#;

/// Client, whom it asks, who answers, and the rule.
type Row = (&'static str, &'static str, &'static str, &'static str);

const HTTPS: &str = "client/management-point/https";
const TCP: [Row; 4] = [
    ("10.10.0.5:50001", "10.20.0.100:443", "10.20.0.11:443", HTTPS),
    ("10.10.0.5:50002", "10.20.0.100:8443", "10.20.0.11:443", HTTPS),
    (
        "[fd00:10::5]:50003",
        "[fd00:20::100]:443",
        "[fd00:20::11]:443",
        HTTPS,
    ),
    ("10.10.0.6:50004", "10.20.0.11:443", "10.20.0.11:443", HTTPS),
];
const UDP: Row = (
    "10.10.0.5:40001",
    "10.20.0.101:4011",
    "10.20.0.12:4011",
    "client/distribution-point-pxe/binl",
);
const DATAGRAMS: u64 = 7;
const PAYLOAD: usize = 100;

/// An office whose gateway translates; nothing, with the reason printed, where that cannot be had.
fn office() -> Result<Option<Office>> {
    let Some(office) = Office::open()? else {
        return Ok(None);
    };
    let brought = programs::bring(&[programs::NFT]).is_empty();
    let Some(nft) = find_program(programs::NFT.name).filter(|_| brought) else {
        ensure!(
            std::env::var_os("CI").is_none(),
            "CI translates with nftables, and it cannot be had"
        );
        println!("skipped: there is no nft, and Debian's package of it cannot be installed");
        return Ok(None);
    };
    let mut command = office.gateway().command(&nft.to_string_lossy());
    command.args(["-f", "-"]).stdin(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn()?;
    child
        .stdin
        .take()
        .context("a pipe")?
        .write_all(RULES.as_bytes())?;
    let output = child.wait_with_output()?;
    ensure!(
        output.status.success(),
        "nft: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(Some(office))
}

/// What came in by an interface from one end to another, frame by frame.
struct Ears {
    socket: FrameSocket,
}

impl Ears {
    fn on(office: &Office, interface: &str) -> Result<Self> {
        let socket = office.gateway().frames(interface)?;
        Ok(Self { socket })
    }

    /// Packets and bytes that came in between these ends so far.
    fn heard(&self, from: SocketAddr, to: SocketAddr) -> Result<(u64, u64)> {
        let mut heard = (0, 0);
        while let Some(frame) = self.socket.receive(Duration::from_millis(1))? {
            // It hears what leaves too.
            let came_in = frame.starts_with(&self.socket.address());
            if came_in && ends_of(&frame) == Some((from, to)) {
                heard.0 += 1;
                heard.1 += frame.len() as u64;
            }
        }
        Ok(heard)
    }
}

/// Sender and receiver of a frame of IPv4 or IPv6 without options.
fn ends_of(frame: &[u8]) -> Option<(SocketAddr, SocketAddr)> {
    fn read<const N: usize>(frame: &[u8], at: usize) -> Option<[u8; N]> {
        frame.get(at..at + N)?.try_into().ok()
    }
    let port = |at| read(frame, at).map(u16::from_be_bytes);
    match read(frame, 12)? {
        [0x08, 0x00] => {
            let end = |at, ports| Some(SocketAddr::from((read::<4>(frame, at)?, port(ports)?)));
            Some((end(26, 34)?, end(30, 36)?))
        }
        [0x86, 0xdd] => {
            let end = |at, ports| Some(SocketAddr::from((read::<16>(frame, at)?, port(ports)?)));
            Some((end(22, 54)?, end(38, 56)?))
        }
        _ => None,
    }
}

/// Where the answers to a client go: to itself, or to the gateway that asked in its stead.
fn answered_at(from: SocketAddr) -> SocketAddr {
    if from.ip().to_string() == "10.10.0.6" {
        SocketAddr::new([10, 20, 0, 1].into(), from.port())
    } else {
        from
    }
}

fn expect(flow: &Flow, row: &Row) -> Result<()> {
    let (from, asked) = ends(row.0, row.1)?;
    let end = |end: &cmflow::answer::FlowEnd| SocketAddr::new(end.address, end.port);
    ensure!(
        (end(&flow.initiator), end(&flow.responder)) == (from, asked),
        "{flow:#?}"
    );
    ensure!(
        (flow.verdict.as_str(), flow.state.as_str()) == ("documented", "answered") && flow.rules == [row.3],
        "{flow:#?}"
    );
    Ok(())
}

#[test]
fn a_declared_translation_is_one_flow_with_the_packets_of_both_ends() -> Result<()> {
    let Some(office) = office()? else { return Ok(()) };
    let daemon = Daemon::start(office.gateway(), &(SITE.to_owned() + DECLARED), &Plan::on(&BOTH))?;
    let ears = [Ears::on(&office, "client")?, Ears::on(&office, "site")?];
    let mut packets = 0;
    for row in &TCP {
        let (from, asked) = ends(row.0, row.1)?;
        let answers: SocketAddr = row.2.parse()?;
        let told = translated_conversation(&office, from, asked, answers)?;
        let counts = |flow: &Flow| (flow.forward.packets, flow.reverse.packets);
        let flow = daemon.flow(asked, |flow| counts(flow) == (told.sent, told.received));
        // Two clients ask the same: the one that is masqueraded asks the member itself.
        let flow = flow.with_context(|| format!("{} asks {}", row.0, row.1))?;
        expect(&flow, row)?;
        ensure!(flow.initiator_seen, "{flow:#?}");
        // What the gateway's interfaces carried, whatever sockets and daemon say.
        let heard = [
            ears[0].heard(from, asked)?,
            ears[1].heard(answers, answered_at(from))?,
        ];
        let counted = [flow.forward, flow.reverse].map(|count| (count.packets, count.bytes));
        ensure!(
            counted == heard,
            "{counted:?} counted, {heard:?} carried: {flow:#?}"
        );
        if told.again == 0 {
            ensure!(
                flow.forward.bytes == segment_frames(asked, told.sent, 8),
                "{flow:#?}"
            );
        }
        packets += told.sent + told.received;
        let of_client = daemon.flows(&["--address", &from.ip().to_string()])?;
        ensure!(
            of_client
                .iter()
                .filter(|one| one.initiator.port == from.port())
                .count()
                == 1,
            "{of_client:#?}"
        );
    }
    let (from, asked) = ends(UDP.0, UDP.1)?;
    translated_datagrams(&office, from, [asked, UDP.2.parse()?], DATAGRAMS, PAYLOAD)?;
    let flow = daemon.flow(asked, |flow| {
        (flow.forward.packets, flow.reverse.packets) == (DATAGRAMS, DATAGRAMS)
    })?;
    expect(&flow, &UDP)?;
    let bytes = DATAGRAMS * datagram_frame(asked, PAYLOAD);
    assert_eq!((flow.forward.bytes, flow.reverse.bytes), (bytes, bytes));
    packets += 2 * DATAGRAMS;

    let status = daemon.status()?;
    let documented = status.verdicts["documented"];
    assert_eq!(
        (documented.packets, documented.flows),
        (packets, 5),
        "{status:#?}"
    );
    let rules: Vec<_> = daemon
        .rules()?
        .rules
        .into_iter()
        .map(|rule| (rule.rule, rule.packets, rule.flows))
        .collect();
    let datagrams = 2 * DATAGRAMS;
    assert_eq!(
        rules,
        [
            (UDP.3.to_owned(), datagrams, 1),
            (HTTPS.to_owned(), packets - datagrams, 4)
        ]
    );
    ensure!(daemon.undocumented()?.undocumented.is_empty());
    for interface in &status.interfaces {
        assert_eq!(interface.one_sided_flows, 0, "{interface:#?}");
    }
    // The first packet of each came in from the clients.
    assert_eq!(interface(&status, "client")?.flows, 5);
    let text = String::from_utf8(daemon.ask(&["status"]).stdout)?;
    ensure!(!text.contains("[[nat]]"), "{text}");
    daemon.finish()
}

fn interface<'a>(status: &'a Status, name: &str) -> Result<&'a cmflow::answer::InterfaceStatus> {
    let found = status.interfaces.iter().find(|one| one.name == name);
    found.with_context(|| format!("{name}: {status:#?}"))
}

/// A capture of what came in by both interfaces of a gateway is counted as the gateway counts it.
#[test]
fn a_capture_of_both_halves_is_one_flow_where_the_translation_is_declared() -> Result<()> {
    const CLIENT: &str = "10.10.0.5";
    const MEMBER: &str = "10.20.0.11";
    const VIRTUAL: &str = "10.20.0.100";
    let asks = |to: &str| eth().ipv4(CLIENT, to).tcp(50_000, 8443);
    let answers = |to: &str| eth().ipv4(MEMBER, to).tcp(443, 50_000);
    let frames = timed(vec![
        asks(VIRTUAL).syn(),
        answers(CLIENT).syn().ack(),
        asks(VIRTUAL).ack().payload(100),
        answers(CLIENT).ack().payload(1000),
        // Nobody answers this one.
        eth().ipv4("10.10.0.6", VIRTUAL).tcp(50_000, 8443).syn(),
        // And this member was asked by itself.
        eth().ipv4(CLIENT, MEMBER).tcp(50_001, 443).syn(),
        eth().ipv4(MEMBER, CLIENT).tcp(443, 50_001).syn().ack(),
    ]);
    let desk = Desk::new()?;
    let told = |desk: &Desk| -> Result<(Vec<String>, u64)> {
        let said = desk.replay_frames(Format::default(), &frames)?;
        let flows = said.flows.iter().map(|flow| {
            let [initiator, responder] =
                [&flow.initiator, &flow.responder].map(|end| (end.address, end.port));
            format!(
                "{}:{} {}:{} {}+{} {} {}",
                initiator.0,
                initiator.1,
                responder.0,
                responder.1,
                flow.forward.packets,
                flow.reverse.packets,
                flow.state,
                flow.verdict
            )
        });
        let counted = said.verdicts.values().map(|tally| tally.flows).sum();
        Ok((flows.collect(), counted))
    };
    let (flows, counted) = told(&desk)?;
    assert_eq!((flows.len(), counted), (4, 4), "{flows:#?}");
    desk.put("site.toml", (SITE.to_owned() + DECLARED).as_bytes())?;
    let (flows, counted) = told(&desk)?;
    let expected = [
        "10.10.0.5:50001 10.20.0.11:443 1+1 unanswered documented",
        "10.10.0.5:50000 10.20.0.100:8443 2+2 answered documented",
        "10.10.0.6:50000 10.20.0.100:8443 1+0 unanswered documented",
    ];
    assert_eq!(flows, expected);
    assert_eq!(counted, 3);
    Ok(())
}

#[test]
fn an_undeclared_translation_shows_as_one_sided_flows_and_is_told_in_words() -> Result<()> {
    const EACH: u16 = 30;
    let Some(office) = office()? else { return Ok(()) };
    let roles = r#"management-point = ["10.20.0.11", "fd00:20::11"]"#;
    let site = SITE.replace(
        roles,
        r#"management-point = ["10.20.0.11", "fd00:20::11", "10.20.0.100"]"#,
    );
    ensure!(site != SITE, "the virtual address has its role");
    let daemon = Daemon::start(office.gateway(), &site, &Plan::on(&BOTH))?;
    let (asked, member) = ends("10.20.0.100:443", "10.20.0.11:443")?;
    let client = |port: u16| SocketAddr::new([10, 10, 0, 5].into(), port);
    for number in 0..EACH {
        translated_conversation(&office, client(51_000 + number), asked, member)?;
        conversation(&office, client(52_000 + number), member)?;
    }
    let each = u64::from(EACH);
    let status = eventually("all flows", LIMIT, || {
        let status = daemon.status()?;
        ensure!(interface(&status, "client")?.flows == 2 * each, "{status:#?}");
        ensure!(interface(&status, "site")?.flows == each, "{status:#?}");
        Ok(status)
    })?;
    let told = |name| -> Result<(u64, f64)> {
        let one = interface(&status, name)?;
        Ok((one.one_sided_flows, one.one_sided_share))
    };
    assert_eq!(
        told("client")?,
        (each, 50.0),
        "half of them are asked at the virtual address"
    );
    assert_eq!(
        told("site")?,
        (each, 100.0),
        "their answers are all that begins here"
    );
    assert_eq!(status.verdicts["documented"].flows, 3 * each, "each half counts");
    let text = String::from_utf8(daemon.ask(&["status"]).stdout)?;
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    ensure!(
        words.contains("of 50 % of the flows that came in by client") && words.contains("[[nat]]"),
        "{text}"
    );
    // Too few flows to say anything of the other interface.
    ensure!(!words.contains("came in by site"), "{text}");
    daemon.finish()
}
