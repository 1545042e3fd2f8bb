//! Every rule: its grade, why, and its use over time. Companion rules without a hit stand at the end, folded.

use maud::{Markup, html};

use super::bar::{bar, days_a_bar};
use super::marks::badge;
use super::{anchor, folded};
use crate::answer::{Audit, AuditWindow, AuditedRule};
use crate::report::connections::{Connection, Part, connections, is_silent};
use crate::report::figures::{bytes, count, day, many, minute};
use crate::report::grades;

/// Names shown of the rules that explain the same flows.
const NAMED: usize = 3;

pub(super) fn part(audit: &Audit) -> Markup {
    super::part(
        "rules",
        &html! {
            (key(&audit.window))
            @for part in Part::ALL {
                h3 { (part.title()) }
                @let rules = part.rules(&audit.rules);
                @if rules.is_empty() {
                    p { (part.nothing()) }
                } @else {
                    @let (silent, told): (Vec<_>, Vec<_>) =
                        rules.into_iter().partition(|rule| part == Part::Companions && is_silent(rule));
                    p.sub { (grades::told(&grades::of(told.iter().copied().chain(silent.iter().copied())))) }
                    @if !told.is_empty() { (listed(part, &told, audit)) }
                    @if !silent.is_empty() { (unheard(&silent, &told)) }
                }
            }
        },
    )
}

/// How to read the pictures.
fn key(window: &AuditWindow) -> Markup {
    let step = days_a_bar(window);
    html! {
        p {
            "Bars: packets by "
            @if step == 1 { "day" } @else { (step) " days" }
            ", logarithmic, each rule by its own highest; from " (day(window.from)) " to " (day(window.to)) ". "
            svg.bar.sample viewBox="0 0 24 24" aria-hidden="true" { rect width="24" height="24" fill="url(#stripes)" {} }
            " not observed, "
            svg.bar.sample viewBox="0 0 24 24" aria-hidden="true" { rect.before width="24" height="24" {} }
            " before the rule was possible. Pairs: computers that used it, that cross here in the open, that the site file "
            "makes possible; a prefix counts as one."
        }
    }
}

fn listed(part: Part, rules: &[&AuditedRule], audit: &Audit) -> Markup {
    html! {
        table.rules.cards {
            thead {
                tr {
                    th scope="col" { "Grade" }
                    th scope="col" { "Rule" }
                    th scope="col" { "Use over time" }
                    th.number scope="col" { "Counts" }
                    th.number scope="col" { "Pairs" }
                    th scope="col" { "Why" }
                }
            }
            @for connection in connections(rules) { (between(part, &connection, audit)) }
        }
    }
}

fn between(part: Part, connection: &Connection<'_>, audit: &Audit) -> Markup {
    let Connection { from, to, rules } = connection;
    let name = format!("{from}/{to}");
    html! {
        tbody id=(anchor(part.word(), &name)) {
            tr.connection {
                th colspan="6" scope="rowgroup" {
                    (from) " → " (to)
                    @for other in Part::ALL.into_iter().filter(|other| *other != part) {
                        @let more = other.rules(&audit.rules).into_iter();
                        @let more = more.filter(|rule| rule.from == *from && rule.to == *to).count();
                        @if more > 0 {
                            a href=(format!("#{}", anchor(other.word(), &name))) {
                                "and " (more) " among " (other.title().to_lowercase())
                            }
                        }
                    }
                }
            }
            @for rule in rules { (row(rule, &audit.window)) }
        }
    }
}

fn row(rule: &AuditedRule, window: &AuditWindow) -> Markup {
    html! {
        tr id=(anchor("rule", &rule.rule)) {
            td data-label="Grade" { (badge(rule.grade)) }
            td data-label="Rule" {
                b { (rule.service) } " " code { (rule.rule) }
                @if !rule.conditions.is_empty() { small { "only if " (rule.conditions.join(", ")) } }
                small { (cadence(&rule.cadence)) }
            }
            td data-label="Use over time" {
                (bar(rule, window))
                small {
                    @match (rule.first_seen, rule.last_seen) {
                        (Some(first), Some(last)) => {
                            (many(rule.active_days, "day", "days")) ", " (day(first)) " to " (minute(last))
                        }
                        _ => "no hit",
                    }
                }
            }
            td.number data-label="Counts" { (counts(rule)) }
            td.number data-label="Pairs" {
                (count(rule.pairs.used)) " / " (count(rule.pairs.observable)) " / " (count(rule.pairs.possible))
            }
            td data-label="Why" { (why(rule)) }
        }
    }
}

fn counts(rule: &AuditedRule) -> Markup {
    html! {
        @if rule.packets == 0 { "0" } @else {
            (many(rule.flows, "flow", "flows"))
            small { (count(rule.answered_flows)) " answered" }
            small { (many(rule.packets, "packet", "packets")) ", " (bytes(rule.bytes)) }
            small { (count(rule.initiators)) " → " (count(rule.responders)) " addresses" }
        }
    }
}

fn why(rule: &AuditedRule) -> Markup {
    html! {
        (rule.why)
        @for remark in &rule.remarks { p.remark { (remark) } }
        @if !rule.shared_with.is_empty() { div.remark { "Together with " (folded(&rule.shared_with, NAMED)) } }
    }
}

fn cadence(cadence: &str) -> &str {
    match cadence {
        "continuous" => "runs all the time",
        "monthly" => "runs with monthly updates",
        "on-demand" => "runs on demand",
        other => other,
    }
}

/// Companion rules without a hit: many, and of little interest.
fn unheard(rules: &[&AuditedRule], heard: &[&AuditedRule]) -> Markup {
    // The anchor is that of those with hits, where there are some between the same roles.
    let place = |one: &Connection<'_>| {
        let elsewhere = heard
            .iter()
            .any(|rule| rule.from == one.from && rule.to == one.to);
        (!elsewhere).then(|| anchor(Part::Companions.word(), &format!("{}/{}", one.from, one.to)))
    };
    html! {
        details.silent {
            summary {
                (many(rules.len() as u64, "companion rule", "companion rules")) " without a hit: "
                (grades::told(&grades::of(rules.iter().copied())))
            }
            table.cards {
                thead {
                    tr { th scope="col" { "Grade" } th scope="col" { "Rule" } th scope="col" { "Why" } }
                }
                @for connection in connections(rules) {
                    tbody id=[place(&connection)] {
                        @for rule in connection.rules {
                            tr id=(anchor("rule", &rule.rule)) {
                                td data-label="Grade" { (badge(rule.grade)) }
                                td data-label="Rule" { b { (rule.service) } " " code { (rule.rule) } }
                                td data-label="Why" { (why(rule)) }
                            }
                        }
                    }
                }
            }
        }
    }
}
