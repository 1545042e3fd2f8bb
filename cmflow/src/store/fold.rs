//! Makes one conversation of many: by prefix, then by shorter ones. Their sums, first and last packet and days stay.

use std::collections::{HashMap, HashSet};
use std::mem;

use cmflow_common::verdict::VerdictKind;
use ipnet::IpNet;
use jiff::Timestamp;
use rusqlite::{Transaction, params};

use super::conversations::{Adding, Conversation, KEY, REST, RowKey};
use super::error::Fault;
use super::value::{ACTIVITY, At, Net};

/// What is folded: people's movements, and what nobody explains. What is opaque stays, since it says of which pairs
/// nothing can be seen.
const KINDS: [VerdictKind; 5] = [
    VerdictKind::Local,
    VerdictKind::Reversed,
    VerdictKind::Undocumented,
    VerdictKind::Foreign,
    VerdictKind::OutOfScope,
];

/// How far is folded.
#[derive(Clone, Copy, Debug)]
struct Level {
    /// An end whose prefix is longer than this is folded: of IPv4 and IPv6.
    longer_than: [u8; 2],
    /// To prefixes of this length.
    to: [u8; 2],
    /// Whether ports are made one too.
    ports: bool,
}

/// Single addresses by the prefixes that clients are kept by.
const SINGLE: Level = Level {
    longer_than: [31, 127],
    to: [24, 64],
    ports: false,
};

/// What is done in turn until there are few enough.
const LEVELS: [Level; 4] = [
    SINGLE,
    Level {
        longer_than: [16, 48],
        to: [16, 48],
        ports: false,
    },
    Level {
        longer_than: [0, 0],
        to: [0, 0],
        ports: false,
    },
    Level {
        longer_than: [0, 0],
        to: [0, 0],
        ports: true,
    },
];

impl Level {
    /// The conversations that it makes shorter, as a condition.
    fn condition(self) -> String {
        let [four, six] = self.longer_than;
        let longer = |end: &str| {
            format!(
                "(length({end}) = 5 AND substr({end}, -1) > x'{four:02x}'
                  OR length({end}) = 17 AND substr({end}, -1) > x'{six:02x}')"
            )
        };
        let kinds: Vec<_> = KINDS.iter().map(|kind| format!("'{}'", kind.name())).collect();
        format!(
            "verdict IN (SELECT id FROM verdict WHERE kind IN ({})) AND ({} OR {} OR {})",
            kinds.join(", "),
            longer("initiator"),
            longer("responder"),
            if self.ports { "port > 0" } else { "0" }
        )
    }

    fn end(self, net: IpNet) -> IpNet {
        let family = usize::from(matches!(net, IpNet::V6(_)));
        if net.prefix_len() <= self.longer_than[family] {
            return net;
        }
        let length = self.to[family];
        IpNet::new(net.addr(), length).map_or(net, |net| net.trunc())
    }

    fn key(self, key: &RowKey) -> RowKey {
        RowKey {
            initiator: self.end(key.initiator),
            responder: self.end(key.responder),
            port: if self.ports { 0 } else { key.port },
            ..*key
        }
    }
}

/// Folds single addresses that were last seen before a time.
pub(super) fn older(transaction: &Transaction<'_>, before: Timestamp) -> Result<(), Fault> {
    fold(transaction, SINGLE, before, i64::MAX).map(drop)
}

/// Folds the oldest until there are no more than so many, or nothing is left to fold.
pub(super) fn bound(transaction: &Transaction<'_>, most: u32) -> Result<(), Fault> {
    let most = i64::from(most);
    for level in LEVELS {
        loop {
            let count: i64 =
                transaction.query_row("SELECT count(*) FROM conversation", [], |row| row.get(0))?;
            if count <= most {
                return Ok(());
            }
            // Some more than have to, lest the next minute looks for the oldest again.
            let many = (count - most).max(most / 20).max(1);
            if fold(transaction, level, Timestamp::MAX, many)? == 0 {
                break;
            }
        }
    }
    Ok(())
}

/// What becomes one.
struct Group {
    one: Conversation,
    initiators: HashSet<IpNet>,
    responders: HashSet<IpNet>,
}

/// Folds the oldest ones that a level shortens; how many there were.
fn fold(transaction: &Transaction<'_>, level: Level, before: Timestamp, most: i64) -> Result<usize, Fault> {
    let mut find = transaction.prepare(&format!(
        "SELECT {KEY}, {ACTIVITY}, {REST} FROM conversation WHERE last_seen < ?1 AND {}
         ORDER BY last_seen LIMIT ?2",
        level.condition()
    ))?;
    let found = find
        .query_map(params![At(before), most], Conversation::read)?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let count = found.len();
    let mut remove = transaction.prepare(
        "DELETE FROM conversation
         WHERE verdict = ?1 AND protocol = ?2 AND port = ?3 AND initiator = ?4 AND responder = ?5",
    )?;
    let mut groups: HashMap<RowKey, Group> = HashMap::new();
    for mut row in found {
        let RowKey {
            verdict,
            protocol,
            port,
            initiator,
            responder,
        } = row.key;
        remove.execute(params![verdict, protocol, port, Net(initiator), Net(responder)])?;
        row.key = level.key(&row.key);
        row.folded = true;
        let group = groups.entry(row.key).or_insert_with(|| Group {
            one: Conversation {
                total: mem::take(&mut row.total),
                ..row.clone()
            },
            initiators: HashSet::new(),
            responders: HashSet::new(),
        });
        group.one.merge(&row);
        group.initiators.insert(initiator);
        group.responders.insert(responder);
    }
    let mut adding = Adding::new(transaction)?;
    for mut group in groups.into_values() {
        let different = |nets: &HashSet<IpNet>| u32::try_from(nets.len()).unwrap_or(u32::MAX);
        group.one.initiators = group.one.initiators.max(different(&group.initiators));
        group.one.responders = group.one.responders.max(different(&group.responders));
        adding.add(&group.one)?;
    }
    Ok(count)
}
