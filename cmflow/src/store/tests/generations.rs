//! Generations of tables, and since when a rule has been possible.

use super::*;
use crate::history::{Generation, StoredFile};

fn file(path: &str, kind: &str, text: &str) -> StoredFile {
    StoredFile {
        path: path.to_owned(),
        sha256: sha256(text.as_bytes()),
        kind: kind.to_owned(),
        text: text.to_owned(),
    }
}

fn generation(days_ago: i64, site: &str, possible: &[&str]) -> Generation {
    Generation {
        from: before(days_ago),
        number: 100 - days_ago.cast_unsigned(),
        edition: "current".to_owned(),
        version: "0.1.0".to_owned(),
        files: vec![
            file("site.toml", "site", site),
            file("dps.csv", "site", "name,address,roles"),
        ],
        possible: possible.iter().map(|rule| (*rule).to_owned()).collect(),
    }
}

/// A history of packets on each of the last ten days, with these generations.
fn history(folder: &Folder, generations: &[Generation]) -> Archive {
    let mut store = opened(&folder.database());
    for one in generations {
        store.begin_generation(one).expect("it can be written");
    }
    for days in (0..10).rev() {
        let one = conversation("10.1.2.0/24", "10.20.0.11/32", before(days), packets(1));
        commit(&mut store, &minute(before(days), documented("a"), vec![one]));
    }
    Archive::open(store.path()).expect("it is there")
}

fn spans(archive: &Archive, until: Option<Timestamp>) -> Vec<(String, Timestamp)> {
    let evidence = archive.evidence(None, until).expect("there is some");
    evidence
        .rules
        .into_iter()
        .map(|span| (span.rule, span.from))
        .collect()
}

#[test]
fn a_rule_that_comes_again_begins_anew() {
    let folder = Folder::new();
    let generations = [
        generation(9, "one", &["a", "b"]),
        generation(6, "two", &["a", "c"]),
        generation(3, "three", &["c", "a", "b"]),
    ];
    let archive = history(&folder, &generations);
    let told = |spans: &[(&str, i64)]| -> Vec<_> {
        spans
            .iter()
            .map(|(rule, days)| ((*rule).to_owned(), before(*days)))
            .collect()
    };
    assert_eq!(spans(&archive, None), told(&[("a", 9), ("b", 3), ("c", 6)]));
    assert_eq!(
        spans(&archive, Some(before(4))),
        told(&[("a", 9), ("c", 6)]),
        "as it was then"
    );
    let evidence = archive.evidence(Some(before(5)), None).expect("there is some");
    let sites: Vec<_> = evidence
        .generations
        .iter()
        .map(|one| one.files[0].text.as_str())
        .collect();
    assert_eq!(
        sites,
        ["two", "three"],
        "the one that judged when the time began, and later ones"
    );
    assert_eq!(evidence.generations[1].files, generations[2].files);
    assert_eq!(evidence.generations[1].number, generations[2].number);
}

#[test]
fn the_same_tables_are_no_new_generation() {
    let folder = Folder::new();
    let first = generation(9, "one", &["a", "b"]);
    let again = Generation {
        from: before(5),
        number: 1,
        possible: vec!["b".to_owned(), "a".to_owned()],
        ..first.clone()
    };
    let moved = Generation {
        files: vec![file("other.toml", "site", "one")],
        ..generation(2, "one", &["a", "b"])
    };
    let archive = history(&folder, &[first, again, moved]);
    let evidence = archive.evidence(None, None).expect("there is some");
    assert_eq!(
        evidence
            .generations
            .iter()
            .map(|one| one.from)
            .collect::<Vec<_>>(),
        [before(9), before(2)]
    );
    assert_eq!(
        evidence.rules[0].from,
        before(9),
        "a rule goes on while files change"
    );
}

#[test]
fn texts_of_old_generations_go_where_they_take_too_much_room() {
    let folder = Folder::new();
    let mut store = opened(&folder.database());
    let big = |letter: &str| letter.repeat(7 << 20);
    for (days, letter) in [(4, "a"), (3, "b"), (2, "c"), (1, "d")] {
        store
            .begin_generation(&generation(days, &big(letter), &["a"]))
            .expect("it can be written");
    }
    let one = || conversation("10.1.2.0/24", "10.20.0.11/32", now(), packets(1));
    commit(&mut store, &minute(before(5), documented("a"), vec![one()]));
    commit(&mut store, &minute(now(), documented("a"), vec![one()]));
    store
        .tidy(now(), &Retention::default())
        .expect("it can be written");
    let evidence = Archive::open(store.path())
        .expect("it is there")
        .evidence(None, None)
        .expect("there is some");
    let kept: Vec<_> = evidence
        .generations
        .iter()
        .map(|one| one.files[0].text.len() >> 20)
        .collect();
    assert_eq!(kept, [0, 7, 7, 7], "16 MiB beside the newest");
    assert_eq!(
        evidence.generations[0].files[0].sha256,
        sha256(big("a").as_bytes()),
        "what it was stays known"
    );
    assert_eq!(evidence.rules.len(), 1);

    let year = now() + SignedDuration::from_hours(24 * 367);
    commit(
        &mut store,
        &minute(
            year,
            documented("a"),
            vec![ConversationChange {
                last_seen: year,
                ..one()
            }],
        ),
    );
    store
        .tidy(year, &Retention::default())
        .expect("it can be written");
    let evidence = Archive::open(store.path())
        .expect("it is there")
        .evidence(None, None)
        .expect("there is some");
    let left: Vec<_> = evidence
        .generations
        .iter()
        .map(|one| &one.files[0].text[..1])
        .collect();
    assert_eq!(left, ["d"], "the one that judges stays, however old");
}
