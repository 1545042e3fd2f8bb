//! `cmflow approve`: traffic that no document explains and that somebody answers for.

mod list;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use jiff::civil::Date;
use serde::Serialize;

use super::judging::without_a_machine;
use super::{Format, Outcome, write_json};
use crate::approve::{self, Approval, Covered, End, Locked, covered};
use crate::catalogue::{Catalogue, PortRange};
use crate::compile::compile;
use crate::config::{self, ApprovalsText, Ended, Problems, Reading, SiteFile};
use crate::site::SiteModel;

/// The name that a site file's approvals file is given.
const NAME: &str = "approvals.toml";

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
    if arguments.list {
        let file = config::read(&catalogue, &arguments.site, &Reading::now(Ended::LeftOut))?;
        list::write(&catalogue, &file.model, arguments.format, out)?;
        return Ok(Outcome::Done);
    }
    let lock = config::approvals_path(&arguments.site).unwrap_or_else(|| arguments.site.clone());
    let _locked =
        Locked::folder_of(&lock).with_context(|| format!("cannot lock the folder of {}", lock.display()))?;
    let change = Change::prepare(arguments, &catalogue)?;
    let covered = change.covered(arguments, &catalogue)?;
    change.write()?;
    let written = change.written();
    match arguments.format {
        Format::Json => write_json(out, &written)?,
        Format::Table => tell(&change, &written, &covered, out)?,
    }
    Ok(Outcome::Done)
}

/// An approval on its way into the file.
struct Change {
    approval: Approval,
    file: PathBuf,
    /// Lines of the file before.
    lines: usize,
    text: String,
    /// The site file with the line that names the file, where that has to be added.
    site: Option<(PathBuf, String)>,
}

/// What was written.
#[derive(Debug, Serialize)]
struct Written {
    id: String,
    file: String,
    line: usize,
    site_file_changed: bool,
}

impl Change {
    /// Reads the files as they are, and makes the text that is to be.
    fn prepare(arguments: &Arguments, catalogue: &Catalogue) -> anyhow::Result<Self> {
        let reading = Reading::now(Ended::LeftOut);
        let named = config::approvals_path(&arguments.site);
        let (file, before, site) = match named {
            Some(file) => {
                let text = text_of(&file)?;
                let now = ApprovalsText {
                    path: file.clone(),
                    text: text.clone(),
                };
                let model = config::read_with(catalogue, &arguments.site, &reading, now)?.model;
                (file, (text, model), None)
            }
            None => {
                let model = config::read(catalogue, &arguments.site, &reading)?.model;
                let file = arguments.site.with_file_name(NAME);
                let line = naming(arguments, &file)?;
                (file.clone(), (text_of(&file)?, model), Some(line))
            }
        };
        let (text, model) = before;
        let approval = approval(arguments, &model, reading.today)?;
        Ok(Self {
            text: approval.appended(&text),
            lines: text.lines().count(),
            approval,
            file,
            site,
        })
    }

    /// Reads the file as it would be, and asks what explains the same already.
    fn covered(&self, arguments: &Arguments, catalogue: &Catalogue) -> anyhow::Result<Covered> {
        let text = ApprovalsText {
            path: self.file.clone(),
            text: self.text.clone(),
        };
        let read = config::read_with(catalogue, &arguments.site, &Reading::now(Ended::LeftOut), text);
        let SiteFile { model, warnings } = read.map_err(|problems| self.without_lines(problems))?;
        let compiled = compile(catalogue, &model, &without_a_machine(&model), &[])?;
        let id = &self.approval.id;
        let covered = covered(&compiled, id);
        let documented = listed(&covered.documented);
        if !covered.alone && !covered.documented.is_empty() && covered.approved.is_empty() {
            bail!("{documented} explains it already; nothing was written");
        }
        if !covered.alone && !covered.approved.is_empty() {
            let by: Vec<_> = covered
                .approved
                .iter()
                .map(|rule| located(&model, rule))
                .collect();
            bail!(
                "it is approved already, by {}; nothing was written",
                by.join(", ")
            );
        }
        if !covered.documented.is_empty() {
            eprintln!("cmflow: a part of it is documented and stays so: {documented}");
        }
        let possible = compiled
            .rules
            .iter()
            .any(|rule| rule.id == *id && rule.is_possible());
        if !possible {
            eprintln!(
                "cmflow: the site file names nobody at one of its ends; it explains nothing until it does"
            );
        }
        let name = self.file.display().to_string();
        for warning in warnings
            .iter()
            .filter(|one| one.file == name && self.is_new(one.line))
        {
            eprintln!("cmflow: {}", warning.what);
        }
        Ok(covered)
    }

    fn is_new(&self, line: Option<usize>) -> bool {
        line.is_some_and(|line| line > self.lines)
    }

    /// What is wrong with the new lines is wrong with the command line: nobody can look them up.
    fn without_lines(&self, problems: Problems) -> anyhow::Error {
        let name = self.file.display().to_string();
        let is_new = |one: &config::Problem| one.file == name && self.is_new(one.line);
        if !problems.0.iter().any(is_new) {
            return problems.into();
        }
        let what = problems.0.into_iter().filter(is_new).map(|one| one.what);
        anyhow::anyhow!("{}; nothing was written", what.collect::<Vec<_>>().join("; "))
    }

    fn write(&self) -> anyhow::Result<()> {
        let files = [(&self.file, &self.text)];
        for (path, text) in files
            .into_iter()
            .chain(self.site.as_ref().map(|(path, text)| (path, text)))
        {
            approve::replace(path, text).with_context(|| {
                format!("{} cannot be written; nothing was changed in it", path.display())
            })?;
        }
        Ok(())
    }

    fn written(&self) -> Written {
        let line = self.text.lines().count() + 1 - self.approval.to_toml().lines().count();
        Written {
            id: self.approval.id.clone(),
            file: self.file.display().to_string(),
            line,
            site_file_changed: self.site.is_some(),
        }
    }
}

/// The site file with the line that names the approvals file; an error that says the line, where nobody asked for that.
fn naming(arguments: &Arguments, file: &Path) -> anyhow::Result<(PathBuf, String)> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    if !arguments.write_site {
        bail!(
            "{} names no approvals file; add this line above its first section, or say --write-site: approvals = \"{name}\"",
            arguments.site.display()
        );
    }
    let path = arguments.site.clone();
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    Ok((path, approve::with_approvals(&text, &name)))
}

/// What a file holds; nothing where it is not there yet.
fn text_of(path: &Path) -> anyhow::Result<String> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(error).with_context(|| format!("{} cannot be read", path.display())),
    }
}

/// The approval that the command line speaks of.
fn approval(arguments: &Arguments, site: &SiteModel, today: Date) -> anyhow::Result<Approval> {
    let text = |text: &Option<String>| text.as_deref().unwrap_or_default().trim().to_owned();
    let [from, to] = [&arguments.from, &arguments.to].map(|end| End::of(&text(end)));
    let taken = |id: &str| site.rules.iter().chain(&site.ended).any(|rule| rule.id == id);
    let id = match &arguments.id {
        Some(id) => id.clone(),
        None => Approval::id_for(&from, &to, &arguments.services[0], &taken),
    };
    let mut approval = Approval {
        id,
        by: text(&arguments.by),
        why: text(&arguments.why),
        made: today,
        until: arguments
            .until
            .as_deref()
            .map(|until| last_day(until, today))
            .transpose()?,
        from,
        to,
        tcp: Vec::new(),
        udp: Vec::new(),
        icmp_echo: false,
        either: arguments.either,
    };
    for service in &arguments.services {
        match service.to_ascii_lowercase().split_once('/') {
            Some(("tcp", ports)) => approval.tcp.push(ports_of(service, ports)?),
            Some(("udp", ports)) => approval.udp.push(ports_of(service, ports)?),
            Some(("icmp" | "icmpv6", "echo")) => approval.icmp_echo = true,
            None if service.eq_ignore_ascii_case("icmp") => approval.icmp_echo = true,
            _ => {
                bail!("\"{service}\" is no service; write tcp/8081, udp/9000-9010, or icmp for echo requests")
            }
        }
    }
    Ok(approval)
}

fn ports_of(service: &str, ports: &str) -> anyhow::Result<PortRange> {
    let number = |text: &str| {
        let number = text.trim().parse::<u16>().ok().filter(|port| *port > 0);
        number.with_context(|| format!("\"{service}\": \"{text}\" is no port from 1 to 65535"))
    };
    let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
    let (first, last) = (number(first)?, number(last)?);
    if first > last {
        bail!("\"{service}\" ends before it begins; did you mean {last}-{first}?");
    }
    Ok(PortRange { first, last })
}

fn last_day(text: &str, today: Date) -> anyhow::Result<Date> {
    let Ok(day) = text.parse::<Date>() else {
        bail!("--until {text} is no day; write it as in 2027-06-30");
    };
    if day < today {
        bail!("--until {day} has passed; today is {today} (UTC), so give a later day");
    }
    Ok(day)
}

fn located(site: &SiteModel, id: &str) -> String {
    let rule = site.rules.iter().find(|rule| rule.id == id);
    match rule {
        Some(rule) => format!("\"{id}\" ({})", site.located(rule.place)),
        None => format!("\"{id}\""),
    }
}

fn listed(rules: &std::collections::BTreeSet<String>) -> String {
    rules.iter().cloned().collect::<Vec<_>>().join(", ")
}

fn tell(change: &Change, written: &Written, covered: &Covered, out: &mut impl Write) -> io::Result<()> {
    let Written { id, file, line, .. } = written;
    let end = match change.approval.until {
        Some(until) => format!("until {until}"),
        None => "without an end".to_owned(),
    };
    writeln!(out, "approved {end}: \"{id}\", {file}:{line}")?;
    if !covered.approved.is_empty() {
        writeln!(
            out,
            "  a part of it was approved before, by {}",
            listed(&covered.approved)
        )?;
    }
    let mut changed = file.clone();
    if let Some((site, _)) = &change.site {
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
