//! `cmflow approve`: traffic that no document explains and that somebody answers for.

mod list;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::{Format, Outcome, write_json};
use crate::approve::{Desk, Made, Patience, Refusal, Request};
use crate::catalogue::Catalogue;
use crate::config::{self, Ended, Reading};

#[derive(Debug, Args)]
#[command(
    override_usage = "cmflow approve --site FILE --from END --to END PROTO/PORT... --why TEXT --by NAME --until DATE\n       \
                      cmflow approve --site FILE --list",
    after_help = "What is approved is written to the end of the approvals file, which is made where it is not there; the \
    site file has to name it: approvals = \"approvals.toml\". Without that line nothing is written, unless --write-site \
    adds it.\n\nEND is a role, or addresses and prefixes with commas between them. An approval by address explains what \
    it covers and changes nothing else: no address becomes known by it. The documents come first: what they explain \
    stays documented.\n\nAn approval that has ended explains nothing from the next day on (UTC), and stays in the file \
    as a record. A daemon goes by a new one after `cmflow reload`."
)]
pub(super) struct Arguments {
    /// The site file, which names the approvals file
    #[arg(long, value_name = "FILE")]
    site: PathBuf,
    /// Who opens it: a role, or addresses
    #[arg(long, value_name = "END", required_unless_present = "list")]
    from: Option<String>,
    /// Who answers: a role, or addresses
    #[arg(long, value_name = "END", required_unless_present = "list")]
    to: Option<String>,
    /// To what it is opened: tcp/8081, udp/9000-9010, icmp for echo
    #[arg(value_name = "PROTO/PORT", required_unless_present = "list")]
    services: Vec<String>,
    /// Why it is right: a change number, or a sentence
    #[arg(long, value_name = "TEXT", required_unless_present = "list")]
    why: Option<String>,
    /// Who answers for it
    #[arg(long, value_name = "NAME", required_unless_present = "list")]
    by: Option<String>,
    /// The last day on which it holds, as in 2027-06-30
    #[arg(long, value_name = "DATE", required_unless_present_any = ["list", "permanent"])]
    until: Option<String>,
    /// It has no last day
    #[arg(long, conflicts_with = "until")]
    permanent: bool,
    /// What to call it; else a name is made of what it covers
    #[arg(long)]
    id: Option<String>,
    /// Either end may open it
    #[arg(long)]
    either: bool,
    /// Add the line that names the approvals file to the site file, where there is none
    #[arg(long)]
    write_site: bool,
    /// Show the approvals instead, ended ones among them
    #[arg(long, conflicts_with_all = ["from", "to", "services", "why", "by", "until", "permanent", "id", "either", "write_site"])]
    list: bool,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(
    arguments: &Arguments,
    extra: Option<&Path>,
    out: &mut impl Write,
) -> anyhow::Result<Outcome> {
    let catalogue = Catalogue::load(extra)?;
    let reading = Reading::now(Ended::LeftOut);
    if arguments.list {
        let file = config::read(&catalogue, &arguments.site, &reading)?;
        list::write(&catalogue, &file.model, reading.today, arguments.format, out)?;
        return Ok(Outcome::Done);
    }
    let desk = Desk {
        site: &arguments.site,
        catalogue: &catalogue,
        reading,
        patience: Patience::Endless,
        write_site: arguments.write_site,
        until: "--until",
        or: ", or say --write-site",
    };
    let made = desk
        .approve(&arguments.request())
        .map_err(|refusal| match refusal {
            Refusal::Files(problems) => anyhow::Error::new(problems),
            other => other.into(),
        })?;
    for note in &made.notes {
        eprintln!("cmflow: {note}");
    }
    let written = Written {
        id: made.id.clone(),
        file: made.file.display().to_string(),
        line: made.line,
        site_file_changed: made.site_file_changed,
    };
    match arguments.format {
        Format::Json => write_json(out, &written)?,
        Format::Table => tell(&made, &written, &arguments.site, out)?,
    }
    Ok(Outcome::Done)
}

impl Arguments {
    fn request(&self) -> Request {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        Request {
            from: text(&self.from),
            to: text(&self.to),
            services: self.services.clone(),
            why: text(&self.why),
            by: text(&self.by),
            until: self.until.clone(),
            id: self.id.clone(),
            either: self.either,
        }
    }
}

/// What was written.
#[derive(Debug, Serialize)]
struct Written {
    id: String,
    file: String,
    line: usize,
    site_file_changed: bool,
}

fn tell(made: &Made, written: &Written, site: &Path, out: &mut impl Write) -> io::Result<()> {
    let Written { id, file, line, .. } = written;
    let end = match made.until {
        Some(until) => format!("until {until}"),
        None => "without an end".to_owned(),
    };
    writeln!(out, "approved {end}: \"{id}\", {file}:{line}")?;
    if !made.approved_before.is_empty() {
        let before: Vec<_> = made.approved_before.iter().cloned().collect();
        writeln!(
            out,
            "  a part of it was approved before, by {}",
            before.join(", ")
        )?;
    }
    let mut changed = file.clone();
    if made.site_file_changed {
        writeln!(out, "  {} names {file} now", site.display())?;
        changed = format!("{} {changed}", site.display());
    }
    writeln!(out, "next:")?;
    writeln!(
        out,
        "  cmflow reload    # a daemon that runs goes by it from then on"
    )?;
    writeln!(
        out,
        "  git add {changed}    # and commit, so that others can review it"
    )
}
