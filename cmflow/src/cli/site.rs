//! `cmflow site`: site files made of what somebody has already.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail, ensure};
use clap::{Args, Subcommand, ValueEnum};

use super::Outcome;
use crate::catalogue::Catalogue;
use crate::config;
use crate::import::{self, Source, checked, document};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make a site file of a list of servers: CSV, or the JSON of a script for Configuration Manager
    Import(Import),
}

#[derive(Debug, Args)]
#[command(
    after_help = "CSV begins with a header line: name, address, roles, and as it comes site and parent; columns may be \
    called otherwise (FQDN, IPAddress, RoleList, SiteCode, ParentSiteCode ...) and parted by commas, semicolons or tabs. \
    A computer may have several lines.\n\nJSON is a list of objects with FullQualifiedDomainName, IPAddress, SiteCode, \
    ParentSiteCode and RoleList.\n\nNames are not resolved. What cannot be taken over is told on stderr and in comments \
    of the file, each with its line or entry; the rest is taken over.\n\nExit codes: 0 all was taken over, 1 something \
    was left out, 2 nothing could be."
)]
struct Import {
    /// The list
    file: PathBuf,
    /// How it is written; else its name and its first letter tell
    #[arg(long, value_enum)]
    format: Option<Written>,
    /// Write the site file here instead of to stdout; a file that is there already stays as it is
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Written {
    /// A header line, then a computer a line
    Csv,
    /// A list of objects
    Json,
}

pub(super) fn run(
    arguments: &Arguments,
    extra: Option<&Path>,
    out: &mut impl Write,
) -> anyhow::Result<Outcome> {
    let Verb::Import(import) = &arguments.verb;
    import.run(extra, out)
}

impl Import {
    fn run(&self, extra: Option<&Path>, out: &mut impl Write) -> anyhow::Result<Outcome> {
        let catalogue = Catalogue::load(extra)?;
        let name = self.file.display().to_string();
        let bytes = fs::read(&self.file).with_context(|| format!("{name} cannot be read"))?;
        let text = import::text_of(&bytes).map_err(|what| anyhow!("{name}: {what}"))?;
        let list = import::read(self.source(&text), &text).map_err(|what| anyhow!("{name}: {what}"))?;
        if !list.ignored.is_empty() {
            eprintln!("cmflow: {name}: not looked at: {}", list.ignored.join(", "));
        }
        let checked = checked(&catalogue, &list);
        for what in &checked.left_out {
            eprintln!("{name}: {what}");
        }
        if checked.hosts.is_empty() {
            bail!("{name} names no computer that could be taken over; nothing was written");
        }
        let file_name = self.file.file_name().unwrap_or_default().to_string_lossy();
        let site = document(&checked, &file_name);
        // What the reader of site files does not take must not leave the house.
        config::parse(&catalogue, "the site file that was made", &site)?;
        match &self.output {
            Some(path) => {
                write_new(path, &site)?;
                eprintln!(
                    "cmflow: {} computers in {path}; cmflow check --site {path} says what they mean",
                    checked.hosts.len(),
                    path = path.display()
                );
            }
            None => out.write_all(site.as_bytes())?,
        }
        Ok(if checked.left_out.is_empty() {
            Outcome::Done
        } else {
            Outcome::Findings
        })
    }

    fn source(&self, text: &str) -> Source {
        match self.format {
            Some(Written::Csv) => Source::Csv,
            Some(Written::Json) => Source::Json,
            None if self
                .file
                .extension()
                .is_some_and(|end| end.eq_ignore_ascii_case("csv")) =>
            {
                Source::Csv
            }
            None if self
                .file
                .extension()
                .is_some_and(|end| end.eq_ignore_ascii_case("json")) =>
            {
                Source::Json
            }
            None if text.trim_start().starts_with(['[', '{']) => Source::Json,
            None => Source::Csv,
        }
    }
}

fn write_new(path: &Path, text: &str) -> anyhow::Result<()> {
    ensure!(
        !path.exists(),
        "{} is there already; name another file, or remove it",
        path.display()
    );
    let mut file =
        fs::File::create_new(path).with_context(|| format!("{} cannot be written", path.display()))?;
    file.write_all(text.as_bytes())
        .with_context(|| format!("{} cannot be written", path.display()))
}
