//! `standby` under `[options]`: computers that stand by for others, whose silence says nothing in an audit.

use super::draft::Draft;
use super::initiates::addresses;
use super::statements::short;
use super::value::{Entry, strings};
use crate::site::Extent;

/// Its key.
pub(super) const KEY: &str = "standby";

/// Reads the list of one file; what several files say adds up, and so does `standby = true` of a `[[host]]`.
pub(super) fn read(draft: &mut Draft<'_>, entry: &Entry<'_>) {
    for (text, span) in strings(&mut draft.report, entry.key, entry.value) {
        let place = draft.report.place(&span);
        for prefix in addresses(draft, text, &span) {
            let holds = |extent: Extent| match extent {
                Extent::Prefix(held) => held.contains(&prefix) || prefix.contains(&held),
                Extent::Public | Extent::AnyOther => false,
            };
            let mut given = draft.model.statements.iter().filter(|one| one.given);
            if !given.any(|statement| holds(statement.extent)) {
                let what = format!("\"{}\" holds no role; {KEY} changes nothing there", short(prefix));
                draft.report.warn_at(place, what);
            }
            if !draft.model.standby.contains(&prefix) {
                draft.model.standby.push(prefix);
            }
        }
    }
}
