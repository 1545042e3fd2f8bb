//! What a daemon goes on from.

use cmflow_common::gateway::Count;
use jiff::Timestamp;
use rusqlite::Connection;

use super::conversations::{KEY, RowKey};
use super::error::Fault;
use super::value::{ACTIVITY, At, Net, activity_at, count_at};
use super::verdicts;
use crate::compile::VerdictInfo;
use crate::history::{ConversationKey, Live, Sighting};

/// What the next change has to be compared with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    /// When the history was last written, by whichever run of counters.
    pub written: Option<Timestamp>,
    /// What the indices in it stand for.
    pub verdicts: Vec<VerdictInfo>,
    /// The kernel's counters when it was last written, by index in `verdicts`; each verdict once, numbers of tables that
    /// mean the same added up.
    pub counters: Vec<(u32, Count)>,
    /// Conversations that had live flows then, and what those held; the verdict is an index in `verdicts`.
    pub live: Vec<(ConversationKey, Live)>,
    /// Who is known to be where.
    pub sightings: Vec<Sighting>,
}

pub(super) fn read(connection: &Connection, run: u64) -> Result<Baseline, Fault> {
    let reading = connection.unchecked_transaction()?;
    let (written, known) = reading.query_row("SELECT written, run FROM state", [], |row| {
        Ok((row.get::<_, Option<At>>(0)?, row.get::<_, Option<i64>>(1)?))
    })?;
    let mut baseline = Baseline {
        written: written.map(|at| at.0),
        sightings: sightings(&reading)?,
        ..Baseline::default()
    };
    if known != Some(run.cast_signed()) {
        return Ok(baseline);
    }
    let mut named: Vec<_> = verdicts::read(&reading)?.into_iter().collect();
    named.sort_unstable_by_key(|(id, _)| *id);
    let (ids, infos): (Vec<i64>, Vec<VerdictInfo>) = named.into_iter().unzip();
    let index = |id: i64| -> rusqlite::Result<u32> {
        let found = ids
            .binary_search(&id)
            .ok()
            .and_then(|index| u32::try_from(index).ok());
        found.ok_or(rusqlite::Error::IntegralValueOutOfRange(0, id))
    };
    let mut counters = reading.prepare("SELECT verdict, packets, bytes FROM counter")?;
    baseline.counters = counters
        .query_map([], |row| {
            let count = Count {
                packets: count_at(row, 1)?,
                bytes: count_at(row, 2)?,
            };
            Ok((index(row.get(0)?)?, count))
        })?
        .collect::<rusqlite::Result<_>>()?;
    let mut live = reading.prepare(&format!("SELECT {KEY}, {ACTIVITY} FROM live"))?;
    baseline.live = live
        .query_map([], |row| {
            let key = RowKey::of(row)?;
            let key = ConversationKey {
                protocol: key.protocol,
                initiator: key.initiator,
                responder: key.responder,
                port: key.port,
                verdict: index(key.verdict)?,
            };
            Ok((key, Live(activity_at(row, 5)?)))
        })?
        .collect::<rusqlite::Result<_>>()?;
    baseline.verdicts = infos;
    Ok(baseline)
}

/// Who is known to be where.
pub(super) fn sightings(connection: &Connection) -> rusqlite::Result<Vec<Sighting>> {
    let mut all = connection.prepare("SELECT who, interface, here FROM sighting")?;
    let read = all.query_map([], |row| {
        Ok(Sighting {
            who: row.get::<_, Net>(0)?.0,
            interface: row.get(1)?,
            here: row.get(2)?,
        })
    })?;
    read.collect()
}
