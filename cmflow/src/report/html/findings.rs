//! What nothing explains, and what contradicts the site file.

use maud::{Markup, html};

use crate::answer::{Audit, AuditGroup};
use crate::report::figures::{bytes, count, many, minute};
use crate::report::plain::{end, roles};

pub(super) fn unexplained(audit: &Audit) -> Markup {
    super::part(
        "unexplained",
        &html! {
            @if audit.unexplained.is_empty() {
                p { "Everything that was recorded in the window is explained by a rule, a companion or an approval." }
            } @else {
                p {
                    "No document explains these. On the first day it is as a rule the site file that is wrong, not the network: "
                    "look whether a role or a port is missing there."
                }
                table.unexplained.cards {
                    thead {
                        tr {
                            th scope="col" { "From" }
                            th scope="col" { "To" }
                            th scope="col" { "Service" }
                            th.number scope="col" { "Volume" }
                            th scope="col" { "Seen" }
                            th scope="col" { "What it may be" }
                        }
                    }
                    tbody { @for group in &audit.unexplained { (row(group)) } }
                }
            }
        },
    )
}

fn row(group: &AuditGroup) -> Markup {
    let service = match (group.port, group.protocol.as_str()) {
        (0, protocol) => protocol.to_owned(),
        (port, protocol) => format!("{protocol}/{port}"),
    };
    html! {
        tr {
            td.addresses data-label="From" {
                b { (roles(&group.initiator_roles)) }
                small { (many(group.initiators, "address", "addresses")) }
            }
            td.addresses data-label="To" {
                b { (roles(&group.responder_roles)) }
                small { (many(group.responders, "address", "addresses")) }
            }
            td data-label="Service" { (service) small { (group.verdict) } }
            td.number data-label="Volume" {
                (many(group.flows, "flow", "flows"))
                small { (count(group.answered_flows)) " answered" }
                small { (many(group.packets, "packet", "packets")) }
                small { (bytes(group.bytes)) }
            }
            td data-label="Seen" { (minute(group.first_seen)) small { "to " (minute(group.last_seen)) } }
            td data-label="What it may be" {
                @if let Some(guess) = &group.guess { p { "Perhaps " (guess) "." } }
                @if let Some(nearest) = &group.nearest {
                    p.remark { "Nearest rule " code { (nearest.rule) } ": " (nearest.why_not) }
                }
                @if !group.examples.is_empty() {
                    p.remark {
                        "For example "
                        @for (place, [from, to]) in group.examples.iter().enumerate() {
                            @if place > 0 { ", " }
                            span.pair { (end(from)) " → " (end(to)) }
                        }
                    }
                }
            }
        }
    }
}

pub(super) fn contradictions(audit: &Audit) -> Markup {
    super::part(
        "contradictions",
        &html! {
            @if audit.contradictions.is_empty() {
                p { "Nothing that was observed contradicts the site file." }
            } @else {
                ul {
                    @for one in &audit.contradictions {
                        li {
                            @if let Some(address) = one.address { b { (address) } ": " }
                            (one.what)
                            @if let Some(place) = &one.place { " (" code { (place) } ")" }
                        }
                    }
                }
            }
        },
    )
}
