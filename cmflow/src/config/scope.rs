//! `[scope]`: which flows with one unknown end are flagged.

use super::draft::Draft;
use super::general::once;
use super::problem::listed;
use super::value::{Entry, table, unknown_key, wrong_type};
use crate::site::FlagForeign;
use crate::spelling::did_you_mean;

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
    let Some(word) = entry.value.get_ref().as_str() else {
        wrong_type(
            report,
            FLAG_FOREIGN,
            "a string such as \"site-systems\"",
            entry.value,
        );
        return;
    };
    let words = || FlagForeign::ALL.into_iter().map(FlagForeign::name);
    if let Some(choice) = FlagForeign::ALL.into_iter().find(|choice| choice.name() == word) {
        draft.model.flag_foreign = choice;
        return;
    }
    let hint = match did_you_mean(word, words()) {
        none if none.is_empty() => format!("; there is {}", listed(words())),
        hint => hint,
    };
    report.problem(
        &entry.value.span(),
        format!("{FLAG_FOREIGN} has no choice \"{word}\"{hint}"),
    );
}
