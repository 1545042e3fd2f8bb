//! The traffic of an ordinary Windows network is not red: played as a capture, nothing of it is unexplained where the
//! site file says what is there. What administrators do stays visible until the site file names where they sit.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use cmflow::answer::UnexplainedGroup;
use cmflow::catalogue::Catalogue;
use cmflow::compile::{Machine, compile};
use cmflow::config;
use cmflow_tests::frames::{Frame, eth, raw};
use cmflow_tests::replayed::{BEGINS, Tables, capture};
use xtask::capture::file::{ByteOrder, Container, Format, Resolution, link_type};
use xtask::capture::talk::{Ending, Talk, Transport};

const DEFAULT: &str = "";
/// What the network of the test has beside a domain.
const ALL_THAT_IS_THERE: &str = "companions = [\"windows-domain\", \"client-installation\", \
                                 \"sql-availability-group\", \"windows-update\"]\n";
const WITH_ADMINISTRATORS: &str = "companions = [\"windows-domain\", \"client-installation\", \
                                   \"remote-administration\"]\n";

const SITE: &str = r#"
[networks]
internal = ["10.0.0.0/8", "fd00::/8"]
[roles]
client                    = ["10.10.0.0/16", "fd00:10::/64"]
management-point          = ["10.20.0.11", "fd00:20::11"]
distribution-point        = ["10.20.0.12"]
software-update-point     = ["10.20.0.13"]
site-server               = ["10.30.0.5"]
sql-server                = ["10.30.0.6", "10.30.0.7"]
domain-controller         = ["10.40.0.2", "10.40.0.3", "fd00:40::2"]
administrator-workstation = ["10.50.0.9"]
[custom-roles]
backup     = { addresses = ["10.9.9.10"] }
monitoring = { addresses = ["10.9.9.11"] }
[[rule]]
id   = "backup-agent"
from = "backup"
to   = "site-system"
tcp  = [10000]
why  = "CHG1234"
[[rule]]
id   = "monitoring-agent"
from = "monitoring"
to   = "member"
tcp  = [5666]
udp  = [161]
icmp = true
why  = "CHG1235"
"#;

const CLIENTS: [&str; 3] = ["10.10.4.7", "10.10.4.8", "10.10.5.9"];
const CLIENT_V6: &str = "fd00:10::7";
const MANAGEMENT_POINT: &str = "10.20.0.11";
const SITE_SYSTEMS: [&str; 3] = [MANAGEMENT_POINT, "10.20.0.12", "10.20.0.13"];
const SITE_SERVER: &str = "10.30.0.5";
const DATABASES: [&str; 2] = ["10.30.0.6", "10.30.0.7"];
const CONTROLLERS: [&str; 2] = ["10.40.0.2", "10.40.0.3"];
const CONTROLLER_V6: &str = "fd00:40::2";
const ADMINISTRATOR: &str = "10.50.0.9";
const BACKUP: &str = "10.9.9.10";
const MONITORING: &str = "10.9.9.11";
const ROUTER: &str = "10.99.0.1";

/// Frames in the order in which they crossed.
#[derive(Default)]
struct Wire {
    frames: Vec<(Duration, Vec<u8>)>,
    conversations: u16,
}

impl Wire {
    fn put(&mut self, frame: &Frame) {
        self.put_bytes(Duration::from_millis(1), frame.build());
    }

    fn put_bytes(&mut self, after: Duration, bytes: Vec<u8>) {
        let last = self.frames.last().map_or(BEGINS, |(at, _)| *at);
        self.frames.push((last + after, bytes));
    }

    /// A whole conversation, `tcp/445`, `udp/53` or `icmp`.
    fn talk(&mut self, from: &str, to: &str, service: &str) {
        self.conversations += 1;
        let (transport, port) = match service.split_once('/') {
            Some(("tcp", port)) => (Transport::Tcp, port),
            Some(("udp", port)) => (Transport::Udp, port),
            _ => (Transport::Echo, "0"),
        };
        let port: u16 = port.parse().expect("a port");
        let end = |text: &str, port| SocketAddr::new(text.parse::<IpAddr>().expect("an address"), port);
        // Windows asks for the time from the port that it asks.
        let asking = if service == "udp/123" {
            123
        } else {
            40_000 + self.conversations
        };
        let mut talk = Talk::new(
            transport,
            end(from, asking),
            end(to, port),
            self.conversations.into(),
        );
        talk.ending = Ending::Answered;
        for seen in talk.frames() {
            self.put_bytes(seen.after, seen.bytes);
        }
    }

    fn talk_all(&mut self, from: &str, to: &str, services: &str) {
        for service in services.split_whitespace() {
            self.talk(from, to, service);
        }
    }

    fn capture(&self) -> Vec<u8> {
        let format = Format {
            container: Container::Pcap,
            byte_order: ByteOrder::Little,
            resolution: Resolution::Micro,
            link: link_type::ETHERNET,
            snap: None,
        };
        capture(format, &self.frames).expect("memory takes everything")
    }
}

const ASKED_OF_CONTROLLERS: &str = "udp/53 tcp/53 udp/88 tcp/88 udp/464 tcp/464 udp/123 udp/389 tcp/389 tcp/445 \
                                    tcp/135 tcp/49670 tcp/60001 tcp/636 tcp/3268 icmp";

/// A day of it, without what Configuration Manager does.
fn ordinary() -> Wire {
    let mut wire = Wire::default();
    let servers = SITE_SYSTEMS.into_iter().chain([SITE_SERVER]).chain(DATABASES);
    let members = CLIENTS.into_iter().chain(servers.clone()).chain(CONTROLLERS);
    let others = [ADMINISTRATOR, BACKUP, MONITORING];
    for member in members.clone().chain(others) {
        for controller in CONTROLLERS.into_iter().filter(|one| *one != member) {
            wire.talk_all(member, controller, ASKED_OF_CONTROLLERS);
        }
    }
    wire.talk_all(CLIENT_V6, CONTROLLER_V6, ASKED_OF_CONTROLLERS);
    for client in CLIENTS {
        wire.talk_all(SITE_SERVER, client, "icmp tcp/445 tcp/135 tcp/49666 tcp/65535");
        wire.talk(client, SITE_SERVER, "tcp/445");
    }
    wire.talk(CLIENTS[0], CLIENTS[2], "tcp/7680");
    let [one, other] = DATABASES;
    wire.talk(one, other, "tcp/5022");
    wire.talk(other, one, "tcp/5022");
    for system in SITE_SYSTEMS {
        wire.talk(BACKUP, system, "tcp/10000");
    }
    for member in members {
        wire.talk_all(MONITORING, member, "tcp/5666 udp/161 icmp");
    }
    stays_on_its_link(&mut wire);
    errors(&mut wire);
    wire
}

/// What a gateway sees of a link and does not forward.
fn stays_on_its_link(wire: &mut Wire) {
    for host in ["10.10.4.7", "10.20.0.11", "10.30.0.6", "10.40.0.2"] {
        let to = |group: &str| eth().ipv4(host, group);
        wire.put(&to("224.0.0.252").udp(50_000, 5355).payload(30)); // LLMNR
        wire.put(&to("224.0.0.251").udp(5353, 5353).payload(30)); // mDNS
        wire.put(&to("239.255.255.250").udp(50_000, 1900).payload(90)); // SSDP
        wire.put(&to("239.255.255.250").udp(50_000, 3702).payload(90)); // WS-Discovery
        wire.put(&to("224.0.0.22").protocol(2).bytes(&[0x22; 16])); // IGMP
        wire.put(&to("255.255.255.255").udp(68, 67).payload(240));
    }
    for (host, broadcast) in [
        ("10.10.4.7", "10.10.4.255"),
        ("10.20.0.11", "10.20.0.255"),
        ("10.30.0.6", "10.30.0.255"),
        ("10.40.0.2", "10.40.0.255"),
    ] {
        wire.put(&eth().ipv4(host, broadcast).udp(137, 137).payload(50));
        wire.put(&eth().ipv4(host, broadcast).udp(138, 138).payload(200));
    }
    wire.put(
        &eth()
            .ipv4("10.20.0.2", "224.0.0.18")
            .protocol(112)
            .bytes(&[0x31; 20]),
    ); // VRRP
    let link = |to: &str| eth().ipv6("fe80::7", to);
    wire.put(&link("ff02::1:ff00:1").icmp6(135, 0).payload(20)); // neighbour solicitation
    wire.put(&link("ff02::2").icmp6(133, 0).payload(8)); // router solicitation
    wire.put(&link("ff02::16").icmp6(143, 0).payload(20)); // MLD
    wire.put(&link("ff02::1:3").udp(50_000, 5355).payload(30));
    wire.put(&link("ff02::fb").udp(5353, 5353).payload(30));
    wire.put(&link("ff02::1:2").udp(546, 547).payload(90)); // DHCPv6
}

/// Routers say that a packet was too big: of flows that are explained, so they are.
fn errors(wire: &mut Wire) {
    let sent = || raw().ipv4(CLIENTS[0], MANAGEMENT_POINT).tcp(50_900, 443);
    wire.put(&eth().ipv4(CLIENTS[0], MANAGEMENT_POINT).tcp(50_900, 443).syn());
    wire.put(&eth().ipv4(ROUTER, CLIENTS[0]).icmp(3, 4).quoting(&sent()));
    let sent = || raw().ipv6(CLIENT_V6, "fd00:20::11").tcp(50_901, 443);
    wire.put(&eth().ipv6(CLIENT_V6, "fd00:20::11").tcp(50_901, 443).syn());
    wire.put(&eth().ipv6("fd00:99::1", CLIENT_V6).icmp6(2, 0).quoting(&sent()));
}

/// What an administrator does to servers from a computer of the administrators.
fn administration() -> Wire {
    let mut wire = Wire::default();
    for server in [MANAGEMENT_POINT, SITE_SERVER, DATABASES[0]] {
        wire.talk_all(ADMINISTRATOR, server, "tcp/3389 tcp/5985 tcp/445");
    }
    wire
}

/// What stays unexplained where the site file names these companions.
fn groups(companions: &str, wire: &Wire) -> Vec<UnexplainedGroup> {
    let catalogue = Catalogue::embedded().expect("the built-in catalogue");
    let text = format!("{companions}{SITE}");
    let site = config::parse(&catalogue, "site.toml", &text)
        .expect("a sound site file")
        .model;
    let addresses = |list: &[&str]| -> Vec<IpAddr> {
        list.iter()
            .map(|text| text.parse().expect("an address"))
            .collect()
    };
    let machine = Machine {
        addresses: addresses(&["10.10.4.1", "10.20.0.1", "10.30.0.1", "10.40.0.1"]),
        broadcasts: addresses(&["10.10.4.255", "10.20.0.255", "10.30.0.255", "10.40.0.255"]),
        ..Machine::default()
    };
    let compiled = compile(&catalogue, &site, &machine, &[]).expect("it compiles");
    let tables = Tables::of(site, compiled);
    tables.groups(&wire.capture()).expect("a capture")
}

/// `client -> client tcp/7680 undocumented`, sorted.
fn lines(groups: &[UnexplainedGroup]) -> Vec<String> {
    let line = |group: &UnexplainedGroup| {
        let [from, to] = [&group.initiator_roles, &group.responder_roles].map(|roles| roles.join("+"));
        format!(
            "{from} -> {to} {}/{} {}",
            group.protocol, group.port, group.verdict
        )
    };
    let mut lines: Vec<_> = groups.iter().map(line).collect();
    lines.sort();
    lines
}

#[test]
fn nothing_of_an_ordinary_network_is_unexplained() {
    let left = groups(ALL_THAT_IS_THERE, &ordinary());
    assert_eq!(lines(&left), [""; 0]);
}

/// The companions that are on by default know nothing of availability groups and of updates from peers: what remains
/// is a handful of groups, and each names its companion's subject.
#[test]
fn by_default_little_of_it_is() {
    let left = groups(DEFAULT, &ordinary());
    assert_eq!(
        lines(&left),
        [
            "client -> client tcp/7680 undocumented",
            "sql-server -> sql-server tcp/5022 undocumented",
        ]
    );
    let databases = left.iter().find(|group| group.port == 5022).expect("a group");
    assert_eq!(
        (databases.flows, databases.initiators, databases.responders),
        (2, 2, 2)
    );
}

#[test]
fn administration_stays_visible_until_it_is_switched_on_for_its_sources() {
    let left = groups(DEFAULT, &administration());
    let servers = ["management-point", "site-server", "sql-server"];
    let mut expected: Vec<String> = Vec::new();
    for server in servers {
        for service in ["tcp/3389", "tcp/445", "tcp/5985"] {
            expected.push(format!(
                "administrator-workstation -> {server} {service} undocumented"
            ));
        }
    }
    assert_eq!(lines(&left), expected);
    let left = groups(WITH_ADMINISTRATORS, &administration());
    assert_eq!(lines(&left), [""; 0]);
    // On for the administrators' computers, and for no other.
    let mut wire = Wire::default();
    wire.talk_all(CLIENTS[0], DATABASES[0], "tcp/3389 tcp/5985 tcp/445");
    assert_eq!(
        lines(&groups(WITH_ADMINISTRATORS, &wire)),
        [
            "client -> sql-server tcp/3389 undocumented",
            "client -> sql-server tcp/445 undocumented",
            "client -> sql-server tcp/5985 undocumented",
        ]
    );
}
