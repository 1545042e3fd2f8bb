//! `cmflow catalogue`: the documented ports, for people and for scripts.

use std::io::Write;
use std::path::Path;

use clap::{Args, Subcommand};
use comfy_table::{ContentArrangement, Table, presets};

use super::{Format, Outcome, write_json};
use crate::catalogue::{Catalogue, Diff, List, OpenedBy, Page, PortRange, Rule};

/// Columns that a table fits into, whatever the terminal: it is read in tickets and mails too.
const WIDTH: u16 = 100;

/// Room for a name: most fit, so that the ports of most tables stand in one column.
const SHORT_NAME: usize = 26;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    question: Question,
    /// How to write the answer
    #[arg(long, global = true, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum Question {
    /// Which editions of the page there are
    Editions,
    /// What an edition documents
    Show {
        /// Which edition
        #[arg(long, default_value = "current", value_name = "ID")]
        edition: String,
    },
    /// What changed from one edition to another
    Diff {
        /// The edition to start from
        before: String,
        /// The edition to end at
        after: String,
    },
}

pub(super) fn run(
    arguments: &Arguments,
    extra: Option<&Path>,
    out: &mut impl Write,
) -> anyhow::Result<Outcome> {
    let catalogue = Catalogue::load(extra)?;
    match (&arguments.question, arguments.format) {
        (Question::Editions, Format::Json) => write_json(out, &catalogue.editions_view())?,
        (Question::Editions, Format::Table) => write_editions(out, &catalogue)?,
        (Question::Show { edition }, Format::Json) => {
            write_json(out, &catalogue.page_view(catalogue.edition(edition)?))?;
        }
        (Question::Show { edition }, Format::Table) => {
            write_page(out, &catalogue, catalogue.edition(edition)?)?;
        }
        (Question::Diff { before, after }, Format::Json) => {
            write_json(out, &catalogue.diff_view(&catalogue.diff(before, after)?))?;
        }
        (Question::Diff { before, after }, Format::Table) => {
            write_diff(out, &catalogue.diff(before, after)?, before, after)?;
        }
    }
    Ok(Outcome::Done)
}

fn write_editions(out: &mut impl Write, catalogue: &Catalogue) -> anyhow::Result<()> {
    let mut table = table(&[
        "EDITION",
        "NAME",
        "LANGUAGES",
        "TABLES",
        "ROWS",
        "EITHER END",
        "ROLES",
    ]);
    for edition in catalogue.editions_view().editions {
        table.add_row([
            edition.id.to_owned(),
            edition.name.to_owned(),
            edition.languages.join(", "),
            edition.connections.to_string(),
            edition.rules.to_string(),
            edition.opened_by_either.to_string(),
            edition.roles.to_string(),
        ]);
    }
    write_table(out, &table)
}

fn write_page(out: &mut impl Write, catalogue: &Catalogue, page: &Page) -> anyhow::Result<()> {
    let rules: usize = page
        .connections
        .iter()
        .map(|connection| connection.rules.len())
        .sum();
    writeln!(
        out,
        "Edition {}: {} tables, {rules} rows\n",
        page.edition,
        page.connections.len()
    )?;
    for connection in &page.connections {
        let arrow = if connection.opened_by == OpenedBy::Either {
            "<-->"
        } else {
            "-->"
        };
        write!(
            out,
            "{} {arrow} {}",
            catalogue.role_id(connection.from),
            catalogue.role_id(connection.to)
        )?;
        match &connection.context {
            Some(context) => writeln!(out, " (during {context} only)")?,
            None => writeln!(out)?,
        }
        write_rules(out, &connection.rules, last_part)?;
    }
    for list in &page.lists {
        write_list(out, list)?;
    }
    Ok(())
}

fn write_list(out: &mut impl Write, list: &List) -> anyhow::Result<()> {
    writeln!(out, "List: {}", list.name)?;
    write_rules(out, &list.rules, |rule| &rule.id)?;
    if !list.aliases.is_empty() {
        writeln!(
            out,
            "  {} rows say what tables say (--format json names them)\n",
            list.aliases.len()
        )?;
    }
    if list.rules.is_empty() && list.aliases.is_empty() {
        for remark in &list.remarks {
            writeln!(out, "  {remark}\n")?;
        }
    }
    Ok(())
}

fn write_diff(out: &mut impl Write, diff: &Diff<'_>, before: &str, after: &str) -> anyhow::Result<()> {
    let counts = (diff.added.len(), diff.removed.len(), diff.changed.len());
    writeln!(
        out,
        "From {before} to {after}: + {} added, - {} removed, < > {} changed",
        counts.0, counts.1, counts.2
    )?;
    let added = diff.added.iter().map(|rule| ('+', *rule));
    let removed = diff.removed.iter().map(|rule| ('-', *rule));
    let changed = diff
        .changed
        .iter()
        .flat_map(|change| [('<', change.before), ('>', change.after)]);
    let lines: Vec<(char, &Rule)> = added.chain(removed).chain(changed).collect();
    let width = lines
        .iter()
        .map(|(_, rule)| rule.id.len())
        .max()
        .unwrap_or_default();
    for (sign, rule) in lines {
        let place = if rule.listed { " (list)" } else { "" };
        writeln!(out, "{sign} {:width$} {}{place}", rule.id, both(rule))?;
    }
    Ok(())
}

/// Ports of both protocols, in as few words as they need.
fn both(rule: &Rule) -> String {
    if !rule.udp.is_empty() && rule.udp == rule.tcp {
        return format!("UDP+{}", tcp(rule));
    }
    let cells = [udp(rule), tcp(rule)];
    cells
        .iter()
        .filter(|cell| !cell.is_empty())
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Rows of one connection or list, under its heading.
fn write_rules<'a>(
    out: &mut impl Write,
    rules: &'a [Rule],
    name: impl Fn(&'a Rule) -> &'a str,
) -> anyhow::Result<()> {
    let longest = rules
        .iter()
        .map(|rule| name(rule).len())
        .max()
        .unwrap_or_default();
    let width = longest.max(SHORT_NAME);
    for rule in rules {
        let mut tail = Vec::new();
        if !rule.notes.is_empty() {
            let numbers: Vec<String> = rule.notes.iter().map(u8::to_string).collect();
            tail.push(format!("note {}", numbers.join(", ")));
        }
        if !rule.errata.is_empty() {
            tail.push("erratum".to_owned());
        }
        let line = format!(
            "  {:width$} {:15} {:15} {}",
            name(rule),
            udp(rule),
            tcp(rule),
            tail.join("; ")
        );
        writeln!(out, "{}", line.trim_end())?;
    }
    if !rules.is_empty() {
        writeln!(out)?;
    }
    Ok(())
}

/// The service's part of a rule's id: its heading tells the rest.
fn last_part(rule: &Rule) -> &str {
    rule.id.rsplit('/').next().unwrap_or(&rule.id)
}

fn udp(rule: &Rule) -> String {
    match (rule.icmp_echo, rule.udp.is_empty()) {
        (true, _) => "ICMP echo".to_owned(),
        (false, true) => String::new(),
        (false, false) => format!("UDP {}", ports(&rule.udp, rule.either)),
    }
}

fn tcp(rule: &Rule) -> String {
    match (rule.dynamic, rule.tcp.is_empty()) {
        (true, _) => "TCP dynamic".to_owned(),
        (false, true) => String::new(),
        (false, false) => format!("TCP {}", ports(&rule.tcp, rule.either)),
    }
}

fn ports(ranges: &[PortRange], either: bool) -> String {
    let ranges: Vec<String> = ranges.iter().map(PortRange::to_string).collect();
    ranges.join(if either { "/" } else { ", " })
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_preset(presets::NOTHING)
        .set_header(header)
        .set_width(WIDTH);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table
}

fn write_table(out: &mut impl Write, table: &Table) -> anyhow::Result<()> {
    writeln!(out, "{}", table.trim_fmt())?;
    Ok(())
}
