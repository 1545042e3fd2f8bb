//! `cmflow detach`: removes what a daemon left in the kernel.

use std::io::Write;

use clap::Args;

use super::Outcome;
use crate::daemon::{Instance, Lock};
use crate::kernel::{Found, survey};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Name of the instance
    #[arg(long, value_name = "NAME", default_value = "default")]
    instance: Instance,
}

pub(super) fn run(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<Outcome> {
    let _lock = Lock::take(&arguments.instance)?;
    let pins = arguments.instance.pins();
    let found = survey(&pins)?;
    if matches!(found, Found::Nothing) {
        writeln!(out, "instance {} has nothing attached", arguments.instance)?;
        return Ok(Outcome::Done);
    }
    let left = pins.remove()?;
    arguments.instance.forget()?;
    writeln!(
        out,
        "instance {} is detached; its counters are gone",
        arguments.instance
    )?;
    for path in &left {
        writeln!(out, "{} is not cmflow's and stays", path.display())?;
    }
    Ok(if left.is_empty() {
        Outcome::Done
    } else {
        Outcome::Findings
    })
}
