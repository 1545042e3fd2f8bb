//! Steps of a command, each a line with its time. On stderr: stdout belongs to results.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

/// Does something quiet: prints what it is, then the time it took and what came of it, on one line.
pub fn step(what: &str, work: impl FnOnce() -> Result<String>) -> Result<()> {
    eprint!("{what:<26} ");
    let _ = io::stderr().flush();
    finish(work)
}

/// Does something that prints: a heading before it, and a line with the time after it.
pub fn loud_step(what: &str, work: impl FnOnce() -> Result<()>) -> Result<()> {
    eprintln!("==> {what}");
    let started = Instant::now();
    let result = work();
    let verdict = if result.is_ok() { "done" } else { "failed" };
    eprintln!(
        "<== {what}: {verdict} in {:.2} s",
        started.elapsed().as_secs_f64()
    );
    result
}

fn finish(work: impl FnOnce() -> Result<String>) -> Result<()> {
    let started = Instant::now();
    let result = work();
    let came_of_it = result.as_deref().unwrap_or("failed");
    eprintln!("{:>7.2} s  {came_of_it}", started.elapsed().as_secs_f64());
    result.map(drop)
}

/// Runs a command, its output going to the terminal, and fails where it does.
pub fn run(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("cannot start `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` failed ({status})");
    }
    Ok(())
}

/// Runs a command and gives what it printed; fails with the end of what it complained of.
pub fn output(command: &mut Command) -> Result<String> {
    answered(command, &[0])
}

/// What a command prints, where it ends with one of these exit codes: a search that found something may say so.
pub fn answered(command: &mut Command, codes: &[i32]) -> Result<String> {
    let shown = shown(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start `{shown}`"))?;
    if !output.status.code().is_some_and(|code| codes.contains(&code)) {
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        let lines: Vec<&str> = complaint.lines().collect();
        let end = lines[lines.len().saturating_sub(15)..].join("\n");
        bail!("`{shown}` failed ({}):\n{end}", output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Where a program is, by PATH, by the folders of an administrator, which PATH may lack, and by samba's own,
/// which no PATH has.
pub fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let others = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/libexec/samba"].map(PathBuf::from);
    std::env::split_paths(&path)
        .chain(others)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let line = words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ");
    // A script passed as an argument is not something to print in an error.
    line.lines().next().unwrap_or_default().to_owned()
}
