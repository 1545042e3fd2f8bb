//! What each grade means, for whoever reads a report and has read nothing else.

use std::collections::BTreeMap;

use super::figures::{count, many};
use crate::answer::{Audit, AuditedRule, Grade};

/// The grade in a sentence.
pub(super) const fn meaning(grade: Grade) -> &'static str {
    match grade {
        Grade::Used => {
            "Answered flows that only this rule explains, opened by a computer whose hits count as evidence."
        }
        Grade::Shared => {
            "Answered, but other rules explain the same flows: neither used nor unused can be said of this one. Go by the \
             openings."
        }
        Grade::Attempted => "There were hits and none was answered: documented, but blocked or not served.",
        Grade::InsufficientWindow => {
            "No hit, and the window or its gaps are too short for the rule's cadence to say more."
        }
        Grade::ExpectedIdle => "No hit, and a condition or the rule's cadence explains the silence.",
        Grade::Unused => "No hit on this gateway, in a window as long as the rule's cadence asks.",
        Grade::NotObservable => {
            "Nothing can be said: no address holds one of its roles, or no pair of them crosses here in the open."
        }
    }
}

/// What to do with a firewall's line of that grade.
pub(super) const fn advice(grade: Grade) -> &'static str {
    match grade {
        Grade::Used => "keep",
        Grade::Unused => "candidate for closing",
        Grade::Attempted => "find out who blocks it",
        Grade::Shared | Grade::InsufficientWindow | Grade::ExpectedIdle | Grade::NotObservable => "review",
    }
}

/// How many have which grade, in the order of the grades; those that none has are left out.
pub(super) fn tally(grades: impl Iterator<Item = Grade>) -> Vec<(Grade, u64)> {
    let mut found: BTreeMap<Grade, u64> = BTreeMap::new();
    grades.for_each(|grade| *found.entry(grade).or_default() += 1);
    found.into_iter().collect()
}

/// `3 used, 1 unused`.
pub(super) fn told(tally: &[(Grade, u64)]) -> String {
    let told: Vec<_> = tally
        .iter()
        .map(|(grade, number)| format!("{number} {}", grade.name()))
        .collect();
    told.join(", ")
}

/// Grades of rules.
pub(super) fn of<'a>(rules: impl IntoIterator<Item = &'a AuditedRule>) -> Vec<(Grade, u64)> {
    tally(rules.into_iter().map(|rule| rule.grade))
}

/// Grades of all rules of an audit, those among them that are left out of its list.
pub(super) fn of_all(audit: &Audit) -> Vec<(Grade, u64)> {
    let named = |grade: Grade| Some((grade, *audit.grades.get(grade.name())?));
    let found = Grade::ALL.into_iter().filter_map(named);
    found.filter(|(_, number)| *number > 0).collect()
}

/// What is to be said where the list of rules holds some grades only.
pub(super) fn left_out(audit: &Audit) -> Option<String> {
    let all: u64 = of_all(audit).iter().map(|(_, number)| number).sum();
    let shown = audit.rules.len() as u64;
    (shown < all).then(|| {
        format!(
            "Only {} of {} are listed, with the openings of the same grades: those that were asked for.",
            count(shown),
            many(all, "rule", "rules")
        )
    })
}
