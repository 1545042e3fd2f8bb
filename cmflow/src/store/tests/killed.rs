//! A kill at any moment: what was committed is there, the rest is not, and nothing is damaged.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use rusqlite::Connection;

use super::*;

/// Set for the process that is killed.
const CHILD: &str = "CMFLOW_STORE_TEST_COMMITS_TO";
const ROUNDS: u64 = 12;

#[test]
fn a_kill_loses_nothing_that_was_committed_and_damages_nothing() {
    let folder = Folder::new();
    let path = folder.database();
    let mut least = 0;
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args([
                "--exact",
                "store::tests::killed::commits_until_killed",
                "--nocapture",
            ])
            .env(CHILD, &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("this program");
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let mut said = lines
            .by_ref()
            .map_while(Result::ok)
            .filter_map(|line| line.strip_prefix("done ")?.parse().ok());
        for _ in 0..=round % 4 {
            least = said.next().expect("it commits until it is killed");
        }
        // Anywhere in what it does next.
        thread::sleep(Duration::from_micros(round * 977 % 9000));
        child.kill().expect("it runs");
        child.wait().expect("it was killed");
        // It may have said more before it was hit.
        least = said.last().unwrap_or(least);

        let store = opened(&path);
        let connection = Connection::open(&path).expect("a database");
        let one = |sql: &str| -> i64 {
            connection
                .query_row(sql, [], |row| row.get(0))
                .expect("an answer")
        };
        let check: String = connection
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .expect("an answer");
        assert_eq!(check, "ok");
        let sum = |table: &str| one(&format!("SELECT coalesce(sum(packets), 0) FROM {table}"));
        let buckets = sum("minute") + sum("hour") + sum("day");
        assert_eq!(buckets, sum("conversation"));
        assert_eq!(
            buckets,
            one("SELECT sum(packets) FROM counter"),
            "each commit counts {PACKETS} packets"
        );
        let commits = u64::try_from(buckets).expect("a count") / PACKETS;
        assert!(
            commits == least || commits == least + 1,
            "{least} were told, {commits} are there"
        );
        least = commits;
        drop(store);
    }
}

const CONVERSATIONS: u32 = 50;
const PACKETS: u64 = 50 * 3;

/// Not a test of its own: the process that is killed.
#[test]
fn commits_until_killed() {
    let Some(path) = std::env::var_os(CHILD) else {
        return;
    };
    let mut store = opened(Path::new(&path));
    let baseline = store.baseline(7).expect("it can be read");
    let mut packets_before = baseline.counters.first().map_or(0, |(_, count)| count.packets);
    let retention = Retention {
        conversations: 400,
        ..Retention::default()
    };
    loop {
        let number = packets_before / PACKETS + 1;
        let to = now() + SignedDuration::from_mins(i64::try_from(number).expect("a small number"));
        let ones = (0..CONVERSATIONS).map(|one| {
            let who = format!("10.{}.{}.{one}/32", number % 7, number % 11);
            conversation(&who, "10.9.9.1/32", to, packets(3))
        });
        packets_before += PACKETS;
        let counted = cmflow_common::gateway::Count {
            packets: packets_before,
            bytes: 0,
        };
        let change = Change {
            counters: vec![(0, counted)],
            ..minute(to, of_kind(VerdictKind::Undocumented), ones.collect())
        };
        store.commit(&change, &retention).expect("room on the disk");
        println!("done {number}");
        if number.is_multiple_of(3) {
            store.tidy(to, &retention).expect("room on the disk");
        }
    }
}
