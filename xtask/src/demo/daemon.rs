//! The daemon in the gateway, and what it answers.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::answers::{Answers, Flow, Law, Rule, Unexplained};
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
            format!("/run/cmflow/{}.lock", self.instance),
            format!("/var/lib/cmflow/{}.state", self.instance),
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

    /// All that the summary shows.
    pub(super) fn answers(&self) -> Result<Answers> {
        Ok(Answers {
            flows: self.flows()?,
            rules: self.ask::<Rules>("rules")?.rules,
            unexplained: self.ask::<Undocumented>("undocumented")?.undocumented,
            // Asked last, so that the law speaks of all that is shown.
            law: self.status()?.law(),
        })
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
    interfaces: Vec<Interface>,
    pub(super) frames: u64,
    conservation: Conservation,
}

#[derive(Debug, Deserialize)]
struct Interface {
    name: String,
    mode: String,
}

#[derive(Debug, Deserialize)]
struct Conservation {
    ok: bool,
    frames: u64,
    accounted: u64,
}

impl Status {
    fn law(&self) -> Law {
        let Conservation {
            ok,
            frames,
            accounted,
        } = self.conservation;
        let interfaces: Vec<String> = self
            .interfaces
            .iter()
            .map(|it| format!("{} ({})", it.name, it.mode))
            .collect();
        Law {
            holds: ok,
            sums: format!("{frames} packets belonged to flows, {accounted} are accounted for"),
            place: format!(
                "counted at ingress of {}, before this gateway's own firewall",
                interfaces.join(", ")
            ),
        }
    }
}

#[derive(Deserialize)]
struct Flows {
    flows: Vec<Flow>,
}

#[derive(Deserialize)]
struct Rules {
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Undocumented {
    undocumented: Vec<Unexplained>,
}
