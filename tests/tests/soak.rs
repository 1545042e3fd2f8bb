//! A gateway through hours of what may happen to it, on demand: `cargo xtask soak --minutes N`.
//!
//! Conversations, floods of spoofed flows, reloads, SIGKILLs, an interface that goes down and comes back, one that is
//! deleted and made again, with a daemon looking and with none, a full disk. At every look the conservation law holds,
//! and in the last third, when nobody kills the daemon any more, its memory is flat.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use cmflow::answer::InterfaceStatus;
use cmflow_tests::gateway_daemon::{Daemon, LIMIT, Plan};
use cmflow_tests::office::{BOTH, Office};
use cmflow_tests::traffic::{conversation, datagrams, ends};
use xtask::frames::eth;
use xtask::lab::{Tier, eventually};

/// Frames of one flood.
const FLOOD: u32 = 50_000;
/// Gaps that a daemon remembers.
const GAPS: usize = 1000;
/// How much the daemon's own memory may grow from the first half of the last third to its second half.
const GROWTH_KIB: u64 = 4096;

#[test]
fn soak() -> Result<()> {
    let Some(minutes) = std::env::var("CMFLOW_SOAK_MINUTES").ok() else {
        eprintln!(
            "skipped: it takes minutes on purpose, and runs on demand by `cargo xtask soak --minutes N`"
        );
        return Ok(());
    };
    let minutes: f64 = minutes.parse()?;
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let whole = Duration::from_secs_f64(minutes * 60.0);
    println!(
        "left out: clock steps. CLOCK_REALTIME has no namespace, and this machine's clock is not a test's to step; \
         clock.rs has tests that step a clock of their own"
    );

    let plan = Plan::on(&BOTH).slots(1 << 16).with(&["--keep"]);
    small_disk(&office)?;
    let mut soak = Soak {
        daemon: Some(office.run(&plan)?),
        office,
        plan,
        round: 0,
        done: Done::default(),
    };
    let began = Instant::now();
    let mut memory = Vec::new();
    let mut minutes_told = 0;
    while began.elapsed() < whole || memory.len() < 8 {
        let last_third = began.elapsed() > whole / 3 * 2;
        soak.round(!last_third)
            .with_context(|| format!("round {}, after {:?}", soak.round, soak.done))?;
        let own = soak.own_kib()?;
        if last_third {
            memory.push(own);
        }
        let minute = began.elapsed().as_secs() / 60;
        if minute > minutes_told {
            minutes_told = minute;
            println!(
                "minute {minute}: {} rounds, {:?}, {own} KiB",
                soak.round, soak.done
            );
        }
    }
    let (first, second) = memory.split_at(memory.len() / 2);
    let (before, after) = (most(first), most(second));
    println!(
        "{} rounds, {:?}; own memory {before} KiB, then {after} KiB",
        soak.round, soak.done
    );
    ensure!(
        after <= before + GROWTH_KIB,
        "memory grows: {before} KiB, then {after} KiB: {memory:?}"
    );
    soak.daemon.take().context("it runs")?.finish()?;
    println!("the conservation law held at every tick");
    Ok(())
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
    done: Done,
}

/// How often what happened.
#[derive(Debug, Default)]
struct Done {
    floods: u32,
    kills: usize,
    downs: u32,
    reloads: u32,
    deletions: u32,
    full_disks: u32,
}

/// Where daemons keep their state.
const DISK: &str = "/var/lib/cmflow";
/// What fills it.
const FILLER: &str = "/var/lib/cmflow/filler";

/// A file system of the gateway's own where its daemons keep their state: full soon, and nobody else's.
fn small_disk(office: &Office) -> Result<()> {
    fs::create_dir_all(DISK)?;
    let mut mount = office.gateway().command_with_sys("mount")?;
    mount.args(["-t", "tmpfs", "-o", "size=32m", "cmflow-soak", DISK]);
    ensure!(mount.status()?.success(), "mounting a small disk");
    Ok(())
}

impl Soak {
    fn round(&mut self, kills: bool) -> Result<()> {
        self.round += 1;
        let port = 50_000 + (self.round % 10_000) as u16;
        let (from, to) = ends(&format!("10.10.0.5:{port}"), "10.20.0.11:443")?;
        conversation(&self.office, from, to).context("a conversation")?;
        let (from, to) = ends(&format!("10.10.0.6:{port}"), "10.20.0.12:69")?;
        datagrams(&self.office, from, to, 20, 64).context("datagrams")?;
        match self.round % 6 {
            0 => self.flood().context("a flood")?,
            1 if kills => self.kill().context("a kill")?,
            2 => self.down_and_up().context("down and up")?,
            3 => self.reload().context("a reload")?,
            4 => self
                .delete_and_make()
                .context("an interface deleted and made again")?,
            5 => self.full_disk().context("a full disk")?,
            _ => {}
        }
        // `status` fails where the law is broken.
        let status = self.daemon()?.status().context("the conservation law")?;
        ensure!(status.conservation.ok, "{:?}", status.conservation);
        Ok(())
    }

    /// Spoofed SYNs to a documented port and datagrams to one that nothing documents.
    fn flood(&mut self) -> Result<()> {
        self.done.floods += 1;
        let client = self.office.lab.tier("client").netns();
        let socket = client.frames(Tier::INTERFACE)?;
        for number in 0..FLOOD {
            let from = format!("10.10.0.{}", number % 250 + 2);
            // Ports of initiators. By low ones each datagram is a conversation of its own to the sender's port, and what
            // is remembered of them, bounded but not small, would look like a leak.
            let port = 49_152 + ((number / 250 + self.round * 7) % 16_384) as u16;
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

    /// Every second time the interface is another one before the next daemon looks.
    fn kill(&mut self) -> Result<()> {
        self.daemon.take().context("it runs")?.kill()?;
        self.done.kills += 1;
        if self.done.kills.is_multiple_of(2) {
            self.office.lab.unlink("client")?;
            self.office.lab.link_again("client")?;
            self.done.deletions += 1;
        }
        let next = self.daemon.insert(self.office.run(&self.plan)?);
        let gaps = next.status()?.gaps.len();
        ensure!(gaps == self.done.kills.min(GAPS), "{gaps} gaps: {}", next.log());
        Ok(())
    }

    fn reload(&mut self) -> Result<()> {
        let output = self.daemon()?.ask(&["reload"]);
        let error = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{error}");
        self.done.reloads += 1;
        Ok(())
    }

    /// The daemon sees it go, and counts by the new one of its name without being told.
    fn delete_and_make(&mut self) -> Result<()> {
        let before = self.client()?.frames;
        self.office.lab.unlink("client")?;
        eventually("an interface that is gone", LIMIT, || {
            let client = self.client()?;
            ensure!(client.mode == "none", "{}", client.mode);
            ensure!(client.frames >= before, "what was counted stays: {client:?}");
            Ok(())
        })?;
        self.office.lab.link_again("client")?;
        eventually("an interface that is back", LIMIT, || {
            let client = self.client()?;
            ensure!(client.mode != "none", "{}: {}", client.mode, self.daemon()?.log());
            Ok(())
        })?;
        let back = self.client()?.frames;
        let port = 40_000 + (self.round % 10_000) as u16;
        let (from, to) = ends(&format!("10.10.0.6:{port}"), "10.20.0.12:69")?;
        datagrams(&self.office, from, to, 20, 64)?;
        eventually("frames of the new interface", LIMIT, || {
            let now = self.client()?.frames;
            ensure!(now >= back + 20, "{back} frames, then {now}");
            Ok(())
        })?;
        self.done.deletions += 1;
        Ok(())
    }

    fn client(&self) -> Result<InterfaceStatus> {
        let interfaces = self.daemon()?.status()?.interfaces;
        let client = interfaces.into_iter().find(|one| one.name == "client");
        client.context("the client interface has a row")
    }

    /// New tables do not come into use while what they mean cannot be kept; the running ones count on.
    fn full_disk(&mut self) -> Result<()> {
        eventually("a reload that finds no room", LIMIT, || {
            // Again each time: a state that was just replaced may have left room. It ends when nothing is left.
            let mut fill = self.office.gateway().command_with_sys("sh")?;
            fill.args(["-c", &format!("cat /dev/zero >>{FILLER}")]);
            fill.stderr(Stdio::null()).status()?;
            let generation = self.daemon()?.status()?.generation;
            let output = self.daemon()?.ask(&["reload"]);
            let error = String::from_utf8_lossy(&output.stderr).into_owned();
            ensure!(!output.status.success(), "the reload went through");
            ensure!(error.contains("No space left"), "{error}");
            let now = self.daemon()?.status()?.generation;
            ensure!(
                now == generation,
                "refused, yet generation {now} after {generation}"
            );
            Ok(())
        })?;
        let port = 30_000 + (self.round % 10_000) as u16;
        let (from, to) = ends(&format!("10.10.0.6:{port}"), "10.20.0.12:69")?;
        datagrams(&self.office, from, to, 20, 64)?;
        ensure!(self.daemon()?.status()?.conservation.ok);
        let mut remove = self.office.gateway().command_with_sys("rm")?;
        ensure!(remove.arg(FILLER).status()?.success(), "removing {FILLER}");
        self.done.full_disks += 1;
        self.reload().context("with room again")
    }

    fn down_and_up(&mut self) -> Result<()> {
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
        self.done.downs += 1;
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
