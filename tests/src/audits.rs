//! Audits made by hand, for what is made of audits.

use std::collections::BTreeMap;

use cmflow::answer::{Audit, AuditGap, AuditWindow, AuditedGateway, Grade, Opening, SourceFile};
use cmflow::catalogue::PortRange;
use ipnet::IpNet;
use jiff::Timestamp;

/// Roles and addresses of one end.
pub type End<'a> = (&'a [&'a str], &'a [&'a str]);

/// An opening with hits, as a used one has them; `ports` as in `tcp 80 443 49152-65535`.
///
/// # Panics
/// Where an address or port is none.
#[must_use]
pub fn opening(from: End<'_>, to: End<'_>, service: &str, rule: &str) -> Opening {
    let words = |list: &[&str]| list.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
    let mut service = service.split(' ');
    let protocol = service.next().expect("a protocol").to_owned();
    let ports: Vec<_> = service.map(ports).collect();
    Opening {
        sources: from.1.iter().map(|&text| prefix(text)).collect(),
        source_roles: words(from.0),
        destinations: to.1.iter().map(|&text| prefix(text)).collect(),
        destination_roles: words(to.0),
        protocol,
        dynamic: ports.iter().any(|range| range.last - range.first > 1000),
        ports,
        rules: vec![rule.to_owned()],
        verdict: "documented".to_owned(),
        grade: Grade::Used,
        why: "answered flows that only this explains".to_owned(),
        packets: 1200,
        flows: 30,
        answered_flows: 29,
        last_seen: Some(at("2026-11-20T08:15:00Z")),
    }
}

/// The same without a hit.
#[must_use]
pub fn silent(opening: Opening, grade: Grade, why: &str) -> Opening {
    Opening {
        grade,
        why: why.to_owned(),
        packets: 0,
        flows: 0,
        answered_flows: 0,
        last_seen: None,
        ..opening
    }
}

/// An audit of a week with a gap, with these openings.
#[must_use]
pub fn audit(openings: Vec<Opening>) -> Audit {
    let gap = AuditGap {
        from: at("2026-11-15T02:00:00Z"),
        to: at("2026-11-15T03:00:00Z"),
        kind: "daemon-down".to_owned(),
        note: "nobody counted".to_owned(),
        hides: true,
    };
    let window = AuditWindow {
        from: at("2026-11-13T00:00:00Z"),
        to: at("2026-11-20T12:00:00Z"),
        observed_s: 7 * 86_400,
        gaps: vec![gap],
    };
    Audit {
        edition: "current".to_owned(),
        version: "0.1.0".to_owned(),
        at: at("2026-11-20T12:00:00Z"),
        gateways: vec![AuditedGateway {
            name: "default".to_owned(),
            interfaces: BTreeMap::from([("eth0".to_owned(), "native".to_owned())]),
            window: window.clone(),
        }],
        files: vec![SourceFile {
            path: "site.toml".to_owned(),
            sha256: "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8".to_owned(),
        }],
        window,
        generations: Vec::new(),
        grades: BTreeMap::new(),
        rules: Vec::new(),
        openings,
        unexplained: Vec::new(),
        contradictions: Vec::new(),
        approvals: Vec::new(),
        limits: Vec::new(),
    }
}

/// A time.
///
/// # Panics
/// Where it is none.
#[must_use]
pub fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// A prefix, or an address.
///
/// # Panics
/// Where it is none.
#[must_use]
pub fn prefix(text: &str) -> IpNet {
    text.parse()
        .or_else(|_| text.parse().map(|address: std::net::IpAddr| address.into()))
        .expect("a prefix")
}

fn ports(text: &str) -> PortRange {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    PortRange {
        first: first.parse().expect("a port"),
        last: last.parse().expect("a port"),
    }
}
