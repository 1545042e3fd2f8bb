//! Each kind of suggestion: what was seen, the lines that come of it, and that with them it is explained.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use cmflow_common::packet::protocol::{TCP, UDP};
use jiff::Timestamp;

use super::judged::{is_explained, kind};
use super::*;
use crate::catalogue::Catalogue;
use crate::compile::{Compiled, Machine, compile};
use crate::config;
use crate::history::{ConversationKey, Days, RecordedConversation, day_of};
use crate::site::SiteModel;

const BASE: &str = "[networks]\ninternal = \"10.0.0.0/8\"\n[roles]\nclient = \"10.10.0.0/16\"\n\
                    management-point = \"10.20.0.11\"\nsite-server = \"10.30.0.5\"\nsql-server = \"10.30.0.6\"\n\
                    domain-controller = \"10.40.0.2\"\n";

/// Who opens, who answers, protocol, port, flows.
type Seen = (&'static str, &'static str, u8, u16, u64);

fn net(text: &str) -> IpNet {
    text.parse()
        .unwrap_or_else(|_| IpNet::from(text.parse::<IpAddr>().expect("an address in the test")))
}

fn evidence(seen: &[Seen]) -> Evidence {
    let at: Timestamp = "2026-11-03T10:00:00Z".parse().expect("a time");
    let conversations =
        seen.iter().map(
            |(initiator, responder, protocol, port, flows)| RecordedConversation {
                key: ConversationKey {
                    protocol: *protocol,
                    initiator: net(initiator),
                    responder: net(responder),
                    port: *port,
                    verdict: 0,
                },
                total: crate::history::Activity {
                    packets: flows * 10,
                    bytes: flows * 1000,
                    flows: *flows,
                    answered: *flows,
                    proving: *flows,
                    ..Default::default()
                },
                first_seen: at,
                last_seen: at,
                last_proving: Some(at),
                hit: Days::of(day_of(at)),
                proving: Days::of(day_of(at)),
                ports: (*port, *port),
                initiators: u32::try_from(*flows).expect("few"),
                responders: 1,
                folded: false,
            },
        );
    Evidence {
        conversations: conversations.collect(),
        ..Evidence::default()
    }
}

fn compiled(catalogue: &Catalogue, text: &str, beside: Option<&str>) -> (SiteModel, Compiled) {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("cmflow-suggest-{}-{number}", std::process::id()));
    fs::create_dir_all(&folder).expect("a temporary folder");
    let site = folder.join("site.toml");
    let include = beside.map_or("", |_| "include = [\"suggested.toml\"]\n");
    fs::write(&site, format!("{include}{text}")).expect("a temporary folder");
    if let Some(beside) = beside {
        fs::write(folder.join("suggested.toml"), beside).expect("a temporary folder");
    }
    let read = config::read(
        catalogue,
        &PathBuf::from(&site),
        &config::Reading::now(config::Ended::Refused),
    );
    let _ = fs::remove_dir_all(folder);
    let site = read
        .unwrap_or_else(|problems| panic!("{problems}\n{}", beside.unwrap_or(text)))
        .model;
    let compiled = compile(catalogue, &site, &Machine::default(), &[]).expect("it compiles");
    (site, compiled)
}

fn suggested(text: &str, seen: &[Seen]) -> (String, Vec<Suggestion>) {
    let catalogue = Catalogue::embedded().expect("the built-in catalogue");
    let (site, tables) = compiled(&catalogue, text, None);
    let book = Book {
        catalogue: &catalogue,
        site: &site,
        compiled: &tables,
    };
    let suggestions = suggest(&book, &[evidence(seen)]);
    (document(&suggestions), suggestions)
}

/// With the suggestions in a file beside it, everything that was seen is explained.
fn explained_with(text: &str, lines: &str, seen: &[Seen]) {
    let catalogue = Catalogue::embedded().expect("the built-in catalogue");
    let (_, tables) = compiled(&catalogue, text, Some(lines));
    for (initiator, responder, protocol, port, _) in seen {
        let flow = judged::Flow {
            initiator: net(initiator),
            responder: net(responder),
            protocol: *protocol,
            port: *port,
        };
        let kind = kind(&tables, &flow);
        assert!(is_explained(kind), "{flow:?} is {kind:?} with\n{lines}");
    }
}

#[test]
fn what_is_suggested_explains_what_was_seen() {
    const SITES: &str = "[networks]\ninternal = \"10.0.0.0/8\"\n[[site]]\ncode = \"PR1\"\nclients = [\"10.10.0.0/16\"]\n\
                         [[site]]\ncode = \"PR2\"\nclients = [\"10.12.0.0/16\"]\n[[host]]\nname = \"mp01\"\n\
                         address = \"10.20.0.11\"\nsite = \"PR2\"\nroles = \"management-point\"\n";
    let rows: [(&str, &str, &[Seen], &[&str]); 9] = [
        (
            "a software update point that the file does not name",
            BASE,
            &[
                ("10.10.1.0/24", "10.20.0.40", TCP, 8530, 3112),
                ("10.10.2.0/24", "10.20.0.40", TCP, 8531, 12),
            ],
            &[
                "# 10.20.0.40 answers TCP 8530 and TCP 8531 for 3,124 client, from 10.10.1.0/24 and 10.10.2.0/24",
                "#   3,124 flows since 2026-11-03, 3,124 answered",
                "[[host]]",
                "roles   = [\"software-update-point\"]",
            ],
        ),
        (
            "443 alone does not tell what it is",
            BASE,
            &[("10.10.1.0/24", "10.20.0.41", TCP, 443, 5)],
            &[
                "management-point or distribution-point",
                "each of them has TCP 443",
                "roles   = [\"management-point\"]",
            ],
        ),
        (
            "two roles at once",
            BASE,
            &[
                ("10.10.1.0/24", "10.20.0.42", TCP, 8530, 5),
                ("10.10.1.0/24", "10.20.0.42", TCP, 10123, 5),
            ],
            &["\"management-point\"", "\"software-update-point\""],
        ),
        (
            "a role more for a computer that the file names",
            BASE,
            &[("10.10.1.0/24", "10.20.0.11", TCP, 8530, 5)],
            &["[roles]\nsoftware-update-point = [", "    \"10.20.0.11\","],
        ),
        (
            "a computer that opens what site systems open",
            BASE,
            &[("10.20.0.43", "10.30.0.6", TCP, 1433, 7)],
            &[
                "# 10.20.0.43 opens TCP 1433 to 10.30.0.6 (sql-server)",
                "[[host]]",
            ],
        ),
        (
            "a network of clients",
            BASE,
            &[
                ("10.13.7.0/24", "10.20.0.11", TCP, 443, 50),
                ("10.13.8.4", "10.20.0.11", TCP, 443, 2),
            ],
            &["client = [", "    \"10.13.7.0/24\",", "    \"10.13.8.0/24\","],
        ),
        (
            "a port of its own",
            BASE,
            &[("10.10.1.0/24", "10.20.0.11", TCP, 8443, 5)],
            &["[ports]", "client-https = 8443", "where client-https is 443"],
        ),
        (
            "in a hierarchy a computer is in the site of those who ask",
            SITES,
            &[("10.12.1.0/24", "10.20.0.40", TCP, 8530, 9)],
            &["site    = \"PR2\""],
        ),
        (
            "what a companion explains asks for nothing",
            BASE,
            &[("10.10.1.0/24", "10.40.0.2", UDP, 53, 9)],
            &[],
        ),
    ];
    for (what, text, seen, expected) in rows {
        let (lines, _) = suggested(text, seen);
        for expected in expected {
            assert!(lines.contains(expected), "{what}: no {expected:?} in\n{lines}");
        }
        explained_with(text, &lines, seen);
    }
}

#[test]
fn a_custom_port_that_nobody_uses_is_to_be_edited() {
    let text = format!("{BASE}[ports]\nclient-https = 8443\n");
    let seen: [Seen; 1] = [("10.10.1.0/24", "10.20.0.11", TCP, 443, 5)];
    let (lines, all) = suggested(&text, &seen);
    assert_eq!(
        all[0].piece,
        Piece::Edit {
            at: "[ports]".to_owned(),
            key: "client-https".to_owned(),
            value: Some("443".to_owned())
        },
        "{lines}"
    );
    assert!(lines.contains("# in [ports]: client-https = 443"), "{lines}");
    explained_with(
        &text.replace("client-https = 8443", "client-https = 443"),
        &lines,
        &seen,
    );
}

#[test]
fn what_is_in_order_or_proves_nothing_gives_no_suggestion() {
    let scanner =
        format!("{BASE}[custom-roles]\nscanner = {{ addresses = [\"10.9.9.9\"], evidence = false }}\n");
    for (text, seen) in [
        (BASE, ("10.10.1.0/24", "10.20.0.11", TCP, 443, 5)),
        (&*scanner, ("10.9.9.9", "10.20.0.40", TCP, 8530, 5)),
        // A port that no document knows.
        (BASE, ("10.10.1.0/24", "10.20.0.40", TCP, 7777, 5)),
    ] {
        let (lines, all) = suggested(text, &[seen]);
        let lines: Vec<_> = all
            .iter()
            .filter(|one| one.piece != Piece::Nothing)
            .map(|_| &lines)
            .collect();
        assert!(lines.is_empty(), "{}", lines[0]);
    }
    // An attempt that nobody answered.
    let catalogue = Catalogue::embedded().expect("the built-in catalogue");
    let (site, tables) = compiled(&catalogue, BASE, None);
    let book = Book {
        catalogue: &catalogue,
        site: &site,
        compiled: &tables,
    };
    let mut evidence = evidence(&[("10.10.1.0/24", "10.20.0.40", TCP, 8530, 5)]);
    evidence.conversations[0].total.answered = 0;
    let all = suggest(&book, &[evidence]);
    assert!(all.iter().all(|one| one.piece == Piece::Nothing), "{all:?}");
}

#[test]
fn the_most_traffic_comes_first_and_who_was_never_seen_last() {
    let seen: [Seen; 2] = [
        ("10.10.1.0/24", "10.20.0.40", TCP, 8530, 5),
        ("10.10.1.0/24", "10.20.0.44", TCP, 8530, 50),
    ];
    let (_, all) = suggested(BASE, &seen);
    let flows: Vec<_> = all.iter().map(|one| one.flows).collect();
    assert_eq!(flows, [50, 5, 0, 0, 0, 0], "{all:?}");
    let never: Vec<_> = all[2..].iter().map(|one| one.seen.as_str()).collect();
    assert!(
        never.contains(&"10.30.0.6 holds sql-server, and nothing was seen of it: nobody with that role was"),
        "{never:?}"
    );
}
