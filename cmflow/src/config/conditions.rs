//! `[conditions]`: circumstances under which alone some rules are used, and whether they hold here.

use super::draft::Draft;
use super::general::once;
use super::problem::listed;
use super::value::{Entry, table, wrong_type};
use crate::site::Stated;
use crate::spelling::did_you_mean;

/// Reads the section of one file; what several files say adds up.
pub(super) fn read(draft: &mut Draft<'_>, section: &Entry<'_>) {
    for entry in table(&mut draft.report, section) {
        let report = &mut draft.report;
        let known = || {
            draft
                .catalogue
                .conditions
                .iter()
                .map(|condition| condition.id.as_str())
        };
        if !known().any(|id| id == entry.key) {
            let hint = match did_you_mean(entry.key, known()) {
                none if none.is_empty() => format!("; there is {}", listed(known())),
                hint => hint,
            };
            report.problem(&entry.span, format!("unknown condition \"{}\"{hint}", entry.key));
            continue;
        }
        if !once(report, &mut draft.condition_places, entry.key, &entry) {
            continue;
        }
        let Some(holds) = entry.value.get_ref().as_bool() else {
            wrong_type(report, entry.key, "true or false", entry.value);
            continue;
        };
        let place = report.place(&entry.span);
        draft
            .model
            .conditions
            .insert(entry.key.to_owned(), Stated { holds, place });
    }
}
