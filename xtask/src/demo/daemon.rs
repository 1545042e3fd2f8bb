//! The daemon in the gateway, and what it answers.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use rustix::process::Signal;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::answers::{Answers, Flow, Law, Rule, Unexplained};
use super::audited::Audit;
use super::dashboard;
use crate::lab::{Lab, Running, wait_until};
use crate::step::answered;

/// How long it may take to load its program and attach it.
const START_LIMIT: Duration = Duration::from_secs(20);

/// How long it may take to be gone after it was killed.
const DEATH_LIMIT: Duration = Duration::from_secs(5);

/// A running `cmflow run`; dropping it stops it and removes what it wrote.
pub(super) struct Daemon<'a> {
    cmflow: PathBuf,
    lab: &'a Lab,
    site_file: &'a Path,
    /// What its dashboard takes changes with; it has no dashboard without.
    token_file: Option<PathBuf>,
    log: PathBuf,
    pub(super) instance: String,
    process: Option<Running>,
}

impl<'a> Daemon<'a> {
    /// Runs it on all interfaces of the gateway and waits until it answers.
    pub(super) fn start(
        cmflow: &Path,
        lab: &'a Lab,
        site_file: &'a Path,
        token_file: Option<PathBuf>,
        log: PathBuf,
    ) -> Result<Self> {
        let mut daemon = Self {
            cmflow: cmflow.to_owned(),
            lab,
            site_file,
            token_file,
            log,
            instance: format!("demo-{}", std::process::id()),
            process: None,
        };
        daemon.launch()?;
        daemon.wait_answering()?;
        Ok(daemon)
    }

    /// Kills it by SIGKILL, and starts the next one with the same arguments, without waiting for it.
    /// What the killed one had logged. To be called by a thread that lives on: the process dies with it.
    pub(super) fn kill_and_start(&mut self) -> Result<String> {
        let mut process = self.process.take().context("the daemon was started")?;
        if let Some(status) = process.exited() {
            bail!(ended(status, &process));
        }
        process.signal(Signal::KILL)?;
        wait_until("the end of `cmflow run`", DEATH_LIMIT, || {
            process.exited().is_some()
        })?;
        let logged = process.printed();
        self.launch()?;
        Ok(logged)
    }

    /// Whether it answers already; fails where it has ended.
    pub(super) fn answers(&mut self) -> Result<bool> {
        let process = self.process.as_mut().context("the daemon was started")?;
        if let Some(status) = process.exited() {
            bail!(ended(status, process));
        }
        Ok(self.client().status().is_ok())
    }

    /// Waits until it answers.
    pub(super) fn wait_answering(&mut self) -> Result<()> {
        let asking = self.client();
        let process = self.process.as_mut().context("the daemon was started")?;
        process
            .wait_ready(START_LIMIT, || asking.status().is_ok())
            .context("`cmflow run` does not answer, so there is nothing to show")
    }

    /// What it logged since it was started last.
    pub(super) fn logged(&self) -> String {
        self.process.as_ref().map(Running::printed).unwrap_or_default()
    }

    fn launch(&mut self) -> Result<()> {
        let gateway = self.lab.gateway();
        let mut command = gateway.command_with_sys(&self.cmflow.to_string_lossy())?;
        command.arg("run").arg("--site").arg(self.site_file);
        command.args(["--instance", &self.instance]);
        match &self.token_file {
            Some(file) => command
                .args(["--listen", &dashboard::INSIDE.to_string(), "--token-file"])
                .arg(file),
            None => command.args(["--listen", "off"]),
        };
        for interface in self.lab.gateway_interfaces() {
            command.args(["--interface", &interface]);
        }
        self.process = Some(gateway.start(command, Some(self.log.clone()))?);
        Ok(())
    }

    /// What asks it.
    pub(super) fn client(&self) -> Client {
        Client {
            cmflow: self.cmflow.clone(),
            instance: self.instance.clone(),
        }
    }
}

impl Drop for Daemon<'_> {
    fn drop(&mut self) {
        drop(self.process.take());
        for file in [
            format!("/run/cmflow/{}.sock", self.instance),
            format!("/run/cmflow/{}.lock", self.instance),
            format!("/var/lib/cmflow/{}.state", self.instance),
            format!("/var/lib/cmflow/{}.alerts.json", self.instance),
            // One that was killed while it wrote leaves this.
            format!("/var/lib/cmflow/{}.new", self.instance),
            format!("/var/lib/cmflow/{}.db", self.instance),
            format!("/var/lib/cmflow/{}.db-wal", self.instance),
            format!("/var/lib/cmflow/{}.db-shm", self.instance),
        ] {
            let _ = fs::remove_file(file);
        }
    }
}

/// An end that nobody asked for.
fn ended(status: ExitStatus, process: &Running) -> String {
    format!(
        "`cmflow run` ended by itself ({status}) and said: {}",
        process.last_words()
    )
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

    /// What an audit of it says.
    pub(super) fn audit(&self) -> Result<Audit> {
        self.ask("audit")
    }

    /// Writes the firewall that follows from it to a file, as a user would.
    pub(super) fn firewall(&self, file: &Path) -> Result<()> {
        let mut command = Command::new(&self.cmflow);
        command.args([
            "export",
            "nftables",
            "--only",
            "used",
            "--instance",
            &self.instance,
        ]);
        command.arg("--output").arg(file);
        answered(&mut command, &[0]).map(drop)
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
    /// Since when it counts.
    pub(super) since: Timestamp,
    /// When no daemon looked.
    #[serde(default)]
    pub(super) gaps: Vec<Gap>,
    conservation: Conservation,
}

/// A time in which the kernel counted alone.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Gap {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
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
    pub(super) fn law(&self) -> Law {
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
