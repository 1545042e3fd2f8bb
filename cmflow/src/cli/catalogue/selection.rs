//! Several rules: of a connection, of a role, or those whose ids begin alike.

use std::io::Write;

use super::page::write_rules;
use super::rule;
use crate::catalogue::{Catalogue, Role, Rule, Selection};

/// Rules whose ids begin alike.
pub(super) fn write(
    out: &mut impl Write,
    catalogue: &Catalogue,
    found: &Selection<'_>,
) -> anyhow::Result<()> {
    writeln!(out, "{}\n", where_from(found))?;
    write_groups(out, catalogue, &found.rules)
}

/// A role, and the rules that name it.
pub(super) fn write_role(
    out: &mut impl Write,
    catalogue: &Catalogue,
    role: &Role,
    found: &Selection<'_>,
) -> anyhow::Result<()> {
    writeln!(out, "{}: {}", role.id, role.name)?;
    let implied: Vec<&str> = role.implies.iter().map(|id| catalogue.role_id(*id)).collect();
    if !implied.is_empty() {
        writeln!(
            out,
            "Whoever holds it holds {} too, with the rules of {}",
            implied.join(", "),
            if implied.len() == 1 {
                "that role"
            } else {
                "those roles"
            }
        )?;
    }
    write(out, catalogue, found)
}

/// A connection, and all about each of its rules.
pub(super) fn write_connection(
    out: &mut impl Write,
    catalogue: &Catalogue,
    found: &Selection<'_>,
) -> anyhow::Result<()> {
    writeln!(out, "{}", where_from(found))?;
    for shown in &found.rules {
        writeln!(out)?;
        rule::write(out, catalogue, found, shown)?;
    }
    Ok(())
}

/// Rules under a heading for each connection.
pub(super) fn write_groups(
    out: &mut impl Write,
    catalogue: &Catalogue,
    rules: &[&Rule],
) -> anyhow::Result<()> {
    for group in rules.chunk_by(|a, b| heading(catalogue, a) == heading(catalogue, b)) {
        writeln!(out, "{}", heading(catalogue, group[0]))?;
        write_rules(out, group, Rule::service_id)?;
    }
    Ok(())
}

/// `client --> management-point`, with the companion before it and what is not a table after it.
pub(super) fn heading(catalogue: &Catalogue, rule: &Rule) -> String {
    let (from, to) = (catalogue.role_id(rule.from), catalogue.role_id(rule.to));
    let companion = rule.companion().map(|id| format!("{id}: ")).unwrap_or_default();
    let place = match rule.section.split_once('@') {
        _ if rule.listed => format!(" (list: {})", rule.section),
        Some((_, context)) => format!(" (during {context} only)"),
        None => String::new(),
    };
    format!("{companion}{from} {} {to}{place}", rule.opened_by.arrow())
}

fn where_from(found: &Selection<'_>) -> String {
    let companions = found
        .rules
        .iter()
        .filter(|rule| rule.companion().is_some())
        .count();
    let page = found.rules.len() - companions;
    let of_page = format!("{} in edition {}", rules(page), found.page.edition);
    match companions {
        0 => of_page,
        some if page == 0 => format!("{} of companions", rules(some)),
        some => format!("{of_page}, {} of companions", rules(some)),
    }
}

pub(super) fn rules(count: usize) -> String {
    format!("{count} {}", if count == 1 { "rule" } else { "rules" })
}
