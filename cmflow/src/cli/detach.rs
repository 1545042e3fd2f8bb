//! `cmflow detach`: removes what a daemon with `--keep` left in the kernel.

use std::io::Write;

use clap::Args;

use super::Outcome;
use crate::daemon::{Instance, Lock};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Name of the instance
    #[arg(long, value_name = "NAME", default_value = "default")]
    instance: Instance,
}

pub(super) fn run(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<Outcome> {
    let _lock = Lock::take(&arguments.instance)?;
    let pins = arguments.instance.pins();
    if pins.exist() {
        pins.remove()?;
        writeln!(
            out,
            "instance {} is detached; its counters are gone",
            arguments.instance
        )?;
    } else {
        writeln!(out, "instance {} has nothing attached", arguments.instance)?;
    }
    Ok(Outcome::Done)
}
