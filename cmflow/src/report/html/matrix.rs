//! Who talks to whom: source roles by destination roles, each cell with the grades between the two.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::anchor;
use super::marks::{badge, mark};
use crate::answer::{Audit, AuditedRule, Grade};
use crate::report::connections::Part;
use crate::report::grades;

/// Rules between two roles.
type Cells<'a> = BTreeMap<(&'a str, &'a str), Vec<&'a AuditedRule>>;

fn table(audit: &Audit) -> Markup {
    let mut cells: Cells<'_> = BTreeMap::new();
    for rule in &audit.rules {
        cells.entry((&rule.from, &rule.to)).or_default().push(rule);
    }
    let sources = named(audit.rules.iter().map(|rule| rule.from.as_str()));
    let destinations = named(audit.rules.iter().map(|rule| rule.to.as_str()));
    html! {
        p {
            "Rows open, columns answer; where either end may open, the row is the left end on the page. A cell shows the "
            "best and the worst grade of its rules and how many there are; it leads to them."
        }
        div.scroll tabindex="0" role="region" aria-label="Source roles by destination roles" {
            table.matrix {
                thead {
                    tr {
                        th scope="col" { span.corner { "from ↓ to →" } }
                        @for to in &destinations { th.turned scope="col" { span { (to) } } }
                    }
                }
                tbody {
                    @for from in &sources {
                        tr {
                            th scope="row" { (from) }
                            @for to in &destinations {
                                @match cells.get(&(*from, *to)) {
                                    Some(rules) => (cell(from, to, rules)),
                                    None => td {},
                                }
                            }
                        }
                    }
                }
            }
        }
        p.legend { @for grade in Grade::ALL { (badge(grade)) " " } }
    }
}

pub(super) fn part(audit: &Audit) -> Markup {
    super::part(
        "matrix",
        &html! {
            @if audit.rules.is_empty() {
                p { "There is no rule to show: the site file makes none possible." }
            } @else {
                (table(audit))
            }
        },
    )
}

fn cell(from: &str, to: &str, rules: &[&AuditedRule]) -> Markup {
    let tally = grades::tally(rules.iter().map(|rule| rule.grade));
    let ends = [tally.first(), tally.last()].map(|end| end.map(|(grade, _)| *grade));
    let words = format!("{from} to {to}: {}", grades::told(&tally));
    let listed = Part::ALL
        .into_iter()
        .find(|part| rules.iter().any(|rule| part.holds(rule)));
    let word = listed.unwrap_or(Part::Documented).word();
    html! {
        td {
            a href=(format!("#{}", anchor(word, &format!("{from}/{to}")))) title=(words) aria-label=(words) {
                @if let [Some(best), Some(worst)] = ends {
                    (mark(best))
                    @if worst != best { (mark(worst)) }
                }
                span { (rules.len()) }
            }
        }
    }
}

/// Names, each once, in the order in which they come.
fn named<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut found = Vec::new();
    for name in names {
        if !found.contains(&name) {
            found.push(name);
        }
    }
    found
}
