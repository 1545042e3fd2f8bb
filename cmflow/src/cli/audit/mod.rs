//! `cmflow audit`: which rules are really used, which openings a firewall needs, what nothing explains.

mod bundled;
mod head;
mod next;
mod rules;
mod table;
mod what_if;

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use jiff::Timestamp;

use super::evidence::{Drawn, Gathered};
use super::{Outcome, write_json};
use crate::answer::{Audit, Grade};
use crate::audit::audit;
use crate::report::{self, lists};
use crate::spelling::did_you_mean;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    drawn: Drawn,
    /// Only rules and openings of this grade: used, shared, attempted, unused, expected-idle, not-observable,
    /// insufficient-window; may be given several times
    #[arg(long, value_name = "GRADE", value_parser = grade)]
    grade: Vec<Grade>,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    format: AuditFormat,
    /// Which list a CSV file holds
    #[arg(long, value_enum, default_value_t)]
    list: List,
    /// Write the report with all that it was made from into a ZIP file, with SHA-256 sums
    #[arg(long, value_name = "FILE", conflicts_with_all = ["format", "list", "grade", "what_if"])]
    bundle: Option<PathBuf>,
    /// Judge what was recorded by this site file instead, and by --edition where it is named: what would become
    /// unexplained, what explained? Exit code 1 where something would become unexplained
    #[arg(long, value_name = "SITE_FILE", conflicts_with_all = ["list", "grade"])]
    what_if: Option<PathBuf>,
}

/// How an audit is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum AuditFormat {
    /// For people
    #[default]
    Table,
    /// For scripts
    Json,
    /// For spreadsheets: one list of it
    Csv,
    /// For tickets and wikis
    Markdown,
    /// For whoever has to decide, and for auditors: one file, for the browser or on paper
    Html,
}

/// A list of an audit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum List {
    /// Rules with their grades
    #[default]
    Rules,
    /// Lines of a firewall
    Openings,
    /// What nothing explains
    Unexplained,
}

fn grade(text: &str) -> Result<Grade, String> {
    let named = Grade::ALL.into_iter().find(|grade| grade.name() == text);
    named.ok_or_else(|| {
        let names = Grade::ALL.map(Grade::name);
        match did_you_mean(text, names) {
            none if none.is_empty() => format!("there is {}", names.join(", ")),
            hint => format!("no grade{hint}"),
        }
    })
}

pub(super) fn run(
    arguments: &Arguments,
    catalogue: Option<&Path>,
    out: &mut impl Write,
) -> anyhow::Result<Outcome> {
    if arguments.list != List::Rules && arguments.format != AuditFormat::Csv {
        anyhow::bail!("--list chooses what a CSV file holds; add --format csv, or leave --list out");
    }
    if let Some(other) = &arguments.what_if {
        return what_if::run(arguments, other, catalogue, out);
    }
    let gathered = arguments.drawn.gather(catalogue)?;
    for warning in &gathered.warnings {
        eprintln!("cmflow: {warning}");
    }
    let mut audit = made(&gathered);
    if let Some(path) = &arguments.bundle {
        bundled::write(path, &audit, &gathered.evidence, out)?;
        return Ok(Outcome::Done);
    }
    if !arguments.grade.is_empty() {
        let wanted = |grade: Grade| arguments.grade.contains(&grade);
        audit.rules.retain(|rule| wanted(rule.grade));
        audit.openings.retain(|opening| wanted(opening.grade));
    }
    match (arguments.format, arguments.list) {
        (AuditFormat::Table, _) => table::write(out, &audit)?,
        (AuditFormat::Json, _) => write_json(out, &audit)?,
        (AuditFormat::Markdown, _) => out.write_all(report::markdown(&audit).as_bytes())?,
        (AuditFormat::Html, _) => out.write_all(report::html(&audit).as_bytes())?,
        (AuditFormat::Csv, List::Rules) => out.write_all(&lists::rules(&audit)?)?,
        (AuditFormat::Csv, List::Openings) => out.write_all(&lists::openings(&audit)?)?,
        (AuditFormat::Csv, List::Unexplained) => out.write_all(&lists::unexplained(&audit)?)?,
    }
    Ok(Outcome::Done)
}

/// The audit of what was gathered, by the files that it was gathered by.
pub(super) fn made(gathered: &Gathered) -> Audit {
    Audit {
        files: gathered.files.clone(),
        ..audit(&gathered.book(), &gathered.evidence, Timestamp::now())
    }
}
