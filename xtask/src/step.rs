//! Steps of a command, each a line with its time.

use std::io::{self, Write as _};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// Does something and prints `what … result, time`. `work` says in a few words what came of it.
pub fn step(what: &str, work: impl FnOnce() -> Result<String>) -> Result<()> {
    let started = Instant::now();
    let result = work();
    let took = seconds(started.elapsed());
    match &result {
        Ok(came_of_it) => println!("{what:<28} {took:>8}  {came_of_it}"),
        Err(_) => println!("{what:<28} {took:>8}  failed"),
    }
    let _ = io::stdout().flush();
    result.map(drop)
}

/// Runs a command, its output going to the terminal, and fails where it does.
pub fn run(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    let status = command
        .status()
        .with_context(|| format!("cannot start `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` failed ({status})");
    }
    Ok(())
}

/// Runs a command and gives what it printed; fails with what it complained of.
pub fn output(command: &mut Command) -> Result<String> {
    let shown = shown(command);
    let output = command
        .output()
        .with_context(|| format!("cannot start `{shown}`"))?;
    if !output.status.success() {
        bail!(
            "`{shown}` failed ({}): {}",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Where a program is, by PATH and by the folders of an administrator's, which PATH may lack.
pub fn find_program(name: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let administrator = ["/usr/local/sbin", "/usr/sbin", "/sbin"].map(std::path::PathBuf::from);
    std::env::split_paths(&path)
        .chain(administrator)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

fn seconds(took: Duration) -> String {
    format!("{:.2} s", took.as_secs_f64())
}
