//! Schema versions: numbered steps, each in a transaction, so that a kill leaves a whole version behind.

use rusqlite::{Connection, TransactionBehavior};

/// What tells a history of cmflow from other databases: "cmfl".
pub(super) const APPLICATION: i64 = 0x636d_666c;

/// Step n leads from version n to n + 1. Steps that were released never change.
pub(super) const STEPS: [&str; 1] = [include_str!("v1.sql")];

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing is in it.
    New,
    /// A history of that version.
    History(i64),
    /// Something else.
    Foreign,
}

/// What a database is.
pub(super) fn kind(connection: &Connection) -> rusqlite::Result<Kind> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(match (pragma("application_id")?, tables) {
        (0, 0) => Kind::New,
        (APPLICATION, _) => Kind::History(pragma("user_version")?),
        _ => Kind::Foreign,
    })
}

/// Brings a database from that version to the newest.
pub(super) fn migrate(connection: &mut Connection, from: i64, steps: &[&str]) -> rusqlite::Result<()> {
    for (version, step) in (1..).zip(steps) {
        if version <= from {
            continue;
        }
        let step_taken = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        step_taken.execute_batch(step)?;
        step_taken.pragma_update(None, "application_id", APPLICATION)?;
        step_taken.pragma_update(None, "user_version", version)?;
        step_taken.commit()?;
    }
    Ok(())
}

/// The version that so many steps lead to.
pub(super) fn newest(steps: &[&str]) -> i64 {
    i64::try_from(steps.len()).unwrap_or(i64::MAX)
}
