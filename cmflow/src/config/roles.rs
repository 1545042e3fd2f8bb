//! `[roles]`: who holds what.

use super::draft::Draft;
use super::prefix::{self, Written};
use super::statements::state;
use super::value::{Entry, Value, strings, table, wrong_type};
use crate::catalogue::{Role, RoleId, RoleKind};
use crate::site::{Place, SiteIndex};

/// Reads the section.
pub(super) fn read(draft: &mut Draft<'_>, section: &Entry<'_>) {
    for entry in table(&mut draft.report, section) {
        let Some(id) = draft.role(entry.key, &entry.span) else {
            continue;
        };
        if entry.value.get_ref().as_table().is_some() {
            let expected = "a list of addresses and prefixes";
            wrong_type(&mut draft.report, entry.key, expected, entry.value);
            continue;
        }
        let place = draft.report.place(&entry.span);
        if let Some(role) = draft.of_catalogue(id) {
            warn_of_edition(draft, role, place);
            let list = entry.value.get_ref().as_array();
            if list.is_some_and(|list| list.is_empty()) {
                draft.report.warn_at(place, empty(role));
            }
            if role.kind == RoleKind::SiteSystem && !draft.model.sites.is_empty() {
                warn_of_every_site(draft, id, entry.value, place);
            }
        }
        addresses(draft, id, entry.key, entry.value, None);
    }
}

/// Takes a list of addresses, prefixes and words into the model.
pub(super) fn addresses(
    draft: &mut Draft<'_>,
    role: RoleId,
    name: &str,
    value: &Value<'_>,
    site: Option<SiteIndex>,
) {
    for (text, span) in strings(&mut draft.report, name, value) {
        match prefix::role_entry(text) {
            Ok(written) => {
                let place = draft.report.place(&span);
                state(draft, role, written, site, place);
            }
            Err(what) => draft.report.problem(&span, what),
        }
    }
}

/// Warns where the edition's tables do not know a role.
pub(super) fn warn_of_edition(draft: &mut Draft<'_>, role: &Role, place: Place) {
    let edition = &draft.model.edition;
    if !role.editions.is_empty() && !role.editions.contains(edition) {
        let what = format!(
            "edition {edition} has no role \"{}\"; none of its rules names it",
            role.id
        );
        draft.report.warn_at(place, what);
    }
}

/// Warns once for each role whose computers have no site where there are sites.
fn warn_of_every_site(draft: &mut Draft<'_>, id: RoleId, value: &Value<'_>, place: Place) {
    let excluded = |text: &str| matches!(prefix::role_entry(text), Ok(Written::Excluded(_)));
    let texts = value
        .get_ref()
        .as_array()
        .map(|list| list.iter().filter_map(|one| one.get_ref().as_str()));
    let only_excludes = texts.is_some_and(|mut texts| texts.all(excluded));
    if only_excludes || !draft.siteless.insert(id) {
        return;
    }
    let what = format!(
        "computers with \"{0}\" under [roles] fit every site; write each as a [[host]] with its site, or in a CSV \
         file",
        draft.role_id(id)
    );
    draft.report.warn_at(place, what);
}

fn empty(role: &Role) -> String {
    let id = &role.id;
    match role.kind {
        RoleKind::Public => {
            format!(
                "\"{id}\" has no addresses; public addresses hold it, as without this line; to say that there is \
                 none, write {id} = [\"!0.0.0.0/0\", \"!::/0\"]"
            )
        }
        _ => format!("\"{id}\" has no addresses; nobody holds it"),
    }
}
