//! The demo in network namespaces: real programs talk across a gateway, and cmflow runs on it.

use std::io::BufRead as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::daemon::{Client, Daemon};
use super::kills::Kills;
use super::live::Live;
use super::stage::Stage;
use super::traffic::Traffic;
use super::{Options, audited, dashboard, followed, place, site_file, summary};
use crate::lab::{Lab, ScratchDir, Signals};
use crate::setup::programs;
use crate::step::step;

/// Between two looks at the clock.
const PAUSE: Duration = Duration::from_millis(50);

/// Runs it; whether everything went as it should. Without a cmflow there is only traffic.
pub(super) fn run(options: &Options, cmflow: Option<&Path>) -> Result<bool> {
    let missing = programs::bring(&programs::DEMO);

    let signals = Signals::stop_politely();
    let scratch = ScratchDir::new("demo")?;
    let site_file = scratch.path().join("site.toml");
    let text = format!("approvals = \"approvals.toml\"\n{}", site_file::text());
    std::fs::write(&site_file, text).context("writing the site file")?;
    std::fs::write(scratch.path().join("approvals.toml"), "").context("writing the approvals file")?;
    let token = dashboard::token(scratch.path())?;
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
    if let Some(cmflow) = cmflow {
        step("cmflow run", || {
            let token = options.keep_open.then_some(&token).cloned();
            let log = scratch.path().join("cmflow.log");
            let started = Daemon::start(cmflow, &lab, &site_file, token, log)?;
            let instance = format!("instance {}, site file {}", started.instance, site_file.display());
            daemon = Some(started);
            Ok(instance)
        })?;
    }
    let client = daemon.as_ref().map(Daemon::client);

    let stop = AtomicBool::new(false);
    let mut well = thread::scope(|scope| {
        // Also when something below fails or panics: the threads end, and the scope with them.
        let _stop = StopWhenDropped(&stop);
        let mut kills = daemon
            .as_mut()
            .filter(|_| options.kill_daemon)
            .map(|daemon| Kills::begin(daemon, &lab))
            .transpose()?;
        traffic.speak(scope, &stop);
        let limit = Duration::from_secs(options.seconds);
        watch(client.as_ref(), kills.as_mut(), limit, &signals)?;
        let survived = kills.map(Kills::end).transpose()?;
        let answers = client.as_ref().map(Client::answers).transpose()?;
        let mut well = summary::print(traffic.went(), &traffic.substituted, answers.as_ref());
        if let Some(client) = &client {
            well &= audited::print(&client.audit()?, traffic.went(), options.seconds);
        }
        if let Some(survived) = survived {
            well &= survived.print();
        }
        anyhow::Ok(well)
    })?;
    if let Some(client) = client.as_ref().filter(|_| !signals.interrupted()) {
        well &= followed::print(client, &lab, &traffic, scratch.path())?;
    }
    if options.keep_open && !signals.interrupted() {
        stop.store(false, Ordering::Relaxed);
        thread::scope(|scope| {
            let _stop = StopWhenDropped(&stop);
            traffic.speak(scope, &stop);
            match dashboard::open(scope, lab.gateway(), &stop) {
                Ok(address) if daemon.is_some() => {
                    println!(
                        "\nThe dashboard: http://{address}/\nchanges take the token in {}",
                        token.display()
                    );
                }
                Ok(_) => {}
                Err(error) => println!("\nno dashboard: {error:#}"),
            }
            explore(&lab, cmflow, daemon.as_ref(), &site_file, &signals);
        });
    }
    Ok(well)
}

struct StopWhenDropped<'a>(&'a AtomicBool);

impl Drop for StopWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Shows what cmflow says until the time is over. The daemon is killed by this thread, which outlives it, and is
/// asked by another, so that no question keeps it alive.
fn watch(
    client: Option<&Client>,
    mut kills: Option<&mut Kills<'_, '_>>,
    limit: Duration,
    signals: &Signals,
) -> Result<()> {
    let deadline = Instant::now() + limit;
    let over = AtomicBool::new(false);
    let being_killed = kills.is_some();
    thread::scope(|scope| {
        let _over = StopWhenDropped(&over);
        if let Some(client) = client {
            scope.spawn(|| {
                let mut live = Live::new(being_killed);
                while !over.load(Ordering::Relaxed) {
                    live.tick(client);
                    thread::sleep(PAUSE);
                }
            });
        }
        while Instant::now() < deadline && !signals.interrupted() {
            if let Some(kills) = &mut kills {
                kills.tick()?;
            }
            thread::sleep(PAUSE);
        }
        anyhow::Ok(())
    })?;
    if signals.interrupted() {
        println!("\ninterrupted: this is what came of it until now");
    }
    Ok(())
}

fn explore(
    lab: &Lab,
    cmflow: Option<&Path>,
    daemon: Option<&Daemon<'_>>,
    site_file: &Path,
    signals: &Signals,
) {
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
        thread::sleep(PAUSE);
    }
}
