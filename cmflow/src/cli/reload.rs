//! `cmflow reload`: a daemon reads its site file anew.

use std::io::Write;

use clap::Args;

use super::asking::Asked;
use super::{Format, Outcome, write_json};
use crate::answer::Reloaded;
use crate::serve::Question;

#[derive(Debug, Args)]
#[command(
    after_help = "The site file and the catalogue are read and compiled aside, and come into use between two packets. \
    Where they cannot, what runs goes on as it is, and the exit code is 2.\n\nFlows that live are judged anew by their \
    next packet; what was counted stays where it was counted."
)]
pub(super) struct Arguments {
    #[command(flatten)]
    asked: Asked,
}

pub(super) fn run(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<Outcome> {
    let reloaded: Reloaded = arguments.asked.answer(&Question::Reload)?;
    match arguments.asked.format {
        Format::Json => write_json(out, &reloaded)?,
        Format::Table => show(&reloaded, out)?,
    }
    Ok(if reloaded.done {
        Outcome::Done
    } else {
        Outcome::Refused
    })
}

fn show(reloaded: &Reloaded, out: &mut impl Write) -> anyhow::Result<()> {
    for warning in &reloaded.warnings {
        eprintln!("{warning}");
    }
    for problem in &reloaded.problems {
        eprintln!("{problem}");
    }
    if !reloaded.done {
        eprintln!(
            "cmflow: not reloaded; generation {} goes on as it is",
            reloaded.generation
        );
        return Ok(());
    }
    writeln!(out, "generation {} is in use", reloaded.generation)?;
    for file in &reloaded.files {
        writeln!(out, "{}  {}", file.sha256, file.path)?;
    }
    Ok(())
}
