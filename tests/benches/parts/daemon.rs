//! What the daemon takes of the machine, with real frames through its gateway: memory at a million flows, processor
//! time at a hundred thousand silent ones.

use std::fs;
use std::net::Ipv4Addr;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use cmflow_tests::gateway_daemon::{Daemon, LIMIT, Plan};
use cmflow_tests::office::{BOTH, Office};
use xtask::frames::eth;
use xtask::lab::{FrameSocket, Tier, eventually};

use super::asked::Asked;
use super::figure::Figure;
use super::machine;

/// The office with clients in a network that is large enough.
const SITE: &str = r#"
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
    let figures = [memory(&office), processor(&office, asked)];
    machine::stay_on_one_processor()?;
    figures.into_iter().collect()
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

fn processor(office: &Office, asked: &Asked) -> Result<Figure> {
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
    daemon.finish()?;
    let figure = Figure::of("daemon-cpu-idle-100k", "% of core", shares).at_most(1.0);
    Ok(figure.with("flows", flows as f64))
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

/// Opens that many HTTPS conversations through the gateway, by the frames of both ends, and says how many the daemon
/// knows.
fn flows(office: &Office, daemon: &Daemon, count: u32) -> Result<usize> {
    let client = office.lab.tier("client").netns().frames(Tier::INTERFACE)?;
    let server = office.lab.tier("site").netns().frames(Tier::INTERFACE)?;
    let (near, far) = (Ipv4Addr::new(10, 10, 0, 0).to_bits(), "10.20.0.11");
    for flow in 0..count {
        // 50 ports at each of as many clients as it takes.
        let address = Ipv4Addr::from_bits(near + 2 + flow / 50).to_string();
        let port = 50_000 + (flow % 50) as u16;
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
