//! The bundle as a file: whole, or not there.

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::answer::Audit;
use crate::cli::asking::bytes;
use crate::history::Evidence;
use crate::report;
use crate::store::sha256;

/// Writes it beside its place first, for its owner alone: it names computers.
pub(super) fn write(
    path: &Path,
    audit: &Audit,
    evidence: &[Evidence],
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let name = path.display();
    anyhow::ensure!(
        !path.is_dir(),
        "{name} is a folder; name a file in it, as in {name}/audit.zip"
    );
    let beside = beside(path);
    let written = begin(&beside).and_then(|file| {
        let mut file = BufWriter::new(file);
        report::bundle(audit, evidence, &mut file)?;
        file.into_inner()
            .map_err(|error| error.into_error())?
            .sync_all()?;
        fs::rename(&beside, path)
    });
    if written.is_err() {
        // What is half written is of no use to anybody; that it cannot be removed either changes nothing.
        let _ = fs::remove_file(&beside);
    }
    written.with_context(|| format!("the bundle {name} cannot be written"))?;
    let whole = fs::read(path).with_context(|| format!("the bundle {name} was just written"))?;
    writeln!(out, "{}  {name}", sha256(&whole))?;
    eprintln!(
        "cmflow: {name} holds the report and all that it was made from, {}",
        bytes(whole.len() as u64)
    );
    Ok(())
}

fn begin(path: &Path) -> std::io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    name.into()
}
