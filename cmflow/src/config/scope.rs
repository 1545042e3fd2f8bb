//! `[scope]`: which flows with one unknown end are flagged.

use super::draft::Draft;
use super::general::once;
use super::value::{Entry, choice, table, unknown_key};
use crate::site::FlagForeign;

const FLAG_FOREIGN: &str = "flag-foreign";

/// Reads the section of one file.
pub(super) fn read(draft: &mut Draft<'_>, section: &Entry<'_>) {
    for entry in table(&mut draft.report, section) {
        if entry.key == FLAG_FOREIGN {
            flag_foreign(draft, &entry);
        } else {
            unknown_key(&mut draft.report, &entry, " in [scope]", &[FLAG_FOREIGN]);
        }
    }
}

fn flag_foreign(draft: &mut Draft<'_>, entry: &Entry<'_>) {
    let report = &mut draft.report;
    if !once(report, &mut draft.general_places, FLAG_FOREIGN, entry) {
        return;
    }
    if let Some(choice) = choice(report, entry, &FlagForeign::ALL, FlagForeign::name) {
        draft.model.flag_foreign = choice;
    }
}
