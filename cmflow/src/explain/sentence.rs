//! What a verdict means for a flow, in a sentence.

use cmflow_common::verdict::{VerdictId, VerdictKind};

use super::{Explanation, Service};
use crate::account::hiding::hidden_by;
use crate::compile::Basis;
use crate::site::FlagForeign;

impl Explanation<'_> {
    /// What the verdict means for a flow to that service.
    #[must_use]
    pub fn sentence(&self, service: Service, flag_foreign: FlagForeign) -> String {
        let Self {
            initiator,
            responder,
            verdict,
            ..
        } = self;
        let by = match verdict.rules.len() {
            1 => "this rule".to_owned(),
            count => format!("each of these {count} rules"),
        };
        let range = match verdict.basis {
            Some(Basis::Range) => ", by its range of dynamic ports only",
            Some(Basis::Expectation) => ", as announced by the endpoint mapper",
            _ => "",
        };
        match verdict.kind {
            VerdictKind::Documented => format!("The page documents it, by {by}{range}:"),
            VerdictKind::Approved => format!("The site file approves it, by {by}:"),
            VerdictKind::Baseline => format!("No page documents it; a companion explains it, by {by}{range}:"),
            VerdictKind::Opaque => format!(
                "Both ends are known, and {} hides what ports there are inside: it is counted apart, under that name.",
                hidden_by(service.protocol, [0, service.port])
            ),
            VerdictKind::Local => {
                "It does not cross the gateway: one end is link-local, a local group or broadcast, or the gateway itself."
                    .to_owned()
            }
            VerdictKind::Reversed => {
                format!(
                    "Opened from the wrong end: {} should have opened it, by {by}:",
                    responder.address
                )
            }
            VerdictKind::Undocumented => "Both ends are known, and no rule explains it.".to_owned(),
            VerdictKind::Foreign => {
                let unknown = if initiator.known { responder } else { initiator };
                let flagged = match (flag_foreign, self.id) {
                    (FlagForeign::SiteSystems, VerdictId::FOREIGN_FLAGGED) => {
                        "and the other is more than a client: it is flagged"
                    }
                    (FlagForeign::SiteSystems, _) => {
                        "and the other is no more than a client: it is counted, not flagged"
                    }
                    (FlagForeign::All, _) => "and [scope] flags all such flows",
                    (FlagForeign::None, _) => "and [scope] flags no such flow: it is counted",
                };
                format!("The site file does not name {}, {flagged}.", unknown.address)
            }
            VerdictKind::OutOfScope => "The site file names neither end.".to_owned(),
        }
    }
}
