//! What the site file says of the network around the computers: options, interfaces, instances, translations.

use std::net::IpAddr;
use std::time::Duration;

use super::*;
use crate::site::{Nat, Rpc, Socket, SqlInstance};

const SITE: &str = r#"
[networks]
internal = ["10.0.0.0/8", "fd00::/8"]
[options]
rpc = "strict"
rpc-lifetime-minutes = 30
proxy = ["10.9.0.8:8080", "10.9.0.8:8443", "[fd00:9::8]:3128", "PROXY02:8080"]
[interfaces]
eth1 = "client"
eth0 = "backup"
[roles]
client = ["10.10.0.0/16"]
sql-server = ["10.30.0.7"]
[custom-roles]
backup = { addresses = ["10.9.9.10"], evidence = false }
[[host]]
name = "proxy02"
address = ["10.9.0.9", "fd00:9::9"]
roles = "windows-server"
[[host]]
name = "sql01"
address = ["10.30.0.6", "fd00:30::6"]
roles = "sql-server"
[[host]]
name = "mp01"
address = "10.20.0.11"
roles = ["management-point", "distribution-point"]
[[host]]
name = "mp02"
address = "10.20.0.12"
roles = "management-point"
[[sql-instance]]
address = "sql01"
port = 1433
[[sql-instance]]
name = "CM"
address = ["10.30.0.6", "10.30.0.7"]
port = "14330"
service-broker = 4023
[[nat]]
vip = "10.20.0.10:443"
members = ["mp01:8443", "10.20.0.12:8443"]
self = "10.20.0.1"
hides = 400
[[nat]]
self = ["10.64.0.1", "fd00:64::1"]
members = "mp01"
roles = ["client", "distribution-point"]
"#;

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address in the test")
}

fn socket(address: &str, port: Option<u16>) -> Socket {
    let address = ip(address);
    Socket { address, port }
}

#[test]
fn options_interfaces_instances_and_translations_are_read() {
    let site = read_text(SITE).expect("a sound text");
    assert_eq!(site.warnings, []);
    let model = site.model;
    assert_eq!(
        (model.rpc, model.rpc_lifetime),
        (Rpc::Strict, Duration::from_secs(1800))
    );
    let proxies: Vec<_> = model
        .proxies
        .iter()
        .map(|one| (one.address, one.port, one.place.line))
        .collect();
    assert_eq!(
        proxies,
        [
            (ip("10.9.0.8"), 8080, 7),
            (ip("10.9.0.8"), 8443, 7),
            (ip("fd00:9::8"), 3128, 7),
            (ip("10.9.0.9"), 8080, 7),
            (ip("fd00:9::9"), 8080, 7),
        ]
    );
    let catalogue = Catalogue::embedded().expect("the built-in catalogue");
    let role = |id: &str| catalogue.role(id).expect("the role");
    let backup = crate::catalogue::RoleId(u16::try_from(catalogue.roles.len()).expect("few roles"));
    let sides: Vec<_> = model
        .interfaces
        .iter()
        .map(|side| (&*side.name, side.role))
        .collect();
    assert_eq!(sides, [("eth1", role("client")), ("eth0", backup)]);
    let [first, second] = &model.sql_instances[..] else {
        panic!("two instances");
    };
    assert_eq!(first.addresses, [ip("10.30.0.6"), ip("fd00:30::6")]);
    assert_eq!((first.port, first.broker), (1433, None));
    let SqlInstance {
        name, port, broker, ..
    } = second;
    assert_eq!(
        (name.as_deref(), *port, *broker),
        (Some("CM"), 14_330, Some(4023))
    );
    let [balancer, source] = &model.nats[..] else {
        panic!("two translations");
    };
    let members = [socket("10.20.0.11", Some(8443)), socket("10.20.0.12", Some(8443))];
    assert_eq!(balancer.vips, [socket("10.20.0.10", Some(443))]);
    assert_eq!(balancer.members, members);
    assert_eq!(
        (&balancer.own[..], balancer.hides),
        (&[ip("10.20.0.1")][..], Some(400))
    );
    assert_eq!(
        balancer.roles,
        [role("client")],
        "clients where nothing is written"
    );
    assert_eq!(source.roles, [role("client"), role("distribution-point")]);
    assert_eq!(source.vips, []);
}

#[test]
fn a_vip_holds_the_roles_of_its_members_and_self_those_of_who_is_behind_it() {
    let model = read_text(SITE).expect("a sound text").model;
    let catalogue = Catalogue::embedded().expect("the built-in catalogue");
    let held = |address: &str| -> Vec<_> {
        let decisive = model.decisive(ip(address));
        let given = decisive.into_iter().filter(|(_, one)| one.given);
        given
            .map(|(role, one)| (catalogue.role_id(role).to_owned(), one.place.line))
            .collect()
    };
    let holds = |roles: &[&str], line: usize| -> Vec<_> {
        roles.iter().map(|role| ((*role).to_owned(), line)).collect()
    };
    let vip = ["distribution-point", "management-point"];
    assert_eq!(held("10.20.0.10"), holds(&vip, 41));
    assert_eq!(held("10.20.0.1"), holds(&["client"], 43));
    assert_eq!(held("fd00:64::1"), holds(&["client", "distribution-point"], 46));
}

#[test]
fn a_vip_is_in_the_site_of_its_members_where_they_agree() {
    let text = |other: &str| {
        format!(
            "networks.internal = \"10.0.0.0/8\"\n[[site]]\ncode = \"PR1\"\n[[site]]\ncode = \"PR2\"\n\
             [[host]]\nname = \"mp01\"\naddress = \"10.20.0.11\"\nsite = \"PR1\"\nroles = \"management-point\"\n\
             [[host]]\nname = \"mp02\"\naddress = \"10.20.0.12\"\nsite = \"{other}\"\nroles = \"management-point\"\n\
             [[nat]]\nvip = \"10.20.0.10\"\nmembers = [\"mp01\", \"mp02\"]"
        )
    };
    for (other, expected) in [("PR1", Some("PR1")), ("PR2", None)] {
        let model = read_text(&text(other)).expect("a sound text").model;
        let site = model.site_at(ip("10.20.0.10")).map(|site| model.code(site));
        assert_eq!(site, expected);
    }
}

#[test]
fn a_port_of_a_vip_stands_for_the_members_where_that_is_clear() {
    let nat = |vips: &[&str], members: &[&str]| {
        let socket = |text: &&str| match text.parse::<std::net::SocketAddr>() {
            Ok(both) => socket(&both.ip().to_string(), Some(both.port())),
            Err(_) => socket(text, None),
        };
        Nat {
            vips: vips.iter().map(socket).collect(),
            members: members.iter().map(socket).collect(),
            own: vec![],
            hides: None,
            roles: vec![],
            place: crate::site::Place::default(),
        }
    };
    type Moved<'a> = &'a [(u16, &'a [u16])];
    let table: [(&[&str], &[&str], Moved<'_>); 8] = [
        (&["10.0.0.1"], &["10.0.0.2"], &[]),
        (&["10.0.0.1:443"], &["10.0.0.2"], &[]),
        (&["10.0.0.1"], &["10.0.0.2:8443"], &[]),
        (&["10.0.0.1:443"], &["10.0.0.2:443"], &[]),
        (&["10.0.0.1:443"], &["10.0.0.2:8443"], &[(8443, &[443])]),
        // Of another address nothing is said.
        (&["10.0.0.9:443", "10.0.0.1"], &["10.0.0.2:8443"], &[]),
        (
            &["10.0.0.1:443"],
            &["10.0.0.2:8443", "10.0.0.3:9443"],
            &[(8443, &[443]), (9443, &[443])],
        ),
        (
            &["10.0.0.1:80", "10.0.0.1:443"],
            &["10.0.0.2:443"],
            &[(443, &[80, 443])],
        ),
    ];
    for (vips, members, expected) in table {
        let moved = nat(vips, members).moved_ports(ip("10.0.0.1"));
        let expected: Vec<_> = expected.iter().map(|(port, own)| (*port, own.to_vec())).collect();
        assert_eq!(moved, expected, "{vips:?} {members:?}");
    }
}

#[test]
fn of_a_pair_of_wsus_ports_the_partner_follows() {
    let ports = |text: &str| {
        let model = read_text(text).expect("a sound text").model;
        let ports = |changes: &crate::site::PortChanges| -> Vec<String> {
            changes
                .iter()
                .map(|(key, ports)| format!("{key} {}", ports[0]))
                .collect()
        };
        let host = model.hosts.first().map(|host| ports(&host.ports));
        (ports(&model.ports), host.unwrap_or_default())
    };
    const HOST: &str =
        "[[host]]\nname = \"a\"\naddress = \"10.0.0.1\"\nroles = \"software-update-point\"\nports = ";
    let none: &[&str] = &[];
    for (text, hierarchy, host) in [
        (
            "[ports]\nwsus-http = 8530".to_owned(),
            &["wsus-http 8530", "wsus-https 8531"][..],
            none,
        ),
        (
            "[ports]\nwsus-https = 443".to_owned(),
            &["wsus-http 80", "wsus-https 443"],
            none,
        ),
        (
            format!("{HOST}{{ wsus-http = 80 }}"),
            none,
            &["wsus-http 80", "wsus-https 443"],
        ),
        // Where the pair is settled further out, nothing is left to follow.
        (
            format!("{HOST}{{ wsus-http = 8530 }}\n[ports]\nwsus-https = 8531"),
            &["wsus-http 8530", "wsus-https 8531"],
            &["wsus-http 8530"],
        ),
    ] {
        assert_eq!(
            ports(&text),
            (
                hierarchy.iter().map(|one| (*one).to_owned()).collect(),
                host.iter().map(|one| (*one).to_owned()).collect()
            ),
            "{text}"
        );
    }
}
