//! test, lint and bench: what a change has to pass, and what it costs.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::setup::{self, programs};
use crate::step::{loud_step, output, run};

/// Everything that a change has to pass.
pub fn test() -> Result<()> {
    setup::bpf_toolchain()?;
    programs::bring(&[programs::IP]);
    lint()?;
    loud_step("build", || cargo(["build", "--all-targets"]))?;
    if let Some(reason) = crate::lab::unavailable() {
        eprintln!("tests that need namespaces or the kernel are skipped: {reason}");
    }
    if output(Command::new("cargo").args(["nextest", "--version"])).is_ok() {
        loud_step("tests", || cargo(["nextest", "run"]))?;
    } else {
        loud_step("tests", || cargo(["test", "--lib", "--bins", "--tests"]))?;
    }
    loud_step("documentation tests", || cargo(["test", "--doc"]))
}

/// Formatting and clippy; a warning is an error.
pub fn lint() -> Result<()> {
    loud_step("format", || cargo(["fmt", "--all", "--check"]))?;
    loud_step("clippy", || {
        cargo(["clippy", "--all-targets", "--", "--deny", "warnings"])
    })
}

/// Measures the way of a packet; the arguments go to the benchmark as they are.
pub fn bench(arguments: &[String]) -> Result<()> {
    let fixed = [
        "bench",
        "--quiet",
        "--package",
        "cmflow-tests",
        "--bench",
        "packet_path",
        "--",
    ];
    cargo(fixed.into_iter().chain(arguments.iter().map(String::as_str)))
}

/// Builds a package's program in release mode and says where it is.
pub fn build_release(package: &str) -> Result<PathBuf> {
    loud_step(&format!("build {package}"), || {
        cargo(["build", "--release", "--package", package])
    })?;
    // Fresh by now, so this only tells.
    let mut ask = Command::new("cargo");
    ask.current_dir(workspace())
        .args(["build", "--release", "--quiet", "--message-format", "json"]);
    ask.args(["--package", package, "--bin", package]);
    let messages = output(&mut ask)?;
    let executables = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    executables
        .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
        .next_back()
        .with_context(|| format!("cargo built no program {package}"))
}

/// Runs cargo from the workspace, its output going to the terminal.
fn cargo<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Result<()> {
    run(Command::new("cargo").current_dir(workspace()).args(arguments))
}

/// The workspace's folder: the one above this crate, as it was when this was built.
pub(crate) fn workspace() -> &'static std::path::Path {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}
