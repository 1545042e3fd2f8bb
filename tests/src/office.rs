//! Two tiers around a gateway, with the computers that the daemon's tests talk between.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use cmflow::answer::{InterfaceStatus, Status};
use cmflow::kernel::interface;
use xtask::lab::{self, Lab, Netns, TierPlan, eventually};

use crate::gateway_daemon::{Daemon, LIMIT, Plan};

/// The gateway's interfaces.
pub const BOTH: [&str; 2] = ["client", "site"];

/// Who is who. 10.10.99.9, fd00:10::99:9 and 10.20.99.9 are strangers.
pub const SITE: &str = r#"
edition = "current"
companions = []
[networks]
internal = ["10.0.0.0/8", "fd00::/8"]
[roles]
client = ["10.10.0.0/24", "fd00:10::/112"]
management-point = ["10.20.0.11", "fd00:20::11"]
distribution-point = ["10.20.0.12"]
distribution-point-pxe = ["10.20.0.12", "fd00:20::12"]
site-server = ["10.20.0.5", "fd00:20::5"]
sql-server = ["10.10.1.6"]
"#;

/// Frames of one interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frames {
    /// By its own counter, since it was made.
    pub received: u64,
    /// By the daemon.
    pub counted: u64,
    /// By its own counter since the program was attached, as the daemon says.
    pub said: u64,
}

/// Clients and strangers on one side, servers on the other.
#[derive(Debug)]
pub struct Office {
    /// The namespaces.
    pub lab: Lab,
}

impl Office {
    /// Makes it; nothing, with the reason printed, where it cannot be made.
    ///
    /// # Errors
    /// Where making it fails half way.
    pub fn open() -> Result<Option<Self>> {
        if let Some(reason) = lab::unavailable() {
            println!("skipped: {reason}");
            return Ok(None);
        }
        let client = ["10.10.0.5", "10.10.0.6", "10.10.1.6", "10.10.99.9"];
        let client = client.into_iter().chain(["fd00:10::5", "fd00:10::99:9"]);
        let site = ["10.20.0.5", "10.20.0.11", "10.20.0.12", "10.20.99.9"];
        let site = site
            .into_iter()
            .chain(["fd00:20::5", "fd00:20::11", "fd00:20::12"]);
        let plan = |name: &str, third: u8| {
            TierPlan::new(name)
                .network(&format!("10.{third}.0.1/16"))
                .network(&format!("fd00:{third}::1/64"))
        };
        let client = client.fold(plan("client", 10), TierPlan::address);
        let site = site.fold(plan("site", 20), TierPlan::address);
        Ok(Some(Self {
            lab: Lab::new(&[client, site])?,
        }))
    }

    /// The gateway's namespace.
    #[must_use]
    pub fn gateway(&self) -> &Netns {
        self.lab.gateway()
    }

    /// Runs a daemon in the gateway.
    ///
    /// # Errors
    /// Where it does not come to answer.
    pub fn run(&self, plan: &Plan) -> Result<Daemon> {
        Daemon::start(self.gateway(), SITE, plan)
    }

    /// The same for a daemon whose counters are known to be broken.
    ///
    /// # Errors
    /// As [`Office::run`].
    pub fn run_broken(&self, plan: &Plan) -> Result<Daemon> {
        Daemon::start_until(self.gateway(), SITE, plan, |code| code == Some(1))
    }

    /// The namespace of a computer.
    ///
    /// # Errors
    /// Where no tier contains the address.
    pub fn of(&self, computer: SocketAddr) -> Result<&Netns> {
        let tier = self.lab.tiers().iter().find(|tier| tier.contains(computer.ip()));
        tier.map(lab::Tier::netns)
            .with_context(|| format!("{computer} is in no tier"))
    }

    /// Number of the XDP program on an interface of the gateway, where there is one.
    ///
    /// # Errors
    /// Where the interface cannot be looked up.
    pub fn program(&self, interface: &str) -> Result<Option<u32>> {
        let found = self.gateway().enter(|| interface::find(interface))??;
        Ok(found.attached.map(|program| program.program))
    }

    /// Frames that each interface received so far and that the daemon counted there, read while nothing came.
    ///
    /// # Errors
    /// Where it never is quiet.
    pub fn frames(&self, daemon: &Daemon) -> Result<Vec<Frames>> {
        let received = |status: &Status| -> Result<Vec<u64>> {
            let one = |interface: &InterfaceStatus| self.lab.gateway_counters(&interface.name);
            status
                .interfaces
                .iter()
                .map(|interface| one(interface).map(|counters| counters.rx_packets))
                .collect()
        };
        eventually("a quiet moment", LIMIT, || {
            let before = received(&daemon.status()?)?;
            let status = daemon.status()?;
            ensure!(received(&status)? == before, "frames came meanwhile");
            let frames = status.interfaces.iter().zip(before);
            Ok(frames
                .map(|(interface, received)| Frames {
                    received,
                    counted: interface.frames,
                    said: interface.received,
                })
                .collect())
        })
    }

    /// What lies under the gateway's BPF file system, one path a line, of the daemons' pins.
    ///
    /// # Errors
    /// Where it cannot be listed.
    pub fn pins(&self) -> Result<String> {
        let mut find = self.gateway().command_with_sys("find")?;
        find.args(["/sys/fs/bpf", "-mindepth", "2"]);
        Ok(String::from_utf8_lossy(&find.output()?.stdout).into_owned())
    }
}
