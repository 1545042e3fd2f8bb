//! Configuration Manager traffic through a gateway, with cmflow on it: in network namespaces, and as a capture
//! where there can be none.
//!
//! [`run`] decides which. The traffic is one table (`conversation`); in `namespaces` each family of programs
//! that hold it has a file (`web`, `smb`, `rpc`, `tftp`, `dns`, `dhcp`, `plain`, `tagged`), and [`recording`]
//! writes it down as frames for `replayed`. Both end in the same `summary`; in
//! namespaces `audited` and `followed` come after it: what an audit says, and the firewall that follows.

mod answers;
mod audited;
mod conversation;
mod daemon;
mod dashboard;
mod dhcp;
mod dns;
mod followed;
mod judged;
mod kills;
mod live;
mod means;
mod moments;
mod namespaces;
mod place;
mod plain;
pub mod recording;
mod replayed;
mod rpc;
mod samba;
mod site_file;
mod smb;
mod stage;
mod summary;
mod tagged;
mod tftp;
mod traffic;
mod web;

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::setup::{self, CannotServe};
use means::Means;
pub use replayed::run as replay;

/// What the user asked for.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// How long to drive traffic
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(3..=3600))]
    seconds: u64,
    /// Leave it running afterwards, until Enter or ctrl-c, and print commands to explore it with
    #[arg(long)]
    keep_open: bool,
    /// Run this cmflow instead of building one
    #[arg(long, value_name = "FILE")]
    cmflow: Option<PathBuf>,
    /// Drive the traffic with no cmflow on the gateway, to look at it with other tools
    #[arg(long, conflicts_with = "cmflow")]
    traffic_only: bool,
    /// Kill cmflow at random moments while there is traffic, start it again at once, and check that nothing is lost
    #[arg(long, conflicts_with = "traffic_only")]
    kill_daemon: bool,
    /// Play the same conversations as a capture, without root and without namespaces
    #[arg(long, conflicts_with_all = ["traffic_only", "keep_open", "kill_daemon", "seconds"])]
    replay: bool,
}

/// Runs the demo; whether everything went as it should.
pub fn run(options: &Options) -> Result<bool> {
    let means = if options.replay {
        Means::Replay("--replay asks for it".into())
    } else {
        means::here()
    };
    match means {
        Means::Replay(why) if options.traffic_only => bail!(CannotServe::because(format!(
            "--traffic-only sends traffic through network namespaces, and there can be none: {why}"
        ))),
        Means::Replay(why) if options.kill_daemon => bail!(CannotServe::because(format!(
            "--kill-daemon kills a cmflow that counts in the kernel, and there can be none: {why}"
        ))),
        Means::Replay(why) => {
            if options.keep_open {
                eprintln!("--keep-open: a capture leaves nothing running, so there is nothing to keep open");
            }
            replay(&cmflow(options)?, &why)
        }
        Means::Namespaces => {
            let cmflow = wanted_cmflow(options)?;
            namespaces::run(options, cmflow.as_deref())
        }
        Means::Sudo => {
            // Built by the user, so that no file of root's is left in the target folder.
            let cmflow = wanted_cmflow(options)?;
            match means::become_root(options, cmflow.as_deref())? {}
        }
    }
}

/// The command to run on the gateway; none where only traffic is wanted.
fn wanted_cmflow(options: &Options) -> Result<Option<PathBuf>> {
    if options.traffic_only {
        return Ok(None);
    }
    cmflow(options).map(Some)
}

/// The cmflow that was given, or one built in release mode.
fn cmflow(options: &Options) -> Result<PathBuf> {
    match &options.cmflow {
        Some(given) => given
            .canonicalize()
            .with_context(|| format!("--cmflow {}", given.display())),
        None => {
            setup::bpf_toolchain()?;
            crate::check::build_release("cmflow")
        }
    }
}
