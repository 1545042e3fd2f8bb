//! What a whole audit comes to, in sentences.

use super::figures::{many, share, span};
use super::grades;
use crate::answer::{Audit, Grade};
use crate::report::figures::seconds_between;

/// The sentences at the head of a report.
pub(super) fn sentences(audit: &Audit) -> Vec<String> {
    let mut told = vec![of_rules(audit)];
    told.extend(grades::left_out(audit));
    told.extend([of_unexplained(audit), of_window(audit)]);
    if !audit.contradictions.is_empty() {
        let number = audit.contradictions.len() as u64;
        let what = many(number, "observation contradicts", "observations contradict");
        told.push(format!(
            "{what} the site file: look there before you close anything."
        ));
    }
    let ended = audit.approvals.iter().filter(|one| one.ended).count() as u64;
    if ended > 0 {
        told.push(format!(
            "{} ended.",
            many(ended, "approval has", "approvals have")
        ));
    }
    told
}

fn of_rules(audit: &Audit) -> String {
    let tally = grades::of_all(audit);
    let all: u64 = tally.iter().map(|(_, number)| number).sum();
    if all == 0 {
        return "The site file makes no rule possible, so nothing can be said of any.".to_owned();
    }
    let review: u64 = tally
        .iter()
        .filter(|(grade, _)| grade.needs_review())
        .map(|(_, number)| number)
        .sum();
    let of = |grade| tally.iter().find(|(one, _)| *one == grade).map_or(0, |(_, n)| *n);
    format!(
        "Of {} that the site file makes possible, {} used and {} unused on this gateway; {} a person to look.",
        many(all, "rule", "rules"),
        many(of(Grade::Used), "is", "are"),
        many(of(Grade::Unused), "is", "are"),
        many(review, "needs", "need"),
    )
}

fn of_unexplained(audit: &Audit) -> String {
    let groups = audit.unexplained.len() as u64;
    if groups == 0 {
        return "Everything that was recorded is explained.".to_owned();
    }
    let flows = audit.unexplained.iter().map(|group| group.flows).sum();
    format!(
        "No document explains {} of traffic, {} in all.",
        many(groups, "group", "groups"),
        many(flows, "flow", "flows")
    )
}

fn of_window(audit: &Audit) -> String {
    let window = &audit.window;
    let whole = seconds_between(window.from, window.to);
    let hiding = window.gaps.iter().filter(|gap| gap.hides).count() as u64;
    let gaps = match hiding {
        0 => "no gap hides traffic".to_owned(),
        number => many(number, "gap may hide traffic", "gaps may hide traffic"),
    };
    format!(
        "Observed for {} of {} ({}); {gaps}.",
        span(window.observed_s),
        span(whole),
        share(window.observed_s, whole)
    )
}
