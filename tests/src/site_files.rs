//! Site files of several parts: what `check` says of them, and what they come to.

use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Context as _, Result, ensure};
use cmflow::catalogue::Catalogue;
use cmflow::compile::{Compiled, Machine, VerdictInfo, compile};
use cmflow::config::{self, Ended, Reading, SiteFile};
use cmflow_common::address::Address;
use cmflow_common::flow::state;
use cmflow_common::gateway::View;
use cmflow_common::judge::judge;
use cmflow_common::packet::{Packet, protocol};
use xtask::lab::ScratchDir;

use crate::binary::cmflow;

/// Files by their names, and what is wrong with them or worth a warning, line by line.
pub type Row = (&'static [(&'static str, &'static [u8])], &'static [&'static str]);

/// Writes the files and has them checked from their folder, so that messages call them by these names.
fn check(files: &[(&str, &[u8])], arguments: &[&str]) -> Result<Output> {
    let folder = ScratchDir::new("site-file")?;
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("")))?;
        fs::write(path, bytes)?;
    }
    let mut command = Command::new(cmflow());
    command
        .current_dir(folder.path())
        .args(["check", "--site", "site.toml"]);
    command
        .args(arguments)
        .output()
        .context("the binary was just built")
}

/// Each row is refused with exactly these lines.
///
/// # Errors
/// Where one is not; it says how.
pub fn refused(rows: &[Row]) -> Result<()> {
    for (files, expected) in rows {
        let output = check(files, &[])?;
        let said = String::from_utf8_lossy(&output.stderr);
        let lines: Vec<_> = said.lines().collect();
        ensure!(
            lines == *expected,
            "it says\n{said}instead of\n{}",
            expected.join("\n")
        );
        ensure!(
            output.status.code() == Some(2),
            "it ended with {}: {said}",
            output.status
        );
        ensure!(output.stdout.is_empty(), "it answers as well: {said}");
    }
    Ok(())
}

/// Each row is sound, with exactly these warnings.
///
/// # Errors
/// Where one is not; it says how.
pub fn warned(rows: &[Row]) -> Result<()> {
    for (files, expected) in rows {
        let output = check(files, &["--format", "json"])?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "it ended with {}: {said}", output.status);
        let meaning: serde_json::Value = serde_json::from_slice(&output.stdout)?;
        let warnings: Vec<_> = meaning["warnings"].as_array().context("a list")?.iter().collect();
        ensure!(
            warnings == *expected,
            "it warns {warnings:#?} instead of {expected:#?}"
        );
    }
    Ok(())
}

/// Reads a file and makes tables of it.
///
/// # Errors
/// Where something is wrong with it.
pub fn read(catalogue: &Catalogue, path: &Path) -> Result<(SiteFile, Compiled)> {
    let file = config::read(catalogue, path, &Reading::now(Ended::Refused))?;
    let compiled = compile(catalogue, &file.model, &Machine::default(), &[])?;
    Ok((file, compiled))
}

/// What is said of a flow whose opening was seen.
///
/// # Panics
/// Where an end is no address.
#[must_use]
pub fn judged(compiled: &Compiled, from: &str, to: &str, protocol: u8, port: u16) -> VerdictInfo {
    let address = |text: &str| Address::from(text.parse::<IpAddr>().expect("an address in the test"));
    let packet = Packet {
        source: address(from),
        destination: address(to),
        source_port: if protocol == protocol::ICMP { 0 } else { 61_000 },
        destination_port: port,
        protocol,
        signs: 0,
        tags: 0,
        detail: 0,
    };
    let id = judge(
        &&compiled.tables,
        &View::NOWHERE,
        &packet,
        true,
        state::INITIATOR_SEEN,
    );
    compiled.verdict(id).expect("every verdict has its entry").clone()
}
