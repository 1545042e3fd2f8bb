//! `[custom-roles]`: roles that Configuration Manager does not have, such as backup or monitoring.

use super::draft::Draft;
use super::roles;
use super::value::{Entry, Item, table};
use crate::catalogue::RoleId;
use crate::compile::RoleSet;
use crate::site::CustomRole;

const KEYS: [&str; 2] = ["addresses", "evidence"];
const FORM: &str = "a table such as { addresses = [\"10.9.9.10\"] }";

/// Takes the names in: other sections of other files use them.
pub(super) fn declare(draft: &mut Draft<'_>, section: &Entry<'_>) {
    for entry in table(&mut draft.report, section) {
        let id = entry.key;
        let place = draft.report.place(&entry.span);
        if draft.catalogue.role(id).is_some() {
            let what = format!(
                "\"{id}\" is a role of the catalogue; write its addresses under [roles], or give yours another name"
            );
            draft.report.problem_at(place, what);
        } else if let Some(there) = draft.custom_places.get(id) {
            let there = draft.report.seen_from(place, *there);
            let what = format!("custom role \"{id}\" is written twice, here and in {there}; remove one");
            draft.report.problem_at(place, what);
        } else if !is_plain(id) {
            let what = format!("\"{id}\" is no name of a role; use letters, digits and \"-\"");
            draft.report.problem_at(place, what);
        } else if draft.roles.len() == RoleSet::CAPACITY {
            let what = format!(
                "more than {} roles, those of the catalogue among them",
                RoleSet::CAPACITY
            );
            draft.report.problem_at(place, what);
        } else {
            let number = u16::try_from(draft.roles.len()).expect("the set's capacity is far below");
            draft.roles.insert(id.to_owned(), RoleId(number));
            draft.custom_places.insert(id.to_owned(), place);
            let evidence = true;
            let id = id.to_owned();
            draft.model.custom_roles.push(CustomRole { id, evidence });
        }
    }
}

/// Reads who holds them.
pub(super) fn read(draft: &mut Draft<'_>, section: &Entry<'_>) {
    // What is wrong with the section was said when its names were taken in.
    for entry in section
        .value
        .get_ref()
        .as_table()
        .map(super::value::entries)
        .unwrap_or_default()
    {
        let declared_here = draft.custom_places.get(entry.key) == Some(&draft.report.place(&entry.span));
        let Some(role) = draft.roles.get(entry.key).copied().filter(|_| declared_here) else {
            continue;
        };
        let Some(item) = Item::of(&mut draft.report, entry.key, FORM, entry.value) else {
            continue;
        };
        item.only(
            &mut draft.report,
            &format!(" in custom role \"{}\"", entry.key),
            &KEYS,
        );
        if let Some(evidence) = item.flag(&mut draft.report, "evidence") {
            let index = usize::from(role.0) - draft.catalogue.roles.len();
            draft.model.custom_roles[index].evidence = evidence;
        }
        if let Some(addresses) = item.find("addresses") {
            roles::addresses(draft, role, "addresses", addresses.value, None);
        }
    }
}

/// Letters, digits and `-`, so that a name can stand in a rule's id and on a command line.
pub(super) fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
