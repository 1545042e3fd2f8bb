//! Opening: new, old, newer, damaged, somebody else's.

use std::os::unix::fs::PermissionsExt as _;

use rusqlite::Connection;

use super::*;
use crate::store::opening;

/// What is in the first column of a query's first row.
fn ask(path: &Path, sql: &str) -> i64 {
    let connection = Connection::open(path).expect("a database");
    connection
        .query_row(sql, [], |row| row.get(0))
        .expect("an answer")
}

fn refused(path: &Path) -> String {
    let before = fs::read(path).expect("it is there");
    let error = Store::open(path, now()).expect_err("it is refused");
    assert_eq!(
        fs::read(path).expect("it is there"),
        before,
        "it is left as it is"
    );
    error.to_string()
}

#[test]
fn a_new_one_is_made_with_its_folder_and_for_its_group_alone() {
    let folder = Folder::new();
    let path = folder.0.join("var/lib/gw.db");
    let mut store = opened(&path);
    commit(&mut store, &minute(now(), documented("a"), Vec::new()));
    for end in ["", "-wal", "-shm"] {
        let file = opening::with_end(&path, end);
        let mode = fs::metadata(&file).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o640, "{}", file.display());
    }
    drop(store);
    assert_eq!(ask(&path, "PRAGMA application_id"), 0x636d_666c);
    assert_eq!(ask(&path, "PRAGMA user_version"), 1);
    assert_eq!(ask(&path, "PRAGMA auto_vacuum"), 2, "room can be given back");
}

/// Two versions that never were: the second takes over what the first held.
const OLD: [&str; 1] = ["CREATE TABLE packets (count INTEGER); INSERT INTO packets VALUES (42)"];
const STEPS: [&str; 3] = [
    OLD[0],
    "ALTER TABLE packets RENAME TO counted",
    "CREATE TABLE bytes AS SELECT count * 100 AS bytes FROM counted",
];

#[test]
fn an_older_one_is_brought_up_to_date_step_by_step() {
    let folder = Folder::new();
    let path = folder.database();
    drop(
        opening::make(&path)
            .and_then(|()| opening::open(&path, &OLD))
            .expect("the first version"),
    );
    assert_eq!(ask(&path, "PRAGMA user_version"), 1);
    drop(opening::open(&path, &STEPS).expect("it is brought up to date"));
    assert_eq!(ask(&path, "SELECT bytes FROM bytes"), 4200);
    assert_eq!(ask(&path, "PRAGMA user_version"), 3);
    drop(opening::open(&path, &STEPS).expect("nothing is to be done"));
    assert_eq!(
        ask(&path, "SELECT count(*) FROM bytes"),
        1,
        "no step is taken twice"
    );
}

#[test]
fn a_step_that_fails_leaves_the_version_before() {
    let folder = Folder::new();
    let path = folder.database();
    let broken = [
        STEPS[0],
        STEPS[1],
        "CREATE TABLE half (a INTEGER); CREATE TABLE half (a INTEGER)",
    ];
    opening::make(&path)
        .and_then(|()| opening::open(&path, &broken))
        .expect_err("the third step fails");
    assert_eq!(ask(&path, "PRAGMA user_version"), 2);
    assert_eq!(
        ask(&path, "SELECT count(*) FROM sqlite_schema WHERE name = 'half'"),
        0
    );
    drop(opening::open(&path, &STEPS).expect("it goes on from there"));
    assert_eq!(ask(&path, "SELECT bytes FROM bytes"), 4200);
}

#[test]
fn a_newer_one_is_left_to_a_newer_cmflow() {
    let folder = Folder::new();
    let path = folder.database();
    drop(opened(&path));
    Connection::open(&path)
        .and_then(|one| one.pragma_update(None, "user_version", 7))
        .expect("a database");
    for error in [
        refused(&path),
        Archive::open(&path).expect_err("it is refused").to_string(),
    ] {
        assert!(
            error.contains("written by a newer cmflow (schema 7; this one knows 1)"),
            "{error}"
        );
        assert!(
            error.contains("run the newer cmflow, or move the file away"),
            "{error}"
        );
    }
}

#[test]
fn what_an_older_cmflow_wrote_cannot_be_read_before_it_is_brought_up_to_date() {
    let folder = Folder::new();
    let path = folder.database();
    drop(opened(&path));
    Connection::open(&path)
        .and_then(|one| one.pragma_update(None, "user_version", 0))
        .expect("a database");
    let error = Archive::open(&path).expect_err("it is refused").to_string();
    assert!(error.contains("start `cmflow run` on it once"), "{error}");
}

#[test]
fn another_programs_database_is_left_alone() {
    let folder = Folder::new();
    let path = folder.database();
    Connection::open(&path)
        .and_then(|one| one.execute_batch("CREATE TABLE a (b)"))
        .expect("a database");
    for error in [
        refused(&path),
        Archive::open(&path).expect_err("it is refused").to_string(),
    ] {
        assert!(error.contains("a database of another program"), "{error}");
    }
}

/// A history with something in every page, closed.
fn filled(path: &Path) {
    let mut store = opened(path);
    let verdicts: Vec<_> = (0..300)
        .map(|number| documented(&format!("a/b/{number}")))
        .collect();
    let counted = (0..300).map(|verdict| VerdictChange {
        verdict,
        more: packets(1),
    });
    let change = Change {
        verdicts,
        counted: counted.collect(),
        ..minute(now(), documented("a"), Vec::new())
    };
    commit(&mut store, &change);
}

#[test]
fn a_damaged_one_is_kept_aside_and_a_new_one_begun() {
    let folder = Folder::new();
    let path = folder.database();
    let spoils: [fn(&mut Vec<u8>); 4] = [
        |bytes| bytes[..100].fill(0xff),
        |bytes| bytes.truncate(5000),
        // A page in the middle.
        |bytes| bytes[5 * 4096..6 * 4096].fill(0xff),
        |bytes| *bytes = b"this is no database, but it is long enough to be taken for one".repeat(100),
    ];
    for (number, spoil) in (1..).zip(spoils) {
        filled(&path);
        let mut bytes = fs::read(&path).expect("it is there");
        spoil(&mut bytes);
        fs::write(&path, &bytes).expect("a temporary folder");
        fs::write(opening::with_end(&path, "-wal"), "").expect("a temporary folder");
        let Opened { mut store, said } = Store::open(&path, now()).expect("a new one is begun");
        let aside = match number {
            1 => "gw-corrupt-20261124T120000Z.db".to_owned(),
            _ => format!("gw-corrupt-20261124T120000Z-{number}.db"),
        };
        let [said] = said.as_slice() else {
            panic!("it is said once: {said:?}")
        };
        assert!(
            said.contains("is damaged") && said.contains(&aside) && said.contains("a new one is begun"),
            "{said}"
        );
        assert_eq!(
            fs::read(folder.0.join(&aside)).expect("it is kept"),
            bytes,
            "{aside}"
        );
        assert!(
            folder.names().contains(&format!("{aside}-wal")),
            "{:?}",
            folder.names()
        );
        assert_eq!(store.baseline(7).expect("an empty one"), Baseline::default());
        commit(&mut store, &minute(now(), documented("a"), Vec::new()));
        drop(store);
        drop(opened(&path));
        fs::remove_file(&path).expect("it is there");
    }
}

#[test]
fn an_empty_file_is_a_new_history() {
    let folder = Folder::new();
    fs::write(folder.database(), "").expect("a temporary folder");
    drop(opened(&folder.database()));
}

#[test]
fn a_file_that_is_moved_while_it_is_in_use_is_missed() {
    let folder = Folder::new();
    let path = folder.database();
    let mut store = opened(&path);
    let one = || conversation("10.1.2.0/24", "10.20.0.11/32", now(), packets(1));
    let mut write = || {
        store.commit(
            &minute(now(), documented("a"), vec![one()]),
            &Retention::default(),
        )
    };
    write().expect("room on the disk");
    let aside = folder.0.join("aside.db");
    fs::rename(&path, &aside).expect("it is there");
    assert!(matches!(write(), Err(StoreError::Moved(_))));
    fs::write(&path, "").expect("a temporary folder");
    assert!(
        matches!(write(), Err(StoreError::Moved(_))),
        "another file is there"
    );
    fs::rename(&aside, &path).expect("it is there");
    write().expect("it is back");
    let evidence = Archive::open(&path)
        .expect("it is there")
        .evidence(None, None)
        .expect("there is some");
    assert_eq!(evidence.verdicts[0].total.packets, 2);
}
