//! What somebody answers for, and until when.

use maud::{Markup, html};

use crate::answer::Audit;
use crate::report::figures::{count, minute};

pub(super) fn part(audit: &Audit) -> Markup {
    super::part(
        "approvals",
        &html! {
            @if audit.approvals.is_empty() {
                p { "Nothing was approved, and the site file has no rule of its own." }
            } @else {
                table.cards {
                    thead {
                        tr {
                            th scope="col" { "Rule" }
                            th scope="col" { "Why" }
                            th scope="col" { "By" }
                            th scope="col" { "Until" }
                            th.number scope="col" { "Flows" }
                            th scope="col" { "Last hit" }
                        }
                    }
                    tbody {
                        @for one in &audit.approvals {
                            tr {
                                td data-label="Rule" { code { (one.rule) } }
                                td data-label="Why" {
                                    (one.why)
                                    @if let Some(remark) = &one.remark { p.remark { (remark) } }
                                }
                                td data-label="By" { (one.by.as_deref().unwrap_or("not said")) }
                                td data-label="Until" {
                                    @match one.until { Some(until) => (until), None => "no end" }
                                    @if one.ended { " " b { "ended" } }
                                }
                                td.number data-label="Flows" { (count(one.flows)) }
                                td data-label="Last hit" {
                                    @match one.last_seen { Some(last) => (minute(last)), None => "never" }
                                }
                            }
                        }
                    }
                }
            }
        },
    )
}
