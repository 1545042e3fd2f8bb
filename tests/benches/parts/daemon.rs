//! What the daemon takes of the machine, with real frames through its gateway: memory at a million flows, processor
//! time at a hundred thousand silent ones.

use std::fs;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context as _, Result};
use cmflow::serve::{self, Question};
use cmflow_tests::crowd;
use cmflow_tests::gateway_daemon::{Daemon, Plan};
use cmflow_tests::office::{BOTH, Office};

use super::asked::Asked;
use super::figure::Figure;
use super::machine;

/// Memory first, then the processor.
pub fn measure(asked: &Asked) -> Result<Vec<Figure>> {
    let Some(office) = Office::open()? else {
        return Err(anyhow::anyhow!("network namespaces take root"));
    };
    // The daemon may run where it likes.
    machine::go_anywhere()?;
    let memory = memory(&office);
    let processor = processor(&office, asked);
    machine::stay_on_one_processor()?;
    let mut figures = vec![memory?];
    figures.extend(processor?);
    Ok(figures)
}

fn memory(office: &Office) -> Result<Figure> {
    let plan = Plan::on(&BOTH).slots(1 << 21);
    let daemon = Daemon::start(office.gateway(), crowd::SITE, &plan)?;
    let flows = crowd::gather(office, &daemon, 1_000_000)?;
    // Once asked for all of it in short: answers are made of what was read.
    daemon.rules()?;
    let process = daemon.process()?;
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let mib = |field: &str| -> Result<f64> {
        let line = status.lines().find_map(|line| line.strip_prefix(field));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        Ok(kib.with_context(|| format!("no {field} in the status of a process"))? / 1024.0)
    };
    let figure = Figure::new("daemon-rss-1m", "MiB", Ok(mib("VmRSS:")?)).at_most(300.0);
    let figure = figure
        .with("own", mib("RssAnon:")?)
        .with("shared", mib("RssShmem:")?);
    let figure = figure
        .with("mapped", mib("RssFile:")?)
        .with("flows", flows as f64);
    daemon.finish()?;
    Ok(figure)
}

fn processor(office: &Office, asked: &Asked) -> Result<[Figure; 2]> {
    let plan = Plan::on(&BOTH).slots(1 << 18);
    let daemon = Daemon::start(office.gateway(), crowd::SITE, &plan)?;
    let flows = crowd::gather(office, &daemon, 100_000)?;
    let shares = shares_of_core(&daemon, asked)?;
    let minutes = history(office, &daemon, 100_000)?;
    daemon.finish()?;
    let idle = Figure::of("daemon-cpu-idle-100k", "% of core", shares).at_most(1.0);
    let history = Figure::of("history-cpu-100k", "% of core", minutes).at_most(2.0);
    Ok([idle, history].map(|figure| figure.with("flows", flows as f64)))
}

/// The share of a minute that writing one down takes in which each of the flows sent something.
fn history(office: &Office, daemon: &Daemon, count: u32) -> Result<Vec<f64>> {
    let socket = PathBuf::from(format!("/run/cmflow/{}.sock", daemon.instance()));
    let process = daemon.process()?;
    let mut shares = Vec::new();
    for _ in 0..3 {
        crowd::speak(office, 0..count)?;
        let before = processor_ns(process)?;
        serve::ask(&socket, &Question::Settle)?;
        shares.push((processor_ns(process)? - before) as f64 / 60e9 * 100.0);
    }
    Ok(shares)
}

/// Shares of a core, in percent, that the daemon takes over some seconds, three times.
pub(super) fn shares_of_core(daemon: &Daemon, asked: &Asked) -> Result<Vec<f64>> {
    let process = daemon.process()?;
    let seconds = if asked.quick() { 3 } else { 10 };
    (0..3)
        .map(|_| {
            let before = processor_ns(process)?;
            // The time that it is looked at, not a time to wait for something.
            sleep(Duration::from_secs(seconds));
            let used = processor_ns(process)? - before;
            Ok(used as f64 / (seconds as f64 * 1e9) * 100.0)
        })
        .collect()
}

/// Nanoseconds that all threads of a process ran.
fn processor_ns(process: u32) -> Result<u64> {
    let mut sum = 0;
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        let text = fs::read_to_string(thread?.path().join("schedstat"))?;
        let ran = text.split(' ').next().and_then(|field| field.parse::<u64>().ok());
        sum += ran.context("the first field of schedstat")?;
    }
    Ok(sum)
}
