//! test, lint and bench: what a change has to pass, and what it costs.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use clap::Args;

use crate::setup::{self, programs};
use crate::step::{loud_step, output, run};

/// Everything that a change has to pass.
pub fn test() -> Result<()> {
    setup::bpf_toolchain()?;
    programs::bring(&[programs::IP]);
    programs::bring(&programs::CHROMIUM);
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

/// What to measure.
#[derive(Args)]
pub struct Measure {
    /// Fewer repetitions: good enough to see a regression
    #[arg(long)]
    quick: bool,
    /// Also what each part of a packet's path costs, by programs that end after it
    #[arg(long)]
    parts: bool,
    /// Only sections with this word in the name of one of their figures
    #[arg(long, value_name = "WORD")]
    only: Option<String>,
    /// How to print the numbers
    #[arg(long, value_parser = ["table", "json"], default_value = "table")]
    format: String,
}

/// Measures; what the bench lacks is brought first where that is possible.
pub fn bench(measure: &Measure) -> Result<()> {
    programs::bring(&programs::BENCH);
    programs::bring(&programs::CHROMIUM);
    let mut command = Command::new("cargo");
    command.current_dir(workspace()).args(["bench", "--quiet"]);
    command.args(["--package", "cmflow-tests", "--bench", "packet_path", "--"]);
    command.args(["--format", &measure.format]);
    command.args(measure.quick.then_some("--quick"));
    command.args(measure.parts.then_some("--parts"));
    if let Some(word) = &measure.only {
        command.args(["--only", word]);
    }
    run(&mut command)
}

/// What to keep running, and how long.
#[derive(Args)]
pub struct Soak {
    /// How long
    #[arg(long, value_name = "N", default_value_t = 10.0)]
    minutes: f64,
    /// The dashboard in browsers that stay open, rather than the gateway
    #[arg(long)]
    dashboard: bool,
}

/// Runs a gateway through what may happen to it, or keeps pages open, for that many minutes.
pub fn soak(soak: &Soak) -> Result<()> {
    setup::bpf_toolchain()?;
    programs::bring(&[programs::IP]);
    let (name, setting) = if soak.dashboard {
        programs::bring(&programs::CHROMIUM);
        ("soak_dashboard", "CMFLOW_SOAK_DASHBOARD_MINUTES")
    } else {
        ("soak", "CMFLOW_SOAK_MINUTES")
    };
    let missing = soak.dashboard.then(crate::browser::unavailable).flatten();
    if let Some(reason) = crate::lab::unavailable().or(missing) {
        return Err(setup::CannotServe::because(reason).into());
    }
    let mut test = Command::new("cargo");
    test.current_dir(workspace())
        .args(["test", "--release", "--package", "cmflow-tests", "--test", name])
        .args(["--", "--nocapture"])
        .env(setting, soak.minutes.to_string());
    let what = if soak.dashboard { "pages open" } else { "soak" };
    loud_step(&format!("{what} for {} minutes", soak.minutes), || run(&mut test))
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
