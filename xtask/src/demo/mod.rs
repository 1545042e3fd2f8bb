//! Configuration Manager traffic through a gateway in namespaces, with cmflow on it.
//!
//! [`run`] reads as what happens. The traffic is one table (`conversation`); each family of programs that
//! hold it has a file (`web`, `smb`, `tftp`, `dns`, `dhcp`, `plain`, `tagged`).

mod conversation;
mod daemon;
mod dhcp;
mod dns;
mod live;
mod place;
mod plain;
mod privilege;
mod site_file;
mod smb;
mod stage;
mod summary;
mod tagged;
mod tftp;
mod traffic;
mod web;

use std::io::BufRead as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::lab::{self, Lab, ScratchDir, Signals};
use crate::setup::{self, programs};
use crate::step::step;
use daemon::{Client, Daemon};
use live::Live;
use stage::Stage;
use traffic::Traffic;

/// What the user asked for.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// How long to drive traffic
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(3..=3600))]
    seconds: u64,
    /// Leave it running afterwards, until Enter or ctrl-c, and print commands to explore it with
    #[arg(long)]
    keep_open: bool,
    /// Run this cmflow instead of building one
    #[arg(long, value_name = "FILE")]
    cmflow: Option<PathBuf>,
    /// Drive the traffic with no cmflow on the gateway, to look at it with other tools
    #[arg(long, conflicts_with = "cmflow")]
    traffic_only: bool,
}

/// Runs the demo; whether everything went as it should.
pub fn run(options: &Options) -> Result<bool> {
    if !privilege::is_root() {
        // Built by the user, so that no file of root's is left in the target folder.
        match privilege::become_root(options, cmflow(options)?.as_deref())? {}
    }
    let cmflow = cmflow(options)?;
    let missing = programs::bring(&programs::DEMO);
    if let Some(reason) = lab::unavailable() {
        bail!(setup::CannotServe::because(reason));
    }

    let signals = Signals::stop_politely();
    let scratch = ScratchDir::new("demo")?;
    let site_file = scratch.path().join("site.toml");
    std::fs::write(&site_file, site_file::text()).context("writing the site file")?;
    let mut lab = None;
    step("namespaces", || {
        lab = Some(Lab::new(&place::tiers())?);
        Ok(format!(
            "{} computers in 4 tiers around a gateway",
            place::PLACES.len()
        ))
    })?;
    let lab = lab.context("the lab was made")?;
    let mut traffic = None;
    step("servers", || {
        let started = Traffic::start(Stage {
            lab: &lab,
            folder: scratch.path(),
            missing: &missing,
        })?;
        let substituted = started.substituted.len();
        traffic = Some(started);
        Ok(if substituted == 0 {
            "all real programs".into()
        } else {
            format!("{substituted} kinds by plain sockets")
        })
    })?;
    let traffic = traffic.context("the servers were started")?;
    let mut daemon = None;
    if let Some(cmflow) = &cmflow {
        step("cmflow run", || {
            let started = Daemon::start(cmflow, &lab, &site_file, scratch.path().join("cmflow.log"))?;
            let instance = format!("instance {}, site file {}", started.instance, site_file.display());
            daemon = Some(started);
            Ok(instance)
        })?;
    }
    let client = daemon.as_ref().map(Daemon::client);

    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        // Also when something below fails or panics: the threads end, and the scope with them.
        let _stop = StopWhenDropped(&stop);
        traffic.speak(scope, &stop);
        watch(client.as_ref(), Duration::from_secs(options.seconds), &signals);
        let well = summary::print(&traffic, client.as_ref())?;
        if options.keep_open && !signals.interrupted() {
            explore(&lab, cmflow.as_deref(), daemon.as_ref(), &site_file, &signals);
        }
        Ok(well)
    })
}

struct StopWhenDropped<'a>(&'a AtomicBool);

impl Drop for StopWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The command to run on the gateway, built in release mode where none was given.
fn cmflow(options: &Options) -> Result<Option<PathBuf>> {
    match &options.cmflow {
        _ if options.traffic_only => Ok(None),
        Some(given) => given
            .canonicalize()
            .with_context(|| format!("--cmflow {}", given.display()))
            .map(Some),
        None => {
            setup::bpf_toolchain()?;
            crate::check::build_release("cmflow").map(Some)
        }
    }
}

fn watch(client: Option<&Client>, limit: Duration, signals: &Signals) {
    let deadline = Instant::now() + limit;
    let mut live = Live::new();
    while Instant::now() < deadline && !signals.interrupted() {
        if let Some(client) = client {
            live.tick(client);
        }
        thread::sleep(Duration::from_millis(50));
    }
    if signals.interrupted() {
        println!("\ninterrupted: this is what came of it until now");
    }
}

fn explore(lab: &Lab, cmflow: Option<&Path>, daemon: Option<&Daemon>, site_file: &Path, signals: &Signals) {
    println!("\nStill running, traffic and all. From another terminal, as root:");
    if let (Some(cmflow), Some(daemon)) = (cmflow, daemon) {
        for verb in ["flows", "rules", "undocumented", "status"] {
            println!("    {} {verb} --instance {}", cmflow.display(), daemon.instance);
        }
        println!("    {} check --site {}", cmflow.display(), site_file.display());
    }
    for tier in lab.tiers() {
        println!(
            "    nsenter --net={} bash    # tier {}",
            tier.netns().path().display(),
            tier.name()
        );
    }
    println!(
        "    nsenter --net={} bash    # the gateway",
        lab.gateway().path().display()
    );
    println!("Enter or ctrl-c ends it.");
    let entered = std::sync::Arc::new(AtomicBool::new(false));
    let reader = std::sync::Arc::clone(&entered);
    // Not joined: it may wait for a line for ever. The end of input is not a line.
    thread::spawn(move || {
        if std::io::stdin()
            .lock()
            .read_line(&mut String::new())
            .is_ok_and(|bytes| bytes > 0)
        {
            reader.store(true, Ordering::Relaxed);
        }
    });
    while !entered.load(Ordering::Relaxed) && !signals.interrupted() {
        thread::sleep(Duration::from_millis(50));
    }
}
