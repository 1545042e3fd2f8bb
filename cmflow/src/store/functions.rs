//! What SQL is taught: to add sets of days.

use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;

use super::value::DaySet;

/// Adds `days_of_both(a, b)`.
pub(super) fn teach(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("days_of_both", 2, flags, |context| {
        let mut one: DaySet = context.get(0)?;
        let other: DaySet = context.get(1)?;
        one.0.merge(&other.0);
        Ok(one.to_blob())
    })
}
