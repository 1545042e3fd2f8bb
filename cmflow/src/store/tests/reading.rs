//! Reading: while a daemon writes, from a copy, of a part of the time, and what is not there.

use proptest::prelude::*;

use super::*;
use crate::history::Generation;

fn https() -> VerdictInfo {
    documented("client/management-point/https")
}

fn reader(store: &Store) -> Archive {
    Archive::open(store.path()).expect("it is there")
}

#[test]
fn it_is_read_while_it_is_written() {
    let folder = Folder::new();
    let mut store = opened(&folder.database());
    let change = |packets_in_it| {
        let one = conversation("10.1.2.0/24", "10.20.0.11/32", now(), packets(packets_in_it));
        minute(now(), https(), vec![one])
    };
    commit(&mut store, &change(1));
    let archive = reader(&store);
    let total = || {
        archive.evidence(None, None).expect("there is some").verdicts[0]
            .total
            .packets
    };
    assert_eq!(total(), 1);
    commit(&mut store, &change(2));
    assert_eq!(total(), 3, "the same reader sees what came since");
    store
        .tidy(now(), &Retention::default())
        .expect("whoever reads is not in the way");
}

#[test]
fn a_copy_of_the_file_alone_is_whole_and_nothing_is_made_beside_it() {
    let folder = Folder::new();
    let mut store = opened(&folder.database());
    let one = conversation("10.1.2.0/24", "10.20.0.11/32", now(), packets(4));
    commit(&mut store, &minute(now(), https(), vec![one]));
    let copied = Folder::new();
    // A name with what means something in a URI.
    let copy = copied.0.join("a b?c#d%20ä.db");
    fs::copy(store.path(), &copy).expect("a temporary folder");
    let evidence = Archive::open(&copy)
        .expect("it is there")
        .evidence(None, None)
        .expect("there is some");
    assert_eq!(evidence.verdicts[0].total.packets, 4);
    assert_eq!(evidence.gateway.name, "a b?c#d%20ä");
    assert_eq!(copied.names(), ["a b?c#d%20ä.db"]);
    drop(store);
    let before = folder.names();
    reader(&opened_again(&folder))
        .evidence(None, None)
        .expect("there is some");
    assert_eq!(folder.names(), before);
}

/// Opened and closed: only its path is wanted.
fn opened_again(folder: &Folder) -> Store {
    opened(&folder.database())
}

#[test]
fn what_is_not_there_is_said_and_never_an_empty_answer() {
    let folder = Folder::new();
    let path = folder.database();
    assert!(matches!(Archive::open(&path), Err(StoreError::Missing(_))));
    fs::write(&path, "").expect("a temporary folder");
    assert!(matches!(Archive::open(&path), Err(StoreError::Empty(_))));
    fs::write(&path, "no database".repeat(1000)).expect("a temporary folder");
    assert!(matches!(Archive::open(&path), Err(StoreError::Corrupt { .. })));
    fs::remove_file(&path).expect("it is there");

    let mut store = opened(&path);
    let archive = reader(&store);
    assert!(matches!(archive.span(), Err(StoreError::Empty(_))));
    assert!(matches!(archive.evidence(None, None), Err(StoreError::Empty(_))));
    commit(&mut store, &minute(now(), https(), Vec::new()));
    assert!(
        matches!(archive.evidence(None, None), Err(StoreError::NoData { .. })),
        "a minute without a packet"
    );
    let one = conversation("10.1.2.0/24", "10.20.0.11/32", before(-10), packets(1));
    commit(&mut store, &minute(before(-10), https(), vec![one]));
    assert_eq!(
        archive.span().expect("two minutes"),
        (now() - SignedDuration::from_secs(60), before(-10))
    );
    let ask = |since: i64, until: i64| archive.evidence(Some(before(since)), Some(before(until)));
    assert!(matches!(ask(-5, -2), Err(StoreError::Backwards { .. })));
    assert!(
        matches!(ask(-20, -30), Err(StoreError::Outside { .. })),
        "not yet"
    );
    assert!(
        matches!(ask(30, 20), Err(StoreError::Outside { .. })),
        "not any more"
    );
    assert!(
        matches!(ask(-2, -5), Err(StoreError::NoData { .. })),
        "nobody talked"
    );
    let evidence = ask(30, -30).expect("what there is of it");
    assert_eq!((evidence.from, evidence.to), archive.span().expect("it is known"));
}

#[test]
fn a_part_of_the_time_holds_what_happened_in_it() {
    let folder = Folder::new();
    let mut store = opened(&folder.database());
    for days in (0..6).rev() {
        let talks = [
            ("10.1.0.0/24", true),
            ("10.2.0.0/24", days >= 4),
            ("10.3.0.0/24", days <= 1),
            ("10.4.0.0/24", days == 0 || days == 5),
        ];
        let talking = talks.iter().filter(|(_, talks)| *talks);
        let ones = talking.map(|(who, _)| conversation(who, "10.20.0.11/32", before(days), packets(1)));
        commit(&mut store, &minute(before(days), https(), ones.collect()));
    }
    let evidence = reader(&store)
        .evidence(Some(before(3) - SignedDuration::from_secs(60)), Some(before(1)))
        .expect("there is some");
    let who: Vec<_> = evidence
        .conversations
        .iter()
        .map(|one| one.key.initiator.to_string())
        .collect();
    assert_eq!(
        who,
        ["10.1.0.0/24", "10.3.0.0/24"],
        "the last one was silent on those days"
    );
    assert_eq!(evidence.verdicts[0].total.packets, 1 + 1 + 2);
    let today = day_of(now());
    assert_eq!(
        evidence.verdicts[0].days,
        [(today - 3, 1), (today - 2, 1), (today - 1, 2)]
    );
}

#[test]
fn charts_get_steps_of_one_size() {
    let folder = Folder::new();
    let mut store = opened(&folder.database());
    let shared = VerdictInfo {
        rules: vec!["a".to_owned(), "b".to_owned()],
        ..documented("a")
    };
    let reversed = VerdictInfo {
        kind: VerdictKind::Reversed,
        ..documented("c")
    };
    let minutes_ago = |minutes: i64| now() - SignedDuration::from_mins(minutes);
    for (minutes, count) in [(60 * 24 * 3, 5), (70, 3), (2, 1), (1, 2)] {
        let change = Change {
            verdicts: vec![shared.clone(), reversed.clone()],
            counted: vec![
                VerdictChange {
                    verdict: 0,
                    more: packets(count),
                },
                VerdictChange {
                    verdict: 1,
                    more: packets(1),
                },
            ],
            ..minute(minutes_ago(minutes), https(), Vec::new())
        };
        commit(&mut store, &change);
    }
    store
        .tidy(now(), &Retention::default())
        .expect("it can be written");
    let archive = reader(&store);
    let told = |since: Option<Timestamp>, resolution| {
        let series = archive.series(since, None, resolution).expect("there is some");
        let points: Vec<_> = series.rules["a"]
            .iter()
            .map(|point| (point.at.to_string(), point.packets))
            .collect();
        assert_eq!(series.rules["a"], series.rules["b"]);
        assert!(
            !series.rules.contains_key("c"),
            "no rule explains what is reversed"
        );
        let by_kind: u64 = series.verdicts["documented"]
            .iter()
            .map(|point| point.packets)
            .sum();
        assert_eq!(by_kind, points.iter().map(|(_, packets)| packets).sum::<u64>());
        (series.resolution, points)
    };
    let named = |points: &[(&str, u64)]| -> Vec<_> {
        points
            .iter()
            .map(|(at, packets)| ((*at).to_owned(), *packets))
            .collect()
    };
    assert_eq!(
        told(Some(minutes_ago(120)), Resolution::Minute),
        (
            Resolution::Minute,
            named(&[
                ("2026-11-24T10:49:00Z", 3),
                ("2026-11-24T11:57:00Z", 1),
                ("2026-11-24T11:58:00Z", 2)
            ])
        )
    );
    assert_eq!(
        told(Some(minutes_ago(120)), Resolution::Hour),
        (
            Resolution::Hour,
            named(&[("2026-11-24T10:00:00Z", 3), ("2026-11-24T11:00:00Z", 3)])
        )
    );
    let hours = named(&[
        ("2026-11-21T11:00:00Z", 5),
        ("2026-11-24T10:00:00Z", 3),
        ("2026-11-24T11:00:00Z", 3),
    ]);
    assert_eq!(
        told(None, Resolution::Minute),
        (Resolution::Hour, hours),
        "minutes are not kept so long"
    );
    assert_eq!(
        told(None, Resolution::Day),
        (
            Resolution::Day,
            named(&[("2026-11-21T00:00:00Z", 5), ("2026-11-24T00:00:00Z", 6)])
        )
    );
}

#[test]
fn a_generation_that_came_after_the_time_is_no_part_of_it() {
    let folder = Folder::new();
    let mut store = opened(&folder.database());
    let generation = |days| Generation {
        from: before(days),
        number: 1,
        edition: format!("edition-{days}"),
        version: "0.1.0".to_owned(),
        files: Vec::new(),
        possible: Vec::new(),
    };
    for days in [5, 1] {
        store
            .begin_generation(&generation(days))
            .expect("it can be written");
        let one = conversation("10.1.2.0/24", "10.20.0.11/32", before(days), packets(1));
        commit(&mut store, &minute(before(days), https(), vec![one]));
    }
    let evidence = reader(&store)
        .evidence(None, Some(before(2)))
        .expect("there is some");
    assert_eq!(evidence.generations, [generation(5)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_packet_is_lost_between_minutes_hours_and_days(
        counted in prop::collection::vec((0..60 * 24 * 60_i64, 1..1000_u64), 1..40),
        tidied in prop::collection::vec(0..60_i64, 0..4),
    ) {
        let folder = Folder::new();
        let mut store = opened(&folder.database());
        let mut counted = counted;
        counted.sort_unstable_by_key(|(minutes, _)| -minutes);
        for (minutes, count) in &counted {
            let to = now() - SignedDuration::from_mins(*minutes);
            let one = conversation("10.1.2.0/24", "10.20.0.11/32", to, packets(*count));
            commit(&mut store, &minute(to, https(), vec![one]));
        }
        let sum = |store: &Store| {
            let evidence = reader(store).evidence(None, None).expect("there is some");
            let days: u64 = evidence.verdicts[0].days.iter().map(|(_, packets)| packets).sum();
            (evidence.verdicts[0].total, days, evidence.verdicts[0].days.clone())
        };
        let before_it = sum(&store);
        let wanted: u64 = counted.iter().map(|(_, packets)| packets).sum();
        prop_assert_eq!((before_it.0.packets, before_it.1), (wanted, wanted));
        for days in tidied {
            store.tidy(before(-days), &Retention::default()).expect("it can be written");
            prop_assert_eq!(&sum(&store), &before_it);
        }
    }
}
