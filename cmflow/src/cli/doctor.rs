//! `cmflow doctor`: is everything as it must be for the counters to be true?

use std::io::Write;

use clap::Args;

use super::asking::{Asked, table};
use super::{Format, Outcome, paragraph, write_json};
use crate::doctor::{Examination, Grade, examine, gather};

#[derive(Debug, Args)]
#[command(
    after_help = "Nothing is changed. Exit code 1 where there is a problem; warnings alone are 0.\n\nRun it as root: \
    without, some things cannot be looked at."
)]
pub(super) struct Arguments {
    #[command(flatten)]
    asked: Asked,
    /// Also look at this interface; may be repeated. Those that the daemon looks at are looked at anyway
    #[arg(long = "interface", value_name = "IF")]
    interfaces: Vec<String>,
}

pub(super) fn run(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<Outcome> {
    let instance = &arguments.asked.instance;
    let facts = gather::gather(instance, &arguments.interfaces);
    let examination = examine(&instance.to_string(), &facts);
    match arguments.asked.format {
        Format::Json => write_json(out, &examination)?,
        Format::Table => show(&examination, out)?,
    }
    Ok(if examination.ok {
        Outcome::Done
    } else {
        Outcome::Findings
    })
}

fn show(examination: &Examination, out: &mut impl Write) -> anyhow::Result<()> {
    let mut checks = table(&["", "about", "check", "found"]);
    for check in &examination.checks {
        checks.add_row([check.grade.name(), check.group, &check.check, &check.found]);
    }
    writeln!(out, "{checks}\n")?;
    for grade in [Grade::Problem, Grade::Warning] {
        for check in examination.checks.iter().filter(|check| check.grade == grade) {
            let Some(remedy) = &check.remedy else { continue };
            let text = format!("{}: {}, {}: {remedy}", grade.name(), check.group, check.check);
            paragraph::write(out, 0, &text)?;
        }
    }
    let Examination {
        instance,
        problems,
        warnings,
        ..
    } = examination;
    writeln!(
        out,
        "instance {instance}: {} checks, {problems} problems, {warnings} warnings",
        examination.checks.len()
    )?;
    Ok(())
}
