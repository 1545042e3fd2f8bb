//! The daemon in the gateway, and what it answers.

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::lab::{Lab, Running};
use crate::step::answered;

/// How long it may take to load its program and attach it.
const START_LIMIT: Duration = Duration::from_secs(20);

/// A running `cmflow run`; dropping it stops it and removes what it wrote.
pub(super) struct Daemon {
    cmflow: PathBuf,
    pub(super) instance: String,
    process: Option<Running>,
}

impl Daemon {
    /// Runs it on all interfaces of the gateway and waits until it answers.
    pub(super) fn start(cmflow: &Path, lab: &Lab, site_file: &Path, log: PathBuf) -> Result<Self> {
        let instance = format!("demo-{}", std::process::id());
        let mut command = lab.gateway().command_with_sys(&cmflow.to_string_lossy())?;
        command
            .arg("run")
            .arg("--site")
            .arg(site_file)
            .args(["--instance", &instance]);
        for interface in lab.gateway_interfaces() {
            command.args(["--interface", &interface]);
        }
        let process = lab.gateway().start(command, Some(log))?;
        let mut daemon = Self {
            cmflow: cmflow.to_owned(),
            instance,
            process: None,
        };
        let process = daemon.process.insert(process);
        let asking = Client {
            cmflow: cmflow.to_owned(),
            instance: daemon.instance.clone(),
        };
        process
            .wait_ready(START_LIMIT, || asking.status().is_ok())
            .context("`cmflow run` does not answer, so there is nothing to show")?;
        Ok(daemon)
    }

    /// What asks it.
    pub(super) fn client(&self) -> Client {
        Client {
            cmflow: self.cmflow.clone(),
            instance: self.instance.clone(),
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        drop(self.process.take());
        for file in [
            format!("/run/cmflow/{}.sock", self.instance),
            format!("/var/lib/cmflow/{}.db", self.instance),
            format!("/var/lib/cmflow/{}.db-wal", self.instance),
            format!("/var/lib/cmflow/{}.db-shm", self.instance),
        ] {
            let _ = fs::remove_file(file);
        }
    }
}

/// Asks a daemon as a user would, by the command line.
pub(super) struct Client {
    cmflow: PathBuf,
    instance: String,
}

impl Client {
    pub(super) fn status(&self) -> Result<Status> {
        self.ask("status")
    }

    pub(super) fn flows(&self) -> Result<Vec<Flow>> {
        self.ask::<Flows>("flows").map(|answer| answer.flows)
    }

    pub(super) fn rules(&self) -> Result<Vec<Rule>> {
        self.ask::<Rules>("rules").map(|answer| answer.rules)
    }

    pub(super) fn undocumented(&self) -> Result<Vec<Undocumented>> {
        self.ask::<Unexplained>("undocumented")
            .map(|answer| answer.undocumented)
    }

    fn ask<T: DeserializeOwned>(&self, verb: &str) -> Result<T> {
        let mut command = Command::new(&self.cmflow);
        command.args([verb, "--instance", &self.instance, "--format", "json"]);
        serde_json::from_str(&answered(&mut command, &[0, 1])?)
            .with_context(|| format!("reading what `cmflow {verb}` answered"))
    }
}

/// `cmflow status`
#[derive(Debug, Deserialize)]
pub(super) struct Status {
    #[serde(default)]
    pub(super) interfaces: Vec<Interface>,
    pub(super) frames: u64,
    pub(super) conservation: Conservation,
}

#[derive(Debug, Deserialize)]
pub(super) struct Interface {
    pub(super) name: String,
    pub(super) mode: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Conservation {
    pub(super) ok: bool,
    pub(super) frames: u64,
    pub(super) accounted: u64,
}

#[derive(Deserialize)]
struct Flows {
    flows: Vec<Flow>,
}

/// A row of `cmflow flows`
#[derive(Debug, Deserialize)]
pub(super) struct Flow {
    pub(super) protocol: String,
    pub(super) initiator: End,
    pub(super) responder: End,
    pub(super) state: String,
    pub(super) forward: Count,
    pub(super) reverse: Count,
    pub(super) verdict: String,
    #[serde(default)]
    pub(super) rules: Vec<String>,
    #[serde(default)]
    pub(super) last_seen: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct End {
    pub(super) address: IpAddr,
    #[serde(default)]
    pub(super) port: Option<u16>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Count {
    pub(super) packets: u64,
}

#[derive(Deserialize)]
struct Rules {
    rules: Vec<Rule>,
}

/// A row of `cmflow rules`
#[derive(Debug, Deserialize)]
pub(super) struct Rule {
    pub(super) rule: String,
    pub(super) packets: u64,
    pub(super) flows: u64,
}

#[derive(Deserialize)]
struct Unexplained {
    undocumented: Vec<Undocumented>,
}

/// A row of `cmflow undocumented`
#[derive(Debug, Deserialize)]
pub(super) struct Undocumented {
    pub(super) protocol: String,
    pub(super) initiator: IpAddr,
    pub(super) responder: IpAddr,
    #[serde(default)]
    pub(super) port: Option<u16>,
    pub(super) verdict: String,
    pub(super) packets: u64,
    pub(super) flows: u64,
    #[serde(default)]
    pub(super) nearest: serde_json::Value,
}

impl Flow {
    pub(super) fn packets(&self) -> u64 {
        self.forward.packets + self.reverse.packets
    }
}

impl Undocumented {
    /// The nearest rule, in whichever of its forms: an id, or objects with a `rule` and a `why_not`.
    pub(super) fn nearest(&self) -> String {
        let first = self
            .nearest
            .as_array()
            .and_then(|all| all.first())
            .unwrap_or(&self.nearest);
        let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
        match (
            text(&first["rule"]).or_else(|| text(first)),
            text(&first["why_not"]),
        ) {
            (Some(rule), Some(why_not)) => format!("{rule}: {why_not}"),
            (Some(rule), None) => rule,
            (None, _) => "none".into(),
        }
    }
}
