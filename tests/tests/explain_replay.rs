//! What `explain` says of a flow is what `replay` says of a conversation between those ends, whatever the site file.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use cmflow::catalogue::Catalogue;
use cmflow::compile::{Machine, compile};
use cmflow::config;
use cmflow::explain::{Book, Question, Service};
use cmflow_common::packet::protocol;
use cmflow_tests::frames::eth;
use cmflow_tests::replayed::{BEGINS, Tables, capture};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use xtask::capture::file::{ByteOrder, Container, Format, Resolution, link_type};
use xtask::capture::talk::{Ending, Talk, Transport};

/// Computers that a site file may give roles to.
const COMPUTERS: [&str; 9] = [
    "10.0.0.1", "10.0.0.2", "10.0.1.1", "10.0.1.2", "10.0.2.1", "10.0.2.2", "fd00::1", "fd00::2", "fd00::3",
];

/// Others: clients by their network, internal ones that nobody names, public ones, and groups.
const OTHERS: [&str; 12] = [
    "10.0.9.1",
    "10.0.9.2",
    "10.9.0.1",
    "52.1.2.3",
    "52.1.2.4",
    "239.1.2.3",
    "224.0.0.252",
    "255.255.255.255",
    "fd00:9::1",
    "2600::1",
    "ff02::1:3",
    "ff05::2",
];

const ROLES: [&str; 16] = [
    "client",
    "management-point",
    "distribution-point",
    "distribution-point-pxe",
    "distribution-point-multicast",
    "software-update-point",
    "site-server",
    "sql-server",
    "sms-provider",
    "fallback-status-point",
    "domain-controller",
    "global-catalog-domain-controller",
    "configuration-manager-console",
    "upstream-wsus-server",
    "reporting-services-point",
    "cmg-connection-point",
];

const COMPANIONS: [&str; 4] = [
    "windows-domain",
    "client-installation",
    "windows-update",
    "remote-administration",
];

/// Keys, each with two ports that may replace the documented one.
const PORTS: [(&str, [u16; 2]); 4] = [
    ("client-https", [8443, 443]),
    ("client-http", [8080, 10_123]),
    ("sql", [14_330, 1433]),
    ("client-notification", [443, 10_124]),
];

/// What holds or does not hold, or is not spoken of.
const CONDITIONS: [&str; 4] = [
    "wake-up",
    "remote-sql-installation",
    "internet-based-installation",
    "unc-shares",
];

/// Ports at which something may be documented, and some at which nothing is.
const TCP: [u16; 22] = [
    22, 53, 80, 88, 135, 139, 389, 443, 445, 636, 1433, 2701, 3268, 3389, 4022, 8003, 8080, 8443, 8530, 8531,
    10_123, 50_000,
];
const UDP: [u16; 14] = [
    9, 53, 67, 69, 88, 123, 137, 389, 443, 4011, 8004, 25_536, 500, 1434,
];

/// A site file, in words.
fn site() -> impl Strategy<Value = String> {
    let held = prop::collection::vec((subsequence(ROLES.to_vec(), 0..4), 0..3_usize), COMPUTERS.len());
    let ports = subsequence(PORTS.to_vec(), 0..3);
    let at = prop::collection::vec((0..3_usize, 0..2_usize), PORTS.len());
    let companions = subsequence(COMPANIONS.to_vec(), 0..=COMPANIONS.len());
    let own = prop::option::of((select(&TCP[..]), select(&UDP[..]), any::<bool>()));
    let conditions = prop::collection::btree_map(select(&CONDITIONS[..]), any::<bool>(), 0..3);
    let stated = (companions, conditions, subsequence(COMPUTERS.to_vec(), 0..4));
    (held, ports, at, stated, own, any::<bool>(), select(&["current", "2020-04", "2016-09"][..])).prop_map(
        |(held, ports, at, (companions, conditions, initiates), own, sites, edition)| {
            let mut text = format!("edition = \"{edition}\"\ncompanions = {companions:?}\n");
            for (id, holds) in conditions {
                writeln!(text, "conditions.{id} = {holds}").expect("a String takes everything");
            }
            writeln!(text, "options.site-server-initiates = {initiates:?}").expect("a String takes everything");
            let codes = ["CAS", "PR1", "PR2"];
            let mut changed = [const { String::new() }; 3];
            for ((key, choice), (level, which)) in ports.iter().zip(at) {
                write!(changed[level], "{key} = {}, ", choice[which]).expect("a String takes everything");
            }
            let table = |ports: &str| format!("{{ {} }}", ports.trim_end_matches(", "));
            writeln!(text, "ports = {}", table(&changed[0])).expect("a String takes everything");
            text += "custom-roles = { backup = { addresses = [\"10.0.0.2\", \"fd00::2\"] } }\n";
            text += "[networks]\ninternal = [\"10.0.0.0/8\", \"fd00::/8\"]\n";
            text += "[roles]\nclient = [\"10.0.9.0/24\", \"!10.0.9.2\", \"fd00:9::/64\"]\n";
            if sites {
                for (number, code) in codes.into_iter().enumerate() {
                    let parent = if number == 0 { "" } else { "parent = \"CAS\"\n" };
                    writeln!(text, "[[site]]\ncode = \"{code}\"\n{parent}ports = {}", table(&changed[number]))
                        .expect("a String takes everything");
                }
            }
            for (address, (roles, site)) in COMPUTERS.into_iter().zip(held) {
                if roles.is_empty() {
                    continue;
                }
                let site = if sites { format!("site = \"{}\"\n", codes[site]) } else { String::new() };
                writeln!(text, "[[host]]\nname = \"{address}\"\naddress = \"{address}\"\nroles = {roles:?}\n{site}")
                    .expect("a String takes everything");
            }
            if let Some((tcp, udp, either)) = own {
                writeln!(
                    text,
                    "[[rule]]\nid = \"own\"\nfrom = \"backup\"\nto = \"site-system\"\ntcp = [{tcp}]\nudp = [{udp}]\n\
                     icmp = true\neither = {either}\nwhy = \"CHG1\""
                )
                .expect("a String takes everything");
            }
            text
        },
    )
}

fn question() -> impl Strategy<Value = Question> {
    let all: Vec<&str> = COMPUTERS.iter().chain(&OTHERS).copied().collect();
    let service = prop_oneof![
        4 => select(&TCP[..]).prop_map(|port| Service { protocol: protocol::TCP, port }),
        2 => select(&UDP[..]).prop_map(|port| Service { protocol: protocol::UDP, port }),
        1 => Just(Service { protocol: protocol::ICMP, port: 0 }),
    ];
    (select(all.clone()), select(all), service).prop_filter_map(
        "a flow has two ends",
        |(from, to, service)| {
            let [initiator, responder] =
                [from, to].map(|text| text.parse::<IpAddr>().expect("an address in the test"));
            let possible = initiator.is_ipv4() == responder.is_ipv4() && initiator != responder;
            (possible && !initiator.is_multicast() && from != "255.255.255.255").then_some(Question {
                initiator,
                responder,
                service,
                after: None,
            })
        },
    )
}

/// The conversation as a capture.
fn held(question: &Question) -> Vec<u8> {
    let transport = match question.service.protocol {
        protocol::TCP => Transport::Tcp,
        protocol::UDP => Transport::Udp,
        _ => Transport::Echo,
    };
    let initiator = SocketAddr::new(question.initiator, 50_123);
    let responder = SocketAddr::new(question.responder, question.service.port);
    let mut talk = Talk::new(transport, initiator, responder, 1);
    if responder.ip().is_multicast() || responder.ip().to_string() == "255.255.255.255" {
        talk.ending = Ending::Silence;
    }
    // Long enough before it for the first datagram to name its sender whatever the ports: the capture had begun.
    let long_before = eth().arp().padded().build();
    let mut now = BEGINS + Duration::from_secs(200);
    let frames = talk.frames().into_iter().map(|seen| {
        now += seen.after;
        (now, seen.bytes)
    });
    let frames = std::iter::once((BEGINS, long_before)).chain(frames);
    let format = Format {
        container: Container::Pcap,
        byte_order: ByteOrder::Little,
        resolution: Resolution::Micro,
        link: link_type::ETHERNET,
        snap: None,
    };
    capture(format, &frames.collect::<Vec<_>>()).expect("memory takes everything")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn explain_says_what_replay_says(site in site(), questions in prop::collection::vec(question(), 48)) {
        let catalogue = Catalogue::embedded().expect("the built-in catalogue");
        let model = config::parse(&catalogue, "site.toml", &site)
            .unwrap_or_else(|problems| panic!("{problems}\n{site}"))
            .model;
        let compiled = compile(&catalogue, &model, &Machine::default(), &[]).expect("it compiles");
        let tables = Tables::of(model.clone(), compiled.clone());
        let book = Book { catalogue: &catalogue, site: &model, compiled: &compiled };
        for question in questions {
            let explained = book.explain(&question);
            let (_, flows) = tables.play(&held(&question)).expect("a capture");
            let Question { initiator, responder, service, .. } = question;
            let what = format!("{initiator} -> {responder} {service}\n{site}");
            prop_assert_eq!(flows.len(), 1, "{}", what);
            let flow = &flows[0];
            prop_assert_eq!(flow.initiator.address, initiator, "{}", what);
            prop_assert_eq!(&flow.verdict, explained.verdict.kind.name(), "{}", what);
            prop_assert_eq!(&flow.rules, &explained.verdict.rules, "{}", what);
            prop_assert_eq!(flow.basis.as_deref(), explained.verdict.basis.map(|basis| basis.name()), "{}", what);
            prop_assert_eq!(flow.initiator_seen, explained.initiator_seen, "{}", what);
            prop_assert_eq!(&flow.initiator.roles, &explained.initiator.roles, "{}", what);
            prop_assert_eq!(&flow.responder.roles, &explained.responder.roles, "{}", what);
            // Each rule is told with what stands beside it.
            prop_assert_eq!(explained.reasons.len(), explained.verdict.rules.len(), "{}", what);
        }
    }
}
