//! Note 1: a proxy server stands for the internet, and is asked at its own port.

use cmflow_common::address::Address;
use cmflow_common::verdict::VerdictKind::{Approved, Baseline, Documented, Foreign, Undocumented};

use super::meaning::check;
use super::{address, compile_text};

const SITE: &str = r#"
companions = ["windows-update"]
[options]
proxy = ["10.9.0.8:8080", "10.9.0.8:8443", "[fd00:9::8]:3128", "20.9.0.8:8080", "10.20.0.11:3128"]
[networks]
internal = ["10.0.0.0/8", "fd00::/8"]
[roles]
client = ["10.10.0.0/16", "fd00:10::/64"]
site-server = ["10.30.0.5"]
software-update-point = ["10.30.0.7"]
service-connection-point = ["10.30.0.8"]
management-point = ["10.20.0.11"]
cloud-management-gateway = ["!0.0.0.0/0", "!::/0"]
cloud-distribution-point = ["!0.0.0.0/0", "!::/0"]
[custom-roles]
backup = { addresses = ["10.9.9.10"] }
[[rule]]
id = "offsite"
from = "backup"
to = "internet"
tcp = [9000]
udp = [9000]
why = "CHG1234"
"#;

#[test]
fn a_proxy_is_asked_at_its_ports_in_place_of_the_internet() {
    let both = &["site-server/internet/http", "site-server/internet/https"][..];
    check(
        SITE,
        &[
            // Rows with note 1 and rows without it; each of its ports.
            (
                "10.30.0.7 10.9.0.8 tcp/8080",
                Documented,
                &["software-update-point/internet/http"],
            ),
            (
                "10.30.0.7 10.9.0.8 tcp/8443",
                Documented,
                &["software-update-point/internet/http"],
            ),
            (
                "10.30.0.8 20.9.0.8 tcp/8080",
                Documented,
                &[
                    "service-connection-point/azure-cmg/https",
                    "service-connection-point/azure-logic-app/https",
                ],
            ),
            // Not at the documented ports, and not at the port of another proxy.
            ("10.30.0.7 10.9.0.8 tcp/80", Undocumented, &[]),
            ("10.30.0.7 10.9.0.8 tcp/3128", Undocumented, &[]),
            ("10.30.0.7 20.9.0.8 tcp/8443", Undocumented, &[]),
            // The internet itself has its own ports still.
            (
                "10.30.0.7 8.8.8.8 tcp/80",
                Documented,
                &["software-update-point/internet/http"],
            ),
            ("10.30.0.7 8.8.8.8 tcp/8080", Foreign, &[]),
            // A role that the site file gives nobody is not behind the proxy either; a companion's rules are.
            (
                "10.10.0.9 10.9.0.8 tcp/8080",
                Baseline,
                &[
                    "windows-update:member/windows-update-service/http",
                    "windows-update:member/windows-update-service/https",
                ],
            ),
            // Rules of the user's own toward the internet: TCP by the proxy, UDP as written.
            ("10.9.9.10 10.9.0.8 tcp/8080", Approved, &["offsite"]),
            ("10.9.9.10 10.9.0.8 tcp/9000", Undocumented, &[]),
            ("10.9.9.10 10.9.0.8 udp/9000", Approved, &["offsite"]),
            ("10.9.9.10 8.8.8.8 tcp/9000", Approved, &["offsite"]),
            // Another role of the same computer keeps its ports.
            ("10.30.0.5 10.20.0.11 tcp/3128", Documented, both),
            (
                "10.10.0.9 10.20.0.11 tcp/443",
                Documented,
                &["client/management-point/https"],
            ),
            (
                "10.10.0.9 10.20.0.11 tcp/10123",
                Documented,
                &["client/management-point/client-notification"],
            ),
        ],
    );
}

#[test]
fn a_proxy_is_nobody_on_the_internet_where_it_opens_a_flow() {
    let compiled = compile_text(SITE);
    let internet = compiled
        .roles
        .iter()
        .position(|role| role == "internet")
        .expect("the role");
    let internet = crate::catalogue::RoleId(u16::try_from(internet).expect("few roles"));
    for (text, named) in [
        ("10.9.0.8", &[][..]),
        ("20.9.0.8", &[]),
        ("fd00:9::8", &[]),
        ("10.20.0.11", &["management-point"]),
    ] {
        let proxy = Address::from(address(text));
        let class = compiled.class(proxy);
        assert!(class.known && class.as_responder.contains(internet), "{text}");
        assert!(!class.as_initiator.contains(internet), "{text}");
        assert_eq!(compiled.roles_of(proxy), named, "{text}");
        assert!(
            compiled.roles_answering(proxy).contains(&"internet".to_owned()),
            "{text}"
        );
        assert!(
            !compiled
                .roles_answering(proxy)
                .contains(&"cloud-management-gateway".to_owned()),
            "{text}"
        );
    }
    // What it asks the internet for is its own affair; only a computer that is more is flagged.
    check(SITE, &[("10.9.0.8 8.8.8.8 tcp/4444", Foreign, &[])]);
    let flagged = |text: &str| compiled.class(Address::from(address(text))).flagged_if_foreign;
    assert_eq!(["10.9.0.8", "10.20.0.11"].map(flagged), [false, true]);
    let all = compile_text(&format!("scope.flag-foreign = \"all\"\n{SITE}"));
    assert!(all.class(Address::from(address("10.9.0.8"))).flagged_if_foreign);
}
