//! What the audit comes to, at a glance.

use maud::{Markup, html};

use super::marks::{badge, mark};
use crate::answer::{Audit, Grade};
use crate::report::figures::{count, minute, seconds_between, share, span};
use crate::report::{grades, verdict};

fn by_grade(audit: &Audit) -> Markup {
    let tally = grades::of_all(audit);
    let all: u64 = tally.iter().map(|(_, number)| number).sum();
    html! {
        @if all > 0 {
            svg.stack viewBox="0 0 1000 20" preserveAspectRatio="none" role="img"
                aria-label=(format!("Rules by grade: {}", grades::told(&tally))) {
                @for (grade, from, width) in stacked(&tally, all) {
                    rect class=(grade.name()) x=(from) width=(width) height="20" fill="currentColor" {}
                }
            }
        }
        table.grades.cards {
            thead { tr { th scope="col" { "Grade" } th.number scope="col" { "Rules" } th scope="col" { "What it means" } } }
            tbody {
                @for grade in Grade::ALL {
                    @let number = tally.iter().find(|(one, _)| *one == grade).map_or(0, |(_, number)| *number);
                    tr {
                        th scope="row" { (badge(grade)) }
                        td.number data-label="Rules" { (count(number)) }
                        td { (grades::meaning(grade)) }
                    }
                }
            }
        }
    }
}

/// Where each grade's part of a bar of 1000 units begins, and how wide it is.
fn stacked(tally: &[(Grade, u64)], all: u64) -> Vec<(Grade, u64, u64)> {
    let mut before = 0;
    tally
        .iter()
        .map(|(grade, number)| {
            let from = before * 1000 / all;
            before += number;
            (
                *grade,
                from,
                (before * 1000 / all - from).saturating_sub(2).max(1),
            )
        })
        .collect()
}

pub(super) fn part(audit: &Audit) -> Markup {
    let tally = grades::of_all(audit);
    let of = |wanted| {
        tally
            .iter()
            .find(|(one, _)| *one == wanted)
            .map_or(0, |(_, number)| *number)
    };
    let window = &audit.window;
    let observed = share(window.observed_s, seconds_between(window.from, window.to));
    let figures: [(Option<Grade>, String, &str); 6] = [
        (
            None,
            count(tally.iter().map(|(_, number)| number).sum()),
            "rules possible here",
        ),
        (Some(Grade::Used), count(of(Grade::Used)), "used"),
        (
            Some(Grade::Unused),
            count(of(Grade::Unused)),
            "unused on this gateway",
        ),
        (
            Some(Grade::Attempted),
            count(of(Grade::Attempted)),
            "attempted, none answered",
        ),
        (None, count(audit.unexplained.len() as u64), "unexplained groups"),
        (None, observed, "of the window observed"),
    ];
    super::part(
        "result",
        &html! {
            ul.figures {
                @for (grade, number, what) in figures {
                    li { b { @if let Some(grade) = grade { (mark(grade)) } (number) } span { (what) } }
                }
            }
            ul.sentences { @for sentence in verdict::sentences(audit) { li { (sentence) } } }
            p.sub { "Window: " (span(seconds_between(window.from, window.to))) ", "
                (minute(window.from)) " to " (minute(window.to)) " UTC. "
                "How it was observed, and what the method cannot see: " a href="#basis" { "what this rests on" } "." }
            (by_grade(audit))
        },
    )
}
