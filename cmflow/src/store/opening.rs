//! Opens the daemon's database: makes it, brings it up to date, or keeps a damaged one aside and begins anew.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::error::{Fault, StoreError};
use super::schema::{self, Kind};
use super::{Store, functions};

/// How long a statement waits for somebody who reads an old journal.
const PATIENCE: Duration = Duration::from_secs(5);
/// The journal is cut to so many bytes after it grew.
const JOURNAL_BYTES: i64 = 8 << 20;

/// A store, and what is to be said loudly about its opening.
#[derive(Debug)]
pub struct Opened {
    /// The store.
    pub store: Store,
    /// Sentences.
    pub said: Vec<String>,
}

impl Store {
    /// Opens the history at that path, or begins it. A damaged one is kept aside under a name with the time `now`.
    ///
    /// # Errors
    /// Where it cannot be written, or a newer cmflow or another program wrote it; it is then left as it is.
    pub fn open(path: &Path, now: Timestamp) -> Result<Opened, StoreError> {
        let mut said = Vec::new();
        make(path)?;
        let store = match open(path, &schema::STEPS) {
            Err(StoreError::Corrupt { what, .. }) => {
                let aside = keep_aside(path, now)?;
                said.push(format!(
                    "the history {} is damaged ({what}); it is kept as {}, and a new one is begun",
                    path.display(),
                    aside.display()
                ));
                make(path)?;
                open(path, &schema::STEPS)?
            }
            other => other?,
        };
        Ok(Opened { store, said })
    }
}

/// Makes the file and its folder where they are not there: others than its group have no business in it.
pub(super) fn make(path: &Path) -> Result<(), StoreError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        |source: io::Error| match source.kind() {
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => StoreError::ReadOnly(path),
            io::ErrorKind::StorageFull => StoreError::Full(path),
            _ => StoreError::File { path, source },
        }
    };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(failed(folder))?;
    }
    let mut options = OpenOptions::new();
    options
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o640);
    options.open(path).map(drop).map_err(failed(path))
}

/// Opens a database that is there, and brings it to the newest of these steps.
pub(super) fn open(path: &Path, steps: &[&str]) -> Result<Store, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|error| Fault::from(error).at(path))?;
    let kind = prepare(&connection).map_err(|fault| fault.at(path))?;
    let known = schema::newest(steps);
    let from = match kind {
        Kind::Foreign => return Err(StoreError::Foreign(path.to_owned())),
        Kind::History(found) if found > known => {
            let path = path.to_owned();
            return Err(StoreError::Newer { path, found, known });
        }
        Kind::History(found) => {
            check(&connection, path)?;
            found
        }
        Kind::New => 0,
    };
    let mut connection = connection;
    finish(&mut connection, from, steps).map_err(|fault| fault.at(path))?;
    Ok(Store::new(path.to_owned(), connection))
}

/// Looks what it is; nothing is written before that is known.
fn prepare(connection: &Connection) -> Result<Kind, Fault> {
    connection.busy_timeout(PATIENCE)?;
    // What turns out to be damaged is kept with its journal as they are.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(schema::kind(connection)?)
}

/// Reads all of it once.
fn check(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let found = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
    match found.map_err(|error| Fault::from(error).at(path))?.as_str() {
        "ok" => Ok(()),
        what => Err(StoreError::Corrupt {
            path: path.to_owned(),
            what: what.lines().collect::<Vec<_>>().join(", "),
        }),
    }
}

fn finish(connection: &mut Connection, from: i64, steps: &[&str]) -> Result<(), Fault> {
    if from == 0 {
        // Has to be said before there is a table: pages that become free are given back to the disk.
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    }
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // A kill loses nothing either way; a power failure loses at most what came after the last checkpoint, and each
    // commit is followed by one.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "journal_size_limit", JOURNAL_BYTES)?;
    connection.pragma_update(None, "foreign_keys", false)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    functions::teach(connection)?;
    schema::migrate(connection, from, steps)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    Ok(())
}

/// Renames a damaged database and what belongs to it; the new name.
fn keep_aside(path: &Path, now: Timestamp) -> Result<PathBuf, StoreError> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let at = now.strftime("%Y%m%dT%H%M%SZ");
    let aside = (1..)
        .map(|number| match number {
            1 => format!("{stem}-corrupt-{at}.db"),
            _ => format!("{stem}-corrupt-{at}-{number}.db"),
        })
        .map(|name| path.with_file_name(name))
        .find(|name| !name.exists())
        .expect("numbers do not end");
    for end in ["-wal", "-shm", ""] {
        match fs::rename(with_end(path, end), with_end(&aside, end)) {
            Err(source) if !end.is_empty() && source.kind() == io::ErrorKind::NotFound => {}
            Err(source) => {
                let path = path.to_owned();
                return Err(StoreError::File { path, source });
            }
            Ok(()) => {}
        }
    }
    Ok(aside)
}

/// The path with something behind its name.
pub(super) fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(end);
    PathBuf::from(name)
}
