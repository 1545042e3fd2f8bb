//! Health: whether the counts can be believed, and what the machine does.

use maud::{Markup, html};
use serde_json::json;

use super::Seen;
use super::chart::fill;
use super::layout::saving;
use crate::dashboard::evidence::{Weight, line};
use crate::dashboard::health::problems;
use crate::dashboard::quantity::{bits, bytes, count, packets, percent, since, stretch, time};
use crate::dashboard::sheet::Sheet;

/// Gaps that are listed.
const GAPS: usize = 50;

pub(super) fn page(seen: &Seen<'_>) -> Markup {
    let status = &seen.snapshot.status;
    let problems = problems(seen.snapshot);
    html! {
        h1 { "Health" }
        @if problems.is_empty() {
            p.good { "All is well: the law holds, the flow table has room, no event was lost." }
        } @else {
            p { b { (problems.len()) } " to be mended, as the top of the page says." }
        }
        section aria-labelledby="interfaces" {
            h2 #interfaces { "Interfaces" }
            table.cards {
                thead { tr {
                    th scope="col" { "interface" } th scope="col" { "mode" } th.num scope="col" { "rate" } th.num scope="col" { "packets a second" }
                    th.num scope="col" { "frames" } th.num scope="col" { "bytes" } th.num scope="col" title="By the interface's own counter, since the program was attached" { "received" }
                    th.num scope="col" { "flows" } th.num scope="col" { "one-sided" } th scope="col" { "why this mode" }
                } }
                tbody {
                    @for one in &status.interfaces {
                        @let rate = seen.recent.interface(&one.name);
                        tr data-key=(one.name) {
                            th scope="row" data-label="interface" { (one.name) }
                            td data-label="mode" { (one.mode) }
                            td.num data-label="rate" { (rate.map_or_else(|| "–".to_owned(), bits)) }
                            td.num data-label="packets/s" { (rate.map_or_else(|| "–".to_owned(), packets)) }
                            td.num data-label="frames" { (count(one.frames)) }
                            td.num data-label="bytes" { (bytes(one.bytes)) }
                            td.num data-label="received" { (count(one.received)) }
                            td.num data-label="flows" { (count(one.flows)) }
                            td.num data-label="one-sided" { (percent(one.one_sided_share, 100.0)) }
                            td.quiet data-label="why this mode" { (one.why) }
                        }
                    }
                }
            }
            (saving(&seen.asked))
        }
        div.columns {
            (law(seen))
            (table(seen))
            (told(seen))
            (tables_in_use(seen))
        }
        div.columns {
            (window(seen))
            (outcomes(seen))
        }
    }
}

fn pair(name: &str, value: &Markup) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}

fn law(seen: &Seen<'_>) -> Markup {
    let law = &seen.snapshot.status.conservation;
    html! {
        section aria-labelledby="law" {
            h2 #law { "Conservation law" }
            p.(if law.ok { "good" } else { "bad" }) {
                @if law.ok { "Holds at every tick." } @else { "Broken at " (count(law.broken_ticks)) " ticks." }
            }
            dl.facts {
                (pair("parsed into flows", &html! { (count(law.frames)) }))
                (pair("judged", &html! { (count(law.judged)) }))
                (pair("accounted for", &html! { (count(law.accounted)) }))
            }
        }
    }
}

fn table(seen: &Seen<'_>) -> Markup {
    let table = &seen.snapshot.status.flow_table;
    let words = format!("{} of {} places", count(table.entries), count(table.capacity));
    html! {
        section aria-labelledby="table" {
            h2 #table { "Flow table" }
            p { (words) ", " (percent(table.entries as f64, table.capacity as f64)) }
            (fill(table.entries as f64, table.capacity as f64, &words))
            dl.facts {
                @for (room, entries) in &table.rooms { (pair(room, &html! { (count(*entries)) })) }
                (pair("packets without a place", &html! { (count(table.packets_without_entry)) }))
            }
        }
    }
}

fn told(seen: &Seen<'_>) -> Markup {
    let status = &seen.snapshot.status;
    html! {
        section aria-labelledby="events" {
            h2 #events { "Events and expectations" }
            dl.facts {
                (pair("events lost", &html! { (count(status.events_lost)) }))
                @for (kind, lost) in status.events_lost_by_kind.iter().filter(|(_, lost)| **lost > 0) {
                    (pair(kind, &html! { (count(*lost)) }))
                }
                @for (kind, one) in status.expectations.iter().filter(|(_, one)| one.made > 0) {
                    (pair(kind, &html! { (count(one.live)) " live of " (count(one.made)) ", met " (count(one.met)) " times" }))
                }
            }
        }
    }
}

fn tables_in_use(seen: &Seen<'_>) -> Markup {
    let status = &seen.snapshot.status;
    html! {
        section aria-labelledby="tables" {
            h2 #tables { "Tables in use" }
            dl.facts {
                (pair("generation", &html! { (status.generation) }))
                (pair("edition", &html! { (status.edition) }))
                (pair("rules possible", &html! { (count(seen.snapshot.rules.possible)) }))
                @for file in &status.files {
                    (pair(&file.path, &html! { code title=(file.sha256) { "sha256 " (file.sha256.get(..12).unwrap_or(&file.sha256)) "…" } }))
                }
            }
        }
    }
}

fn window(seen: &Seen<'_>) -> Markup {
    let status = &seen.snapshot.status;
    let now = status.at;
    let audit = seen.source.audit();
    html! {
        section aria-labelledby="window" {
            h2 #window { "Window and gaps" }
            dl.facts {
                (pair("counting since", &time(status.since, now)))
                (pair("this daemon since", &html! { (time(seen.snapshot.started, now)) ", " (since(seen.snapshot.started, now)) }))
                @for statement in line(seen.snapshot, audit).iter().filter(|one| one.weight != Weight::Fine) {
                    (pair(statement.about, &html! { (statement.says) ". " (statement.means) }))
                }
            }
            @if let Some(audit) = audit {
                p.caption { "Of the last audit, " (since(audit.at, now)) ":" }
                @if audit.window.gaps.is_empty() { p.good { "No gap." } }
                ul.gaps {
                    @for gap in audit.window.gaps.iter().rev().take(GAPS) {
                        li { code { (gap.kind) } " " (time(gap.from, now)) ", " (stretch(gap.to.duration_since(gap.from).as_secs())) ". " (gap.note) }
                    }
                }
            } @else {
                @if status.gaps.is_empty() { p.good { "No gap: a daemon looked all the time." } }
                ul.gaps {
                    @for gap in status.gaps.iter().rev().take(GAPS) {
                        li { code { (gap.kind) } " " (time(gap.from, now)) ", " (stretch(gap.to.duration_since(gap.from).as_secs())) }
                    }
                }
            }
        }
    }
}

fn outcomes(seen: &Seen<'_>) -> Markup {
    let status = &seen.snapshot.status;
    let mut sorted: Vec<_> = status.outcomes.iter().collect();
    sorted.sort_by_key(|(_, frames)| std::cmp::Reverse(**frames));
    html! {
        section aria-labelledby="outcomes" {
            h2 #outcomes { "Frames by outcome" }
            table.tight {
                thead { tr { th scope="col" { "outcome" } th.num scope="col" { "frames" } th.num scope="col" { "share" } } }
                tbody {
                    @for (name, frames) in sorted {
                        tr data-key=(name) {
                            th scope="row" { (name) }
                            td.num { (count(*frames)) }
                            td.num { (percent(*frames as f64, status.frames as f64)) }
                        }
                    }
                }
            }
        }
    }
}

pub(super) fn sheet(seen: &Seen<'_>) -> Sheet {
    let columns = [
        "interface",
        "mode",
        "frames",
        "bytes",
        "received",
        "flows",
        "one_sided_flows",
        "bits_per_s",
        "packets_per_s",
    ];
    let mut sheet = Sheet::new(&columns);
    for one in &seen.snapshot.status.interfaces {
        let rate = seen.recent.interface(&one.name);
        sheet.rows.push(vec![
            json!(one.name),
            json!(one.mode),
            json!(one.frames),
            json!(one.bytes),
            json!(one.received),
            json!(one.flows),
            json!(one.one_sided_flows),
            json!(rate.map(|rate| (rate.bytes * 8.0).round())),
            json!(rate.map(|rate| (rate.packets * 10.0).round() / 10.0)),
        ]);
    }
    sheet
}
