//! What the families of conversations share: the lab, a folder, and the programs that there are.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::conversation::{CONVERSATIONS, Conversation, Family, Protocol};
use crate::lab::{Lab, Netns, Running, Service};
use crate::setup::programs::Program;

/// How long a server may take to start.
pub(super) const START_LIMIT: Duration = Duration::from_secs(10);

/// Where the demo plays.
pub(super) struct Stage<'a> {
    pub(super) lab: &'a Lab,
    pub(super) folder: &'a Path,
    pub(super) missing: &'a [Program],
}

/// What answers on behalf of a family, until dropped.
#[derive(Default)]
pub(super) struct Servers {
    _programs: Vec<Running>,
    sockets: Vec<Socket>,
}

/// A plain socket that answers, or only takes, what comes there.
pub(super) type Socket = (Protocol, SocketAddr, Service);

impl From<Running> for Servers {
    fn from(program: Running) -> Self {
        Self {
            _programs: vec![program],
            ..Self::default()
        }
    }
}

impl From<Vec<Socket>> for Servers {
    fn from(sockets: Vec<Socket>) -> Self {
        Self {
            sockets,
            ..Self::default()
        }
    }
}

impl Servers {
    /// How often a plain socket there was asked.
    pub(super) fn heard(&self, protocol: Protocol, at: SocketAddr) -> u64 {
        let there = self
            .sockets
            .iter()
            .filter(|socket| (socket.0, socket.1) == (protocol, at));
        there.map(|(_, _, service)| service.served()).sum()
    }
}

impl Stage<'_> {
    /// Fails with the names of those programs that are not there.
    pub(super) fn require(&self, programs: &[&str]) -> Result<()> {
        let missing: Vec<&str> = self
            .missing
            .iter()
            .map(|program| program.name)
            .filter(|name| programs.contains(name))
            .collect();
        if missing.is_empty() {
            Ok(())
        } else {
            bail!("{} could not be installed", missing.join(", "))
        }
    }

    /// The namespace of the end that opens the conversation.
    pub(super) fn initiator(&self, conversation: &Conversation) -> &Netns {
        self.lab.tier(conversation.initiator().tier).netns()
    }

    /// The namespace of the other end.
    pub(super) fn responder(&self, conversation: &Conversation) -> &Netns {
        self.lab.tier(conversation.responder().tier).netns()
    }

    /// Starts a server and waits until it accepts TCP connections there.
    pub(super) fn serve(
        &self,
        tier: &str,
        command: Command,
        name: &str,
        ready_at: &[SocketAddr],
    ) -> Result<Running> {
        let netns = self.lab.tier(tier).netns();
        let mut server = netns.start(command, Some(self.folder.join(format!("{name}.log"))))?;
        server.wait_ready(START_LIMIT, || {
            ready_at.iter().all(|&address| netns.accepts_tcp(address))
        })?;
        Ok(server)
    }

    /// Writes a file for a server.
    pub(super) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> Result<()> {
        let path = self.folder.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).with_context(|| format!("creating {}", parent.display()))?;
        }
        std::fs::write(&path, content).with_context(|| format!("writing {}", path.display()))
    }
}

/// Runs a client program to its end; fails with what it complained of.
pub(super) fn speak(command: &mut Command) -> Result<Output> {
    let output = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output()
        .context("starting it")?;
    if !output.status.success() {
        let said = [output.stderr, output.stdout].concat();
        let said = String::from_utf8_lossy(&said);
        bail!(
            "{}: {}",
            output.status,
            said.trim().lines().next_back().unwrap_or("it said nothing")
        );
    }
    Ok(output)
}

/// The rows of one family.
pub(super) fn rows(family: Family) -> impl Iterator<Item = &'static Conversation> {
    CONVERSATIONS.iter().filter(move |row| row.family == family)
}
