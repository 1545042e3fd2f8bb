//! Fuzzing on demand: libFuzzer over the targets of `fuzz/`, and the kernel program against the slice parser.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, ValueEnum};

use crate::check::workspace;
use crate::setup;
use crate::step::{loud_step, output, run};

/// The version that is known to work.
const CARGO_FUZZ: &str = "0.13.2";

/// What to fuzz, and how long.
#[derive(Args)]
pub struct Options {
    /// What reads the bytes
    target: Target,
    /// How long libFuzzer runs
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u64,
    /// Frames for the kernel program, about
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    frames: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Target {
    /// Frames through the parser and the path of a packet, in ordinary memory
    Parser,
    /// Capture files, pcap and pcapng, through the reader and a replay
    Capture,
    /// Site files through the reader and the compiler
    Site,
    /// Catalogue files over the built-in one
    Catalogue,
    /// Mutated frames through the kernel program and through memory, which must count them alike (needs root)
    Kernel,
}

impl Target {
    const fn name(self) -> &'static str {
        match self {
            Self::Parser => "parser",
            Self::Capture => "capture",
            Self::Site => "site",
            Self::Catalogue => "catalogue",
            Self::Kernel => "kernel",
        }
    }

    /// Longest input that is worth trying.
    const fn longest(self) -> usize {
        match self {
            Self::Parser | Self::Kernel => 1530,
            Self::Capture => 16_384,
            Self::Site | Self::Catalogue => 8192,
        }
    }
}

/// Fuzzes until the time is over or something breaks.
pub fn run_target(options: &Options) -> Result<()> {
    setup::bpf_toolchain()?;
    if options.target == Target::Kernel {
        return kernel(options.frames);
    }
    bring_cargo_fuzz()?;
    let name = options.target.name();
    let corpus = unpacked(name)?;
    let mut fuzz = cargo_fuzz();
    fuzz.args(["run", "--fuzz-dir", "fuzz", name])
        .arg(&corpus)
        .arg("--");
    fuzz.arg(format!("-max_total_time={}", options.seconds));
    fuzz.arg(format!("-max_len={}", options.target.longest()));
    fuzz.args(["-print_final_stats=1", "-timeout=20"]);
    loud_step(&format!("fuzz {name} for {} s", options.seconds), || {
        run(&mut fuzz)
    })
    .with_context(|| {
        format!("what broke it lies in fuzz/artifacts/{name}; give that file to the target again to see it")
    })
}

/// Frames by chance, four ways of looking at them: an equal share each.
fn kernel(frames: u64) -> Result<()> {
    if let Some(reason) = crate::lab::unavailable() {
        return Err(
            setup::CannotServe::because(format!("the kernel program cannot run here: {reason}")).into(),
        );
    }
    let mut test = Command::new("cargo");
    test.current_dir(workspace())
        .args([
            "test",
            "--release",
            "--package",
            "cmflow-tests",
            "--test",
            "agreement",
        ])
        .args(["--", "--nocapture", "kernel_and_slice"])
        .env("CMFLOW_FRAMES", frames.to_string());
    loud_step(&format!("{frames} frames through kernel and memory"), || {
        run(&mut test)
    })
}

/// The corpus of a target as libFuzzer takes it: a file for each input, in a folder that it may add to.
fn unpacked(target: &str) -> Result<PathBuf> {
    let kept = workspace().join("tests/corpus");
    let folder = workspace().join("fuzz/corpus").join(target);
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let lines = kept.join(format!("{target}.hex"));
    if lines.exists() {
        let text = fs::read_to_string(&lines).with_context(|| format!("reading {}", lines.display()))?;
        for (number, line) in text.lines().enumerate() {
            let bytes = bytes(line).with_context(|| format!("{}:{}", lines.display(), number + 1))?;
            fs::write(folder.join(format!("kept-{number}")), bytes)?;
        }
    } else {
        let texts = kept.join(target);
        for entry in fs::read_dir(&texts).with_context(|| format!("reading {}", texts.display()))? {
            let entry = entry?;
            fs::copy(entry.path(), folder.join(entry.file_name()))?;
        }
    }
    Ok(folder)
}

fn bytes(line: &str) -> Result<Vec<u8>> {
    ensure!(
        line.is_ascii() && line.len().is_multiple_of(2),
        "no pairs of hexadecimal digits"
    );
    (0..line.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&line[at..at + 2], 16).context("no hexadecimal digits"))
        .collect()
}

/// Cargo for the sanitizers: a nightly one, or the stable one that lets everything be used.
fn cargo_fuzz() -> Command {
    let nightly = output(Command::new("rustup").args(["run", "nightly", "rustc", "--version"])).is_ok();
    let mut command = if nightly {
        let mut command = Command::new("rustup");
        command.args(["run", "nightly", "cargo", "fuzz"]);
        command
    } else {
        let mut command = Command::new("cargo");
        command.arg("fuzz").env("RUSTC_BOOTSTRAP", "1");
        command
    };
    command.current_dir(workspace());
    command
}

fn bring_cargo_fuzz() -> Result<()> {
    if output(Command::new("cargo").args(["fuzz", "--version"])).is_ok() {
        return Ok(());
    }
    loud_step("cargo-fuzz (one to three minutes)", || {
        let mut install = Command::new("cargo");
        // From a neutral folder: the workspace's own Cargo settings are not for other people's crates.
        install.current_dir(Path::new("/")).env_remove("RUSTC_BOOTSTRAP");
        install.args([
            "install",
            "--quiet",
            "--locked",
            "cargo-fuzz",
            "--version",
            CARGO_FUZZ,
        ]);
        run(&mut install)
    })?;
    if output(Command::new("cargo").args(["fuzz", "--version"])).is_err() {
        bail!("cargo-fuzz was installed, but `cargo fuzz` does not start: is cargo's bin folder on PATH?");
    }
    Ok(())
}
