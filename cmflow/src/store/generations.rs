//! Generations of tables, with the files that they were made from. Each text is kept once, whatever the number of
//! generations that it was part of.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use sha2::{Digest as _, Sha256};

use super::error::Fault;
use super::value::At;
use crate::history::{Generation, RuleSpan, StoredFile};

/// Bytes of texts that are kept beside those of the newest generation.
const TEXT_BYTES: i64 = 16 << 20;

/// As `sha256sum` prints it.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Begins a generation, if it is another one than the newest.
pub(super) fn begin(transaction: &Transaction<'_>, generation: &Generation) -> Result<(), Fault> {
    let mut rules: Vec<&str> = generation.possible.iter().map(String::as_str).collect();
    rules.sort_unstable();
    rules.dedup();
    let rules = rules.join("\n");
    let possible = sha256(rules.as_bytes());
    if is_newest(transaction, generation, &possible)? {
        return Ok(());
    }
    keep(transaction, &possible, &rules)?;
    let id: i64 = transaction.query_row(
        "INSERT INTO generation (begun, number, edition, version, possible) VALUES (?1, ?2, ?3, ?4, ?5) RETURNING id",
        params![
            At(generation.from),
            generation.number.cast_signed(),
            generation.edition,
            generation.version,
            possible
        ],
        |row| row.get(0),
    )?;
    let mut add = transaction.prepare(
        "INSERT INTO generation_file (generation, place, path, kind, sha256) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for (place, file) in (0_i64..).zip(&generation.files) {
        keep(transaction, &file.sha256, &file.text)?;
        add.execute(params![id, place, file.path, file.kind, file.sha256])?;
    }
    Ok(())
}

fn keep(transaction: &Transaction<'_>, sha256: &str, text: &str) -> Result<(), Fault> {
    transaction.execute(
        "INSERT INTO text (sha256, text) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        params![sha256, text],
    )?;
    Ok(())
}

/// Whether the newest generation has the same edition, files and rules.
fn is_newest(transaction: &Transaction<'_>, generation: &Generation, possible: &str) -> Result<bool, Fault> {
    let newest = transaction
        .query_row(
            "SELECT id, edition, possible FROM generation ORDER BY id DESC LIMIT 1",
            [],
            |row| {
                Ok((
                    row.get::<_, i64>(0)?,
                    row.get::<_, String>(1)?,
                    row.get::<_, String>(2)?,
                ))
            },
        )
        .optional()?;
    let Some((id, edition, known)) = newest else {
        return Ok(false);
    };
    if edition != generation.edition || known != possible {
        return Ok(false);
    }
    let mut find = transaction
        .prepare("SELECT path, kind, sha256 FROM generation_file WHERE generation = ?1 ORDER BY place")?;
    let files = find
        .query_map([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<Vec<(String, String, String)>>>()?;
    let same = |(one, known): (&StoredFile, &(String, String, String))| {
        (&one.path, &one.kind, &one.sha256) == (&known.0, &known.1, &known.2)
    };
    Ok(files.len() == generation.files.len() && generation.files.iter().zip(&files).all(same))
}

/// The generations that judged in a time, oldest first, and since when the rules of the last one have been possible.
pub(super) fn read(
    connection: &Connection,
    from: Timestamp,
    to: Timestamp,
) -> rusqlite::Result<(Vec<Generation>, Vec<RuleSpan>)> {
    let mut find = connection.prepare(
        "SELECT id, begun, number, edition, version, possible FROM generation WHERE begun <= ?1 ORDER BY id",
    )?;
    let rows = find
        .query_map([At(to)], |row| {
            Ok(Begun {
                id: row.get(0)?,
                from: row.get::<_, At>(1)?.0,
                number: row.get::<_, i64>(2)?.cast_unsigned(),
                edition: row.get(3)?,
                version: row.get(4)?,
                possible: row.get(5)?,
            })
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let mut lists = HashMap::new();
    for row in &rows {
        if !lists.contains_key(&row.possible) {
            let list = text(connection, &row.possible)?.unwrap_or_default();
            let rules: Vec<String> = list.lines().map(str::to_owned).collect();
            lists.insert(row.possible.clone(), rules);
        }
    }
    let rules = spans(&rows, &lists);
    // A generation judged until the next one began.
    let first = rows.iter().rposition(|row| row.from <= from).unwrap_or_default();
    let mut generations = Vec::new();
    for row in &rows[first..] {
        generations.push(Generation {
            from: row.from,
            number: row.number,
            edition: row.edition.clone(),
            version: row.version.clone(),
            files: files(connection, row.id)?,
            possible: lists[&row.possible].clone(),
        });
    }
    Ok((generations, rules))
}

/// A row of the table.
struct Begun {
    id: i64,
    from: Timestamp,
    number: u64,
    edition: String,
    version: String,
    possible: String,
}

/// A rule that was possible in the generation before keeps its begin; one that comes again begins anew.
fn spans(rows: &[Begun], lists: &HashMap<String, Vec<String>>) -> Vec<RuleSpan> {
    let mut since: HashMap<&str, Timestamp> = HashMap::new();
    let mut list = None;
    for row in rows {
        if list == Some(&row.possible) {
            continue;
        }
        list = Some(&row.possible);
        let rules = &lists[&row.possible];
        since = rules
            .iter()
            .map(|rule| (rule.as_str(), *since.get(rule.as_str()).unwrap_or(&row.from)))
            .collect();
    }
    let mut spans: Vec<_> = since
        .into_iter()
        .map(|(rule, from)| RuleSpan {
            rule: rule.to_owned(),
            from,
        })
        .collect();
    spans.sort_unstable_by(|one, other| one.rule.cmp(&other.rule));
    spans
}

fn files(connection: &Connection, generation: i64) -> rusqlite::Result<Vec<StoredFile>> {
    let mut find = connection.prepare(
        "SELECT path, kind, sha256, coalesce((SELECT text FROM text WHERE text.sha256 = file.sha256), '')
         FROM generation_file AS file WHERE generation = ?1 ORDER BY place",
    )?;
    let found = find.query_map([generation], |row| {
        Ok(StoredFile {
            path: row.get(0)?,
            kind: row.get(1)?,
            sha256: row.get(2)?,
            text: row.get(3)?,
        })
    })?;
    found.collect()
}

fn text(connection: &Connection, sha256: &str) -> rusqlite::Result<Option<String>> {
    connection
        .query_row("SELECT text FROM text WHERE sha256 = ?1", [sha256], |row| {
            row.get(0)
        })
        .optional()
}

/// Forgets generations that another one followed before a time, and the oldest texts where all of them take too much
/// room; their names and hashes stay.
pub(super) fn tidy(transaction: &Transaction<'_>, before: Timestamp) -> Result<(), Fault> {
    transaction.execute(
        "DELETE FROM generation WHERE id < coalesce((SELECT max(id) FROM generation WHERE begun <= ?1), 0)",
        [At(before)],
    )?;
    transaction.execute_batch(
        "DELETE FROM generation_file WHERE generation NOT IN (SELECT id FROM generation);
         DELETE FROM text WHERE sha256 NOT IN (SELECT sha256 FROM generation_file)
                            AND sha256 NOT IN (SELECT possible FROM generation)",
    )?;
    let bytes: i64 = transaction.query_row("SELECT coalesce(sum(length(text)), 0) FROM text", [], |row| {
        row.get(0)
    })?;
    if bytes <= TEXT_BYTES {
        return Ok(());
    }
    // From the newest generation back: its own texts stay whatever their size.
    let mut newest_first = transaction.prepare(
        "SELECT file.sha256, length(text.text), file.generation = (SELECT max(id) FROM generation)
         FROM generation_file AS file JOIN text USING (sha256) ORDER BY file.generation DESC",
    )?;
    let rows = newest_first
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<Vec<(String, i64, bool)>>>()?;
    let (mut seen, mut room) = (HashSet::new(), TEXT_BYTES);
    for (sha256, bytes, newest) in rows {
        if !seen.insert(sha256.clone()) {
            continue;
        }
        room -= if newest { 0 } else { bytes };
        if room < 0 {
            transaction.execute("DELETE FROM text WHERE sha256 = ?1", [sha256])?;
        }
    }
    Ok(())
}
