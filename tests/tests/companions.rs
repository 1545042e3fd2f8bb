//! Companions from outside: which are on, and what they leave alone: traffic that does not cross a gateway.

use std::path::PathBuf;

use cmflow::catalogue::Catalogue;
use cmflow::compile::{Compiled, Machine, compile};
use cmflow::config;
use cmflow::kernel::Constants;
use cmflow_common::outcome::Outcome::{self, GroupMembership, NeighbourDiscovery};
use cmflow_common::verdict::VerdictKind::{self, Baseline, Local};
use cmflow_tests::binary::run;
use cmflow_tests::frames::{Frame, eth};
use cmflow_tests::slice_rig::SliceRig;
use serde_json::Value;

const SITE: &str = r#"
[networks]
internal = ["10.0.0.0/8", "fd00::/8"]
[roles]
client = ["10.10.0.0/16", "fd00:10::/64"]
management-point = ["10.20.0.11"]
domain-controller = ["10.40.0.2"]
"#;

const CLIENT: &str = "10.10.0.5";
const CLIENT_LINK: &str = "fe80::5";

/// A site file that goes when the test ends.
struct SiteFile(PathBuf);

impl SiteFile {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("cmflow-companions-{name}-{}.toml", std::process::id()));
        std::fs::write(&path, text).expect("a temporary file");
        Self(path)
    }
}

impl Drop for SiteFile {
    fn drop(&mut self) {
        // Left behind, it harms nobody.
        let _ = std::fs::remove_file(&self.0);
    }
}

fn companions_of(name: &str, text: &str) -> Vec<String> {
    let file = SiteFile::new(name, text);
    let path = file.0.to_str().expect("a path in UTF-8");
    let output = run(&["check", "--site", path, "--format", "json"]);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let meaning: Value = serde_json::from_slice(&output.stdout).expect("stdout is JSON");
    let companions = meaning["companions"].as_array().expect("a list");
    companions
        .iter()
        .map(|companion| companion.as_str().expect("a name").to_owned())
        .collect()
}

#[test]
fn two_companions_are_on_until_the_site_file_says_otherwise() {
    let default = companions_of("default", SITE);
    assert_eq!(default, ["windows-domain", "client-installation"]);
    let none = companions_of("none", &format!("companions = []\n{SITE}"));
    assert!(none.is_empty(), "{none:?}");
    let one = companions_of("one", &format!("companions = [\"windows-update\"]\n{SITE}"));
    assert_eq!(one, ["windows-update"]);
}

fn compiled() -> Compiled {
    let catalogue = Catalogue::embedded().expect("the built-in catalogue");
    let site = config::parse(&catalogue, "site.toml", SITE).expect("a sound site file");
    let gateway = "10.10.0.1".parse().expect("an address");
    let machine = Machine {
        addresses: vec![gateway],
        ..Machine::default()
    };
    compile(&catalogue, &site.model, &machine, &[]).expect("it compiles")
}

/// What comes of one frame.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    /// A packet of a flow, with that verdict.
    Flow(VerdictKind),
    /// Something else.
    Other(Outcome),
}
use Found::{Flow, Other};

fn found(compiled: &Compiled, frame: &Frame) -> Found {
    let rig = SliceRig::new(&compiled.tables, &Constants::default(), 4);
    rig.run(&frame.build());
    let counted = rig.counted();
    match counted.outcomes.keys().next() {
        Some(Outcome::Flow) => {
            let number = counted.verdicts.keys().next().expect("a flow has a verdict");
            Flow(compiled.verdicts[usize::from(*number)].kind)
        }
        Some(outcome) => Other(*outcome),
        None => panic!("a frame that nothing counted"),
    }
}

/// Windows computers fill a network with these; with companions on, none of them counts as explained or as not.
#[test]
fn what_does_not_cross_a_gateway_is_told_apart() {
    let compiled = compiled();
    let from = |to: &str| eth().ipv4(CLIENT, to);
    let from6 = |to: &str| eth().ipv6(CLIENT_LINK, to);
    let table = [
        (
            "LLMNR",
            from("224.0.0.252").udp(50000, 5355).payload(30),
            Flow(Local),
        ),
        (
            "LLMNR over IPv6",
            from6("ff02::1:3").udp(50000, 5355).payload(30),
            Flow(Local),
        ),
        (
            "mDNS",
            from("224.0.0.251").udp(5353, 5353).payload(30),
            Flow(Local),
        ),
        (
            "mDNS over IPv6",
            from6("ff02::fb").udp(5353, 5353).payload(30),
            Flow(Local),
        ),
        (
            "SSDP",
            from("239.255.255.250").udp(50000, 1900).payload(90),
            Flow(Local),
        ),
        (
            "SSDP over IPv6",
            from6("ff02::c").udp(50000, 1900).payload(90),
            Flow(Local),
        ),
        (
            "VRRP",
            eth()
                .ipv4("10.10.0.2", "224.0.0.18")
                .protocol(112)
                .bytes(&[0x31; 20]),
            Flow(Local),
        ),
        (
            "NetBIOS name, broadcast",
            from("255.255.255.255").udp(137, 137).payload(50),
            Flow(Local),
        ),
        (
            "NetBIOS datagram, broadcast",
            from("255.255.255.255").udp(138, 138).payload(90),
            Flow(Local),
        ),
        (
            "limited broadcast",
            from("255.255.255.255").udp(50000, 9999).payload(30),
            Flow(Local),
        ),
        (
            "DHCP without an address",
            eth().ipv4("0.0.0.0", "255.255.255.255").udp(68, 67).payload(90),
            Flow(Local),
        ),
        (
            "IGMP",
            from("224.0.0.22").protocol(2).bytes(&[0x22; 16]),
            Other(GroupMembership),
        ),
        (
            "MLD",
            from6("ff02::16").icmp6(143, 0).payload(20),
            Other(GroupMembership),
        ),
        (
            "neighbour solicitation",
            from6("ff02::1:ff00:1").icmp6(135, 0).payload(20),
            Other(NeighbourDiscovery),
        ),
        (
            "DNS at the gateway itself",
            from("10.10.0.1").udp(50000, 53).payload(30),
            Flow(Local),
        ),
        (
            "and what does cross: a domain controller asked for the time",
            from("10.40.0.2").udp(123, 123).payload(48),
            Flow(Baseline),
        ),
    ];
    for (what, frame, expected) in table {
        assert_eq!(found(&compiled, &frame), expected, "{what}");
    }
}
