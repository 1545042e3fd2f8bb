//! Conversations: one row each, which adds up.

use ipnet::IpNet;
use jiff::Timestamp;
use rusqlite::{Connection, Row, Statement, Transaction, params};

use super::error::Fault;
use super::value::{ACTIVITY, At, DaySet, Net, activity, activity_at};
use super::verdicts::Resolver;
use crate::history::{Activity, Change, ConversationChange, Days, Live, day_of};

/// What makes a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct RowKey {
    /// Number of the verdict in the history.
    pub(super) verdict: i64,
    pub(super) protocol: u8,
    pub(super) port: u16,
    pub(super) initiator: IpNet,
    pub(super) responder: IpNet,
}

impl RowKey {
    /// The key whose columns come first.
    pub(super) fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            verdict: row.get(0)?,
            protocol: row.get(1)?,
            port: row.get(2)?,
            initiator: row.get::<_, Net>(3)?.0,
            responder: row.get::<_, Net>(4)?.0,
        })
    }
}

/// The columns of a key, in the order of [`RowKey::of`].
pub(super) const KEY: &str = "verdict, protocol, port, initiator, responder";

/// A row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Conversation {
    pub(super) key: RowKey,
    pub(super) total: Activity,
    pub(super) first_seen: Timestamp,
    pub(super) last_seen: Timestamp,
    pub(super) last_proving: Option<Timestamp>,
    pub(super) hit: Days,
    pub(super) proving: Days,
    pub(super) ports: (u16, u16),
    pub(super) initiators: u32,
    pub(super) responders: u32,
    pub(super) folded: bool,
}

impl Conversation {
    /// What a change says, as a row.
    fn of(change: &ConversationChange, verdict: i64) -> Self {
        let ConversationChange { key, .. } = change;
        // Times of packets are days with packets, whichever minute they are told in.
        let mut hit = Days::of(day_of(change.first_seen));
        hit.add(day_of(change.last_seen));
        Self {
            key: RowKey {
                verdict,
                protocol: key.protocol,
                port: key.port,
                initiator: key.initiator.trunc(),
                responder: key.responder.trunc(),
            },
            total: change.more,
            first_seen: change.first_seen,
            last_seen: change.last_seen,
            last_proving: change.last_proving,
            hit,
            proving: change.last_proving.map(day_of).map(Days::of).unwrap_or_default(),
            ports: change.ports,
            initiators: change.initiators,
            responders: change.responders,
            folded: false,
        }
    }

    /// A row whose columns are [`KEY`], [`ACTIVITY`] and [`REST`].
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            key: RowKey::of(row)?,
            total: activity_at(row, 5)?,
            first_seen: row.get::<_, At>(12)?.0,
            last_seen: row.get::<_, At>(13)?.0,
            last_proving: row.get::<_, Option<At>>(14)?.map(|at| at.0),
            hit: row.get::<_, DaySet>(15)?.0,
            proving: row.get::<_, DaySet>(16)?.0,
            ports: (row.get(17)?, row.get(18)?),
            initiators: row.get(19)?,
            responders: row.get(20)?,
            folded: row.get(21)?,
        })
    }

    /// Adds another one that is to be one with it.
    pub(super) fn merge(&mut self, other: &Self) {
        self.total.add(&other.total);
        self.first_seen = self.first_seen.min(other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
        self.last_proving = self.last_proving.max(other.last_proving);
        self.hit.merge(&other.hit);
        self.proving.merge(&other.proving);
        self.ports = (self.ports.0.min(other.ports.0), self.ports.1.max(other.ports.1));
        self.initiators = self.initiators.max(other.initiators);
        self.responders = self.responders.max(other.responders);
        self.folded |= other.folded;
    }
}

/// The columns of a row behind key and activity.
pub(super) const REST: &str = "first_seen, last_seen, last_proving, hit, proved, port_low, port_high, initiators, \
                               responders, folded";

/// Adds rows to those that are there.
pub(super) struct Adding<'c>(Statement<'c>);

impl<'c> Adding<'c> {
    pub(super) fn new(connection: &'c Connection) -> rusqlite::Result<Self> {
        let sql = format!(
            "INSERT INTO conversation ({KEY}, {ACTIVITY}, {REST})
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)
             ON CONFLICT DO UPDATE SET packets = packets + excluded.packets, bytes = bytes + excluded.bytes,
                 flows = flows + excluded.flows, answered = answered + excluded.answered,
                 proving = proving + excluded.proving, refused = refused + excluded.refused,
                 one_sided = one_sided + excluded.one_sided,
                 first_seen = min(first_seen, excluded.first_seen), last_seen = max(last_seen, excluded.last_seen),
                 last_proving = max(coalesce(last_proving, excluded.last_proving),
                                    coalesce(excluded.last_proving, last_proving)),
                 hit = days_of_both(hit, excluded.hit), proved = days_of_both(proved, excluded.proved),
                 port_low = min(port_low, excluded.port_low), port_high = max(port_high, excluded.port_high),
                 initiators = max(initiators, excluded.initiators),
                 responders = max(responders, excluded.responders), folded = max(folded, excluded.folded)"
        );
        Ok(Self(connection.prepare(&sql)?))
    }

    pub(super) fn add(&mut self, one: &Conversation) -> rusqlite::Result<()> {
        let RowKey {
            verdict,
            protocol,
            port,
            initiator,
            responder,
        } = one.key;
        let [packets, bytes, flows, answered, proving, refused, one_sided] = activity(&one.total);
        self.0.execute(params![
            verdict,
            protocol,
            port,
            Net(initiator),
            Net(responder),
            packets,
            bytes,
            flows,
            answered,
            proving,
            refused,
            one_sided,
            At(one.first_seen),
            At(one.last_seen),
            one.last_proving.map(At),
            DaySet(one.hit),
            DaySet(one.proving),
            one.ports.0,
            one.ports.1,
            one.initiators,
            one.responders,
            one.folded,
        ])?;
        Ok(())
    }
}

/// Adds what a change says of conversations.
pub(super) fn add(
    transaction: &Transaction<'_>,
    resolver: &mut Resolver<'_>,
    change: &Change,
) -> Result<(), Fault> {
    let mut rows = Vec::with_capacity(change.conversations.len());
    for one in &change.conversations {
        let verdict = resolver.id(one.key.verdict)?;
        rows.push((Conversation::of(one, verdict), one.live));
    }
    // In the order of the tables: each page is touched once.
    rows.sort_unstable_by_key(|(row, _)| row.key);
    let mut adding = Adding::new(transaction)?;
    let mut living = Living::new(transaction)?;
    for (row, live) in &rows {
        adding.add(row)?;
        living.set(&row.key, *live)?;
    }
    Ok(())
}

/// Sets what flows hold that live in the kernel.
struct Living<'c> {
    set: Statement<'c>,
    end: Statement<'c>,
}

impl<'c> Living<'c> {
    fn new(connection: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            set: connection.prepare(&format!(
                "INSERT OR REPLACE INTO live ({KEY}, {ACTIVITY})
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
            ))?,
            end: connection.prepare(
                "DELETE FROM live
                 WHERE verdict = ?1 AND protocol = ?2 AND port = ?3 AND initiator = ?4 AND responder = ?5",
            )?,
        })
    }

    fn set(&mut self, key: &RowKey, live: Live) -> rusqlite::Result<()> {
        let (initiator, responder) = (Net(key.initiator), Net(key.responder));
        if live.0.is_none() {
            self.end
                .execute(params![key.verdict, key.protocol, key.port, initiator, responder])?;
            return Ok(());
        }
        let [packets, bytes, flows, answered, proving, refused, one_sided] = activity(&live.0);
        self.set.execute(params![
            key.verdict,
            key.protocol,
            key.port,
            initiator,
            responder,
            packets,
            bytes,
            flows,
            answered,
            proving,
            refused,
            one_sided,
        ])?;
        Ok(())
    }
}
