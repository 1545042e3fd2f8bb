//! Programs that read firewalls, in a namespace where nothing is changed for others.

use std::io::Write as _;
use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};
use cmflow::export::Format;
use xtask::lab::{self, Netns};
use xtask::setup::programs::{self, Program};
use xtask::step::find_program;

/// A namespace with a program; nothing, with the reason printed, where either cannot be had.
///
/// # Errors
/// Where the namespace cannot be made, and where CI would go without.
pub fn bench(wanted: &[Program]) -> Result<Option<Netns>> {
    if let Some(reason) = lab::unavailable() {
        println!("skipped: {reason}");
        return Ok(None);
    }
    let missing = programs::bring(wanted);
    if missing.is_empty() {
        return Ok(Some(Netns::new("firewall")?));
    }
    ensure!(
        std::env::var_os("CI").is_none(),
        "CI reads firewalls, and {missing:?} cannot be had"
    );
    println!("skipped: {missing:?} cannot be installed");
    Ok(None)
}

/// Runs a program inside with a text on its standard input; what it says.
///
/// # Errors
/// Where it refuses the text.
pub fn read(inside: &Netns, program: &str, arguments: &[&str], text: &str) -> Result<String> {
    let path = find_program(program).with_context(|| format!("no {program}"))?;
    let mut command = inside.command(&path.to_string_lossy());
    command.args(arguments).stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let mut pipe = child.stdin.take().context("a pipe")?;
    // A program that refuses a line early may close its end; what it says then tells more.
    let _ = pipe.write_all(text.as_bytes());
    drop(pipe);
    let output = child.wait_with_output()?;
    ensure!(
        output.status.success(),
        "{program} {arguments:?}: {}\n{text}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What is left of an export without its comments and quoted text: what its language acts on.
#[must_use]
pub fn acted_on(format: Format, written: &str) -> Vec<String> {
    let lines = written.split(['\n', '\r', '\u{2028}', '\u{85}']);
    lines
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| match format {
            Format::WindowsFirewall => line.split(" -Direction").last().unwrap_or("").to_owned(),
            _ => line.split('"').step_by(2).collect(),
        })
        .collect()
}
