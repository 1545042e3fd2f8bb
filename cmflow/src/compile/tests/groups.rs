//! Groups, broadcasts and sides: the tables of PXE, multicast, peer cache and waking up, and notes on them.

use std::net::IpAddr;

use cmflow_common::address::Address;
use cmflow_common::verdict::VerdictKind;
use cmflow_common::verdict::VerdictKind::{Baseline, Documented, Foreign, Local, Reversed, Undocumented};

use super::{Pair, address};
use crate::catalogue::Catalogue;
use crate::compile::{Compiled, Machine, compile};
use crate::config;
use crate::site::{InterfaceSide, Place};

const SITE: &str = r#"
[networks]
internal = ["10.0.0.0/8", "fd00::/8"]
[roles]
client                       = ["10.10.0.0/16", "10.11.7.0/24", "10.12.0.0/31", "fd00:10::/64"]
management-point             = ["10.20.0.11"]
distribution-point-pxe       = ["10.20.0.12", "fd00:20::12"]
distribution-point-multicast = ["10.20.0.13"]
site-server                  = ["10.30.0.5"]
domain-controller            = ["10.40.0.2"]
"#;

const DHCP: &[&str] = &["client/distribution-point-pxe/dhcp"];
const DHCPV6: &[&str] = &["client/distribution-point-pxe/dhcpv6"];
const MULTICAST: &[&str] = &["client/distribution-point-multicast/multicast"];
const PEER_CACHE: &[&str] = &["client/client/peer-cache-broadcast"];
/// A site server is a managed computer too.
const WOKEN_BY_SITE: &[&str] = &["client/client/wake-on-lan", "site-server/client/wake-on-lan"];
const WOKEN_BY_CLIENT: &[&str] = &["client/client/wake-on-lan"];
const ECHO: &[&str] = &["client/client/wake-up-proxy-echo"];

/// The gateway is 10.10.0.1/24 at eth1, where clients are, and 10.20.0.1/24 at eth2.
fn compiled(text: &str, edition: &str) -> Compiled {
    let catalogue = Catalogue::embedded().expect("the built-in catalogue");
    let text = format!("edition = \"{edition}\"\n{text}");
    let mut site = config::parse(&catalogue, "site.toml", &text)
        .expect("a sound site file")
        .model;
    site.interfaces = vec![InterfaceSide {
        name: "eth1".to_owned(),
        role: catalogue.role("client").expect("a role"),
        place: Place::default(),
    }];
    let machine = Machine {
        addresses: ["10.10.0.1", "10.20.0.1", "fe80::a"].map(address).to_vec(),
        broadcasts: ["10.10.0.255", "10.20.0.255"].map(address).to_vec(),
        interfaces: vec![
            ("lo".to_owned(), 1),
            ("eth1".to_owned(), 2),
            ("eth2".to_owned(), 3),
        ],
    };
    compile(&catalogue, &site, &machine, &[]).expect("it compiles")
}

/// Flows as `from to protocol/port`; `@2` is whoever is at the interface of that number without an address of its own.
fn check(compiled: &Compiled, cases: &[(&str, VerdictKind, &[&str])]) {
    let end = |text: &str| match text.strip_prefix('@') {
        Some(number) => IpAddr::from(Address::side(number.parse().expect("a number"))),
        None => address(text),
    };
    for (flow, kind, rules) in cases {
        let words: Vec<_> = flow.split_whitespace().collect();
        let (protocol, port) = words[2].split_once('/').expect("protocol/port");
        let protocol = match protocol {
            "tcp" => 6,
            "udp" => 17,
            "icmp" => 1,
            "icmpv6" => 58,
            other => panic!("{other}"),
        };
        let pair = Pair::new(compiled, end(words[0]), end(words[1]));
        let id = pair.judged(protocol, port.parse().expect("a port"), true);
        let verdict = compiled.verdict(id).expect("every verdict has its entry");
        let found: Vec<_> = verdict.rules.iter().map(String::as_str).collect();
        assert_eq!((verdict.kind, found.as_slice()), (*kind, *rules), "{flow}");
    }
}

#[test]
fn pxe_table_dhcp_is_broadcast_and_relayed_and_sent_from_both_ends() {
    // A domain controller may offer addresses as a Windows server; here none does.
    let site = SITE.replace("domain-controller ", "time-server ");
    for edition in ["2016-09", "2018-02", "2020-04", "current"] {
        check(
            &compiled(&site, edition),
            &[
                // Without an address yet, at a client side; the same elsewhere is nobody.
                ("@2 255.255.255.255 udp/67", Documented, DHCP),
                ("@3 255.255.255.255 udp/67", Local, &[]),
                ("0.0.0.0 255.255.255.255 udp/67", Local, &[]),
                ("10.10.4.7 255.255.255.255 udp/67", Documented, DHCP),
                // Offers go to everybody, or to the address that is offered.
                ("10.20.0.12 255.255.255.255 udp/68", Documented, DHCP),
                ("10.20.0.12 10.10.4.7 udp/68", Documented, DHCP),
                ("10.10.4.7 10.20.0.12 udp/67", Documented, DHCP),
                // A relay in a client network, and the answer to it: both at 67.
                ("10.10.4.1 10.20.0.12 udp/67", Documented, DHCP),
                ("10.20.0.12 10.10.4.1 udp/67", Documented, DHCP),
                // Boot information, either way; TFTP is asked for by the client alone (note 4 has its answers).
                (
                    "10.10.4.7 10.20.0.12 udp/4011",
                    Documented,
                    &["client/distribution-point-pxe/binl"],
                ),
                (
                    "10.20.0.12 10.10.4.7 udp/4011",
                    Documented,
                    &["client/distribution-point-pxe/binl"],
                ),
                (
                    "10.20.0.12 10.10.4.7 udp/69",
                    Reversed,
                    &["client/distribution-point-pxe/tftp"],
                ),
                // Not printed for a group: still local.
                ("@2 255.255.255.255 udp/4011", Local, &[]),
                // Another server that offers addresses is none of the page's.
                ("10.20.0.11 10.10.4.7 udp/68", Undocumented, &[]),
            ],
        );
    }
}

#[test]
fn pxe_table_dhcpv6_asks_all_relays_and_servers_in_the_current_edition() {
    check(
        &compiled(SITE, "current"),
        &[
            ("@2 ff02::1:2 udp/547", Documented, DHCPV6),
            ("@3 ff02::1:2 udp/547", Local, &[]),
            ("fd00:10::7 ff05::1:3 udp/547", Documented, DHCPV6),
            ("fd00:20::12 fd00:10::7 udp/546", Documented, DHCPV6),
            ("fd00:20::12 @2 udp/546", Documented, DHCPV6),
            // A relay is answered at the port that it asks.
            ("fd00:10::1 fd00:20::12 udp/547", Documented, DHCPV6),
            ("fd00:20::12 fd00:10::1 udp/547", Documented, DHCPV6),
            // A client asks no client port, and other groups are no DHCPv6.
            ("fd00:10::7 fd00:20::12 udp/546", Undocumented, &[]),
            ("@2 ff02::1:3 udp/547", Local, &[]),
            ("fd00:10::7 ff05::1:2 udp/547", Foreign, &[]),
        ],
    );
    check(
        &compiled(SITE, "2020-04"),
        &[("@2 ff02::1:2 udp/547", Local, &[])],
    );
}

#[test]
fn erratum_15_multicast_goes_to_any_group_from_both_ends() {
    check(
        &compiled(SITE, "current"),
        &[
            ("10.20.0.13 239.1.1.1 udp/63000", Documented, MULTICAST),
            ("10.10.4.7 239.1.1.1 udp/64000", Documented, MULTICAST),
            ("10.20.0.13 224.0.1.7 udp/63500", Documented, MULTICAST),
            // Never reversed.
            ("10.20.0.13 10.10.4.7 udp/63000", Documented, MULTICAST),
            ("10.10.4.7 10.20.0.13 udp/63000", Documented, MULTICAST),
            // The sender's roles and the port decide.
            ("10.20.0.12 239.1.1.1 udp/63000", Documented, MULTICAST),
            ("10.40.0.2 239.1.1.1 udp/63000", Foreign, &[]),
            ("10.20.0.13 239.1.1.1 udp/64001", Foreign, &[]),
            ("10.20.0.13 224.0.0.251 udp/5353", Local, &[]),
        ],
    );
}

#[test]
fn clients_wake_and_ask_their_subnet() {
    check(
        &compiled(SITE, "current"),
        &[
            ("10.10.0.7 255.255.255.255 udp/8004", Documented, PEER_CACHE),
            ("10.10.0.7 10.10.0.255 udp/8004", Documented, PEER_CACHE),
            ("10.10.0.7 10.10.0.8 udp/8004", Documented, PEER_CACHE),
            ("10.40.0.2 10.10.0.255 udp/8004", Local, &[]),
            // Wake on LAN: to a computer, to the subnet, to a subnet that is not the gateway's.
            ("10.30.0.5 10.10.4.7 udp/9", Documented, WOKEN_BY_SITE),
            ("10.30.0.5 10.10.0.255 udp/9", Documented, WOKEN_BY_SITE),
            ("10.30.0.5 10.11.7.255 udp/9", Documented, WOKEN_BY_SITE),
            ("10.10.0.7 10.10.0.255 udp/9", Documented, WOKEN_BY_CLIENT),
            // Whatever else goes to a subnet of the gateway's own stays there.
            ("10.30.0.5 10.10.0.255 udp/137", Local, &[]),
            ("10.20.0.11 10.20.0.255 udp/138", Local, &[]),
            // Of another one, what the client network says: it crosses.
            ("10.30.0.5 10.11.7.255 udp/7777", Undocumented, &[]),
            // Two addresses are no subnet with a broadcast.
            ("10.10.0.7 10.12.0.1 udp/8004", Documented, PEER_CACHE),
        ],
    );
    let elsewhere = compiled(SITE, "2018-02");
    check(&elsewhere, &[("10.10.0.7 10.10.0.255 udp/8004", Local, &[])]);
    let two = |text: &str| elsewhere.class(address(text).into()).group;
    assert_eq!((two("10.12.0.1"), two("10.10.4.255")), (None, None));
}

/// The wake-up proxy's text, beside the table of clients: ICMP echo, which has no port.
#[test]
fn the_wake_up_proxy_asks_by_echo_in_both_families() {
    use crate::compile::Basis;
    let compiled = compiled(SITE, "current");
    check(
        &compiled,
        &[
            ("10.10.4.7 10.10.4.8 icmp/0", Documented, ECHO),
            ("fd00:10::7 fd00:10::8 icmpv6/0", Documented, ECHO),
            ("10.10.4.7 10.20.0.12 icmp/0", Undocumented, &[]),
        ],
    );
    for (from, to, protocol) in [("10.10.4.7", "10.10.4.8", 1), ("fd00:10::7", "fd00:10::8", 58)] {
        let id = Pair::new(&compiled, address(from), address(to)).judged(protocol, 0, true);
        assert_eq!(
            compiled.verdict(id).and_then(|verdict| verdict.basis),
            Some(Basis::Icmp)
        );
    }
    let denied = super::compile_text(&format!("conditions.wake-up = false\n{SITE}"));
    let id = Pair::new(&denied, address("10.10.4.7"), address("10.10.4.8")).judged(1, 0, true);
    assert_eq!(denied.verdict(id).map(|verdict| verdict.kind), Some(Undocumented));
}

/// Note 2: a changed port replaces the documented one, and toward a group it is the sender's site that says which.
#[test]
fn note_2_the_port_of_a_group_is_the_senders() {
    let site = "[networks]\ninternal = [\"10.0.0.0/8\"]\n\
                [[site]]\ncode = \"CAS\"\n\
                [[site]]\ncode = \"PR1\"\nparent = \"CAS\"\nclients = [\"10.10.0.0/16\"]\nports = { wake-on-lan = 7 }\n\
                [[site]]\ncode = \"PR2\"\nparent = \"CAS\"\nclients = [\"10.13.0.0/16\"]\n";
    check(
        &compiled(site, "current"),
        &[
            ("10.10.4.7 255.255.255.255 udp/7", Documented, WOKEN_BY_CLIENT),
            ("10.10.4.7 255.255.255.255 udp/9", Local, &[]),
            ("10.13.4.7 255.255.255.255 udp/9", Documented, WOKEN_BY_CLIENT),
            ("10.13.4.7 255.255.255.255 udp/7", Local, &[]),
        ],
    );
}

/// A group reaches nobody where the site file names nobody who listens: the rule is not possible then.
#[test]
fn a_group_is_explained_where_somebody_may_listen() {
    let site = "[roles]\nclient = [\"10.10.0.0/16\"]\n";
    let compiled = compiled(site, "current");
    check(
        &compiled,
        &[
            ("10.10.4.7 239.1.1.1 udp/63000", Foreign, &[]),
            ("@2 255.255.255.255 udp/67", Local, &[]),
            ("10.10.4.7 255.255.255.255 udp/8004", Documented, PEER_CACHE),
        ],
    );
    let possible = |id: &str| {
        compiled
            .rules
            .iter()
            .any(|rule| rule.id == id && rule.is_possible())
    };
    assert!(possible(PEER_CACHE[0]) && !possible(MULTICAST[0]) && !possible(DHCP[0]));
}

/// `[interfaces]`: a side is as good as an address, but what nothing explains of it does not cross.
#[test]
fn whoever_is_at_a_side_holds_its_role() {
    let compiled = compiled(SITE, "current");
    check(
        &compiled,
        &[
            (
                "@2 10.20.0.12 udp/69",
                Documented,
                &["client/distribution-point-pxe/tftp"],
            ),
            (
                "@2 10.20.0.11 tcp/443",
                Documented,
                &["client/management-point/https"],
            ),
            ("@2 10.40.0.2 udp/53", Documented, &["client/windows-server/dns"]),
            (
                "@2 10.40.0.2 udp/88",
                Baseline,
                &["windows-domain:member/domain-controller/kerberos"],
            ),
            ("@2 10.20.0.11 tcp/4444", Local, &[]),
            ("@2 fe80::a udp/53", Local, &[]),
            ("@2 ff02::1 icmpv6/0", Local, &[]),
            // Neither another interface nor the range of such addresses is anybody, nor a group.
            ("@3 10.20.0.11 tcp/443", Foreign, &[]),
        ],
    );
    assert_eq!(compiled.endpoint(Address::side(3)).0, 0);
    assert_eq!(compiled.side("eth1"), Some(Address::side(2)));
    assert_eq!(compiled.side_name(Address::side(2)), Some("eth1"));
    assert_eq!(compiled.side("eth2"), None);
}
