//! One flow for each thing that a site file or a note of the page can say.

use cmflow_common::verdict::VerdictKind;
use cmflow_common::verdict::VerdictKind::{
    Documented, Foreign, Local, Opaque, OutOfScope, Reversed, Undocumented,
};

use super::{Pair, address, compile_text};

pub(super) const SITE: &str = r#"
[networks]
internal = ["10.0.0.0/8", "fd00::/8", "198.51.100.0/24"]
[roles]
client             = ["10.10.0.0/16", "!10.10.250.0/24", "10.10.250.7", "fd00:10::/64", "10.20.0.0/24"]
management-point   = ["10.20.0.11", "fd00:20::11"]
distribution-point = ["10.20.0.11"]
distribution-point-pxe = ["10.20.0.12"]
software-update-point = ["10.20.0.13"]
site-server        = ["10.30.0.5"]
sql-server         = ["10.30.0.6"]
domain-controller  = ["10.40.0.2"]
cloud-distribution-point = ["20.1.0.0/16"]
"#;

/// Verdict and rules of flows written as `from to protocol/port`; a `?` after them: the initiator is inferred.
pub(super) fn check(site: &str, cases: &[(&str, VerdictKind, &[&str])]) {
    let compiled = compile_text(site);
    for (flow, kind, rules) in cases {
        let words: Vec<_> = flow.split_whitespace().collect();
        let (protocol, port) = words[2].split_once('/').expect("protocol/port");
        let protocol = match protocol {
            "tcp" => 6,
            "udp" => 17,
            "icmp" => 1,
            number => number.parse().expect("a protocol number"),
        };
        let pair = Pair::new(&compiled, address(words[0]), address(words[1]));
        let id = pair.judged(
            protocol,
            port.parse().expect("a port"),
            words.get(3) != Some(&"?"),
        );
        let verdict = compiled.verdict(id).expect("every verdict has its entry");
        assert_eq!(
            (verdict.kind, verdict.rules.as_slice()),
            (*kind, own(rules).as_slice()),
            "{flow}"
        );
    }
}

fn own(rules: &[&str]) -> Vec<String> {
    rules.iter().map(|rule| (*rule).to_owned()).collect()
}

#[test]
fn roles_follow_the_most_specific_prefix() {
    check(
        SITE,
        &[
            (
                "10.10.1.1 10.20.0.12 tcp/443",
                Documented,
                &["client/distribution-point/https"],
            ),
            (
                "fd00:10::1 fd00:20::11 tcp/10123",
                Documented,
                &["client/management-point/client-notification"],
            ),
            // Excluded, and given again inside.
            ("10.10.250.6 10.20.0.12 tcp/443", Foreign, &[]),
            (
                "10.10.250.7 10.20.0.12 tcp/443",
                Documented,
                &["client/distribution-point/https"],
            ),
            // Two roles, two rules: nothing picks one.
            (
                "10.10.1.1 10.20.0.11 tcp/443",
                Documented,
                &["client/distribution-point/https", "client/management-point/https"],
            ),
            // Implied: PXE is a distribution point too.
            (
                "10.10.1.1 10.20.0.12 udp/69",
                Documented,
                &["client/distribution-point-pxe/tftp"],
            ),
            ("10.10.1.1 10.20.0.12 tcp/2701", Undocumented, &[]),
            ("8.8.8.8 9.9.9.9 tcp/443", OutOfScope, &[]),
        ],
    );
}

#[test]
fn a_site_system_is_a_client_only_where_it_asks() {
    check(
        SITE,
        &[
            (
                "10.30.0.6 10.20.0.12 tcp/443",
                Documented,
                &["client/distribution-point/https"],
            ),
            // 10.20.0.12 lies in a client network: still no client where it answers.
            ("10.30.0.5 10.20.0.12 tcp/2701", Undocumented, &[]),
            (
                "10.10.1.1 10.20.0.99 udp/25536",
                Documented,
                &["client/client/wake-up-proxy"],
            ),
            ("10.10.1.1 10.20.0.12 udp/25536", Undocumented, &[]),
        ],
    );
}

#[test]
fn a_public_role_that_is_excluded_everywhere_is_held_by_nobody() {
    const PLAIN: &str =
        "companions = []\n[networks]\ninternal = [\"10.0.0.0/8\"]\n[roles]\nclient = [\"10.10.0.0/16\"]\n";
    let gateway = "client/cloud-management-gateway/https";
    let point = "client/cloud-distribution-point/https";
    check(
        PLAIN,
        &[("10.10.0.5 8.8.8.8 tcp/443", Documented, &[point, gateway])],
    );
    let without = format!("{PLAIN}cloud-management-gateway = [\"!0.0.0.0/0\", \"!::/0\"]\n");
    check(&without, &[("10.10.0.5 8.8.8.8 tcp/443", Documented, &[point])]);
}

#[test]
fn public_roles_are_held_by_public_addresses_until_the_file_says_otherwise() {
    check(
        SITE,
        &[
            (
                "10.20.0.13 13.107.4.50 tcp/80",
                Documented,
                &["software-update-point/internet/http"],
            ),
            (
                "10.20.0.13 2600::1 tcp/80",
                Documented,
                &["software-update-point/internet/http"],
            ),
            // Not public: special, or internal by the file.
            ("10.20.0.13 192.168.1.1 tcp/80", Foreign, &[]),
            ("10.20.0.13 198.51.100.9 tcp/80", Foreign, &[]),
            ("10.20.0.13 203.0.113.9 tcp/80", Foreign, &[]),
            // Given by address: known, so it is undocumented where no rule fits.
            ("10.30.0.5 20.1.0.1 tcp/81", Undocumented, &[]),
            ("10.30.0.5 20.2.0.1 tcp/81", Foreign, &[]),
        ],
    );
    let site = format!("{SITE}internet = [\"20.9.0.0/16\"]\n");
    check(
        &site,
        &[
            (
                "10.20.0.13 20.9.0.1 tcp/80",
                Documented,
                &["software-update-point/internet/http"],
            ),
            ("10.20.0.13 13.107.4.50 tcp/80", Foreign, &[]),
        ],
    );
    let site = format!("{SITE}internet = [\"any-other\"]\n");
    check(
        &site,
        &[(
            "10.20.0.13 10.99.0.1 tcp/80",
            Documented,
            &["software-update-point/internet/http"],
        )],
    );
}

#[test]
fn a_changed_port_replaces_the_documented_one() {
    let site =
        format!("{SITE}[ports]\nclient-https = 8443\nwsus-http = 8530\nrpc-dynamic = \"50000-50100\"\n");
    check(
        &site,
        &[
            (
                "10.10.1.1 10.20.0.12 tcp/8443",
                Documented,
                &["client/distribution-point/https"],
            ),
            ("10.10.1.1 10.20.0.12 tcp/443", Undocumented, &[]),
            (
                "10.10.1.1 10.20.0.13 tcp/8530",
                Documented,
                &["client/software-update-point/http"],
            ),
            ("10.10.1.1 10.20.0.13 tcp/80", Undocumented, &[]),
            (
                "10.30.0.5 10.40.0.2 tcp/50100",
                Documented,
                &["site-server/domain-controller/rpc"],
            ),
            ("10.30.0.5 10.40.0.2 tcp/50101", Undocumented, &[]),
        ],
    );
}

#[test]
fn alternatives_all_hold_where_the_file_says_nothing() {
    check(
        SITE,
        &[
            (
                "10.10.1.1 10.20.0.13 tcp/8530",
                Documented,
                &["client/software-update-point/http"],
            ),
            (
                "10.10.1.1 10.20.0.13 tcp/80",
                Documented,
                &["client/software-update-point/http"],
            ),
            ("10.10.1.1 10.20.0.13 tcp/8532", Undocumented, &[]),
        ],
    );
}

#[test]
fn dynamic_ports_may_be_several_ranges_and_narrower_on_a_host() {
    let site = format!(
        "{SITE}[ports]\nrpc-dynamic = [\"50000-50100\", 50200]\n[[host]]\nname = \"dc02\"\naddress = \"10.40.0.3\"\n\
         roles = \"domain-controller\"\nports = {{ rpc-dynamic = \"50050-50060\" }}\n"
    );
    let rule = &["site-server/domain-controller/rpc"][..];
    check(
        &site,
        &[
            ("10.30.0.5 10.40.0.2 tcp/50100", Documented, rule),
            ("10.30.0.5 10.40.0.2 tcp/50150", Undocumented, &[]),
            ("10.30.0.5 10.40.0.2 tcp/50200", Documented, rule),
            ("10.30.0.5 10.40.0.3 tcp/50060", Documented, rule),
            ("10.30.0.5 10.40.0.3 tcp/50100", Undocumented, &[]),
        ],
    );
}

#[test]
fn a_fixed_port_wins_over_a_dynamic_range() {
    let site = format!("{SITE}[ports]\nrpc-dynamic = \"1024-5000\"\n");
    check(
        &site,
        &[
            (
                "10.30.0.5 10.40.0.2 tcp/3268",
                Documented,
                &["site-server/domain-controller/global-catalog-ldap"],
            ),
            (
                "10.30.0.5 10.40.0.2 tcp/3270",
                Documented,
                &["site-server/domain-controller/rpc"],
            ),
        ],
    );
}

#[test]
fn reversed_needs_an_initiator_that_was_seen() {
    check(
        SITE,
        &[
            (
                "10.20.0.12 10.10.1.1 tcp/443",
                Reversed,
                &["client/distribution-point/https"],
            ),
            ("10.20.0.12 10.10.1.1 tcp/443 ?", Undocumented, &[]),
            (
                "13.107.4.50 10.20.0.13 tcp/80",
                Reversed,
                &["software-update-point/internet/http"],
            ),
            ("13.107.4.50 10.20.0.13 tcp/80 ?", Foreign, &[]),
        ],
    );
}

#[test]
fn what_does_not_cross_the_gateway_is_local() {
    check(
        SITE,
        &[
            // The gateway's own address, though it lies in a client network.
            ("10.10.1.1 10.10.0.1 tcp/443", Local, &[]),
            ("10.10.0.1 10.20.0.12 tcp/443", Local, &[]),
            ("fe80::1 ff02::1 58/0", Local, &[]),
            ("10.20.0.11 224.0.0.251 udp/5353", Local, &[]),
            ("10.10.1.1 239.255.255.250 udp/1900", Local, &[]),
            ("10.10.1.1 255.255.255.255 udp/9999", Local, &[]),
            ("10.20.0.11 239.1.1.1 udp/63000", Foreign, &[]),
        ],
    );
    let site = format!("{SITE}site-system = [\"10.10.0.1\"]\n");
    check(
        &site,
        &[(
            "10.10.0.1 10.20.0.12 tcp/443",
            Documented,
            &["client/distribution-point/https"],
        )],
    );
}

#[test]
fn known_ends_without_ports_are_opaque() {
    check(
        SITE,
        &[
            ("10.30.0.5 10.20.0.12 50/0", Opaque, &[]),
            ("10.30.0.5 10.20.0.12 udp/4500", Opaque, &[]),
            ("10.30.0.5 10.20.0.12 44/17", Opaque, &[]),
            ("10.30.0.5 8.8.8.8 50/0", Foreign, &[]),
            (
                "10.10.1.1 10.10.1.2 icmp/0",
                Documented,
                &["client/client/wake-up-proxy-echo"],
            ),
            ("10.10.1.1 10.20.0.12 icmp/0", Undocumented, &[]),
        ],
    );
}

#[test]
fn the_scope_says_which_foreign_flows_are_flagged() {
    use cmflow_common::verdict::VerdictId;
    // A client, a service on the internet that the file names, a domain controller, a distribution point.
    let flows = [
        ("10.10.1.1", "8.8.8.8"),
        ("20.1.0.1", "8.8.8.8"),
        ("10.40.0.2", "8.8.8.8"),
        ("8.8.8.8", "10.20.0.12"),
    ];
    for (scope, flagged) in [
        ("", [false, false, true, true]),
        (
            "scope.flag-foreign = \"site-systems\"\n",
            [false, false, true, true],
        ),
        ("scope.flag-foreign = \"all\"\n", [true; 4]),
        ("scope.flag-foreign = \"none\"\n", [false; 4]),
    ] {
        let compiled = compile_text(&format!("{scope}{SITE}"));
        let id = |from, to| Pair::new(&compiled, address(from), address(to)).judged(6, 4444, true);
        for ((from, to), flagged) in flows.into_iter().zip(flagged) {
            let expected = if flagged {
                VerdictId::FOREIGN_FLAGGED
            } else {
                VerdictId::FOREIGN
            };
            assert_eq!(id(from, to), expected, "{scope}{from} {to}");
        }
        // Neither end known: out of scope, whatever is flagged.
        assert_eq!(id("8.8.8.8", "10.10.250.6"), VerdictId::OUT_OF_SCOPE, "{scope}");
    }
}

#[test]
fn an_inferred_initiator_is_the_end_without_the_service() {
    use cmflow_common::gateway::PortClass;
    let compiled = compile_text(SITE);
    let class = |port: usize| compiled.tables.ports[port];
    assert_eq!(
        [class(443).rank(), class(50_000).rank(), class(12_345).rank()],
        [2, 1, 0]
    );
    assert_eq!(class(65_536 + 500).0 & PortClass::HIDES, PortClass::HIDES);
}
