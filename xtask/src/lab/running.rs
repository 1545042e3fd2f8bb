//! A child process, owned with all that it starts.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::wait_until;

/// How long a process may take to end after SIGTERM before it is killed.
const PATIENCE: Duration = Duration::from_secs(3);

/// A running program. Dropping it ends the program and its children.
#[derive(Debug)]
pub struct Running {
    child: Child,
    program: String,
    log: Option<PathBuf>,
}

impl Running {
    pub(crate) fn start(mut command: Command, log: Option<PathBuf>) -> Result<Self> {
        let program = command.get_program().to_string_lossy().into_owned();
        if let Some(log) = &log {
            let file = File::create(log).with_context(|| format!("creating {}", log.display()))?;
            command.stdout(file.try_clone()?).stderr(file);
        } else {
            command.stdout(Stdio::null()).stderr(Stdio::null());
        }
        let child = command.spawn().with_context(|| format!("starting {program}"))?;
        Ok(Self { child, program, log })
    }

    /// Process id; it leads a process group of the same number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended; none while it runs.
    pub fn exited(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// What it printed so far; empty without a log.
    pub fn printed(&self) -> String {
        self.log
            .as_deref()
            .and_then(|log| fs::read_to_string(log).ok())
            .unwrap_or_default()
    }

    /// File that takes what it prints.
    pub fn log(&self) -> Option<&Path> {
        self.log.as_deref()
    }

    /// Waits until it is ready, and fails with its last words where it ends before that.
    pub fn wait_ready(&mut self, limit: Duration, mut ready: impl FnMut() -> bool) -> Result<()> {
        let mut ended = None;
        let what = format!("{} ready to serve", self.program);
        let waited = wait_until(&what, limit, || {
            ended = self.exited();
            ended.is_some() || ready()
        });
        match ended {
            Some(status) => bail!(
                "{} ended ({status}) and said: {}",
                self.program,
                self.last_words()
            ),
            None => waited.with_context(|| format!("it said: {}", self.last_words())),
        }
    }

    /// Sends a signal to the process alone.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        kill_process(self.pid(), signal).with_context(|| format!("signalling {}", self.program))
    }

    /// Asks it to end by `signal` and waits for its status.
    pub fn stop(mut self, signal: Signal, limit: Duration) -> Result<ExitStatus> {
        self.signal(signal)?;
        let mut status = None;
        wait_until(&format!("end of {}", self.program), limit, || {
            status = self.exited();
            status.is_some()
        })?;
        status.context("it ended without a status")
    }

    /// Last lines of its log, joined.
    pub fn last_words(&self) -> String {
        let printed = self.printed();
        let lines: Vec<&str> = printed.lines().filter(|line| !line.trim().is_empty()).collect();
        if lines.is_empty() {
            "(nothing)".into()
        } else {
            lines[lines.len().saturating_sub(6)..].join(" | ")
        }
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.exited().is_none() {
            let _ = kill_process_group(self.pid(), Signal::TERM);
            let _ = wait_until("it to end", PATIENCE, || self.exited().is_some());
        }
        // The group outlives its leader where children are left; an empty one gives an error.
        let _ = kill_process_group(self.pid(), Signal::KILL);
        let _ = self.child.wait();
    }
}
