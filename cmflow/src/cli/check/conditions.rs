//! Conditions that the site file states, and what it comes to.

use std::io::{self, Write};

use serde::Serialize;

use crate::compile::Compiled;
use crate::site::SiteModel;

/// A condition that the site file states.
#[derive(Debug, Serialize)]
pub(super) struct Condition<'a> {
    condition: &'a str,
    holds: bool,
    file: &'a str,
    line: usize,
    /// Rules that explain nothing for it.
    rules_left_out: usize,
}

/// In the order of their ids.
pub(super) fn stated<'a>(site: &'a SiteModel, compiled: &Compiled) -> Vec<Condition<'a>> {
    let left_out = |id: &String| {
        let rules = compiled.rules.iter();
        rules.filter(|rule| rule.not_holding.contains(id)).count()
    };
    let stated = site.conditions.iter().map(|(id, stated)| Condition {
        condition: id,
        holds: stated.holds,
        file: site.file(stated.place.file),
        line: stated.place.line,
        rules_left_out: left_out(id),
    });
    stated.collect()
}

/// One line a condition.
pub(super) fn write(out: &mut impl Write, conditions: &[Condition<'_>]) -> io::Result<()> {
    if conditions.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nConditions that the site file states")?;
    let width = conditions
        .iter()
        .map(|one| one.condition.len())
        .max()
        .unwrap_or(0);
    for one in conditions {
        let what = match (one.holds, one.rules_left_out) {
            (true, _) => "holds".to_owned(),
            (false, 0) => "does not hold; no rule of the edition asks for it".to_owned(),
            (false, 1) => "does not hold: 1 rule is left out".to_owned(),
            (false, count) => format!("does not hold: {count} rules are left out"),
        };
        writeln!(out, "  {:width$}  {what}", one.condition)?;
    }
    Ok(())
}
