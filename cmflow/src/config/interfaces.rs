//! `[interfaces]`: who is on the other side of an interface, as far as addresses do not tell.

use super::draft::Draft;
use super::general::once;
use super::value::{Entry, table, wrong_type};
use crate::site::InterfaceSide;

/// The longest name that Linux gives an interface (`IFNAMSIZ`, its end left out).
const LONGEST_NAME: usize = 15;

/// Reads the section of one file; what several files say adds up.
pub(super) fn read(draft: &mut Draft<'_>, section: &Entry<'_>) {
    for entry in table(&mut draft.report, section) {
        let name = entry.key;
        if !once(&mut draft.report, &mut draft.interface_places, name, &entry) {
            continue;
        }
        if name.is_empty() || name.len() > LONGEST_NAME || name.contains(['/', ' ']) {
            let what = format!(
                "\"{name}\" is no name of an interface; it has 1 to {LONGEST_NAME} letters, as in \"eth1\""
            );
            draft.report.problem(&entry.span, what);
            continue;
        }
        let Some(id) = entry.value.get_ref().as_str() else {
            wrong_type(&mut draft.report, name, "a role such as \"client\"", entry.value);
            continue;
        };
        if let Some(role) = draft.role(id, &entry.value.span()) {
            let place = draft.report.place(&entry.span);
            let name = name.to_owned();
            draft.model.interfaces.push(InterfaceSide { name, role, place });
        }
    }
}
