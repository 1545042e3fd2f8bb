//! Verdicts with their reasons, of flows between a few computers.

use std::net::IpAddr;

use super::{Book, Explanation, Question, Service};
use crate::catalogue::Catalogue;
use crate::compile::{Machine, compile};
use crate::config;

const SITE: &str = r#"
    companions = []
    [networks]
    internal = ["10.0.0.0/8", "fd00::/8"]
    [roles]
    client = ["10.10.0.0/16", "fd00:10::/64"]
    management-point = ["10.20.0.11", "fd00:20::11"]
    distribution-point = ["10.20.0.11"]
    software-update-point = ["10.20.0.13"]
    site-server = ["10.20.0.5"]
    sql-server = ["10.30.0.6"]
    [ports]
    wsus-http = 80
    wsus-https = 443
"#;

/// Asks, and gives what is said to `check`.
fn ask<T>(source: &str, destination: &str, service: &str, check: impl FnOnce(&Explanation<'_>) -> T) -> T {
    let catalogue = Catalogue::embedded().expect("the built-in catalogue");
    let site = config::parse(&catalogue, "site.toml", SITE)
        .expect("a sound site file")
        .model;
    let compiled = compile(&catalogue, &site, &Machine::default(), &[]).expect("it compiles");
    let address = |text: &str| text.parse::<IpAddr>().expect("an address");
    let question = Question {
        initiator: address(source),
        responder: address(destination),
        service: service.parse::<Service>().expect("a service"),
        after: None,
    };
    let book = Book {
        catalogue: &catalogue,
        site: &site,
        compiled: &compiled,
    };
    check(&book.explain(&question))
}

#[test]
fn each_verdict_comes_with_its_rules_or_with_the_nearest() {
    let table = [
        (
            "10.10.0.1",
            "10.20.0.11",
            "tcp/443",
            "documented",
            "client/distribution-point/https client/management-point/https",
        ),
        (
            "fd00:10::1",
            "fd00:20::11",
            "tcp/443",
            "documented",
            "client/management-point/https",
        ),
        (
            "10.20.0.5",
            "10.20.0.11",
            "tcp/50000",
            "documented",
            "management-point/site-server/rpc site-server/distribution-point/rpc",
        ),
        (
            "10.10.0.1",
            "10.10.0.2",
            "icmp",
            "documented",
            "client/client/wake-up-proxy-echo",
        ),
        (
            "10.20.0.5",
            "10.10.0.2",
            "udp/9",
            "documented",
            "client/client/wake-on-lan site-server/client/wake-on-lan",
        ),
        (
            "10.30.0.6",
            "10.20.0.11",
            "tcp/1433",
            "reversed",
            "management-point/sql-server/sql",
        ),
        (
            "10.10.0.1",
            "10.20.0.13",
            "tcp/8531",
            "undocumented",
            "~client/software-update-point/https: port 8531 is wsus-https, the site file says 443",
        ),
        (
            "10.10.0.1",
            "10.20.0.99",
            "tcp/443",
            "foreign",
            "~client/distribution-point/https: 10.20.0.99 holds no role, the rule needs \"distribution-point\"",
        ),
        ("10.10.0.1", "10.20.0.5", "esp", "opaque", ""),
        ("10.20.0.11", "224.0.0.251", "udp/5353", "local", ""),
        ("10.99.0.1", "10.99.0.2", "tcp/443", "out-of-scope", ""),
        ("10.10.0.1", "10.30.0.6", "icmp/13", "undocumented", ""),
    ];
    for (source, destination, service, verdict, told) in table {
        ask(source, destination, service, |found| {
            let what = format!("{source} {destination} {service}");
            assert_eq!(found.verdict.kind.name(), verdict, "{what}");
            if let Some(near) = told.strip_prefix('~') {
                let first = &found.nearest[0];
                assert_eq!(format!("{}: {}", first.rule, first.why_not), near, "{what}");
            } else {
                assert_eq!(found.verdict.rules.join(" "), told, "{what}");
                let reasons: Vec<_> = found.reasons.iter().map(|reason| reason.rule.as_str()).collect();
                assert_eq!(reasons.join(" "), told, "{what}");
            }
        });
    }
}

#[test]
fn a_reason_tells_ports_that_were_changed_and_the_notes() {
    ask("10.10.0.1", "10.20.0.13", "tcp/443", |found| {
        let reason = &found.reasons[0];
        assert_eq!(reason.port_words(), "TCP 443");
        assert_eq!(reason.documented_words().as_deref(), Some("TCP 443 or 8531"));
        let notes: Vec<_> = reason.notes.iter().map(|note| note.number).collect();
        assert_eq!(notes, [3]);
        assert!(found.initiator_seen && found.nearest.is_empty());
    });
    ask("10.20.0.5", "10.20.0.11", "tcp/50000", |found| {
        assert_eq!(found.reasons[0].port_words(), "TCP any of 49152-65535");
    });
}

#[test]
fn a_datagram_is_explained_toward_the_end_that_was_asked_for() {
    // The highest ports leave no higher one to ask from: the other end answers all the same.
    for service in ["udp/69", "udp/40000", "udp/65534", "udp/65535"] {
        ask("10.10.0.1", "10.20.0.5", service, |found| {
            assert_eq!(found.verdict.kind.name(), "undocumented", "{service}");
            assert!(found.initiator_seen, "{service}");
        });
    }
}
