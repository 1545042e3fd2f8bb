//! `[roles]`: who holds what.

use std::collections::HashMap;
use std::ops::Range;

use ipnet::IpNet;

use super::prefix::{self, Written};
use super::problem::Report;
use super::value::{Entry, strings, table, wrong_type};
use crate::catalogue::{Catalogue, EditionId, Role, RoleId, RoleKind};
use crate::site::{Extent, Statement};
use crate::spelling::did_you_mean;

/// Reads the section.
pub(super) fn read(
    report: &mut Report<'_>,
    catalogue: &Catalogue,
    edition: &EditionId,
    internal: &[IpNet],
    section: &Entry<'_>,
) -> Vec<Statement> {
    let mut statements = Vec::new();
    for entry in table(report, section) {
        let Some(id) = catalogue.role(entry.key) else {
            let hint = did_you_mean(entry.key, catalogue.roles.iter().map(|role| role.id.as_str()));
            report.problem(&entry.span, format!("unknown role \"{}\"{hint}", entry.key));
            continue;
        };
        if entry.value.get_ref().as_table().is_some() {
            wrong_type(report, entry.key, "a list of addresses and prefixes", entry.value);
            continue;
        }
        let role = &catalogue.roles[usize::from(id.0)];
        let line = report.line(&entry.span);
        if !role.editions.is_empty() && !role.editions.contains(edition) {
            let what = format!(
                "edition {edition} has no role \"{}\"; none of its rules names it",
                role.id
            );
            report.warn(Some(line), what);
        }
        if entry
            .value
            .get_ref()
            .as_array()
            .is_some_and(|list| list.is_empty())
        {
            report.warn(Some(line), empty(role));
        }
        role_statements(report, id, role, internal, &entry, &mut statements);
    }
    statements
}

fn empty(role: &Role) -> String {
    let id = &role.id;
    match role.kind {
        RoleKind::Public => {
            format!("\"{id}\" has no addresses; public addresses hold it, as without this line")
        }
        _ => format!("\"{id}\" has no addresses; nobody holds it"),
    }
}

fn role_statements(
    report: &mut Report<'_>,
    id: RoleId,
    role: &Role,
    internal: &[IpNet],
    entry: &Entry<'_>,
    statements: &mut Vec<Statement>,
) {
    let mut said: HashMap<IpNet, (bool, usize)> = HashMap::new();
    for (text, span) in strings(report, entry.key, entry.value) {
        let (extents, given) = match prefix::role_entry(text) {
            Ok(Written::Given(extent)) => (vec![extent], true),
            Ok(Written::Excluded(prefix)) => (vec![Extent::Prefix(prefix)], false),
            Ok(Written::Internal) => (internal.iter().copied().map(Extent::Prefix).collect(), true),
            Err(what) => {
                report.problem(&span, what);
                continue;
            }
        };
        let line = report.line(&span);
        if extents.is_empty() {
            report.warn(
                Some(line),
                "\"internal\" is empty: [networks] internal names no network".to_owned(),
            );
        }
        for extent in extents {
            if is_sound(report, role, extent, given, &span, &mut said) {
                statements.push(Statement {
                    role: id,
                    extent,
                    given,
                    site: None,
                    line,
                });
            }
        }
    }
}

/// Reports a word that does not go with the role, and a prefix that is both given and excluded.
fn is_sound(
    report: &mut Report<'_>,
    role: &Role,
    extent: Extent,
    given: bool,
    span: &Range<usize>,
    said: &mut HashMap<IpNet, (bool, usize)>,
) -> bool {
    let id = &role.id;
    let line = report.line(span);
    match extent {
        Extent::Public => true,
        Extent::AnyOther if role.kind == RoleKind::Public => {
            let what =
                format!("\"any-other\" gives \"{id}\" to every address: unknown computers stay hidden");
            report.warn(Some(line), what);
            true
        }
        Extent::AnyOther => {
            let what = format!("\"any-other\" is for roles on the internet only; give \"{id}\" addresses");
            report.problem(span, what);
            false
        }
        Extent::Prefix(prefix) => match said.insert(prefix, (given, line)) {
            Some((before, there)) if before != given => {
                let what = format!(
                    "\"{prefix}\" is both given to \"{id}\" and excluded from it (line {there}); remove one"
                );
                report.problem(span, what);
                false
            }
            _ => true,
        },
    }
}
