//! `cmflow run` inside a gateway's namespace, asked as a user asks: by the command line.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Output};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use cmflow::answer::{Flow, Flows, Rules, Status, Undocumented};
use rustix::process::Signal;
use serde::de::DeserializeOwned;
use serde_json::Value;
use xtask::lab::{Netns, Running, ScratchDir, eventually, wait_until};

use crate::binary::cmflow;

/// Bound of every wait here. Nothing takes so long; a slow machine is no failure.
pub const LIMIT: Duration = Duration::from_secs(30);

/// How a daemon is to be started.
#[derive(Clone, Debug)]
pub struct Plan {
    instance: String,
    arguments: Vec<String>,
}

impl Plan {
    /// A daemon of an instance of its own on these interfaces.
    #[must_use]
    pub fn on(interfaces: &[&str]) -> Self {
        static SERIAL: AtomicU32 = AtomicU32::new(0);
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let plan = Self {
            instance: format!("test-{}-{serial}", std::process::id()),
            // A small table: these daemons have few flows, and read all slots whenever they are asked. No port: there is
            // one of it, and several daemons.
            arguments: ["--flows", "4096", "--listen", "off"].map(str::to_owned).to_vec(),
        };
        interfaces
            .iter()
            .fold(plan, |plan, name| plan.with(&["--interface", name]))
    }

    /// With more arguments.
    #[must_use]
    pub fn with(mut self, arguments: &[&str]) -> Self {
        self.arguments
            .extend(arguments.iter().map(|one| (*one).to_owned()));
        self
    }

    /// With a flow table of so many slots.
    #[must_use]
    pub fn slots(mut self, slots: usize) -> Self {
        self.arguments[1] = slots.to_string();
        self
    }

    /// Serving HTTP at an address of the gateway.
    #[must_use]
    pub fn listening(mut self, address: &str) -> Self {
        address.clone_into(&mut self.arguments[3]);
        self
    }

    /// Under another daemon's instance name.
    #[must_use]
    pub fn named(mut self, instance: &str) -> Self {
        instance.clone_into(&mut self.instance);
        self
    }

    /// The instance's name.
    #[must_use]
    pub fn instance(&self) -> &str {
        &self.instance
    }

    /// The command line that runs it in that namespace, with a /sys and a BPF file system of its own.
    ///
    /// # Errors
    /// Where the namespace gives no command.
    pub fn command(&self, netns: &Netns, site: &str) -> Result<Command> {
        let mut command = netns.command_with_sys(&cmflow().to_string_lossy())?;
        command.args(["run", "--site", site, "--instance", &self.instance]);
        command.args(&self.arguments);
        Ok(command)
    }
}

/// A daemon that runs. Dropping it ends it and removes what it wrote.
#[derive(Debug)]
pub struct Daemon {
    instance: String,
    process: Option<Running>,
    /// Whether the next daemon of the instance goes on with what it leaves.
    followed: bool,
    // Last: the daemon reads and logs there.
    folder: ScratchDir,
}

impl Daemon {
    /// Starts it in a namespace and waits until it answers.
    ///
    /// # Errors
    /// Where it ends before, with what it said.
    pub fn start(netns: &Netns, site: &str, plan: &Plan) -> Result<Self> {
        Self::start_until(netns, site, plan, |code| code == Some(0))
    }

    /// The same, waiting until `cmflow status` ends like that.
    ///
    /// # Errors
    /// As [`Daemon::start`].
    pub fn start_until(
        netns: &Netns,
        site: &str,
        plan: &Plan,
        ready: impl Fn(Option<i32>) -> bool,
    ) -> Result<Self> {
        let folder = ScratchDir::new("daemon")?;
        let file = folder.path().join("site.toml");
        fs::write(&file, site)?;
        let command = plan.command(netns, &file.to_string_lossy())?;
        let process = netns.start(command, Some(folder.path().join("log")))?;
        let mut daemon = Self {
            instance: plan.instance.clone(),
            process: Some(process),
            followed: false,
            folder,
        };
        let asked = daemon.instance.clone();
        let process = daemon.process.as_mut().context("it was just started")?;
        process.wait_ready(LIMIT, || ready(ask(&asked, &["status"]).status.code()))?;
        Ok(daemon)
    }

    /// Its instance's name.
    #[must_use]
    pub fn instance(&self) -> &str {
        &self.instance
    }

    /// What a verb with these arguments prints and how it ends.
    #[must_use]
    pub fn ask(&self, arguments: &[&str]) -> Output {
        ask(&self.instance, arguments)
    }

    /// The JSON that a verb answers.
    ///
    /// # Errors
    /// Where the verb fails, with what it said.
    pub fn json(&self, arguments: &[&str]) -> Result<Value> {
        self.answer(arguments)
    }

    /// `cmflow status`.
    ///
    /// # Errors
    /// Where it fails: also where the conservation law is broken.
    pub fn status(&self) -> Result<Status> {
        self.answer(&["status"])
    }

    /// `cmflow flows` with filters.
    ///
    /// # Errors
    /// Where the daemon refuses.
    pub fn flows(&self, filters: &[&str]) -> Result<Vec<Flow>> {
        self.answer::<Flows>(&[&["flows"], filters].concat())
            .map(|answer| answer.flows)
    }

    /// The one flow to this end, once `settled` says that all of it was counted.
    ///
    /// # Errors
    /// Where there is none, or it does not settle.
    pub fn flow(&self, to: SocketAddr, settled: impl Fn(&Flow) -> bool) -> Result<Flow> {
        eventually(&format!("the flow to {to}"), LIMIT, || {
            let mut flows = self.flows(&[])?;
            flows.retain(|flow| SocketAddr::new(flow.responder.address, flow.responder.port) == to);
            ensure!(flows.len() == 1, "{} flows: {flows:#?}", flows.len());
            let flow = flows.remove(0);
            ensure!(settled(&flow), "{flow:#?}");
            Ok(flow)
        })
    }

    /// `cmflow rules`.
    ///
    /// # Errors
    /// Where the daemon does not answer.
    pub fn rules(&self) -> Result<Rules> {
        self.answer(&["rules"])
    }

    /// `cmflow undocumented`.
    ///
    /// # Errors
    /// Where the daemon does not answer.
    pub fn undocumented(&self) -> Result<Undocumented> {
        self.answer(&["undocumented"])
    }

    fn answer<T: DeserializeOwned>(&self, arguments: &[&str]) -> Result<T> {
        let output = self.ask(&[arguments, &["--format", "json"]].concat());
        // What finds something says so by its exit code.
        let findings = arguments.first() == Some(&"undocumented") && output.status.code() == Some(1);
        ensure!(
            output.status.success() || findings,
            "cmflow {arguments:?} ended with {}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice(&output.stdout).with_context(|| format!("the answer of cmflow {arguments:?}"))
    }

    /// What it logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        self.process.as_ref().map(Running::printed).unwrap_or_default()
    }

    /// Its process id.
    ///
    /// # Errors
    /// Where it does not run any more.
    pub fn process(&self) -> Result<u32> {
        self.process
            .as_ref()
            .map(Running::id)
            .context("the daemon was stopped")
    }

    /// Ends it by a signal; its status and all that it logged.
    ///
    /// # Errors
    /// Where it does not end.
    pub fn end(&mut self, signal: Signal) -> Result<(ExitStatus, String)> {
        let mut process = self.process.take().context("it runs")?;
        process.signal(signal)?;
        let mut status = None;
        wait_until("the end of the daemon", LIMIT, || {
            status = process.exited();
            status.is_some()
        })?;
        Ok((status.context("it has a status")?, process.printed()))
    }

    /// Kills it, and leaves all that it kept for the next one of its instance.
    ///
    /// # Errors
    /// Where it does not end.
    pub fn kill(self) -> Result<()> {
        self.leave(Signal::KILL)
    }

    /// Ends it by a signal, and leaves all that it kept for the next one of its instance.
    ///
    /// # Errors
    /// Where it does not end.
    pub fn leave(mut self, signal: Signal) -> Result<()> {
        self.followed = true;
        self.end(signal).map(drop)
    }

    /// Ends it by SIGTERM, and checks that it ended well and that the conservation law held.
    ///
    /// # Errors
    /// Where it did not.
    pub fn finish(mut self) -> Result<()> {
        let (status, log) = self.end(Signal::TERM)?;
        ensure!(status.code() == Some(0), "{status}: {log}");
        ensure!(log.contains("conservation law held at every tick"), "{log}");
        Ok(())
    }

    /// The folder of its site file and log.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        drop(self.process.take());
        if self.followed {
            return;
        }
        for ending in ["sock", "lock"] {
            // Left behind, they harm nobody.
            let _ = fs::remove_file(format!("/run/cmflow/{}.{ending}", self.instance));
        }
        for ending in [
            "state",
            "new",
            "db",
            "db-wal",
            "db-shm",
            "alerts.json",
            "alerts.new",
        ] {
            let _ = fs::remove_file(format!("/var/lib/cmflow/{}.{ending}", self.instance));
        }
    }
}

/// Asks the daemon of an instance.
#[must_use]
pub fn ask(instance: &str, arguments: &[&str]) -> Output {
    let (verb, rest) = arguments.split_first().expect("a verb");
    crate::binary::run(&[&[*verb, "--instance", instance], rest].concat())
}
