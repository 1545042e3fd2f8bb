//! What the demo can be played with here: namespaces and XDP need root and a kernel that has them. Where the
//! user is not root, sudo is asked; where that does not help, a capture takes their place.

use std::convert::Infallible;
use std::ffi::OsString;
use std::io::{self, IsTerminal as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::Options;
use crate::lab;
use crate::setup::programs;
use crate::step::find_program;

/// How the demo is played.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Means {
    /// In network namespaces.
    Namespaces,
    /// In network namespaces, as root by sudo.
    Sudo,
    /// As a capture; why.
    Replay(String),
}

/// What can be done here. May let sudo ask for a password.
pub(super) fn here() -> Means {
    if !rustix::process::geteuid().is_root() {
        return match no_sudo() {
            None => Means::Sudo,
            Some(why) => Means::Replay(format!(
                "network namespaces and XDP need root, and {why}; run it as root to see it live"
            )),
        };
    }
    programs::bring(&[programs::IP]);
    lab::unavailable()
        .or_else(lab::cannot_observe)
        .map_or(Means::Namespaces, Means::Replay)
}

/// Why sudo does not help; nothing where it does. Asks for a password where somebody is there to type it.
fn no_sudo() -> Option<String> {
    let Some(sudo) = find_program("sudo") else {
        return Some("there is no sudo here".into());
    };
    let quiet = Command::new(&sudo)
        .args(["--non-interactive", "true"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if quiet.is_ok_and(|status| status.success()) {
        return None;
    }
    if !io::stdin().is_terminal() {
        return Some("sudo would ask for a password, and nobody is there to type it".into());
    }
    eprintln!("The demo makes network namespaces and attaches XDP, which need root: asking sudo.");
    match Command::new(&sudo).arg("--validate").status() {
        Ok(status) if status.success() => None,
        Ok(_) => Some("sudo refused".into()),
        Err(error) => Some(format!("sudo cannot be started: {error}")),
    }
}

/// Becomes the same again by sudo, with the cmflow that was built already; returns only where it cannot.
pub(super) fn become_root(options: &Options, cmflow: Option<&Path>) -> Result<Infallible> {
    let itself = std::env::current_exe().context("finding this program")?;
    Err(Command::new("sudo")
        .arg("-E")
        .arg(itself)
        .args(arguments(options, cmflow))
        .exec())
    .context("starting sudo")
}

fn arguments(options: &Options, cmflow: Option<&Path>) -> Vec<OsString> {
    let mut all: Vec<OsString> = vec![
        "demo".into(),
        "--seconds".into(),
        options.seconds.to_string().into(),
    ];
    if options.keep_open {
        all.push("--keep-open".into());
    }
    if options.kill_daemon {
        all.push("--kill-daemon".into());
    }
    if options.traffic_only {
        all.push("--traffic-only".into());
    }
    if let Some(cmflow) = cmflow {
        all.extend(["--cmflow".into(), cmflow.into()]);
    }
    all
}
