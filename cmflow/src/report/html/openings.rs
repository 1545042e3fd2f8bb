//! The lines of a firewall, used or unused without ambiguity.

use maud::{Markup, html};

use super::folded;
use super::marks::badge;
use crate::answer::{Audit, Opening};
use crate::report::figures::{count, minute};
use crate::report::grades;
use crate::report::plain::{end, roles, service};

/// Addresses shown of each end.
const ADDRESSES: usize = 6;
/// Rules shown.
const RULES: usize = 3;

pub(super) fn part(audit: &Audit) -> Markup {
    super::part(
        "openings",
        &html! {
            @if audit.openings.is_empty() {
                p { "No firewall line follows: the site file makes no rule possible, or names nobody at both ends." }
            } @else {
                p {
                    "What a stateful firewall would have to let through, and whether it was used. "
                    (grades::told(&grades::tally(audit.openings.iter().map(|opening| opening.grade)))) "."
                }
                table.openings.cards {
                    thead {
                        tr {
                            th scope="col" { "Grade" }
                            th scope="col" { "From" }
                            th scope="col" { "To" }
                            th scope="col" { "Service" }
                            th.number scope="col" { "Flows" }
                            th scope="col" { "Last hit" }
                            th scope="col" { "Why, and which rules ask for it" }
                        }
                    }
                    tbody { @for opening in &audit.openings { (row(opening)) } }
                }
            }
        },
    )
}

fn row(opening: &Opening) -> Markup {
    let ends = |ends: &[ipnet::IpNet]| -> Vec<String> { ends.iter().map(end).collect() };
    html! {
        tr {
            td data-label="Grade" { (badge(opening.grade)) small { (grades::advice(opening.grade)) } }
            td.addresses data-label="From" {
                b { (roles(&opening.source_roles)) } " " (folded(&ends(&opening.sources), ADDRESSES))
            }
            td.addresses data-label="To" {
                b { (roles(&opening.destination_roles)) } " " (folded(&ends(&opening.destinations), ADDRESSES))
            }
            td data-label="Service" {
                (service(opening))
                @if opening.dynamic { small { "dynamic ports" } }
                @if opening.verdict != "documented" { small { (opening.verdict) } }
            }
            td.number data-label="Flows" {
                (count(opening.flows))
                @if opening.flows > 0 { small { (count(opening.answered_flows)) " answered" } }
            }
            td data-label="Last hit" {
                @match opening.last_seen { Some(last) => (minute(last)), None => "never" }
            }
            td data-label="Why" {
                (opening.why)
                div.remark { (folded(&opening.rules, RULES)) }
            }
        }
    }
}
