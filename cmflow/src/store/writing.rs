//! The daemon's side: one transaction a change.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::error::{Fault, StoreError};
use super::value::{At, Net, whole};
use super::verdicts::Resolver;
use super::{Baseline, baseline, buckets, conversations, fold, generations, outages, tidy};
use crate::history::{Change, Generation, Retention};

/// A history that is written to.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    connection: Connection,
    /// Device and number of the file, where they are known: another one may come to lie at the path.
    file: Option<(u64, u64)>,
}

impl Store {
    pub(super) fn new(path: PathBuf, connection: Connection) -> Self {
        Self {
            file: identity(&path),
            path,
            connection,
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the next change has to be compared with, for the run of counters of that number. Of another run than the
    /// one that was last committed there are no counters and nothing live; when it was written, and who was seen
    /// where, is told all the same.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn baseline(&self, run: u64) -> Result<Baseline, StoreError> {
        baseline::read(&self.connection, run).map_err(|fault| fault.at(&self.path))
    }

    /// Writes down which tables judge from now on; does nothing where they are those that judged before.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn begin_generation(&mut self, generation: &Generation) -> Result<(), StoreError> {
        self.within(|transaction| generations::begin(transaction, generation))?;
        self.checkpoint();
        Ok(())
    }

    /// Writes what happened: all of it, or nothing where there is an error. Conversations beyond those that are kept
    /// apart are folded.
    ///
    /// # Errors
    /// Where it cannot be written; the next change may succeed.
    pub fn commit(&mut self, change: &Change, retention: &Retention) -> Result<(), StoreError> {
        self.within(|transaction| {
            write(transaction, change)?;
            fold::bound(transaction, retention.conversations)
        })?;
        self.checkpoint();
        Ok(())
    }

    /// Rolls up and folds what is old, forgets what is too old, and gives room back to the disk.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn tidy(&mut self, now: Timestamp, retention: &Retention) -> Result<(), StoreError> {
        self.within(|transaction| tidy::tidy(transaction, now, retention))?;
        // What cannot be given back now is given back later.
        let _ = self.give_room_back();
        self.checkpoint();
        Ok(())
    }

    /// Runs in a transaction of its own.
    fn within<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        // What is written to a file that nobody finds any more is lost, and nobody would know.
        if identity(&self.path) != self.file {
            return Err(StoreError::Moved(self.path.clone()));
        }
        let run = || {
            let behaviour = TransactionBehavior::Immediate;
            let transaction = self.connection.transaction_with_behavior(behaviour)?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        };
        run().map_err(|fault: Fault| fault.at(&self.path))
    }

    /// Gives free pages back to the disk, one a row of the statement.
    fn give_room_back(&self) -> rusqlite::Result<()> {
        let mut give = self.connection.prepare("PRAGMA incremental_vacuum")?;
        let mut pages = give.query([])?;
        while pages.next()?.is_some() {}
        Ok(())
    }

    /// Moves what was written from the journal into the file, so that a copy of the file alone is a minute old at most.
    fn checkpoint(&self) {
        // Where somebody reads or the disk is full, the journal keeps it until the next one.
        let _ = self
            .connection
            .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
    }
}

/// Device and number of a file.
fn identity(path: &Path) -> Option<(u64, u64)> {
    let found = fs::metadata(path).ok()?;
    Some((found.dev(), found.ino()))
}

fn write(transaction: &Transaction<'_>, change: &Change) -> Result<(), Fault> {
    let run = change.run.cast_signed();
    let known: Option<i64> = transaction.query_row("SELECT run FROM state", [], |row| row.get(0))?;
    if known != Some(run) {
        transaction.execute_batch("DELETE FROM counter; DELETE FROM live")?;
    }
    let mut resolver = Resolver::new(transaction, &change.verdicts)?;
    buckets::add(transaction, &mut resolver, change)?;
    conversations::add(transaction, &mut resolver, change)?;
    counters(transaction, &mut resolver, change)?;
    sightings(transaction, change)?;
    for outage in &change.outages {
        outages::add(transaction, outage)?;
    }
    let interfaces = if change.interfaces.is_empty() {
        None
    } else {
        Some(serde_json::to_string(&change.interfaces).unwrap_or_default())
    };
    transaction.execute(
        "UPDATE state SET begun = min(coalesce(begun, ?1), ?1), written = ?2, run = ?3,
             interfaces = coalesce(?4, interfaces)",
        params![At(change.from), At(change.to), run, interfaces],
    )?;
    Ok(())
}

/// Several numbers may stand for one verdict: their counts add up.
fn counters(
    transaction: &Transaction<'_>,
    resolver: &mut Resolver<'_>,
    change: &Change,
) -> Result<(), Fault> {
    if change.counters.is_empty() {
        return Ok(());
    }
    transaction.execute("DELETE FROM counter", [])?;
    let mut add = transaction.prepare(
        "INSERT INTO counter (verdict, packets, bytes) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET packets = packets + excluded.packets, bytes = bytes + excluded.bytes",
    )?;
    for (index, count) in change.counters.iter().filter(|(_, count)| count.packets > 0) {
        let verdict = resolver.id(*index)?;
        add.execute(params![verdict, whole(count.packets), whole(count.bytes)])?;
    }
    Ok(())
}

fn sightings(transaction: &Transaction<'_>, change: &Change) -> Result<(), Fault> {
    let mut add = transaction
        .prepare("INSERT INTO sighting (who, interface, here) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")?;
    for sighting in &change.sightings {
        add.execute(params![
            Net(sighting.who.trunc()),
            sighting.interface,
            sighting.here
        ])?;
    }
    Ok(())
}
