//! `cmflow catalogue`: the documented ports, for people and for scripts.
//!
//! `page` writes an edition, `rule` one rule with all that is known of it, `selection` the rules of a role, a
//! connection or the beginning of an id, `companion` the companions, `diff` what changed between editions, `here` which
//! of it a site uses.

mod companion;
mod diff;
mod here;
mod page;
mod rule;
mod selection;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use clap::{Args, Subcommand};
use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

use super::{Format, Outcome, write_json};
use crate::catalogue::{Catalogue, DiffView};

/// Columns that a table fits into, whatever the terminal: it is read in tickets and mails too.
const WIDTH: u16 = 100;

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
    /// Which companions there are, for traffic that the page leaves out
    Companions,
    /// What an edition documents, or all about a rule, a connection, a role or a companion
    Show(Shown),
    /// What changed from one edition to another
    Diff {
        /// The edition to start from
        before: String,
        /// The edition to end at
        after: String,
        #[command(flatten)]
        whose: here::Whose,
    },
}

#[derive(Debug, Args)]
struct Shown {
    #[command(flatten)]
    what: What,
    /// Which edition; current where none is named
    #[arg(long, value_name = "ID")]
    edition: Option<String>,
}

/// At most one of them; none is the whole page.
#[derive(Debug, Args)]
#[group(multiple = false)]
struct What {
    /// A rule, as in client/management-point/https, or the beginning of some, as in client/management-point
    #[arg(value_name = "RULE")]
    begins: Option<String>,
    /// The rule of this id, or those that begin so
    #[arg(long, value_name = "ID")]
    rule: Option<String>,
    /// All about the rules between two roles, as in client/management-point
    #[arg(long, value_name = "FROM/TO")]
    connection: Option<String>,
    /// Rules that name this role at either end
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,
    /// Rules of this companion, whatever the edition
    #[arg(long, value_name = "NAME", conflicts_with = "edition")]
    companion: Option<String>,
}

/// What changed, and which of it a site uses where somebody asked for that.
#[derive(Serialize)]
struct DiffHere<'a> {
    #[serde(flatten)]
    view: DiffView<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    here: Option<BTreeMap<&'a str, here::Both>>,
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
        (Question::Companions, Format::Json) => write_json(out, &catalogue.companions_view())?,
        (Question::Companions, Format::Table) => companion::write_all(out, &catalogue)?,
        (Question::Show(shown), format) => show(out, &catalogue, shown, format)?,
        (Question::Diff { before, after, whose }, format) => {
            let diff = catalogue.diff(before, after)?;
            let here = whose.read(extra, [before, after])?;
            match format {
                Format::Json => {
                    let view = catalogue.diff_view(&diff);
                    let here = here.as_ref().map(|here| here.of(&diff));
                    write_json(out, &DiffHere { view, here })?;
                }
                Format::Table => {
                    let pages = [catalogue.edition(before)?, catalogue.edition(after)?];
                    diff::write(out, &catalogue, pages[0], pages[1], here.as_ref())?;
                }
            }
        }
    }
    Ok(Outcome::Done)
}

fn show(out: &mut impl Write, catalogue: &Catalogue, shown: &Shown, format: Format) -> anyhow::Result<()> {
    let edition = shown.edition.as_deref();
    let json = format == Format::Json;
    let What {
        begins,
        rule,
        connection,
        role,
        companion,
    } = &shown.what;
    if let Some(wanted) = rule.as_ref().or(begins.as_ref()) {
        let found = catalogue.rules_like(wanted, edition)?;
        match found.rules.as_slice() {
            [only] if json => write_json(out, &catalogue.rule_detail(&found, only)),
            [only] => rule::write(out, catalogue, &found, only),
            _ if json => write_json(out, &catalogue.selection_view(&found, None)),
            _ => selection::write(out, catalogue, &found),
        }
    } else if let Some(wanted) = connection {
        let found = catalogue.connection_rules(wanted, edition)?;
        if json {
            return write_json(out, &catalogue.selection_view(&found, None));
        }
        selection::write_connection(out, catalogue, &found)
    } else if let Some(wanted) = role {
        let (role, found) = catalogue.role_rules(wanted, edition)?;
        let role = &catalogue.roles[usize::from(role.0)];
        if json {
            return write_json(out, &catalogue.selection_view(&found, Some(role)));
        }
        selection::write_role(out, catalogue, role, &found)
    } else if let Some(wanted) = companion {
        let companion = catalogue.companion_named(wanted)?;
        if json {
            return write_json(out, &catalogue.companion_view(companion));
        }
        companion::write(out, catalogue, companion)
    } else {
        let page = catalogue.edition_or_current(edition)?;
        if json {
            return write_json(out, &catalogue.page_view(page));
        }
        page::write_page(out, catalogue, page)
    }
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

fn table(header: &[&str]) -> Table {
    let mut table = plain_table();
    table.set_header(header);
    table
}

/// A table without a heading and without lines.
fn plain_table() -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_width(WIDTH);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table
}

fn write_table(out: &mut impl Write, table: &Table) -> anyhow::Result<()> {
    writeln!(out, "{}", table.trim_fmt())?;
    Ok(())
}
