//! What an auditor needs to believe the rest: files and their hashes, gateways, the window with its gaps, generations of
//! tables, and what the method cannot see.

use maud::{Markup, html};

use crate::answer::{Audit, SourceFile, TableGeneration};
use crate::report::figures::{minute, seconds_between, share, span};

pub(super) fn part(audit: &Audit) -> Markup {
    super::part(
        "basis",
        &html! {
            dl {
                dt { "Made" } dd { (minute(audit.at)) " UTC, by cmflow " (audit.version) }
                dt { "Edition" } dd { (audit.edition) " of Microsoft's page \"Ports used in Configuration Manager\"" }
                dt { "Window" } dd { (minute(audit.window.from)) " to " (minute(audit.window.to)) " UTC" }
                dt { "Observed" } dd {
                    (span(audit.window.observed_s)) " of "
                    (span(seconds_between(audit.window.from, audit.window.to))) ", "
                    (share(audit.window.observed_s, seconds_between(audit.window.from, audit.window.to)))
                }
            }
            h3 { "Files" }
            @if audit.files.is_empty() { p { "No file is known." } } @else { (files(&audit.files)) }
            h3 { "Gateways" }
            (gateways(audit))
            h3 { "Gaps" }
            (gaps(audit))
            h3 { "Generations of tables" }
            (generations(audit))
            h3 { "What the method cannot see" }
            @if audit.limits.is_empty() {
                p { "No limit is known." }
            } @else {
                ul { @for limit in &audit.limits { li { (limit) } } }
            }
        },
    )
}

fn files(files: &[SourceFile]) -> Markup {
    html! {
        table.cards {
            thead { tr { th scope="col" { "File" } th scope="col" { "SHA-256" } } }
            tbody {
                @for file in files {
                    tr {
                        td data-label="File" { (file.path) }
                        td data-label="SHA-256" { code.hash { (file.sha256) } }
                    }
                }
            }
        }
    }
}

fn gateways(audit: &Audit) -> Markup {
    html! {
        table.cards {
            thead {
                tr {
                    th scope="col" { "Gateway" }
                    th scope="col" { "Interfaces and hooks" }
                    th scope="col" { "Its window" }
                    th scope="col" { "Observed" }
                    th.number scope="col" { "Gaps" }
                }
            }
            tbody {
                @for gateway in &audit.gateways {
                    @let whole = seconds_between(gateway.window.from, gateway.window.to);
                    @let looked: Vec<_> = gateway.interfaces.iter().map(|(name, hook)| format!("{name} ({hook})")).collect();
                    tr {
                        td data-label="Gateway" { b { (gateway.name) } }
                        td data-label="Interfaces" { @if looked.is_empty() { "none known" } @else { (looked.join(", ")) } }
                        td data-label="Window" { (minute(gateway.window.from)) " to " (minute(gateway.window.to)) }
                        td data-label="Observed" {
                            (span(gateway.window.observed_s)) ", " (share(gateway.window.observed_s, whole))
                        }
                        td.number data-label="Gaps" { (gateway.window.gaps.len()) }
                    }
                }
            }
        }
    }
}

fn gaps(audit: &Audit) -> Markup {
    html! {
        @if audit.window.gaps.is_empty() {
            p { "There is none: everything in the window was observed." }
        } @else {
            table.cards {
                thead {
                    tr {
                        th scope="col" { "From" }
                        th scope="col" { "To" }
                        th scope="col" { "Length" }
                        th scope="col" { "Kind" }
                        th scope="col" { "What it means" }
                        th scope="col" { "Traffic" }
                    }
                }
                tbody {
                    @for gap in &audit.window.gaps {
                        tr {
                            td data-label="From" { (minute(gap.from)) }
                            td data-label="To" { (minute(gap.to)) }
                            td data-label="Length" { (span(seconds_between(gap.from, gap.to))) }
                            td data-label="Kind" { (gap.kind) }
                            td data-label="What it means" { (gap.note) }
                            td data-label="Traffic" { @if gap.hides { b { "may be missing" } } @else { "counted" } }
                        }
                    }
                }
            }
        }
    }
}

fn generations(audit: &Audit) -> Markup {
    html! {
        @if audit.generations.is_empty() {
            p { "None is known." }
        } @else {
            p { "Each time that site file, approvals or catalogue changed, a new generation of tables began to judge." }
            table.cards {
                thead {
                    tr { th scope="col" { "From" } th scope="col" { "Edition" } th scope="col" { "Files" } }
                }
                tbody { @for generation in &audit.generations { (made_from(generation)) } }
            }
        }
    }
}

fn made_from(generation: &TableGeneration) -> Markup {
    html! {
        tr {
            td data-label="From" { (minute(generation.from)) }
            td data-label="Edition" { (generation.edition) }
            td data-label="Files" {
                @for file in &generation.files { div { (file.path) " " code.hash { (file.sha256) } } }
            }
        }
    }
}
