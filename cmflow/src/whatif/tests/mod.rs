//! What would change, case by case; and the law that the file which judges now changes nothing.

use cmflow_common::packet::protocol;
use cmflow_common::verdict::VerdictKind;
use proptest::prelude::*;

use std::sync::LazyLock;

use cmflow_common::address::Address;
use ipnet::IpNet;

use super::*;
use crate::answer::WhatIfGroup;
use crate::catalogue::Catalogue;
use crate::compile::{Basis, Compiled, Machine, VerdictInfo, compile};
use crate::config;
use crate::history::{Activity, ConversationKey, Days, VerdictUse};
use crate::site::SiteModel;

const SITE: &str = r#"
edition = "current"
[networks]
internal = ["10.0.0.0/8"]
[roles]
client             = ["10.10.0.0/16"]
management-point   = ["10.20.0.11"]
distribution-point = ["10.20.0.12"]
site-server        = ["10.30.0.5"]
sql-server         = ["10.30.0.6"]
domain-controller  = ["10.40.0.2"]
"#;

/// A site file that was read and compiled.
struct Office {
    catalogue: Catalogue,
    site: SiteModel,
    compiled: Compiled,
}

impl Office {
    fn new(text: &str) -> Self {
        let catalogue = Catalogue::embedded().expect("the built-in files are good");
        let site = config::parse(&catalogue, "site.toml", text)
            .expect("a sound site file")
            .model;
        let compiled = compile(&catalogue, &site, &Machine::default(), &[]).expect("it compiles");
        Self {
            catalogue,
            site,
            compiled,
        }
    }

    const fn book(&self) -> Book<'_> {
        Book {
            catalogue: &self.catalogue,
            site: &self.site,
            compiled: &self.compiled,
        }
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// A conversation as a test writes it.
#[derive(Clone, Debug)]
struct Row {
    from: &'static str,
    to: &'static str,
    protocol: u8,
    port: u16,
    ports: (u16, u16),
    basis: Option<Basis>,
}

const fn tcp(from: &'static str, to: &'static str, port: u16) -> Row {
    Row {
        from,
        to,
        protocol: protocol::TCP,
        port,
        ports: (port, port),
        basis: Some(Basis::Port),
    }
}

const fn dynamic(from: &'static str, to: &'static str, ports: (u16, u16), basis: Option<Basis>) -> Row {
    Row {
        from,
        to,
        protocol: protocol::TCP,
        port: 0,
        ports,
        basis,
    }
}

fn prefix(text: &str) -> IpNet {
    text.parse::<IpNet>()
        .unwrap_or_else(|_| IpNet::from(text.parse::<std::net::IpAddr>().expect("an address")))
}

/// A history of the rows, each recorded as a verdict of that kind and basis by rules that no longer matter.
fn evidence(rows: &[Row]) -> Evidence {
    let mut evidence = Evidence {
        from: at("2026-10-01T00:00:00Z"),
        to: at("2026-11-01T00:00:00Z"),
        ..Evidence::default()
    };
    for row in rows {
        let info = VerdictInfo {
            kind: if row.basis.is_some() {
                VerdictKind::Documented
            } else {
                VerdictKind::Undocumented
            },
            rules: Vec::new(),
            basis: row.basis,
        };
        let verdict = u32::try_from(evidence.verdicts.len()).expect("few rows");
        evidence.verdicts.push(VerdictUse {
            info,
            total: Activity::default(),
            days: Vec::new(),
        });
        evidence.conversations.push(RecordedConversation {
            key: ConversationKey {
                protocol: row.protocol,
                initiator: prefix(row.from),
                responder: prefix(row.to),
                port: row.port,
                verdict,
            },
            total: Activity {
                packets: 40,
                bytes: 4000,
                flows: 4,
                answered: 3,
                proving: 3,
                refused: 0,
                one_sided: 0,
            },
            first_seen: at("2026-10-02T00:00:00Z"),
            last_seen: at("2026-10-30T10:00:00Z"),
            last_proving: Some(at("2026-10-30T10:00:00Z")),
            hit: Days::of(20_000),
            proving: Days::of(20_000),
            ports: row.ports,
            initiators: 1,
            responders: 1,
            folded: false,
        });
    }
    evidence
}

fn changed(then: &str, rows: &[Row]) -> WhatIf {
    let (now, then) = (Office::new(SITE), Office::new(then));
    let mut heard = Vec::new();
    let told = what_if(&now.book(), &then.book(), &[evidence(rows)], |done| {
        heard.push(done)
    });
    assert_eq!(heard.last().copied().unwrap_or(0), rows.len() as u64);
    told
}

/// Lists by name, as `service: now -> then`, with `(part)` where it is one.
fn short(told: &WhatIf) -> Vec<String> {
    let one = |list: &str, group: &WhatIfGroup| {
        let rules = |rules: &[String]| rules.join("+");
        let part = if group.part { " (part)" } else { "" };
        format!(
            "{list} {}/{}: {} {} -> {} {}{part}",
            group.protocol,
            group.port,
            group.now.verdict,
            rules(&group.now.rules),
            group.then.verdict,
            rules(&group.then.rules)
        )
    };
    let lists = [
        ("unexplained", &told.unexplained),
        ("explained", &told.explained),
        ("rules", &told.rules),
        ("unflagged", &told.unflagged),
    ];
    lists
        .iter()
        .flat_map(|(name, list)| list.iter().map(move |group| one(name, group)))
        .collect()
}

#[test]
fn each_change_is_told_as_what_it_is() {
    let with = |from: &str, to: &str| SITE.replace(from, to);
    let cases: [(&str, String, Row, &[&str]); 9] = [
        (
            "a role taken away",
            with("sql-server         = [\"10.30.0.6\"]\n", ""),
            tcp("10.30.0.5", "10.30.0.6", 1433),
            &["unexplained tcp/1433: documented site-server/sql-server/sql -> foreign "],
        ),
        (
            "a port moved",
            format!("{SITE}[ports]\nsql = 14330\n"),
            tcp("10.30.0.5", "10.30.0.6", 1433),
            &["unexplained tcp/1433: documented site-server/sql-server/sql -> undocumented "],
        ),
        (
            "a role added",
            with("[\"10.20.0.12\"]", "[\"10.20.0.12\", \"10.20.0.40\"]"),
            tcp("10.10.4.7", "10.20.0.40", 443),
            &["explained tcp/443: foreign  -> documented client/distribution-point/https"],
        ),
        (
            "a second role",
            with(
                "distribution-point = [\"10.20.0.12\"]",
                "distribution-point = [\"10.20.0.12\", \"10.20.0.11\"]",
            ),
            tcp("10.10.4.0/24", "10.20.0.11", 443),
            &[
                "rules tcp/443: documented client/management-point/https -> documented \
               client/distribution-point/https+client/management-point/https",
            ],
        ),
        (
            "a part of a prefix taken out",
            with("[\"10.10.0.0/16\"]", "[\"10.10.0.0/16\", \"!10.10.4.128/25\"]"),
            tcp("10.10.4.0/24", "10.20.0.11", 443),
            &["unexplained tcp/443: documented client/management-point/https -> foreign  (part)"],
        ),
        (
            "nothing to do with it",
            with("[\"10.10.0.0/16\"]", "[\"10.10.0.0/16\", \"!10.10.5.0/24\"]"),
            tcp("10.10.4.0/24", "10.20.0.11", 443),
            &[],
        ),
        (
            "a flagged end forgotten",
            with("management-point   = [\"10.20.0.11\"]\n", ""),
            tcp("172.16.9.9", "10.20.0.11", 22),
            &["unflagged tcp/22: foreign  -> out-of-scope "],
        ),
        (
            "dynamic ports narrowed: one known port outside, one inside",
            format!("{SITE}[ports]\nrpc-dynamic = \"50000-51000\"\n"),
            dynamic("10.30.0.5", "10.20.0.12", (49_200, 50_500), Some(Basis::Range)),
            &["unexplained tcp/0: documented site-server/distribution-point/rpc -> undocumented  (part)"],
        ),
        (
            "what was announced stays announced, where ranges alone would not do",
            format!("{SITE}[options]\nrpc = \"strict\"\n"),
            dynamic(
                "10.30.0.5",
                "10.20.0.12",
                (49_200, 50_500),
                Some(Basis::Expectation),
            ),
            &[],
        ),
    ];
    for (name, then, row, wanted) in cases {
        assert_eq!(short(&changed(&then, &[row])), wanted, "{name}");
    }
}

#[test]
fn what_an_endpoint_mapper_would_have_announced_is_explained_even_where_ranges_alone_are_not() {
    let strict = format!("{SITE}[options]\nrpc = \"strict\"\n");
    let now = Office::new(&strict.replace("distribution-point = [\"10.20.0.12\"]\n", ""));
    let then = Office::new(&strict);
    let high = dynamic("10.30.0.5", "10.20.0.12", (49_200, 49_200), None);
    let mapper = Row {
        basis: None,
        ..tcp("10.30.0.5", "10.20.0.12", 135)
    };
    let explained = |rows: &[Row]| {
        let told = what_if(&now.book(), &then.book(), &[evidence(rows)], |_| {});
        told.explained.iter().map(|group| group.port).collect::<Vec<_>>()
    };
    assert_eq!(explained(std::slice::from_ref(&high)), Vec::<u16>::new());
    let mut both = explained(&[high, mapper]);
    both.sort_unstable();
    assert_eq!(both, [0, 135]);
}

#[test]
fn many_that_would_change_alike_are_one_group_with_all_their_counts() {
    let then = SITE.replace("sql-server         = [\"10.30.0.6\"]\n", "");
    let rows = [
        tcp("10.20.0.11", "10.30.0.6", 1433),
        tcp("10.30.0.5", "10.30.0.6", 1433),
        tcp("10.10.4.0/24", "10.20.0.11", 443),
    ];
    let told = changed(&then, &rows);
    assert_eq!((told.conversations, told.unchanged, told.not_judged), (3, 1, 0));
    assert_eq!(told.unexplained.len(), 2);
    let group = &told.unexplained[0];
    assert_eq!(
        (group.flows, group.answered_flows, group.packets, group.bytes),
        (4, 3, 40, 4000)
    );
    assert_eq!(group.responder_roles, ["sql-server"]);
    assert_eq!(group.responder_roles_then, Vec::<String>::new());
    assert!(group.nearest.is_some());
    // The same pair twice is one conversation more, not one computer more.
    let twice = changed(
        &then,
        &[
            tcp("10.30.0.5", "10.30.0.6", 1433),
            tcp("10.30.0.5", "10.30.0.6", 1433),
        ],
    );
    let group = &twice.unexplained[0];
    assert_eq!(
        (
            group.conversations,
            group.initiators,
            group.responders,
            group.flows
        ),
        (2, 1, 1, 8)
    );
}

#[test]
fn clients_of_several_sites_that_would_change_alike_are_one_group() {
    let sites = |ports: &str| {
        format!(
            "{SITE}[[site]]\ncode = \"PR1\"\nclients = [\"10.10.1.0/24\"]\n\
             [[site]]\ncode = \"PR2\"\nparent = \"PR1\"\nclients = [\"10.10.2.0/24\"]\n{ports}"
        )
    };
    let (now, then) = (
        Office::new(&sites("")),
        Office::new(&sites("[ports]\nclient-https = 8443\n")),
    );
    let rows = [
        tcp("10.10.1.0/24", "10.20.0.11", 443),
        tcp("10.10.2.0/24", "10.20.0.11", 443),
        tcp("10.10.0.0/21", "10.20.0.11", 443),
    ];
    let told = what_if(&now.book(), &then.book(), &[evidence(&rows)], |_| {});
    let group = &told.unexplained[0];
    // The last row's prefix spans both sites, and is still one conversation.
    assert_eq!(
        (told.unexplained.len(), group.conversations, group.flows),
        (1, 3, 12)
    );
}

#[test]
fn who_has_no_address_is_not_judged() {
    let row = Row {
        protocol: protocol::UDP,
        ..tcp("0.0.0.0", "255.255.255.255", 67)
    };
    let told = changed(SITE, &[row]);
    assert_eq!((told.conversations, told.not_judged), (0, 1));
}

#[test]
fn hits_are_those_of_the_book_that_is_asked() {
    let rows = [
        tcp("10.30.0.5", "10.30.0.6", 1433),
        tcp("10.10.4.0/24", "10.20.0.11", 443),
    ];
    let office = Office::new(SITE);
    let found = hits(&office.book(), &[evidence(&rows)]);
    let ids: Vec<_> = found.keys().map(String::as_str).collect();
    assert_eq!(
        ids,
        ["client/management-point/https", "site-server/sql-server/sql"]
    );
    let hit = found["site-server/sql-server/sql"];
    assert_eq!((hit.flows, hit.answered_flows, hit.alone), (4, 3, true));
    assert_eq!(hit.last_seen, at("2026-10-30T10:00:00Z"));
}

/// The office, and the same with a part of its clients taken out: compiled once.
static OFFICES: LazyLock<[Office; 2]> = LazyLock::new(|| {
    let smaller = SITE.replace("/16\"]", "/16\", \"!10.10.4.128/25\"]");
    [SITE, &smaller].map(Office::new)
});

const ENDS: [&str; 10] = [
    "10.10.4.7",
    "10.10.4.0/24",
    "10.10.0.0/15",
    "10.20.0.0/24",
    "10.20.0.11",
    "10.20.0.12",
    "10.30.0.5",
    "10.30.0.6",
    "10.40.0.2",
    "192.0.2.7",
];

proptest! {
    #[test]
    fn the_file_that_judges_now_changes_nothing(
        rows in prop::collection::vec((0..ENDS.len(), 0..ENDS.len(), 0..6_usize, any::<bool>()), 1..30)
    ) {
        let rows: Vec<_> = rows.into_iter().map(|(from, to, port, known)| {
            let ports = [80, 443, 1433, 135, 445, 8530];
            let basis = known.then_some(Basis::Port);
            Row { basis, ..tcp(ENDS[from], ENDS[to], ports[port]) }
        }).collect();
        let office = &OFFICES[0];
        let told = what_if(&office.book(), &office.book(), &[evidence(&rows)], |_| {});
        prop_assert_eq!(short(&told), Vec::<String>::new());
        prop_assert_eq!(told.unchanged, rows.len() as u64);
    }

    /// A prefix is taken apart where, and only where, tables tell its addresses apart.
    #[test]
    fn every_address_of_a_prefix_is_judged_as_one_of_those_that_stand_for_it(
        end in 0..ENDS.len(), host in any::<u32>()
    ) {
        let [now, then] = &*OFFICES;
        let all = inside::Stretches::of(&[&now.compiled, &then.compiled]);
        let prefix = prefix(ENDS[end]);
        let IpNet::V4(v4) = prefix else { unreachable!("all are IPv4") };
        let bits = u32::from(v4.network()) | (host & u32::from(v4.hostmask()));
        let address = Address::from(std::net::IpAddr::from(std::net::Ipv4Addr::from(bits)));
        let class = |address: Address| [now.compiled.endpoint(address), then.compiled.endpoint(address)];
        let standing: Vec<_> = all.within(prefix).into_iter().map(|one| class(one.into())).collect();
        prop_assert!(standing.contains(&class(address)));
    }
}
