//! Folding: fewer rows, and nothing lost.

use std::collections::BTreeSet;

use proptest::prelude::*;
use rusqlite::Connection;

use super::*;
use crate::history::{Activity, Days, RecordedConversation};

/// What has to stay, by verdict.
#[derive(Debug, PartialEq)]
struct Kept {
    total: Activity,
    first_seen: Timestamp,
    last_seen: Timestamp,
    last_proving: Option<Timestamp>,
    hit: BTreeSet<i32>,
    proving: BTreeSet<i32>,
    ports: (u16, u16),
}

fn conversations(store: &Store) -> Vec<RecordedConversation> {
    let archive = Archive::open(store.path()).expect("it is there");
    archive.evidence(None, None).expect("there is some").conversations
}

fn kept(conversations: &[RecordedConversation]) -> Kept {
    let mut total = Activity::default();
    conversations.iter().for_each(|one| total.add(&one.total));
    let days =
        |of: fn(&RecordedConversation) -> Days| conversations.iter().flat_map(|one| of(one).iter()).collect();
    Kept {
        total,
        first_seen: conversations
            .iter()
            .map(|one| one.first_seen)
            .min()
            .expect("one at least"),
        last_seen: conversations
            .iter()
            .map(|one| one.last_seen)
            .max()
            .expect("one at least"),
        last_proving: conversations.iter().filter_map(|one| one.last_proving).max(),
        hit: days(|one| one.hit),
        proving: days(|one| one.proving),
        ports: (
            conversations
                .iter()
                .map(|one| one.ports.0)
                .min()
                .expect("one at least"),
            conversations
                .iter()
                .map(|one| one.ports.1)
                .max()
                .expect("one at least"),
        ),
    }
}

fn ends(conversations: &[RecordedConversation]) -> Vec<(String, String, bool)> {
    let ends = conversations.iter().map(|one| {
        (
            one.key.initiator.to_string(),
            one.key.responder.to_string(),
            one.folded,
        )
    });
    let mut ends: Vec<_> = ends.collect();
    ends.sort();
    ends
}

fn told(ends: &[(&str, &str, bool)]) -> Vec<(String, String, bool)> {
    ends.iter()
        .map(|(one, other, folded)| ((*one).to_owned(), (*other).to_owned(), *folded))
        .collect()
}

#[test]
fn single_addresses_of_what_nobody_explains_are_kept_for_a_month() {
    let folder = Folder::new();
    let mut store = opened(&folder.database());
    let talk = |days, who, whom, verdict| {
        minute(
            before(days),
            verdict,
            vec![conversation(who, whom, before(days), packets(2))],
        )
    };
    let unexplained = || of_kind(VerdictKind::Undocumented);
    for change in [
        talk(40, "10.30.0.5/32", "10.30.0.6/32", documented("a")),
        talk(40, "10.40.0.5/32", "10.40.0.6/32", of_kind(VerdictKind::Opaque)),
        talk(40, "10.1.2.3/32", "10.9.9.1/32", unexplained()),
        talk(40, "10.1.2.4/32", "10.9.9.1/32", unexplained()),
        talk(39, "10.1.2.4/32", "10.9.9.2/32", unexplained()),
        talk(38, "fd00::1:2/128", "fd00:9::1/128", unexplained()),
        // A prefix that somebody chose stays as it is.
        talk(38, "10.1.3.0/27", "10.9.9.1/32", unexplained()),
        talk(29, "10.1.2.5/32", "10.9.9.1/32", unexplained()),
    ] {
        commit(&mut store, &change);
    }
    let before_it = kept(&conversations(&store));
    store
        .tidy(now(), &Retention::default())
        .expect("it can be written");
    let after = conversations(&store);
    assert_eq!(
        ends(&after),
        told(&[
            ("10.1.2.0/24", "10.9.9.0/24", true),
            ("10.1.2.5/32", "10.9.9.1/32", false),
            ("10.1.3.0/27", "10.9.9.0/24", true),
            ("10.30.0.5/32", "10.30.0.6/32", false),
            ("10.40.0.5/32", "10.40.0.6/32", false),
            ("fd00::/64", "fd00:9::/64", true),
        ])
    );
    assert_eq!(kept(&after), before_it);
    let folded = after
        .iter()
        .find(|one| one.key.initiator == net("10.1.2.0/24"))
        .expect("it is there");
    assert_eq!(
        (folded.initiators, folded.responders),
        (2, 2),
        "two opened, two answered"
    );
    assert_eq!(folded.total.packets, 6);

    // What is folded later joins it.
    store
        .tidy(before(-5), &Retention::default())
        .expect("it can be written");
    let after = conversations(&store);
    assert_eq!(kept(&after), before_it);
    let folded = after
        .iter()
        .find(|one| one.key.initiator == net("10.1.2.0/24"))
        .expect("it is there");
    assert_eq!((folded.total.packets, folded.initiators), (8, 2));
}

#[test]
fn the_oldest_are_folded_where_there_are_too_many_and_documented_ones_never() {
    let folder = Folder::new();
    let mut store = opened(&folder.database());
    let retention = |conversations| Retention {
        conversations,
        ..Retention::default()
    };
    let mut ones: Vec<_> = (0..40)
        .map(|number| {
            let at = now() - SignedDuration::from_secs(100 - number);
            conversation(
                &format!("10.1.{}.{number}/32", number / 10),
                "10.9.9.1/32",
                at,
                packets(1),
            )
        })
        .collect();
    let documented_ones: Vec<_> = (0..10)
        .map(|number| {
            conversation(
                &format!("10.2.{number}.0/24"),
                "10.20.0.11/32",
                before(20),
                packets(1),
            )
        })
        .collect();
    commit(&mut store, &minute(before(20), documented("a"), documented_ones));
    ones.iter_mut().for_each(|one| one.live = Live(packets(1)));
    commit(
        &mut store,
        &minute(now(), of_kind(VerdictKind::Undocumented), ones),
    );
    let before_it = kept(&conversations(&store));
    let folded = |store: &Store| {
        let all = ends(&conversations(store));
        all.into_iter()
            .filter(|(.., folded)| *folded)
            .map(|(who, ..)| who)
            .collect::<Vec<_>>()
    };
    for (most, prefixes) in [
        (50, &[][..]),
        (42, &["10.1.0.0/24"]),
        (14, &["10.1.0.0/24", "10.1.1.0/24", "10.1.2.0/24", "10.1.3.0/24"]),
        (13, &["10.1.0.0/16", "10.1.2.0/24", "10.1.3.0/24"]),
        (11, &["10.1.0.0/16"]),
        (1, &["0.0.0.0/0"]),
    ] {
        store.tidy(now(), &retention(most)).expect("it can be written");
        let after = conversations(&store);
        assert_eq!(kept(&after), before_it, "{most}");
        assert_eq!(folded(&store), prefixes, "{most}");
        assert!(after.len() <= most.max(11) as usize, "{most}: {}", after.len());
        assert_eq!(
            after
                .iter()
                .filter(|one| !one.folded && one.key.initiator.prefix_len() == 24)
                .count(),
            10
        );
    }
    assert_eq!(
        store.baseline(7).expect("it can be read").live.len(),
        40,
        "what lives is known as it was"
    );
}

#[test]
fn a_commit_keeps_to_the_bound_by_itself() {
    let folder = Folder::new();
    let mut store = opened(&folder.database());
    let retention = Retention {
        conversations: 30,
        ..Retention::default()
    };
    // A scan of ports from one address to another: prefixes do not help.
    let scan = (1..200).map(|port| {
        let one = conversation("10.1.2.3/32", "10.9.9.1/32", now(), packets(1));
        ConversationChange {
            key: ConversationKey {
                port,
                ..one.key.clone()
            },
            ports: (port, port),
            ..one
        }
    });
    let change = minute(now(), of_kind(VerdictKind::Undocumented), scan.collect());
    store.commit(&change, &retention).expect("it can be written");
    let after = conversations(&store);
    assert!(after.len() <= 30, "{}", after.len());
    let kept = kept(&after);
    assert_eq!((kept.total.packets, kept.ports), (199, (1, 199)));
}

#[test]
fn what_is_a_year_old_is_forgotten_and_the_history_begins_later() {
    let folder = Folder::new();
    let mut store = opened(&folder.database());
    for days in [400, 366, 10] {
        let one = conversation(
            &format!("10.{}.0.0/24", days % 256),
            "10.20.0.11/32",
            before(days),
            packets(1),
        );
        commit(&mut store, &minute(before(days), documented("a"), vec![one]));
    }
    store
        .tidy(now(), &Retention::default())
        .expect("it can be written");
    let evidence = Archive::open(store.path())
        .expect("it is there")
        .evidence(None, None)
        .expect("there is some");
    assert_eq!(evidence.from.to_string(), "2025-11-23T00:00:00Z");
    assert_eq!(evidence.conversations.len(), 2);
    assert_eq!(evidence.verdicts[0].total.packets, 2);
}

#[test]
fn room_is_given_back_to_the_disk() {
    let folder = Folder::new();
    let mut store = opened(&folder.database());
    for round in 0..20_u32 {
        let ones = (0..1000_u32).map(|number| {
            let who = format!("10.{round}.{}.{}/32", number / 250, number % 250);
            conversation(&who, "10.9.9.1/32", before(40), packets(1))
        });
        commit(
            &mut store,
            &minute(before(40), of_kind(VerdictKind::Undocumented), ones.collect()),
        );
    }
    let size = |store: &Store| fs::metadata(store.path()).expect("it is there").len();
    let before_it = size(&store);
    store
        .tidy(now(), &Retention::default())
        .expect("it can be written");
    assert!(
        size(&store) < before_it / 4,
        "{before_it} bytes became {}",
        size(&store)
    );
    assert_eq!(conversations(&store).len(), 80);
    let free: i64 = Connection::open(store.path())
        .and_then(|one| one.pragma_query_value(None, "freelist_count", |row| row.get(0)))
        .expect("a database");
    assert_eq!(free, 0);
}

/// A conversation by chance: who, whom, port, how many days ago, packets, whether it proves something.
fn by_chance() -> impl Strategy<Value = (u8, u8, u16, i64, u64, bool, bool)> {
    (
        any::<u8>(),
        0..4_u8,
        0..4_u16,
        0..100_i64,
        1..1000_u64,
        any::<bool>(),
        any::<bool>(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn nothing_is_lost(talks in prop::collection::vec(by_chance(), 1..80), most in 1..60_u32, unexplained_d in 1..90_u32) {
        let folder = Folder::new();
        let mut store = opened(&folder.database());
        let kinds = [VerdictKind::Undocumented, VerdictKind::Foreign, VerdictKind::Opaque, VerdictKind::OutOfScope];
        let mut talks = talks;
        talks.sort_unstable_by_key(|(_, _, _, days, ..)| -days);
        for (who, whom, port, days, count, proving, six) in talks {
            let (who, whom) = if six {
                (format!("fd00:{}::{who:x}/128", who % 3), format!("fd00:9:{whom}::1/128"))
            } else {
                (format!("10.{}.{}.{who}/32", who % 2, who % 5), format!("10.200.{whom}.1/32"))
            };
            let more = Activity { proving: u64::from(proving), ..packets(count) };
            let one = conversation(&who, &whom, before(days), more);
            let one = ConversationChange {
                key: ConversationKey { port, ..one.key.clone() },
                ports: (port, port + 1),
                ..one
            };
            commit(&mut store, &minute(before(days), of_kind(kinds[usize::from(port)]), vec![one]));
        }
        let before_it = kept(&conversations(&store));
        let count = conversations(&store).len();
        let retention = Retention { conversations: most, unexplained_d, ..Retention::default() };
        for days in [0, 3, 50] {
            store.tidy(before(-days), &retention).expect("it can be written");
            let after = conversations(&store);
            prop_assert_eq!(&kept(&after), &before_it);
            prop_assert!(after.len() <= count);
        }
    }
}
