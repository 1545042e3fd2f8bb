//! What stands before the sections: edition, companions; and `[networks]`.

use std::collections::HashMap;

use super::draft::Draft;
use super::prefix;
use super::problem::{Report, listed};
use super::value::{Entry, strings, table, unknown_key, wrong_type};
use crate::catalogue::{Catalogue, EditionId};
use crate::site::Place;
use crate::spelling::did_you_mean;

/// The edition where no file says; the newest one where a user's catalogue has no such edition.
const DEFAULT_EDITION: &str = "current";

/// Companions that are on where no file says.
pub(super) fn default_companions(catalogue: &Catalogue) -> Vec<String> {
    let on = catalogue.companions.iter().filter(|companion| companion.default);
    on.map(|companion| companion.id.clone()).collect()
}

/// The edition where no file says.
pub(super) fn default_edition(catalogue: &Catalogue) -> EditionId {
    let editions = || catalogue.editions.iter().map(|edition| &edition.id);
    let default = editions()
        .find(|id| id.0 == DEFAULT_EDITION)
        .or(editions().next_back());
    default.map_or_else(|| EditionId(DEFAULT_EDITION.to_owned()), Clone::clone)
}

/// Reports a key that an earlier file has too.
pub(super) fn once(
    report: &mut Report,
    places: &mut HashMap<String, Place>,
    key: &str,
    entry: &Entry<'_>,
) -> bool {
    let place = report.place(&entry.span);
    let Some(before) = places.get(key) else {
        places.insert(key.to_owned(), place);
        return true;
    };
    let before = report.seen_from(place, *before);
    report.problem_at(
        place,
        format!("{key} is set twice, here and in {before}; remove one"),
    );
    false
}

pub(super) fn edition(draft: &mut Draft<'_>, entry: &Entry<'_>) {
    if !once(&mut draft.report, &mut draft.general_places, "edition", entry) {
        return;
    }
    let report = &mut draft.report;
    let Some(id) = entry.value.get_ref().as_str() else {
        wrong_type(report, "edition", "a string such as \"current\"", entry.value);
        return;
    };
    let known = || {
        draft
            .catalogue
            .editions
            .iter()
            .map(|edition| edition.id.0.as_str())
    };
    if known().any(|edition| edition == id) {
        draft.model.edition = EditionId(id.to_owned());
        return;
    }
    let hint = match did_you_mean(id, known()) {
        none if none.is_empty() => format!("; there is {}", listed(known())),
        hint => hint,
    };
    report.problem(&entry.value.span(), format!("unknown edition \"{id}\"{hint}"));
}

pub(super) fn companions(draft: &mut Draft<'_>, entry: &Entry<'_>) {
    if !once(&mut draft.report, &mut draft.general_places, "companions", entry) {
        return;
    }
    draft.model.companions.clear();
    for (name, span) in strings(&mut draft.report, entry.key, entry.value) {
        let catalogue = draft.catalogue;
        let known = || catalogue.companions.iter().map(|companion| companion.id.as_str());
        if known().any(|id| id == name) {
            draft.model.companions.push(name.to_owned());
        } else {
            let hint = did_you_mean(name, known());
            draft
                .report
                .problem(&span, format!("unknown companion \"{name}\"{hint}"));
        }
    }
}

/// Networks of several files add up.
pub(super) fn networks(draft: &mut Draft<'_>, section: &Entry<'_>) {
    let report = &mut draft.report;
    for entry in table(report, section) {
        if entry.key != "internal" {
            unknown_key(report, &entry, " in [networks]", &["internal"]);
            continue;
        }
        for (text, span) in strings(report, entry.key, entry.value) {
            match prefix::prefix(text) {
                Ok(prefix) => draft.model.internal.push(prefix),
                Err(what) => report.problem(&span, what),
            }
        }
    }
}
