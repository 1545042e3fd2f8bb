//! Warnings where what is missing changes the meaning of the rest.

use super::draft::Draft;
use crate::catalogue::RoleId;
use crate::site::Extent;

/// How many networks of one sort a warning names one by one.
const NAMED: usize = 3;

pub(super) fn warn(draft: &mut Draft<'_>) {
    if draft.model.statements.iter().all(|statement| !statement.given) {
        let what = "no role has an address: nothing will be documented; fill [roles]";
        draft.report.warn(what.to_owned());
    }
    custom_roles(draft);
    if draft.model.internal.is_empty() {
        let what = "[networks] internal names no network: only special-purpose addresses count as internal";
        draft.report.warn(what.to_owned());
        return;
    }
    clients_outside(draft);
}

fn clients_outside(draft: &mut Draft<'_>) {
    let client = draft.catalogue.role("client");
    let mut outside = 0_usize;
    for statement in &draft.model.statements {
        let Extent::Prefix(prefix) = statement.extent else {
            continue;
        };
        let inside = draft
            .model
            .internal
            .iter()
            .any(|network| network.contains(&prefix));
        if Some(statement.role) == client && statement.given && !inside {
            outside += 1;
            if outside <= NAMED {
                let what = format!("client network \"{prefix}\" lies in none of [networks] internal");
                draft.report.warn_at(statement.place, what);
            }
        }
    }
    if outside > NAMED {
        let what = format!(
            "{} more client networks lie in none of [networks] internal",
            outside - NAMED
        );
        draft.report.warn(what);
    }
}

fn custom_roles(draft: &mut Draft<'_>) {
    let first = draft.catalogue.roles.len();
    for (role, custom) in (0_u16..).map(RoleId).skip(first).zip(&draft.model.custom_roles) {
        let id = &custom.id;
        let place = draft.custom_places[id];
        if !draft
            .model
            .statements
            .iter()
            .any(|one| one.role == role && one.given)
        {
            draft
                .report
                .warn_at(place, format!("\"{id}\" has no addresses; nobody holds it"));
        }
        // A scanner that no rule names is meant so: what it does proves nothing, and stays unexplained.
        if custom.evidence && !draft.used.contains(&role) {
            let what = format!("no [[rule]] names \"{id}\": nothing that its computers do is approved");
            draft.report.warn_at(place, what);
        }
    }
}
