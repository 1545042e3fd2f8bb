//! What differs between two verdicts, as far as a reader cares.

use cmflow_common::judge::is_unexplained;
use cmflow_common::verdict::{VerdictId, VerdictKind};

use super::judged::{Both, Case};
use crate::compile::VerdictInfo;

/// What would become of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Change {
    /// Nothing would explain it any more, or it would be flagged for the first time.
    Unexplained,
    /// A rule would explain it.
    Explained,
    /// Other rules would.
    Rules,
    /// Nobody would hear of it any more, although nothing explains it.
    Unflagged,
}

/// How a verdict reads to somebody who wants it explained or gone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Explained,
    /// Neither explained nor flagged: hidden ports, local, foreign, out of scope.
    Quiet,
    Flagged,
}

fn standing(id: VerdictId, info: &VerdictInfo) -> Standing {
    match info.kind {
        VerdictKind::Documented | VerdictKind::Approved | VerdictKind::Baseline => Standing::Explained,
        _ if is_unexplained(id) => Standing::Flagged,
        _ => Standing::Quiet,
    }
}

impl Change {
    /// What would change of a case; nothing where nothing would.
    pub(super) fn of(both: &Both<'_>, case: &Case) -> Option<Self> {
        let [now, then] = both.infos(case);
        match (standing(case.now, now), standing(case.then, then)) {
            (Standing::Explained, Standing::Explained) => {
                ((now.kind, &now.rules) != (then.kind, &then.rules)).then_some(Self::Rules)
            }
            (Standing::Explained, _) | (Standing::Quiet, Standing::Flagged) => Some(Self::Unexplained),
            (_, Standing::Explained) => Some(Self::Explained),
            (Standing::Flagged, Standing::Quiet) => Some(Self::Unflagged),
            _ => None,
        }
    }
}
