//! What would become of recorded conversations under another site file or edition: both judge them by their tables, as
//! packets are judged, and what differs is told. So the file that judges now changes nothing.
//!
//! `inside` takes a prefix apart into what tables tell apart, `judged` asks both books, `change` names what differs,
//! `groups` adds up. `hits` asks one book alone which of its rules the conversations would credit.

mod change;
mod groups;
mod hits;
mod inside;
mod judged;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::answer::WhatIf;
use crate::explain::Book;
use crate::history::{Evidence, RecordedConversation};

use change::Change;
use groups::Groups;
use judged::{Both, Case};

pub use hits::{Hit, hits};

/// Judges everything that histories hold by what judges `now`, and by what would judge `then`. `came_to` hears how many
/// conversations are done.
#[must_use]
pub fn what_if(now: &Book<'_>, then: &Book<'_>, evidence: &[Evidence], came_to: impl FnMut(u64)) -> WhatIf {
    let mut came_to = came_to;
    let mut told = WhatIf {
        from: evidence
            .iter()
            .map(|one| one.from)
            .min()
            .unwrap_or(Timestamp::UNIX_EPOCH),
        to: evidence
            .iter()
            .map(|one| one.to)
            .max()
            .unwrap_or(Timestamp::UNIX_EPOCH),
        ..WhatIf::default()
    };
    let mut both = Both::new(*now, *then);
    let mut groups = Groups::default();
    let all = evidence.iter().flat_map(|one| {
        one.conversations
            .iter()
            .map(move |conversation| (one, conversation))
    });
    let announced = judged::Announced::of(evidence);
    for (done, (one, conversation)) in (1..).zip(all) {
        let cases = both.cases(
            conversation,
            &one.verdicts[conversation.key.verdict as usize].info,
            &announced,
        );
        if cases.is_empty() {
            told.not_judged += 1;
        } else {
            told.conversations += 1;
            told.unchanged += u64::from(!take(&mut both, &mut groups, conversation, &cases));
        }
        came_to(done);
    }
    groups.tell(&both, &mut told);
    told
}

/// Adds a conversation to the groups of what would change of it; false where nothing would.
fn take(
    both: &mut Both<'_>,
    groups: &mut Groups,
    conversation: &RecordedConversation,
    cases: &[Case],
) -> bool {
    let changes: BTreeSet<_> = cases.iter().map(|case| Change::of(both, case)).collect();
    let whole = changes.len() == 1;
    let mut changed = false;
    // What may lie between two known ports proves nothing, but keeps the rest from being all of it.
    let mut seen = BTreeSet::new();
    for case in cases.iter().filter(|case| case.certain) {
        let Some(change) = Change::of(both, case) else {
            continue;
        };
        let named = both.named(case);
        if seen.insert((change, named)) {
            groups.add(change, case, named, !whole, conversation);
            changed = true;
        }
    }
    changed
}
