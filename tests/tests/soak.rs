//! A gateway through hours of what may happen to it, on demand: `cargo xtask soak --minutes N`.
//!
//! Conversations, floods of spoofed flows, reloads, SIGKILLs, interfaces that go down and come back. At every look the
//! conservation law holds, and in the last third, when nobody kills the daemon any more, its memory is flat.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use cmflow_tests::binary;
use cmflow_tests::gateway_daemon::{Daemon, Plan};
use cmflow_tests::office::{BOTH, Office};
use cmflow_tests::traffic::{conversation, datagrams, ends};
use xtask::frames::eth;
use xtask::lab::Tier;

/// Frames of one flood.
const FLOOD: u32 = 50_000;
/// How much the daemon's own memory may grow from the first half of the last third to its second half.
const GROWTH_KIB: u64 = 4096;

#[test]
#[ignore = "takes as long as CMFLOW_SOAK_MINUTES says: `cargo xtask soak`"]
fn soak() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let minutes = std::env::var("CMFLOW_SOAK_MINUTES").ok();
    let minutes: f64 = minutes.map_or(Ok(1.0), |text| text.parse())?;
    let whole = Duration::from_secs_f64(minutes * 60.0);
    let reloads = binary::run(&["reload", "--help"]).status.success();
    for (what, left_out) in [
        ("reloads, interfaces deleted and made again", !reloads),
        ("a full disk under the database: there is no database", true),
        (
            "clock steps: the clock that counts has no namespace of its own",
            true,
        ),
    ] {
        if left_out {
            println!("left out: {what}");
        }
    }

    let plan = Plan::on(&BOTH).slots(1 << 16).with(&["--keep"]);
    let mut soak = Soak {
        daemon: Some(office.run(&plan)?),
        office,
        plan,
        round: 0,
        kills: 0,
        reloads: 0,
    };
    let began = Instant::now();
    let mut memory = Vec::new();
    while began.elapsed() < whole || memory.len() < 8 {
        let last_third = began.elapsed() > whole / 3 * 2;
        soak.round(reloads, !last_third)?;
        if last_third {
            memory.push(soak.own_kib()?);
        }
    }
    let (first, second) = memory.split_at(memory.len() / 2);
    let (before, after) = (most(first), most(second));
    println!(
        "{} rounds, {} kills, {} reloads; own memory {before} KiB, then {after} KiB",
        soak.round, soak.kills, soak.reloads
    );
    ensure!(
        after <= before + GROWTH_KIB,
        "memory grows: {before} KiB, then {after} KiB: {memory:?}"
    );
    soak.daemon.take().context("it runs")?.finish()
}

fn most(samples: &[u64]) -> u64 {
    samples.iter().copied().max().unwrap_or(0)
}

struct Soak {
    // First: it ends before the namespaces do.
    daemon: Option<Daemon>,
    office: Office,
    plan: Plan,
    round: u32,
    kills: u32,
    reloads: u32,
}

impl Soak {
    fn round(&mut self, reloads: bool, kills: bool) -> Result<()> {
        self.round += 1;
        let port = 50_000 + (self.round % 10_000) as u16;
        let (from, to) = ends(&format!("10.10.0.5:{port}"), "10.20.0.11:443")?;
        conversation(&self.office, from, to).context("a conversation")?;
        let (from, to) = ends(&format!("10.10.0.6:{port}"), "10.20.0.12:69")?;
        datagrams(&self.office, from, to, 20, 64).context("datagrams")?;
        match self.round % 4 {
            0 => self.flood()?,
            1 if kills => self.kill()?,
            2 => self.down_and_up()?,
            3 if reloads => self.reload()?,
            _ => {}
        }
        // `status` fails where the law is broken.
        let status = self.daemon()?.status().context("the conservation law")?;
        ensure!(status.conservation.ok, "{:?}", status.conservation);
        Ok(())
    }

    /// Spoofed SYNs to a documented port and datagrams to one that nothing documents.
    fn flood(&self) -> Result<()> {
        let client = self.office.lab.tier("client").netns();
        let socket = client.frames(Tier::INTERFACE)?;
        for number in 0..FLOOD {
            let from = format!("10.10.0.{}", number % 250 + 2);
            let port = (number / 250 + self.round * 7) as u16;
            let frame = eth().ipv4(&from, "10.20.0.11");
            let frame = if number % 2 == 0 {
                frame.tcp(port, 443).syn()
            } else {
                frame.udp(port, 4444)
            };
            socket.send(&frame.build())?;
        }
        Ok(())
    }

    fn daemon(&self) -> Result<&Daemon> {
        self.daemon.as_ref().context("the daemon runs")
    }

    fn kill(&mut self) -> Result<()> {
        self.daemon.take().context("it runs")?.kill()?;
        self.kills += 1;
        let next = self.daemon.insert(self.office.run(&self.plan)?);
        let gaps = next.status()?.gaps.len();
        ensure!(gaps == self.kills as usize, "{gaps} gaps: {}", next.log());
        Ok(())
    }

    fn reload(&mut self) -> Result<()> {
        let output = self.daemon()?.ask(&["reload"]);
        ensure!(
            output.status.success(),
            "reload: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        self.reloads += 1;
        Ok(())
    }

    fn down_and_up(&self) -> Result<()> {
        let tier = self.office.lab.tier("client").netns();
        for state in ["down", "up"] {
            tier.ip(&format!("link set dev {} {state}", Tier::INTERFACE))?;
        }
        // What went with the link.
        let gateway = self.office.lab.tier("client").networks();
        for network in gateway {
            let family = if network.addr().is_ipv4() { "-4" } else { "-6" };
            if family == "-4" {
                tier.ip(&format!("route replace default via {}", network.addr()))?;
            }
        }
        Ok(())
    }

    /// Memory of the daemon's own, without tables that it shares with the kernel.
    fn own_kib(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.daemon()?.process()?))?;
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        number.context("RssAnon")
    }
}
