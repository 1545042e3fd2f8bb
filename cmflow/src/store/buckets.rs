//! What happened of each verdict by minute, hour and day.

use jiff::Timestamp;
use rusqlite::{Connection, Statement, Transaction};

use super::error::Fault;
use super::value::{ACTIVITY, activity};
use super::verdicts::Resolver;
use crate::history::Change;

/// How fine a table of buckets is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Grain {
    /// Name of the table.
    pub(super) table: &'static str,
    /// Seconds of a bucket.
    pub(super) seconds: i64,
}

pub(super) const MINUTE: Grain = Grain {
    table: "minute",
    seconds: 60,
};
pub(super) const HOUR: Grain = Grain {
    table: "hour",
    seconds: 3600,
};
pub(super) const DAY: Grain = Grain {
    table: "day",
    seconds: 86_400,
};

impl Grain {
    pub(super) const ALL: [Self; 3] = [MINUTE, HOUR, DAY];

    /// Numbers of the first and the last bucket that reach into a time.
    pub(super) fn of_window(self, from: Timestamp, to: Timestamp) -> (i64, i64) {
        let number = |at: Timestamp| at.as_second().div_euclid(self.seconds);
        (number(from), number(to))
    }

    /// The statement that adds to a bucket.
    fn adding<'c>(self, connection: &'c Connection) -> rusqlite::Result<Statement<'c>> {
        connection.prepare(&format!(
            "INSERT INTO {} (at, verdict, {ACTIVITY}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) {ADD_UP}",
            self.table
        ))
    }
}

/// What becomes of a bucket that is there already.
const ADD_UP: &str = "ON CONFLICT DO UPDATE SET packets = packets + excluded.packets, bytes = bytes + excluded.bytes,
    flows = flows + excluded.flows, answered = answered + excluded.answered, proving = proving + excluded.proving,
    refused = refused + excluded.refused, one_sided = one_sided + excluded.one_sided";

/// Adds what a change says of verdicts to the minute that it counts for.
pub(super) fn add(
    transaction: &Transaction<'_>,
    resolver: &mut Resolver<'_>,
    change: &Change,
) -> Result<(), Fault> {
    let minute = change.counts_for().as_second().div_euclid(MINUTE.seconds);
    let mut add = MINUTE.adding(transaction)?;
    for counted in change.counted.iter().filter(|counted| !counted.more.is_none()) {
        let verdict = resolver.id(counted.verdict)?;
        let [packets, bytes, flows, answered, proving, refused, one_sided] = activity(&counted.more);
        add.execute([
            minute, verdict, packets, bytes, flows, answered, proving, refused, one_sided,
        ])?;
    }
    Ok(())
}

/// Moves what lies before a time into coarser buckets. The time is cut to whole ones of them.
pub(super) fn roll_up(
    transaction: &Transaction<'_>,
    from: Grain,
    to: Grain,
    before_second: i64,
) -> Result<(), Fault> {
    let ratio = to.seconds / from.seconds;
    let end = before_second.div_euclid(to.seconds) * ratio;
    let sums = ACTIVITY
        .split(", ")
        .map(|column| format!("sum({column})"))
        .collect::<Vec<_>>()
        .join(", ");
    // Without the WHERE, SQLite takes ON for a part of a join. No bucket lies before 1970.
    transaction.execute(
        &format!(
            "INSERT INTO {} (at, verdict, {ACTIVITY}) SELECT at / {ratio}, verdict, {sums} FROM {}
             WHERE at < ?1 GROUP BY at / {ratio}, verdict {ADD_UP}",
            to.table, from.table
        ),
        [end],
    )?;
    transaction.execute(&format!("DELETE FROM {} WHERE at < ?1", from.table), [end])?;
    Ok(())
}
