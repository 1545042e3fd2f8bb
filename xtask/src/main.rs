//! `cargo xtask`: what a developer or a newcomer runs.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use xtask::{capture, check, demo, fuzz, screenshots, setup};

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "What a developer or a newcomer runs on cmflow.\n\nNew here? `cargo xtask demo` shows it at work, \
             `cargo xtask test` checks that it works on this machine.",
    max_term_width = 100
)]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Bring what the BPF build needs: a compiler for BPF and bpf-linker
    ///
    /// Looks first and does only what is missing; where nothing is, it takes less than a second. On Debian
    /// it installs packages (by sudo if you are not root) and links their compiler into rustup as
    /// `cmflow-bpf`. A rustup nightly with rust-src and a bpf-linker on PATH will do as well. On a machine
    /// that it cannot serve it says what to install and exits with 2. `test` and `demo` run it themselves.
    Setup,
    /// See cmflow at work: Configuration Manager traffic through a gateway in network namespaces
    ///
    /// Builds cmflow, puts clients, site systems and databases around a gateway, and lets real programs
    /// talk across it: nginx and curl, smbd and smbclient, tftp, dnsmasq, and plain sockets for the rest.
    /// Shows live which documented rule explains each flow and what none explains, then sums up. Everything
    /// happens in namespaces of its own and is gone afterwards, also after ctrl-c. Needs root, and asks
    /// sudo for it; where there is no root to be had, or no namespaces or XDP, it plays the same
    /// conversations as a capture through `cmflow replay`, and says so. Exits with 1 where something was not
    /// judged as the page says.
    Demo(demo::Options),
    /// Write captures: the demo's conversations, and every protocol of the page
    ///
    /// For each capture NAME.pcap the site file NAME.toml that belongs to it: `demo`, and `page-EDITION` with
    /// a conversation for every rule, protocol and port of that edition. Needs no root. The same bytes each
    /// time.
    Capture(capture::Options),
    /// Format check, clippy, build and all tests, each with its time
    ///
    /// Runs `setup` first. Tests with network namespaces or the kernel need root, and are skipped with the
    /// reason where there is none: `sudo -E env PATH="$PATH" cargo xtask test` runs all.
    Test,
    /// Format check and clippy; a warning is an error
    Lint,
    /// Measure what cmflow costs, against the numbers to reach
    ///
    /// A packet over a program that does nothing (known flows, new ones, a flood), a million flows, reading and
    /// loading a company, a replay, the daemon's memory and processor time, its pages in twenty browsers, what a
    /// gateway forwards, and xdp-filter and nftables beside it. Most of it needs root; what cannot be measured is left out with the reason.
    /// BENCHMARKS.md says how to read it.
    Bench(check::Measure),
    /// Fuzz what reads bytes that others made, as long as you like
    ///
    /// A short run over the corpus in tests/corpus is part of `test`; this goes on from there. libFuzzer needs
    /// cargo-fuzz, which is installed where it is missing, and works with a nightly toolchain or the stable one.
    /// `fuzz kernel` runs mutated frames through the kernel program and through memory, and compares all counters.
    Fuzz(fuzz::Options),
    /// Take pictures of each view of a dashboard that runs: light, dark, narrow, on a wall
    ///
    /// Needs chromium and chromium-driver, and installs them where they are missing.
    Screenshots(screenshots::Options),
    /// Run a gateway through what may happen to it, for minutes or hours (needs root)
    ///
    /// Conversations, floods, reloads, SIGKILLs of the daemon, interfaces down and up, in namespaces of its own. At
    /// every look the conservation law holds, and at the end the daemon's memory is flat. What is left out is said.
    /// With --dashboard each view of the dashboard stays open in a browser over a hundred thousand flows instead, and
    /// the memory of pages, browsers and daemon is flat in the end.
    Soak(check::Soak),
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(if error.is::<setup::CannotServe>() { 2 } else { 1 })
        }
    }
}

/// Whether all went well; an error is what kept it from going at all.
fn run(task: Task) -> Result<bool> {
    match task {
        Task::Demo(options) => return demo::run(&options),
        Task::Capture(options) => capture::run(&options)?,
        Task::Setup => {
            setup::bpf_toolchain()?;
            eprintln!("ready: `cargo build` builds everything, `cargo xtask demo` shows it");
        }
        Task::Test => check::test()?,
        Task::Lint => check::lint()?,
        Task::Bench(measure) => {
            setup::bpf_toolchain()?;
            check::bench(&measure)?;
        }
        Task::Soak(soak) => check::soak(&soak)?,
        Task::Screenshots(options) => screenshots::run(&options)?,
        Task::Fuzz(options) => fuzz::run_target(&options)?,
    }
    Ok(true)
}
