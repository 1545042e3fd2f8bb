//! `cmflow alerts`: whether alerts arrive.

use std::io::Write;

use clap::{Args, Subcommand};

use super::asking::Asked;
use super::{Format, Outcome, write_json};
use crate::answer::AlertTests;
use crate::serve::Question;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Have the daemon send a test through every channel, and say what came of each
    Test(Test),
}

#[derive(Debug, Args)]
#[command(
    after_help = "The daemon sends it, by its own rights and from where it runs. The channels are those of [alerts] in \
    its site file.\n\nExit codes: 0 all took it, 1 one did not, 2 no daemon answers."
)]
struct Test {
    #[command(flatten)]
    asked: Asked,
}

pub(super) fn run(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<Outcome> {
    let Verb::Test(Test { asked }) = &arguments.verb;
    let tests: AlertTests = asked.answer(&Question::TestAlerts)?;
    match asked.format {
        Format::Json => write_json(out, &tests)?,
        Format::Table => show(&tests, out)?,
    }
    Ok(if tests.tests.iter().all(|test| test.ok) {
        Outcome::Done
    } else {
        Outcome::Findings
    })
}

fn show(tests: &AlertTests, out: &mut impl Write) -> anyhow::Result<()> {
    if tests.tests.is_empty() {
        writeln!(
            out,
            "[alerts] of the site file names no channel; write log = true, webhook or syslog there"
        )?;
    }
    for test in &tests.tests {
        match &test.problem {
            None => writeln!(out, "{}: sent to {}", test.channel, test.target)?,
            Some(why) => writeln!(out, "{}: NOT sent: {why}", test.channel)?,
        }
    }
    Ok(())
}
