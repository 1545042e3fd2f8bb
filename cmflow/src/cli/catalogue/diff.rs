//! What changed from one edition to another, in words.

use std::io::Write;

use super::here::Here;
use super::page::write_rules_with;
use super::selection::{heading, rules};
use crate::catalogue::{Catalogue, Diff, Page, Rule};

/// A line that sums up, then what changed, what came and what went, connection by connection.
pub(super) fn write(
    out: &mut impl Write,
    catalogue: &Catalogue,
    before: &Page,
    after: &Page,
    here: Option<&Here>,
) -> anyhow::Result<()> {
    let diff = Diff::between(before, after);
    let changed = rules(diff.changed.len());
    let [added, removed] = [&diff.added, &diff.removed].map(|found| count(found));
    writeln!(
        out,
        "From {} to {}: {changed} changed, {added} added, {removed} removed\n",
        before.edition, after.edition
    )?;
    if !diff.changed.is_empty() {
        writeln!(out, "Changed")?;
    }
    for change in &diff.changed {
        writeln!(out, "{}", change.after.id)?;
        for words in change.words(catalogue) {
            writeln!(out, "  {words}")?;
        }
        if let Some(here) = here {
            writeln!(out, "  {}", here.words_of_change(&change.after.id))?;
        }
        writeln!(out)?;
    }
    write_part(out, catalogue, "Added", &diff.added, before, here)?;
    write_part(out, catalogue, "Removed", &diff.removed, after, here)
}

/// `11 in 8 connections`; a list counts as one.
fn count(found: &[&Rule]) -> String {
    match (found.len(), sections(found).count()) {
        (0, _) => "none".to_owned(),
        (rules, 1) => format!("{rules} in one connection"),
        (rules, sections) => format!("{rules} in {sections} connections"),
    }
}

/// Rules by connection; a connection that the other page has no rule of is said to be new or gone.
fn write_part(
    out: &mut impl Write,
    catalogue: &Catalogue,
    title: &str,
    found: &[&Rule],
    other: &Page,
    here: Option<&Here>,
) -> anyhow::Result<()> {
    if !found.is_empty() {
        writeln!(out, "{title}")?;
    }
    for section in sections(found) {
        let whole = !other.rules().any(|rule| rule.section == section);
        let group: Vec<&Rule> = found
            .iter()
            .copied()
            .filter(|rule| rule.section == section)
            .collect();
        for pair in group.chunk_by(|a, b| heading(catalogue, a) == heading(catalogue, b)) {
            let all = if whole { ", all of it" } else { "" };
            let names = [pair[0].from, pair[0].to].map(|role| catalogue.role_name(role));
            writeln!(
                out,
                "{}{all}\n  {}, {}",
                heading(catalogue, pair[0]),
                names[0],
                names[1]
            )?;
            write_rules_with(out, pair, Rule::service_id, |rule| {
                here.map(|here| here.words(&rule.id))
            })?;
        }
    }
    Ok(())
}

/// Connections and lists of the rules, each once, in their order.
fn sections<'a>(found: &[&'a Rule]) -> impl Iterator<Item = &'a str> {
    let mut sections: Vec<&str> = Vec::new();
    for rule in found {
        if !sections.contains(&rule.section.as_str()) {
            sections.push(&rule.section);
        }
    }
    sections.into_iter()
}
