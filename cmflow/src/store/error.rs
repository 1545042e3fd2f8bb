//! Why a history cannot be written or read, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::ErrorCode;

/// Why a history cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such file.
    #[error("there is no history at {}; `cmflow run` writes one, each minute", .0.display())]
    Missing(PathBuf),
    /// A file or folder cannot be made or opened.
    #[error("{} cannot be opened: {source}; see to its owner and its rights", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It must not be written to.
    #[error(
        "{} cannot be written: the file or its disk is read-only; mount it writable, or see to its owner and its rights",
        .0.display()
    )]
    ReadOnly(PathBuf),
    /// The disk is full.
    #[error(
        "{} cannot be written: the disk is full; free some room, or keep less under [history] of the site file",
        .0.display()
    )]
    Full(PathBuf),
    /// A daemon writes to it, and the journal beside it is not for whoever reads.
    #[error(
        "{} is in use, and the journal beside it (-wal, -shm) cannot be opened; run as root or as a member of its \
         group, or copy all three files elsewhere",
        .0.display()
    )]
    Journal(PathBuf),
    /// It was moved or removed while it was written to.
    #[error(
        "{} was moved or removed while it was in use: put it back, or restart `cmflow run` to begin a new history",
        .0.display()
    )]
    Moved(PathBuf),
    /// Somebody else holds it.
    #[error("{} is held by another program; end that one first", .0.display())]
    Busy(PathBuf),
    /// A newer cmflow wrote it.
    #[error(
        "{} was written by a newer cmflow (schema {found}; this one knows {known}): run the newer cmflow, or move the \
         file away to begin a new history",
        .path.display()
    )]
    Newer {
        /// Which file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest schema that this cmflow knows.
        known: i64,
    },
    /// An older cmflow wrote it, and who only reads cannot change that.
    #[error(
        "{} was written by an older cmflow (schema {found}; this one reads {known}): start `cmflow run` on it once, \
         which brings it up to date",
        .path.display()
    )]
    Older {
        /// Which file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The schema that this cmflow reads.
        known: i64,
    },
    /// It is a database of another program.
    #[error("{} is not a history of cmflow but a database of another program; name another file", .0.display())]
    Foreign(PathBuf),
    /// It is damaged.
    #[error(
        "{} is damaged: {what}; the next start of `cmflow run` keeps it aside and begins a new history",
        .path.display()
    )]
    Corrupt {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// Nothing was written to it yet.
    #[error("{} holds nothing yet; `cmflow run` writes to it each minute", .0.display())]
    Empty(PathBuf),
    /// The end of a time lies before its begin.
    #[error("--since {since} is after --until {until}; exchange them")]
    Backwards {
        /// The begin that was asked for.
        since: Timestamp,
        /// The end that was asked for.
        until: Timestamp,
    },
    /// The time lies outside the history.
    #[error(
        "{} knows nothing of the time asked for: it reaches from {from} to {to}; ask for a part of that",
        .path.display()
    )]
    Outside {
        /// Which file.
        path: PathBuf,
        /// Begin of the history.
        from: Timestamp,
        /// End of the history.
        to: Timestamp,
    },
    /// Not a packet was recorded in the time.
    #[error(
        "{} holds not a single packet from {from} to {to}: there is nothing to judge by; ask for a longer time, or see \
         `cmflow status` whether it counts",
        .path.display()
    )]
    NoData {
        /// Which file.
        path: PathBuf,
        /// Begin of the time.
        from: Timestamp,
        /// End of the time.
        to: Timestamp,
    },
    /// A change that contradicts itself.
    #[error("a change names verdict {0} and does not say what that is; this is a mistake in cmflow")]
    UnknownVerdict(u32),
    /// Anything else that SQLite says.
    #[error("{}: {source}", .path.display())]
    Database {
        /// Which file.
        path: PathBuf,
        /// What it says.
        source: rusqlite::Error,
    },
}

/// What goes wrong within a transaction, where nobody knows the path.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error("a change names an unknown verdict")]
    UnknownVerdict(u32),
}

impl Fault {
    /// Whether the file itself is damaged.
    pub(super) fn is_corrupt(&self) -> bool {
        match self {
            Self::Sqlite(error) => {
                matches!(
                    error.sqlite_error_code(),
                    Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
                ) || matches!(error, rusqlite::Error::FromSqlConversionFailure(..))
            }
            Self::UnknownVerdict(_) => false,
        }
    }

    /// The error that it is, of that file.
    pub(super) fn at(self, path: &Path) -> StoreError {
        let path = path.to_owned();
        if self.is_corrupt() {
            let what = self.to_string();
            return StoreError::Corrupt { path, what };
        }
        match self {
            Self::UnknownVerdict(index) => StoreError::UnknownVerdict(index),
            Self::Sqlite(source) => match source.sqlite_error_code() {
                Some(ErrorCode::DiskFull) => StoreError::Full(path),
                Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => StoreError::ReadOnly(path),
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy(path),
                _ => StoreError::Database { path, source },
            },
        }
    }
}
