mod disk;
mod folding;
mod generations;
mod killed;
mod opening;
mod reading;
mod size;
mod writing;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use cmflow_common::verdict::VerdictKind;
use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::compile::{Basis, VerdictInfo};
use crate::history::{
    Activity, Change, ConversationChange, ConversationKey, Live, Retention, VerdictChange, day_of,
};

/// A folder that is removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("cmflow-store-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).expect("a temporary folder");
        Self(path)
    }

    fn database(&self) -> PathBuf {
        self.0.join("gw.db")
    }

    /// Names of what is in it, sorted.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).expect("it is there");
        let mut names: Vec<_> = entries
            .map(|entry| {
                entry
                    .expect("it can be read")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A time in the tests' year.
fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn now() -> Timestamp {
    at("2026-11-24T12:00:00Z")
}

fn before(days: i64) -> Timestamp {
    now() - SignedDuration::from_hours(24 * days)
}

fn net(text: &str) -> IpNet {
    text.parse().expect("a prefix")
}

fn opened(path: &Path) -> Store {
    let opened = Store::open(path, now()).expect("it can be opened");
    assert_eq!(opened.said, Vec::<String>::new());
    opened.store
}

fn documented(rule: &str) -> VerdictInfo {
    VerdictInfo {
        kind: VerdictKind::Documented,
        rules: vec![rule.to_owned()],
        basis: Some(Basis::Port),
    }
}

fn of_kind(kind: VerdictKind) -> VerdictInfo {
    VerdictInfo {
        kind,
        rules: Vec::new(),
        basis: None,
    }
}

fn packets(packets: u64) -> Activity {
    Activity {
        packets,
        bytes: packets * 100,
        flows: 1,
        answered: 1,
        proving: 1,
        ..Activity::default()
    }
}

/// A conversation of the first verdict to port 443.
fn conversation(initiator: &str, responder: &str, at: Timestamp, more: Activity) -> ConversationChange {
    ConversationChange {
        key: ConversationKey {
            protocol: 6,
            initiator: net(initiator),
            responder: net(responder),
            port: 443,
            verdict: 0,
        },
        more,
        live: Live::default(),
        first_seen: at,
        last_seen: at,
        last_proving: (more.proving > 0).then_some(at),
        ports: (443, 443),
        initiators: 1,
        responders: 1,
    }
}

/// A minute that ends then.
fn minute(to: Timestamp, verdict: VerdictInfo, conversations: Vec<ConversationChange>) -> Change {
    let mut more = Activity::default();
    conversations.iter().for_each(|one| more.add(&one.more));
    Change {
        from: to - SignedDuration::from_secs(60),
        to,
        verdicts: vec![verdict],
        counted: vec![VerdictChange { verdict: 0, more }],
        conversations,
        run: 7,
        ..Change::default()
    }
}

fn commit(store: &mut Store, change: &Change) {
    store
        .commit(change, &Retention::default())
        .expect("it can be written");
}
