//! Namespaces and XDP need root: where the user is not root, sudo is asked.

use std::convert::Infallible;
use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::Options;
use crate::setup::CannotServe;
use crate::step::find_program;

pub(super) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Becomes the same again by sudo, with the cmflow that was built already; returns only where it cannot.
pub(super) fn become_root(options: &Options, cmflow: Option<&Path>) -> Result<Infallible> {
    if find_program("sudo").is_none() {
        bail!(CannotServe::because(
            "the demo makes network namespaces and attaches XDP, which need root; there is no sudo here, so run it \
             as root"
        ));
    }
    eprintln!("The demo makes network namespaces and attaches XDP, which need root: asking sudo.");
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
    if options.traffic_only {
        all.push("--traffic-only".into());
    }
    if let Some(cmflow) = cmflow {
        all.extend(["--cmflow".into(), cmflow.into()]);
    }
    all
}
