//! How large a history becomes that is as full as it may be.

use rusqlite::Connection;

use super::*;
use crate::history::Activity;

const VERDICTS: u32 = 500;
/// What the project promises.
const MOST_BYTES: u64 = 100 << 20;

/// A change with every verdict, and conversations of so many computers behind each of ten thousand services.
fn first(conversations: u32) -> Change {
    let verdicts: Vec<_> = (0..VERDICTS)
        .map(|number| VerdictInfo {
            rules: vec![
                format!("site-server/distribution-point/service-{number}"),
                format!("client/server/{number}"),
            ],
            ..documented("")
        })
        .collect();
    let more = Activity {
        packets: 123_456,
        bytes: 123_456_789,
        flows: 1234,
        answered: 1200,
        proving: 1100,
        ..Activity::default()
    };
    let counted = (0..VERDICTS).map(|verdict| VerdictChange { verdict, more });
    let ones = (0..conversations).map(|number| {
        // Clients in an order that is not that of the table.
        let number = u32::try_from(u64::from(number) * 48_271 % u64::from(conversations)).expect("small");
        let (a, b) = (number / 250 % 250, number % 250);
        let who = match number % 10 {
            0 => format!("fd00:10:{a:x}:{b:x}::/64"),
            _ => format!("10.{a}.{b}.0/24"),
        };
        let whom = if number % 10 == 0 {
            "fd00:20::11/128"
        } else {
            "10.20.0.11/32"
        };
        let one = conversation(&who, whom, before(365), more);
        ConversationChange {
            key: ConversationKey {
                verdict: number % VERDICTS,
                port: u16::try_from(number / 62_500).expect("small"),
                ..one.key
            },
            last_seen: now(),
            last_proving: Some(now()),
            initiators: 200,
            ..one
        }
    });
    Change {
        verdicts,
        counted: counted.collect(),
        conversations: ones.collect(),
        ..minute(before(365), documented("a"), Vec::new())
    }
}

/// As if every verdict had been counted in each minute, hour and day that is kept.
fn fill(path: &Path, retention: &Retention) {
    let mut connection = Connection::open(path).expect("a database");
    let transaction = connection.transaction().expect("nobody writes");
    let minutes = now().as_second() / 60;
    for (table, seconds, count) in [
        ("minute", 60, i64::from(retention.minutes_h) * 60),
        ("hour", 3600, i64::from(retention.hours_d) * 24),
        ("day", 86_400, i64::from(retention.days_d)),
    ] {
        let last = minutes * 60 / seconds;
        let sql = format!(
            "WITH RECURSIVE bucket(at) AS (SELECT ?1 UNION ALL SELECT at + 1 FROM bucket WHERE at < ?2)
             INSERT OR REPLACE INTO {table} SELECT bucket.at, verdict.id, 123456 * {seconds} / 60, 12345678 * {seconds} / 60,
                 123 * {seconds} / 60, 120 * {seconds} / 60, 119 * {seconds} / 60, 2, 1 FROM bucket, verdict"
        );
        transaction
            .execute(&sql, [last - count + 1, last])
            .expect("room on the disk");
    }
    // Days with packets on every one of the last year.
    let mut days = crate::history::Days::default();
    (0..366).for_each(|back| days.add(day_of(now()) - back));
    transaction
        .execute("UPDATE conversation SET hit = ?1, proved = ?1", [days.to_bytes()])
        .expect("room on the disk");
    transaction.commit().expect("room on the disk");
}

#[test]
fn a_full_year_of_five_hundred_verdicts_stays_under_its_bound() {
    let folder = Folder::new();
    let retention = Retention::default();
    let mut store = opened(&folder.database());
    store
        .commit(&first(retention.conversations), &retention)
        .expect("room on the disk");
    fill(store.path(), &retention);
    store.tidy(now(), &retention).expect("room on the disk");
    let bytes = fs::metadata(store.path()).expect("it is there").len();
    assert!(bytes < MOST_BYTES, "{} MiB", bytes >> 20);
    let evidence = Archive::open(store.path())
        .expect("it is there")
        .evidence(None, None)
        .expect("there is some");
    assert_eq!(evidence.verdicts.len(), VERDICTS as usize);
    assert_eq!(evidence.conversations.len(), retention.conversations as usize);
}
