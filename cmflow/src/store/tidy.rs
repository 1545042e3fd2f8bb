//! What is old is kept coarser, and what is too old is forgotten.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Transaction, params};

use super::buckets::{DAY, Grain, HOUR, MINUTE, roll_up};
use super::error::Fault;
use super::value::At;
use super::{fold, generations};
use crate::history::{Retention, begin_of, day_of};

pub(super) fn tidy(
    transaction: &Transaction<'_>,
    now: Timestamp,
    retention: &Retention,
) -> Result<(), Fault> {
    let second = now.as_second();
    let hours = |count: u32| i64::from(count) * HOUR.seconds;
    let days = |count: u32| i64::from(count) * DAY.seconds;
    roll_up(transaction, MINUTE, HOUR, second - hours(retention.minutes_h))?;
    roll_up(transaction, HOUR, DAY, second - days(retention.hours_d))?;

    let kept = i32::try_from(retention.days_d).unwrap_or(i32::MAX);
    let begin = begin_of(day_of(now).saturating_sub(kept));
    forget(transaction, begin)?;
    generations::tidy(transaction, begin)?;

    let unexplained = SignedDuration::from_secs(days(retention.unexplained_d));
    if let Ok(before) = now.checked_sub(unexplained) {
        fold::older(transaction, before)?;
    }
    fold::bound(transaction, retention.conversations)
}

/// Forgets what ended before a time; the history then begins there.
fn forget(transaction: &Transaction<'_>, begin: Timestamp) -> Result<(), Fault> {
    for Grain { table, seconds } in Grain::ALL {
        transaction.execute(
            &format!("DELETE FROM {table} WHERE at < ?1"),
            [begin.as_second().div_euclid(seconds)],
        )?;
    }
    transaction.execute("DELETE FROM conversation WHERE last_seen < ?1", [At(begin)])?;
    transaction.execute("DELETE FROM outage WHERE ended < ?1", [At(begin)])?;
    transaction.execute(
        "UPDATE state SET begun = max(begun, ?1) WHERE begun IS NOT NULL",
        params![At(begin)],
    )?;
    Ok(())
}
