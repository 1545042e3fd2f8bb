//! What the daemon takes of the machine, with real frames through its gateway: memory at a million flows, processor
//! time at a hundred thousand silent ones.

use std::fs;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use cmflow::serve::{self, Question};
use cmflow_tests::gateway_daemon::{Daemon, LIMIT, Plan};
use cmflow_tests::office::{BOTH, Office};
use xtask::frames::eth;
use xtask::lab::{FrameSocket, Tier, eventually};

use super::asked::Asked;
use super::figure::Figure;
use super::machine;

/// The office with clients in a network that is large enough.
pub(super) const SITE: &str = r#"
edition = "current"
companions = []
[networks]
internal = ["10.0.0.0/8"]
[roles]
client = ["10.10.0.0/16"]
management-point = ["10.20.0.11"]
"#;

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
    let daemon = Daemon::start(office.gateway(), SITE, &plan)?;
    let flows = flows(office, &daemon, 1_000_000)?;
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
    let daemon = Daemon::start(office.gateway(), SITE, &plan)?;
    let flows = flows(office, &daemon, 100_000)?;
    let process = daemon.process()?;
    let seconds = if asked.quick() { 3 } else { 10 };
    let mut shares = Vec::new();
    for _ in 0..3 {
        let before = processor_ns(process)?;
        // The time that it is looked at, not a time to wait for something.
        sleep(Duration::from_secs(seconds));
        let used = processor_ns(process)? - before;
        shares.push(used as f64 / (seconds as f64 * 1e9) * 100.0);
    }
    let minutes = history(office, &daemon, 100_000)?;
    daemon.finish()?;
    let idle = Figure::of("daemon-cpu-idle-100k", "% of core", shares).at_most(1.0);
    let history = Figure::of("history-cpu-100k", "% of core", minutes).at_most(2.0);
    Ok([idle, history].map(|figure| figure.with("flows", flows as f64)))
}

/// The share of a minute that writing one down takes in which each of the flows sent something.
fn history(office: &Office, daemon: &Daemon, count: u32) -> Result<Vec<f64>> {
    let client = office.lab.tier("client").netns().frames(Tier::INTERFACE)?;
    let socket = PathBuf::from(format!("/run/cmflow/{}.sock", daemon.instance()));
    let process = daemon.process()?;
    let mut shares = Vec::new();
    for _ in 0..3 {
        for flow in 0..count {
            let (address, port) = end(flow);
            send(
                &client,
                &eth().ipv4(&address, SERVER).tcp(port, 443).ack().payload(8),
            )?;
        }
        let before = processor_ns(process)?;
        serve::ask(&socket, &Question::Settle)?;
        shares.push((processor_ns(process)? - before) as f64 / 60e9 * 100.0);
    }
    Ok(shares)
}

const SERVER: &str = "10.20.0.11";

/// Who opens a flow, and from which port: 50 ports at each of as many clients as it takes.
fn end(flow: u32) -> (String, u16) {
    let near = Ipv4Addr::new(10, 10, 0, 0).to_bits();
    let address = Ipv4Addr::from_bits(near + 2 + flow / 50).to_string();
    (address, 50_000 + (flow % 50) as u16)
}

/// Nanoseconds that all threads of a process ran.
pub(super) fn processor_ns(process: u32) -> Result<u64> {
    let mut sum = 0;
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        let text = fs::read_to_string(thread?.path().join("schedstat"))?;
        let ran = text.split(' ').next().and_then(|field| field.parse::<u64>().ok());
        sum += ran.context("the first field of schedstat")?;
    }
    Ok(sum)
}

/// Opens that many HTTPS conversations through the gateway, by the frames of both ends, and says how many the daemon
/// knows.
pub(super) fn flows(office: &Office, daemon: &Daemon, count: u32) -> Result<usize> {
    let client = office.lab.tier("client").netns().frames(Tier::INTERFACE)?;
    let server = office.lab.tier("site").netns().frames(Tier::INTERFACE)?;
    let far = SERVER;
    for flow in 0..count {
        let (address, port) = end(flow);
        let asks = || eth().ipv4(&address, far).tcp(port, 443);
        send(&client, &asks().syn())?;
        send(&server, &eth().ipv4(far, &address).tcp(443, port).syn().ack())?;
        send(&client, &asks().ack().payload(8))?;
    }
    eventually("all flows in the table", LIMIT, || {
        let status = daemon.status()?;
        let entries = status.flow_table.entries;
        ensure!(
            entries as f64 > f64::from(count) * 0.98,
            "{entries} of {count} flows"
        );
        Ok(entries as usize)
    })
}

fn send(socket: &FrameSocket, frame: &xtask::frames::Frame) -> Result<()> {
    socket.send(&frame.build())
}
