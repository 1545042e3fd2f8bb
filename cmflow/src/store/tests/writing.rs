//! What is handed over comes back.

use cmflow_common::gateway::Count;

use super::*;
use crate::history::{Outage, Sighting};

#[test]
fn a_change_comes_back_as_evidence() {
    let folder = Folder::new();
    let mut store = opened(&folder.database());
    let one = ConversationChange {
        first_seen: now() - SignedDuration::from_secs(40),
        ports: (443, 443),
        initiators: 12,
        ..conversation("10.1.2.0/24", "10.20.0.11/32", now(), packets(5))
    };
    let two = ConversationChange {
        key: ConversationKey {
            verdict: 1,
            port: 0,
            ..conversation("fd00::1/128", "fd00::2/128", now(), packets(1)).key
        },
        ports: (49_152, 50_000),
        ..conversation(
            "fd00::1/128",
            "fd00::2/128",
            now(),
            Activity {
                proving: 0,
                ..packets(3)
            },
        )
    };
    let change = Change {
        verdicts: vec![documented("a/b/https"), of_kind(VerdictKind::Undocumented)],
        counted: vec![
            VerdictChange {
                verdict: 0,
                more: packets(6),
            },
            VerdictChange {
                verdict: 1,
                more: packets(3),
            },
        ],
        conversations: vec![one.clone(), two.clone()],
        sightings: vec![Sighting {
            who: net("10.1.2.0/24"),
            interface: "eth0".to_owned(),
            here: true,
        }],
        interfaces: vec![("eth0".to_owned(), "xdp".to_owned())],
        ..minute(now(), documented("a/b/https"), Vec::new())
    };
    commit(&mut store, &change);
    let evidence = Archive::open(store.path())
        .expect("it is there")
        .evidence(None, None)
        .expect("there is some");
    assert_eq!((evidence.from, evidence.to), (change.from, change.to));
    assert_eq!(evidence.gateway.name, "gw");
    assert_eq!(evidence.gateway.interfaces, change.interfaces);
    assert_eq!(evidence.sightings, change.sightings);
    let verdicts: Vec<_> = evidence
        .verdicts
        .iter()
        .map(|one| (one.info.clone(), one.total))
        .collect();
    assert_eq!(
        verdicts,
        [
            (change.verdicts[0].clone(), packets(6)),
            (change.verdicts[1].clone(), packets(3))
        ]
    );
    assert_eq!(evidence.verdicts[0].days, [(day_of(now()), 6)]);
    assert_eq!(evidence.conversations.len(), 2);
    for (written, read) in change.conversations.iter().zip(&evidence.conversations) {
        assert_eq!(read.key, written.key);
        assert_eq!(read.total, written.more);
        assert_eq!(
            (read.first_seen, read.last_seen),
            (written.first_seen, written.last_seen)
        );
        assert_eq!(read.last_proving, written.last_proving);
        assert_eq!(
            (read.ports, read.initiators, read.responders),
            (written.ports, written.initiators, written.responders)
        );
        assert_eq!(read.hit.iter().collect::<Vec<_>>(), [day_of(now())]);
        assert!(!read.folded);
    }
    assert!(evidence.conversations[1].proving.is_empty());
}

#[test]
fn changes_of_one_conversation_add_up() {
    let folder = Folder::new();
    let mut store = opened(&folder.database());
    let rule = || documented("a/b/https");
    for (days, port, proving) in [(3, 500, 1), (1, 400, 0), (0, 450, 0)] {
        let more = Activity {
            proving,
            ..packets(10)
        };
        let one = ConversationChange {
            ports: (port, port),
            initiators: u32::from(port),
            ..conversation("10.1.2.0/24", "10.20.0.11/32", before(days), more)
        };
        commit(&mut store, &minute(before(days), rule(), vec![one]));
    }
    let evidence = Archive::open(store.path())
        .expect("it is there")
        .evidence(None, None)
        .expect("there is some");
    let [one] = evidence.conversations.as_slice() else {
        panic!("one conversation: {:?}", evidence.conversations);
    };
    assert_eq!(
        (one.total.packets, one.total.flows, one.total.proving),
        (30, 3, 1)
    );
    assert_eq!((one.first_seen, one.last_seen), (before(3), now()));
    assert_eq!(
        one.last_proving,
        Some(before(3)),
        "a later packet that proves nothing does not move it"
    );
    assert_eq!((one.ports, one.initiators), ((400, 500), 500));
    let today = day_of(now());
    assert_eq!(one.hit.iter().collect::<Vec<_>>(), [today, today - 1, today - 3]);
    assert_eq!(one.proving.iter().collect::<Vec<_>>(), [today - 3]);
    assert_eq!(
        evidence.verdicts[0].days,
        [(today - 3, 10), (today - 1, 10), (today, 10)]
    );
}

#[test]
fn a_daemon_goes_on_from_what_was_live() {
    let folder = Folder::new();
    let mut store = opened(&folder.database());
    assert_eq!(store.baseline(7).expect("an empty one"), Baseline::default());
    let live = |one: ConversationChange, packets: u64| ConversationChange {
        live: Live(Activity {
            packets,
            flows: 1,
            ..Activity::default()
        }),
        ..one
    };
    let stays = conversation("10.1.2.3/32", "10.20.0.11/32", now(), packets(5));
    let ends = conversation("10.1.2.4/32", "10.20.0.11/32", now(), packets(5));
    let change = Change {
        counters: vec![(
            0,
            Count {
                packets: 10,
                bytes: 1000,
            },
        )],
        sightings: vec![Sighting {
            who: net("10.20.0.11/32"),
            interface: "eth1".to_owned(),
            here: false,
        }],
        ..minute(
            now(),
            of_kind(VerdictKind::Undocumented),
            vec![live(stays.clone(), 5), live(ends.clone(), 5)],
        )
    };
    commit(&mut store, &change);
    let next = now() + SignedDuration::from_secs(60);
    let gone = ConversationChange {
        more: Activity::default(),
        ..ends
    };
    let change = Change {
        counters: vec![(
            0,
            Count {
                packets: 12,
                bytes: 1200,
            },
        )],
        ..minute(
            next,
            of_kind(VerdictKind::Undocumented),
            vec![live(stays, 7), gone],
        )
    };
    commit(&mut store, &change);
    drop(store);

    let store = opened(&folder.database());
    let baseline = store.baseline(7).expect("what was written");
    assert_eq!(baseline.written, Some(next));
    assert_eq!(baseline.verdicts, [of_kind(VerdictKind::Undocumented)]);
    assert_eq!(
        baseline.counters,
        [(
            0,
            Count {
                packets: 12,
                bytes: 1200
            }
        )]
    );
    let [(key, Live(held))] = baseline.live.as_slice() else {
        panic!("one is live: {:?}", baseline.live);
    };
    assert_eq!((key.initiator, held.packets), (net("10.1.2.3/32"), 7));
    let other = store.baseline(8).expect("what was written");
    assert_eq!(
        (other.counters.len(), other.live.len()),
        (0, 0),
        "of other counters"
    );
    assert_eq!((other.written, other.sightings.len()), (Some(next), 1));
}

#[test]
fn what_was_live_in_another_run_is_forgotten_with_its_first_change() {
    let folder = Folder::new();
    let mut store = opened(&folder.database());
    let one = ConversationChange {
        live: Live(packets(5)),
        ..conversation("10.1.2.3/32", "10.20.0.11/32", now(), packets(5))
    };
    commit(&mut store, &minute(now(), documented("a/b/c"), vec![one]));
    commit(
        &mut store,
        &Change {
            run: 8,
            ..minute(now(), documented("a/b/c"), Vec::new())
        },
    );
    assert_eq!(store.baseline(8).expect("what was written").live, []);
}

#[test]
fn numbers_that_mean_the_same_are_one_verdict() {
    let folder = Folder::new();
    let mut store = opened(&folder.database());
    let foreign = || of_kind(VerdictKind::Foreign);
    let change = Change {
        verdicts: vec![foreign(), documented("never/named/here"), foreign()],
        counted: vec![
            VerdictChange {
                verdict: 0,
                more: packets(2),
            },
            VerdictChange {
                verdict: 2,
                more: packets(3),
            },
        ],
        counters: vec![
            (
                0,
                Count {
                    packets: 2,
                    bytes: 20,
                },
            ),
            (1, Count::default()),
            (
                2,
                Count {
                    packets: 3,
                    bytes: 30,
                },
            ),
        ],
        ..minute(now(), foreign(), Vec::new())
    };
    commit(&mut store, &change);
    let baseline = store.baseline(7).expect("what was written");
    assert_eq!(baseline.verdicts, [foreign()]);
    assert_eq!(
        baseline.counters,
        [(
            0,
            Count {
                packets: 5,
                bytes: 50
            }
        )]
    );
    let evidence = Archive::open(store.path())
        .expect("it is there")
        .evidence(None, None)
        .expect("there is some");
    assert_eq!(
        evidence
            .verdicts
            .iter()
            .map(|one| one.total.packets)
            .collect::<Vec<_>>(),
        [5]
    );
}

#[test]
fn a_change_that_names_an_unknown_verdict_changes_nothing() {
    let folder = Folder::new();
    let mut store = opened(&folder.database());
    let wrong = Change {
        counted: vec![
            VerdictChange {
                verdict: 0,
                more: packets(2),
            },
            VerdictChange {
                verdict: 9,
                more: packets(3),
            },
        ],
        ..minute(now(), documented("a/b/c"), Vec::new())
    };
    let error = store
        .commit(&wrong, &Retention::default())
        .expect_err("verdict 9 is not said");
    assert!(error.to_string().contains("verdict 9"), "{error}");
    assert_eq!(store.baseline(7).expect("an empty one").written, None);
}

#[test]
fn an_outage_that_goes_on_is_one() {
    let folder = Folder::new();
    let mut store = opened(&folder.database());
    let second = |second: i64| now() + SignedDuration::from_secs(second);
    let outage = |from, to, kind: &str, note: &str| Outage {
        from: second(from),
        to: second(to),
        kind: kind.to_owned(),
        note: note.to_owned(),
    };
    let change = Change {
        to: second(2000),
        outages: vec![
            outage(0, 60, Outage::EVENTS, "3 not told"),
            outage(0, 60, Outage::INTERFACE, "eth0"),
            outage(30, 60, Outage::INTERFACE, "eth1"),
            outage(150, 180, Outage::EVENTS, "4 not told"),
            outage(150, 180, Outage::INTERFACE, "eth0"),
            outage(300, 360, Outage::EVENTS, "5 not told"),
        ],
        ..minute(
            now(),
            documented("a/b/c"),
            vec![conversation("10.0.0.0/24", "10.9.9.9/32", now(), packets(1))],
        )
    };
    commit(&mut store, &change);
    let evidence = Archive::open(store.path())
        .expect("it is there")
        .evidence(None, None)
        .expect("there is some");
    assert_eq!(
        evidence.outages,
        [
            outage(0, 180, Outage::EVENTS, "4 not told"),
            outage(0, 180, Outage::INTERFACE, "eth0"),
            outage(30, 60, Outage::INTERFACE, "eth1"),
            outage(300, 360, Outage::EVENTS, "5 not told"),
        ]
    );
    let archive = Archive::open(store.path()).expect("it is there");
    let cut = archive
        .evidence(Some(second(-10)), Some(second(40)))
        .expect("there is some");
    assert_eq!(
        cut.outages[0],
        outage(0, 40, Outage::EVENTS, "4 not told"),
        "cut to the time asked for"
    );
}

#[test]
fn a_clock_that_was_ahead_does_not_lengthen_the_history() {
    let folder = Folder::new();
    let mut store = opened(&folder.database());
    let talk = |at| {
        let one = conversation("10.1.2.0/24", "10.20.0.11/32", at, packets(1));
        minute(at, documented("a"), vec![one])
    };
    commit(&mut store, &talk(before(1)));
    commit(&mut store, &talk(before(-1000)));
    commit(&mut store, &talk(now()));
    assert_eq!(store.baseline(7).expect("it can be read").written, Some(now()));
    let archive = Archive::open(store.path()).expect("it is there");
    let evidence = archive.evidence(None, None).expect("there is some");
    assert_eq!((evidence.to, evidence.verdicts[0].total.packets), (now(), 2));
}
