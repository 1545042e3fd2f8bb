//! Rules by grade, those that have the same reason together.

use std::collections::BTreeMap;

use crate::answer::{Audit, AuditedRule, Grade};

/// What a grade means for whoever writes firewalls.
pub(super) const fn meaning(grade: Grade) -> &'static str {
    match grade {
        Grade::Used => "answered, and only this rule explains it",
        Grade::Shared => "answered, but other rules explain it too: the openings below settle what is needed",
        Grade::Attempted => "tried, and nothing proves use: documented but blocked, as a rule",
        Grade::InsufficientWindow => "no hit, and not observed long enough to say more",
        Grade::ExpectedIdle => "no hit, and something explains the silence: keep them, and ask who uses them",
        Grade::Unused => "no hit on this gateway in a window that is long enough: may be closed",
        Grade::NotObservable => "this gateway cannot see them: nothing is said",
    }
}

/// Whether each rule of a grade has a history worth a line of its own.
pub(super) const fn one_by_one(grade: Grade) -> bool {
    matches!(grade, Grade::Used | Grade::Shared | Grade::Attempted)
}

/// Rules of a grade.
pub(super) fn of_grade(audit: &Audit, grade: Grade) -> Vec<&AuditedRule> {
    audit.rules.iter().filter(|rule| rule.grade == grade).collect()
}

/// Rules by their reason, the reason of most rules first.
pub(super) fn by_reason<'a>(rules: &[&'a AuditedRule]) -> Vec<(&'a str, Vec<&'a AuditedRule>)> {
    let mut reasons: BTreeMap<&str, Vec<&AuditedRule>> = BTreeMap::new();
    for rule in rules {
        reasons.entry(&rule.why).or_default().push(rule);
    }
    let mut reasons: Vec<_> = reasons.into_iter().collect();
    // Stable: equally many stay in the order of their words.
    reasons.sort_by_key(|(_, rules)| std::cmp::Reverse(rules.len()));
    reasons
}
