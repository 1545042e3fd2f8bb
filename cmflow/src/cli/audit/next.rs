//! What somebody does with an audit.

use crate::answer::{Audit, Grade};

/// The steps that this one suggests, the most urgent first.
pub(super) fn steps(audit: &Audit) -> Vec<String> {
    let of = |grade: Grade| audit.grades.get(grade.name()).copied().unwrap_or(0);
    let mut steps = Vec::new();
    if !audit.contradictions.is_empty() {
        steps.push(
            "Mend the site file where it contradicts what was seen (above); `cmflow suggest` writes missing lines."
                .to_owned(),
        );
    }
    if !audit.unexplained.is_empty() {
        steps.push(
            "For each unexplained group: name the computers in the site file, stop the traffic, or record an exception by \
             `cmflow approve`."
                .to_owned(),
        );
    }
    if of(Grade::Attempted) > 0 {
        steps.push(
            "Find what blocks the attempted rules: a firewall, or a service that is not there.".to_owned(),
        );
    }
    if of(Grade::InsufficientWindow) > 0 {
        steps.push(
            "Let cmflow run on and ask again for the rules with a window that is too short.".to_owned(),
        );
    }
    if of(Grade::Unused) > 0 {
        steps.push(
            "`cmflow export nftables --only used` writes a firewall without what is unused; review its REVIEW lines."
                .to_owned(),
        );
    }
    if steps.is_empty() {
        steps.push("Nothing is unused, blocked or unexplained here.".to_owned());
    }
    steps
}
