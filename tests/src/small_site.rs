//! Hand-written tables of a site so small that every verdict can be seen from here.
//!
//! - clients in `10.10.0.0/16` and `fd10::/32`, but `10.10.0.1` is the gateway's own;
//! - a management point, `10.20.0.11` and `fd20::11`;
//! - a database, `10.30.0.7` and `fd30::7`;
//! - link-local addresses and local groups do not cross;
//! - everything else is unknown.

use std::net::IpAddr;

use cmflow_common::address::Address;
use cmflow_common::gateway::{Endpoint, PortClass, port_index};
use cmflow_common::memory::{MemoryTables, QuickMap};
use cmflow_common::packet::protocol;
use cmflow_common::verdict::{Judgement, VerdictId, VerdictKind};

/// A client.
pub const CLIENT: &str = "10.10.0.5";
/// The management point.
pub const MANAGEMENT_POINT: &str = "10.20.0.11";
/// The database.
pub const SQL: &str = "10.30.0.7";
/// Nobody that the tables know.
pub const STRANGER: &str = "192.0.2.77";
/// A client.
pub const CLIENT_V6: &str = "fd10::5";
/// The management point.
pub const MANAGEMENT_POINT_V6: &str = "fd20::11";
/// The database.
pub const SQL_V6: &str = "fd30::7";
/// Nobody that the tables know.
pub const STRANGER_V6: &str = "2001:db8::77";

const CLIENTS: u16 = 1;
const MANAGEMENT_POINTS: u16 = 2;
const DATABASES: u16 = 3;
const LOCAL: u16 = 4;

const HTTPS: u16 = 1;
const TDS: u16 = 2;
const SMB: u16 = 3;
const WAKE_ON_LAN: u16 = 4;
const DOMAIN: u16 = 5;
const BACKUP: u16 = 6;
const ECHO: u16 = 7;
const DYNAMIC: u16 = 8;

/// Documented: a client to the management point by HTTPS, and so on for the ones below.
const DOCUMENTED: u16 = VerdictId::FIRST_COMPILED.0;
const REVERSED: u16 = DOCUMENTED + 1;
const APPROVED: u16 = DOCUMENTED + 2;
const BASELINE: u16 = DOCUMENTED + 3;
/// As many verdict numbers as the tables use.
pub const VERDICTS: usize = DOCUMENTED as usize + 4;

/// The kind of a verdict of these tables.
///
/// # Panics
/// For a number that they do not use.
#[must_use]
pub fn kind(verdict: VerdictId) -> VerdictKind {
    verdict.builtin().unwrap_or_else(|| match verdict.number() {
        DOCUMENTED => VerdictKind::Documented,
        REVERSED => VerdictKind::Reversed,
        APPROVED => VerdictKind::Approved,
        BASELINE => VerdictKind::Baseline,
        other => panic!("the tables have no verdict {other}"),
    })
}

/// The tables.
#[must_use]
pub fn tables() -> MemoryTables {
    let mut tables = MemoryTables::default();
    let known = Endpoint::KNOWN;
    let flagged = Endpoint::KNOWN | Endpoint::FLAGGED_IF_FOREIGN;
    for (text, endpoint) in [
        ("10.10.0.1", Endpoint::new(LOCAL, Endpoint::LOCAL)),
        (MANAGEMENT_POINT, Endpoint::new(MANAGEMENT_POINTS, flagged)),
        (MANAGEMENT_POINT_V6, Endpoint::new(MANAGEMENT_POINTS, flagged)),
        (SQL, Endpoint::new(DATABASES, flagged)),
        (SQL_V6, Endpoint::new(DATABASES, flagged)),
    ] {
        tables.hosts.insert(address(text), endpoint);
    }
    for (text, length, endpoint) in [
        ("10.10.0.0", 96 + 16, Endpoint::new(CLIENTS, known)),
        ("fd10::", 32, Endpoint::new(CLIENTS, known)),
        ("169.254.0.0", 96 + 16, Endpoint::new(LOCAL, Endpoint::LOCAL)),
        ("fe80::", 10, Endpoint::new(LOCAL, Endpoint::LOCAL)),
        ("224.0.0.0", 96 + 24, Endpoint::new(LOCAL, Endpoint::LOCAL)),
        ("ff02::", 16, Endpoint::new(LOCAL, Endpoint::LOCAL)),
        ("255.255.255.255", 128, Endpoint::new(LOCAL, Endpoint::LOCAL)),
    ] {
        tables.prefixes.insert((address(text), length), endpoint);
    }
    ports(&mut tables);
    judgements(&mut tables);
    tables
}

/// The same site, but no rule has a say any more.
#[must_use]
pub fn tables_without_rules() -> MemoryTables {
    MemoryTables {
        judgements: QuickMap::default(),
        ..tables()
    }
}

fn ports(tables: &mut MemoryTables) {
    let (tcp, udp) = (protocol::TCP, protocol::UDP);
    for (number, port, class) in [
        (tcp, 443, HTTPS),
        (tcp, 1433, TDS),
        (tcp, 445, SMB),
        (udp, 9, WAKE_ON_LAN),
        (udp, 53, DOMAIN),
        (tcp, 10_000, BACKUP),
        (udp, 500, PortClass::HIDES),
        (udp, 4500, PortClass::HIDES),
    ] {
        tables.ports[port_index(number, port)] = PortClass(class);
    }
    for port in 49_152..=65_535 {
        tables.ports[port_index(tcp, port)] = PortClass(DYNAMIC | PortClass::DYNAMIC);
    }
    for number in 0..=u8::MAX {
        if ![tcp, udp, protocol::ICMP, protocol::ICMPV6].contains(&number) {
            tables.ports[port_index(number, 0)] = PortClass(PortClass::HIDES);
        }
    }
    for number in [protocol::ICMP, protocol::ICMPV6] {
        tables.ports[port_index(number, 0)] = PortClass(ECHO);
    }
}

fn judgements(tables: &mut MemoryTables) {
    let mut rule = |from, to, port, verdict| {
        let verdict = VerdictId(verdict);
        let judgement = Judgement::new(verdict, verdict);
        tables.judgements.insert((from, to, port), judgement);
    };
    rule(CLIENTS, MANAGEMENT_POINTS, HTTPS, DOCUMENTED);
    rule(MANAGEMENT_POINTS, DATABASES, TDS, DOCUMENTED);
    rule(MANAGEMENT_POINTS, CLIENTS, SMB, DOCUMENTED);
    rule(MANAGEMENT_POINTS, CLIENTS, WAKE_ON_LAN, DOCUMENTED);
    rule(MANAGEMENT_POINTS, LOCAL, WAKE_ON_LAN, DOCUMENTED);
    rule(MANAGEMENT_POINTS, CLIENTS, DYNAMIC, DOCUMENTED);
    rule(CLIENTS, MANAGEMENT_POINTS, ECHO, DOCUMENTED);
    rule(CLIENTS, MANAGEMENT_POINTS, DOMAIN, BASELINE);
    rule(MANAGEMENT_POINTS, DATABASES, BACKUP, APPROVED);
    for (from, to, port) in [
        (MANAGEMENT_POINTS, CLIENTS, HTTPS),
        (DATABASES, MANAGEMENT_POINTS, TDS),
        (CLIENTS, MANAGEMENT_POINTS, SMB),
    ] {
        let reversed = VerdictId(REVERSED | VerdictId::REVERSED);
        let judgement = Judgement::new(reversed, VerdictId::UNDOCUMENTED);
        tables.judgements.insert((from, to, port), judgement);
    }
}

fn address(text: &str) -> Address {
    text.parse::<IpAddr>().expect("an address").into()
}
