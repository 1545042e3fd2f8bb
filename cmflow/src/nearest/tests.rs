//! Each way of not fitting, in words.

use std::net::IpAddr;

use super::*;
use crate::catalogue::Catalogue;
use crate::compile::{Machine, compile};
use crate::config;

const SITE: &str = r#"
    [networks]
    internal = ["10.0.0.0/8"]
    [roles]
    client = ["10.10.0.0/16"]
    distribution-point = ["10.20.0.11"]
    sql-server = ["10.30.0.6"]
"#;

#[test]
fn each_way_of_not_fitting_is_said_in_words() {
    let catalogue = Catalogue::embedded().expect("the built-in catalogue");
    let site = config::parse(&catalogue, "site.toml", SITE)
        .expect("a sound site file")
        .model;
    let compiled = compile(&catalogue, &site, &Machine::default(), &[]).expect("it compiles");
    let table = [
        (
            "10.20.0.11",
            "10.10.0.1",
            6,
            443,
            "client/distribution-point/https: opened from the wrong end: \"client\" should open it",
        ),
        (
            "10.10.0.1",
            "10.20.0.11",
            6,
            8531,
            "client/distribution-point/https: the rule has TCP 443, not TCP 8531; that is wsus-https",
        ),
        (
            "10.10.0.1",
            "10.99.0.1",
            6,
            10123,
            "client/management-point/client-notification: 10.99.0.1 holds no role, the rule needs \"management-point\"",
        ),
        (
            "10.99.0.1",
            "10.30.0.6",
            6,
            4022,
            "sql-server/sql-server/sql-broker: 10.99.0.1 holds no role, the rule needs \"sql-server\"",
        ),
        (
            "10.10.0.1",
            "10.30.0.6",
            6,
            10123,
            "client/management-point/client-notification: 10.30.0.6 is sql-server, the rule needs \"management-point\"",
        ),
        (
            "10.10.0.1",
            "10.20.0.11",
            17,
            443,
            "client/distribution-point/https: the rule has TCP 443, not UDP 443",
        ),
    ];
    for (from, to, protocol, port, expected) in table {
        let address = |text: &str| Address::from(text.parse::<IpAddr>().expect("an address"));
        let question = Question {
            initiator: address(from),
            responder: address(to),
            protocol,
            port,
        };
        let found =
            nearest(&compiled, &site, &question).map(|near| format!("{}: {}", near.rule, near.why_not));
        assert_eq!(found.as_deref(), Some(expected), "{from} {to} {protocol}/{port}");
    }
    let nobody = Question {
        initiator: Address::from_v4([10, 99, 0, 1]),
        responder: Address::from_v4([10, 99, 0, 2]),
        protocol: 6,
        port: 10_123,
    };
    assert_eq!(nearest(&compiled, &site, &nobody), None);
}

/// The nearest rule to a flow from the first to the second, in words.
fn told(text: &str, from: &str, to: &str, protocol: u8, port: u16) -> Option<String> {
    let catalogue = Catalogue::embedded().expect("the built-in catalogue");
    let site = config::parse(&catalogue, "site.toml", text)
        .expect("a sound site file")
        .model;
    let compiled = compile(&catalogue, &site, &Machine::default(), &[]).expect("it compiles");
    let address = |text: &str| Address::from(text.parse::<IpAddr>().expect("an address"));
    let question = Question {
        initiator: address(from),
        responder: address(to),
        protocol,
        port,
    };
    nearest(&compiled, &site, &question).map(|near| format!("{}: {}", near.rule, near.why_not))
}

#[test]
fn a_condition_that_does_not_hold_is_the_nearest_of_all() {
    let site = |stated: &str| format!("companions = []\n{SITE}\n[conditions]\n{stated}");
    let denied = site("wake-up = false");
    assert_eq!(
        told(&denied, "10.10.0.1", "10.10.0.2", 17, 25_536).as_deref(),
        Some(
            "client/client/wake-up-proxy: fits, but the site file says that \"wake-up\" does not hold (site.toml:11)"
        )
    );
    // Nobody should look for another port of a rule that explains nothing anyway.
    let other_port = told(&denied, "10.10.0.1", "10.10.0.2", 17, 25_537);
    assert!(
        !other_port.as_ref().is_some_and(|told| told.contains("wake-up")),
        "{other_port:?}"
    );
}
