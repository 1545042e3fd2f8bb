//! The reader's side: what a history says of a time, while a daemon writes it or long after.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags};

use super::buckets::Grain;
use super::conversations::{Conversation, KEY, REST};
use super::error::{Fault, StoreError};
use super::opening::with_end;
use super::schema::{self, Kind};
use super::series::{Resolution, Series};
use super::value::{ACTIVITY, At, activity_at};
use super::{baseline, generations, outages, series, verdicts};
use crate::history::{Activity, ConversationKey, Day, Evidence, Gateway, RecordedConversation, VerdictUse};

/// How long to wait for a daemon that changes the shape of its file.
const PATIENCE: Duration = Duration::from_secs(5);

/// A history that is read.
#[derive(Debug)]
pub struct Archive {
    path: PathBuf,
    connection: Connection,
}

impl Archive {
    /// Opens a history to read it: that of a daemon that writes, or a copy of its file.
    ///
    /// # Errors
    /// Where there is none, or it cannot be read.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        File::open(path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => StoreError::Missing(path.to_owned()),
            _ => StoreError::File {
                path: path.to_owned(),
                source,
            },
        })?;
        let failed = |error: rusqlite::Error| Fault::from(error).at(path);
        let connection = connect(path).map_err(failed)?;
        let known = schema::newest(&schema::STEPS);
        let path = path.to_owned();
        match look(&connection).map_err(failed_in_use(&path))? {
            Kind::New => Err(StoreError::Empty(path)),
            Kind::Foreign => Err(StoreError::Foreign(path)),
            Kind::History(found) if found > known => Err(StoreError::Newer { path, found, known }),
            Kind::History(found) if found < known => Err(StoreError::Older { path, found, known }),
            Kind::History(_) => Ok(Self { path, connection }),
        }
    }

    /// From when to when it reaches.
    ///
    /// # Errors
    /// Where nothing was written yet, or it cannot be read.
    pub fn span(&self) -> Result<(Timestamp, Timestamp), StoreError> {
        span(&self.connection)
            .map_err(|fault| fault.at(&self.path))?
            .ok_or_else(|| StoreError::Empty(self.path.clone()))
    }

    /// What it says of a time, as far as it reaches into it.
    ///
    /// # Errors
    /// Where the end lies before the begin, the history does not reach into the time, or holds no packet in it: what is
    /// told is never empty.
    pub fn evidence(
        &self,
        since: Option<Timestamp>,
        until: Option<Timestamp>,
    ) -> Result<Evidence, StoreError> {
        let (from, to) = self.window(since, until)?;
        let evidence = self.read(from, to).map_err(|fault| fault.at(&self.path))?;
        let silent =
            evidence.conversations.is_empty() && evidence.verdicts.iter().all(|one| one.total.is_none());
        if silent {
            let path = self.path.clone();
            return Err(StoreError::NoData { path, from, to });
        }
        Ok(evidence)
    }

    /// What happened over a time, in steps of `resolution`, or coarser ones where that is all that is kept.
    ///
    /// # Errors
    /// As [`Archive::evidence`], but a time without a packet gives empty series.
    pub fn series(
        &self,
        since: Option<Timestamp>,
        until: Option<Timestamp>,
        resolution: Resolution,
    ) -> Result<Series, StoreError> {
        let (from, to) = self.window(since, until)?;
        series::read(&self.connection, from, to, resolution).map_err(|fault| fault.at(&self.path))
    }

    /// The part of a time that the history reaches into.
    fn window(
        &self,
        since: Option<Timestamp>,
        until: Option<Timestamp>,
    ) -> Result<(Timestamp, Timestamp), StoreError> {
        if let (Some(since), Some(until)) = (since, until)
            && since > until
        {
            return Err(StoreError::Backwards { since, until });
        }
        let (begun, written) = self.span()?;
        let (from, to) = (
            since.unwrap_or(begun).max(begun),
            until.unwrap_or(written).min(written),
        );
        if from > to {
            return Err(StoreError::Outside {
                path: self.path.clone(),
                from: begun,
                to: written,
            });
        }
        Ok((from, to))
    }

    fn read(&self, from: Timestamp, to: Timestamp) -> Result<Evidence, Fault> {
        // One transaction: a daemon may write meanwhile.
        let reading = self.connection.unchecked_transaction()?;
        let infos = verdicts::read(&reading)?;
        let mut counted = counted(&reading, from, to)?;
        let mut conversations = conversations(&reading, from, to)?;
        for (id, _) in &conversations {
            counted.entry(*id).or_default();
        }
        let indices: HashMap<i64, u32> = counted.keys().copied().zip(0..).collect();
        for (id, one) in &mut conversations {
            one.key.verdict = indices[id];
        }
        let verdicts = counted.into_iter().map(|(id, (total, days))| {
            let info = infos.get(&id).cloned();
            Ok(VerdictUse {
                info: info.ok_or(rusqlite::Error::QueryReturnedNoRows)?,
                total,
                days: days.into_iter().collect(),
            })
        });
        let verdicts = verdicts.collect::<rusqlite::Result<_>>()?;
        let (generations, rules) = generations::read(&reading, from, to)?;
        Ok(Evidence {
            gateway: Gateway {
                name: self
                    .path
                    .file_stem()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned(),
                interfaces: interfaces(&reading)?,
            },
            from,
            to,
            outages: outages::read(&reading, from, to)?,
            generations,
            rules,
            verdicts,
            conversations: conversations.into_iter().map(|(_, one)| one).collect(),
            sightings: baseline::sightings(&reading)?,
        })
    }
}

/// Where no journal lies beside the file, nobody writes to it, and it is read without a file being made beside it.
fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let quiet = fs::metadata(with_end(path, "-wal")).is_err();
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                uri.push(char::from(*byte))
            }
            _ => uri.push_str(&format!("%{byte:02x}")),
        }
    }
    if quiet {
        uri.push_str("?immutable=1");
    }
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(uri, flags)?;
    connection.busy_timeout(PATIENCE)?;
    Ok(connection)
}

fn look(connection: &Connection) -> rusqlite::Result<Kind> {
    schema::kind(connection)
}

/// The file can be read; where SQLite cannot, it is the journal's index beside it that may not be opened.
fn failed_in_use(path: &Path) -> impl Fn(rusqlite::Error) -> StoreError {
    move |error| match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::CannotOpen) => StoreError::Journal(path.to_owned()),
        _ => Fault::from(error).at(path),
    }
}

/// From when to when a history reaches; nothing where nothing was written yet.
pub(super) fn span(connection: &Connection) -> Result<Option<(Timestamp, Timestamp)>, Fault> {
    let span = connection.query_row("SELECT begun, written FROM state", [], |row| {
        Ok((row.get::<_, Option<At>>(0)?, row.get::<_, Option<At>>(1)?))
    })?;
    Ok(match span {
        (Some(begun), Some(written)) => Some((begun.0, written.0)),
        _ => None,
    })
}

/// What happened of each verdict, by its number, and its packets by day.
type Counted = BTreeMap<i64, (Activity, BTreeMap<Day, u64>)>;

/// Of the buckets that reach into a time.
fn counted(connection: &Connection, from: Timestamp, to: Timestamp) -> rusqlite::Result<Counted> {
    let mut counted = Counted::new();
    for grain in Grain::ALL {
        let mut find = connection.prepare(&format!(
            "SELECT at, verdict, {ACTIVITY} FROM {} WHERE at BETWEEN ?1 AND ?2",
            grain.table
        ))?;
        let (first, last) = grain.of_window(from, to);
        let mut rows = find.query([first, last])?;
        while let Some(row) = rows.next()? {
            let more = activity_at(row, 2)?;
            let day = row.get::<_, i64>(0)? * grain.seconds / 86_400;
            let (total, days) = counted.entry(row.get(1)?).or_default();
            total.add(&more);
            if more.packets > 0 {
                *days.entry(Day::try_from(day).unwrap_or(Day::MAX)).or_default() += more.packets;
            }
        }
    }
    Ok(counted)
}

/// Conversations with a packet in a time, with the numbers of their verdicts.
fn conversations(
    connection: &Connection,
    from: Timestamp,
    to: Timestamp,
) -> rusqlite::Result<Vec<(i64, RecordedConversation)>> {
    let mut find = connection.prepare(&format!(
        "SELECT {KEY}, {ACTIVITY}, {REST} FROM conversation WHERE first_seen <= ?2 AND last_seen >= ?1"
    ))?;
    let mut rows = find.query([At(from), At(to)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let row = Conversation::read(row)?;
        let one = RecordedConversation {
            key: ConversationKey {
                protocol: row.key.protocol,
                initiator: row.key.initiator,
                responder: row.key.responder,
                port: row.key.port,
                // Known once all are read.
                verdict: 0,
            },
            total: row.total,
            first_seen: row.first_seen,
            last_seen: row.last_seen,
            last_proving: row.last_proving,
            hit: row.hit,
            proving: row.proving,
            ports: row.ports,
            initiators: row.initiators,
            responders: row.responders,
            folded: row.folded,
        };
        if one.hit_in(from, to) {
            found.push((row.key.verdict, one));
        }
    }
    Ok(found)
}

fn interfaces(connection: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    let text: String = connection.query_row("SELECT interfaces FROM state", [], |row| row.get(0))?;
    Ok(serde_json::from_str(&text).unwrap_or_default())
}
