//! Times that were not observed as they should be.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::error::Fault;
use super::value::At;
use crate::history::Outage;

/// An outage goes on where the next one of its kind begins so soon: it is told once a minute.
const GOES_ON: SignedDuration = SignedDuration::from_secs(90);

/// Adds an outage, or lets the last one of its kind go on.
pub(super) fn add(transaction: &Transaction<'_>, outage: &Outage) -> Result<(), Fault> {
    // Two interfaces may be lost at once; each has a note of its own.
    let apart = outage.kind == Outage::INTERFACE;
    let last = transaction
        .query_row(
            "SELECT id, begun, ended FROM outage WHERE kind = ?1 AND (?2 = 0 OR note = ?3)
             ORDER BY ended DESC LIMIT 1",
            params![outage.kind, apart, outage.note],
            |row| {
                Ok((
                    row.get::<_, i64>(0)?,
                    row.get::<_, At>(1)?.0,
                    row.get::<_, At>(2)?.0,
                ))
            },
        )
        .optional()?;
    match last {
        Some((id, begun, ended)) if meets(outage, begun, ended) => transaction.execute(
            "UPDATE outage SET begun = ?2, ended = ?3, note = ?4 WHERE id = ?1",
            params![
                id,
                At(begun.min(outage.from)),
                At(ended.max(outage.to)),
                outage.note
            ],
        )?,
        _ => transaction.execute(
            "INSERT INTO outage (begun, ended, kind, note) VALUES (?1, ?2, ?3, ?4)",
            params![At(outage.from), At(outage.to), outage.kind, outage.note],
        )?,
    };
    Ok(())
}

fn meets(outage: &Outage, begun: Timestamp, ended: Timestamp) -> bool {
    outage.from.duration_since(ended) <= GOES_ON && begun.duration_since(outage.to) <= GOES_ON
}

/// Those that reach into a time, cut to it.
pub(super) fn read(connection: &Connection, from: Timestamp, to: Timestamp) -> rusqlite::Result<Vec<Outage>> {
    let mut find = connection.prepare(
        "SELECT begun, ended, kind, note FROM outage WHERE begun <= ?2 AND ended >= ?1 ORDER BY begun, id",
    )?;
    let found = find.query_map([At(from), At(to)], |row| {
        Ok(Outage {
            from: row.get::<_, At>(0)?.0.max(from),
            to: row.get::<_, At>(1)?.0.min(to),
            kind: row.get(2)?,
            note: row.get(3)?,
        })
    })?;
    found.collect()
}
