//! An audit with all that it was made from, in one ZIP file: for whoever wants to check it without the gateway. The same
//! audit of the same histories gives the same bytes.
//!
//! `sheets` writes the tables, `names` makes file names of names from outside, `readme` says what is what.

mod names;
mod readme;
mod sheets;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::{self, Seek, Write};

use jiff::tz::TimeZone;
use zip::write::{SimpleFileOptions, ZipWriter};
use zip::{CompressionMethod, DateTime};

use crate::answer::Audit;
use crate::history::Evidence;
use crate::report::lists;
use crate::store::sha256;
use names::Names;

/// The file of sums: `sha256sum -c` reads it.
const SUMS: &str = "SHA256SUMS";

/// Writes the bundle. Everything in it lies in one folder, named after the time of the audit.
///
/// # Errors
/// Where `out` cannot be written.
pub fn bundle(audit: &Audit, evidence: &[Evidence], out: impl Write + Seek) -> io::Result<()> {
    let files = contents(audit, evidence)?;
    let folder = audit.at.strftime("cmflow-audit-%Y%m%dT%H%M%SZ").to_string();
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(6))
        .last_modified_time(time(audit))
        .unix_permissions(0o644);
    let mut zip = ZipWriter::new(out);
    for (name, bytes) in &files {
        zip.start_file(format!("{folder}/{name}"), options)?;
        zip.write_all(bytes)?;
    }
    zip.finish()?.flush()
}

/// Every file by its name, the sums of all others among them.
fn contents(audit: &Audit, evidence: &[Evidence]) -> io::Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    let mut take = |name: &str, bytes: Vec<u8>| files.insert(name.to_owned(), bytes);
    take("README.txt", readme::text(audit).into_bytes());
    take("report.html", super::html(audit).into_bytes());
    take("report.md", super::markdown(audit).into_bytes());
    let mut json = serde_json::to_vec_pretty(audit)?;
    json.push(b'\n');
    take("audit.json", json);
    take("rules.csv", lists::rules(audit)?);
    take("openings.csv", lists::openings(audit)?);
    take("unexplained.csv", lists::unexplained(audit)?);
    let mut folders = Names::default();
    for one in evidence {
        let folder = format!("evidence/{}", folders.unique(&one.gateway.name, "gateway"));
        take(
            &format!("{folder}/conversations.csv"),
            sheets::conversations(one)?,
        );
        take(&format!("{folder}/verdicts.csv"), sheets::verdicts(one)?);
        take(&format!("{folder}/sightings.csv"), sheets::sightings(one)?);
        take(&format!("{folder}/outages.csv"), sheets::outages(one)?);
        let (sheet, stored) = sheets::generations(one)?;
        take(&format!("{folder}/generations.csv"), sheet);
        for (name, text) in stored {
            take(&format!("{folder}/files/{name}"), text.into_bytes());
        }
    }
    let sums: String = files
        .iter()
        .map(|(name, bytes)| format!("{}  {name}\n", sha256(bytes)))
        .collect();
    files.insert(SUMS.to_owned(), sums.into_bytes());
    Ok(files)
}

/// The time that every file carries: that of the audit.
fn time(audit: &Audit) -> DateTime {
    let at = audit.at.to_zoned(TimeZone::UTC).datetime();
    let small = |number: i8| u8::try_from(number).unwrap_or(0);
    u16::try_from(at.year())
        .ok()
        .and_then(|year| {
            let date = (small(at.month()), small(at.day()));
            let clock = (small(at.hour()), small(at.minute()), small(at.second()));
            DateTime::from_date_and_time(year, date.0, date.1, clock.0, clock.1, clock.2).ok()
        })
        .unwrap_or_default()
}
