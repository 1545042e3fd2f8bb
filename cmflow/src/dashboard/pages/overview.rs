//! The first screen: what the counts say at a glance, what needs somebody, the picture.

use maud::{Markup, html};
use serde_json::json;

use super::Seen;
use super::cells::{explaining, roles, rule, verdict};
use super::chart::shares;
use super::layout::{ranges, saving};
use super::map::legend;
use super::picture::picture;
use crate::answer::Tally;
use crate::dashboard::asked::{Asked, Range, View};
use crate::dashboard::groups::{self, Row};
use crate::dashboard::map::{draw, told_over};
use crate::dashboard::past::sum;
use crate::dashboard::quantity::{bits, bytes, count, many, percent, since, stretch};
use crate::dashboard::recent::Rate;
use crate::dashboard::sheet::Sheet;
use crate::dashboard::silent::silent;

/// Groups that the first screen shows.
const GROUPS: usize = 20;
/// Silent rules that it shows.
const SILENT: usize = 10;

/// Verdicts in the order of the documents.
const VERDICTS: [&str; 9] = [
    "documented",
    "approved",
    "baseline",
    "opaque",
    "local",
    "reversed",
    "undocumented",
    "foreign",
    "out-of-scope",
];

pub(super) fn page(seen: &Seen<'_>) -> Markup {
    html! {
        div.heading {
            h1 { "Overview" }
            (ranges(seen))
        }
        div.columns {
            (by_verdict(seen))
            (silence(seen))
        }
        (needs_you(seen))
        (site(seen))
    }
}

/// What was counted of each verdict, and flows a second now or on average.
fn tallies(seen: &Seen<'_>) -> Vec<(&'static str, Tally, Option<Rate>)> {
    let of = |kind: &'static str| {
        let (tally, rate) = match &seen.past {
            None => (
                seen.snapshot
                    .status
                    .verdicts
                    .get(kind)
                    .copied()
                    .unwrap_or_default(),
                seen.recent.verdict(kind),
            ),
            Some(past) => {
                let tally = past
                    .verdicts
                    .get(kind)
                    .map(|steps| sum(steps))
                    .unwrap_or_default();
                let carried = crate::answer::Count {
                    packets: tally.packets,
                    bytes: tally.bytes,
                };
                (tally, Some(Rate::of(carried, past.seconds())))
            }
        };
        (kind, tally, rate)
    };
    VERDICTS.map(of).to_vec()
}

fn by_verdict(seen: &Seen<'_>) -> Markup {
    let all = tallies(seen);
    let whole: f64 = all.iter().map(|(_, tally, _)| tally.bytes as f64).sum();
    let parts: Vec<(&str, f64)> = all
        .iter()
        .map(|(kind, tally, _)| (*kind, tally.bytes as f64))
        .collect();
    html! {
        section.verdicts aria-labelledby="by-verdict" {
            h2 #by-verdict { "Bytes and flows by verdict" }
            @if whole == 0.0 {
                p.quiet { "No packet crossed in this time." }
            } @else {
                (shares(&parts))
                table.tight {
                    thead { tr {
                        th scope="col" { "verdict" } th.num scope="col" { "rate" } th.num scope="col" { "bytes" }
                        th.num.wide scope="col" { "share" } th.num scope="col" { "flows" }
                    } }
                    tbody {
                        @for (kind, tally, rate) in all.iter().filter(|(_, tally, _)| tally.packets > 0) {
                            tr data-key=(kind) {
                                th scope="row" { a href=(Asked::view(View::Flows).with("verdict", Some(kind)).href()) { (verdict(kind)) } }
                                td.num { (rate.map_or_else(|| "–".to_owned(), bits)) }
                                td.num { (bytes(tally.bytes)) }
                                td.num.wide { (percent(tally.bytes as f64, whole)) }
                                td.num { (count(tally.flows)) }
                            }
                        }
                    }
                }
                p.caption {
                    @if seen.past.is_some() { (told_over(seen.asked.range())) } @else { "Since counting began; rates over the last 10 s" }
                }
                (saving(&seen.asked))
            }
        }
    }
}

fn silence(seen: &Seen<'_>) -> Markup {
    let month = match seen.asked.range() {
        Range::Month => seen.past.clone(),
        _ => seen.source.month(),
    };
    let found = silent(seen.snapshot, seen.cast, month.as_deref());
    let now = seen.snapshot.status.at;
    let blocked = seen.snapshot.blocked.len() as u64 + seen.snapshot.blocked_beyond;
    html! {
        section.silence aria-labelledby="went-silent" {
            h2 #went-silent { "Documented flows that went silent" }
            @if found.is_empty() {
                p.good { "None. What was in use is in use still." }
            } @else {
                ul.silent {
                    @for one in found.iter().take(SILENT) {
                        li data-key=(one.way.id) {
                            (rule(&one.way.id))
                            " silent for " b { (stretch(one.silent_s)) }
                            ", last " (since(one.since, now))
                            @if let Some(before) = one.longest_before_s { ", never longer than " (stretch(before)) " before" }
                        }
                    }
                }
                @if found.len() > SILENT { p.quiet { "and " (found.len() - SILENT) " more" } }
            }
            h2 { "Documented flows that nobody answers" }
            @if blocked == 0 {
                p.good { "None among live flows." }
            } @else {
                p {
                    a href=(View::Blocked.path()) { (many(blocked, "live flow", "live flows")) }
                    " unanswered or refused: a firewall behind this gateway, or a service that is not there."
                }
            }
        }
    }
}

fn needs_you(seen: &Seen<'_>) -> Markup {
    let none = Asked::view(View::Unexplained);
    // Without filters there is nothing to refuse.
    let mut rows = groups::rows(seen.snapshot, seen.recent, seen.cast, &none).unwrap_or_default();
    let all = rows.len();
    rows.truncate(GROUPS);
    groups::with_examples(&mut rows, seen.snapshot);
    html! {
        section aria-labelledby="needs-you" {
            h2 #needs-you { "Needs you" }
            @if rows.is_empty() {
                p.good { "Nothing: every flow that crossed so far is explained, or neither end is known." }
            } @else {
                table.cards {
                    thead { tr {
                        th scope="col" { "from" } th scope="col" { "to" } th scope="col" { "service" }
                        th.num scope="col" { "computers" } th scope="col" { "since" } th scope="col" { "state" } th scope="col" { "then" }
                    } }
                    tbody { @for row in &rows { (group(seen, row)) } }
                }
                @if all > GROUPS {
                    p { a href=(View::Unexplained.path()) { "All " (count(all as u64)) " groups" } }
                }
            }
        }
    }
}

/// Where a group has its own place in the view of what nothing explains.
pub(super) fn place_of(row: &Row<'_>) -> Asked {
    Asked::view(View::Unexplained).with("group", Some(&row.key()))
}

fn group(seen: &Seen<'_>, row: &Row<'_>) -> Markup {
    let group = row.group;
    let now = seen.snapshot.status.at;
    let place = place_of(row).href();
    let stranger = group.initiator_roles.is_empty() || group.responder_roles.is_empty();
    html! {
        tr data-key=(row.key()) {
            td data-label="from" { (roles(&group.initiator_roles, seen.cast)) }
            td data-label="to" { (roles(&group.responder_roles, seen.cast)) }
            td data-label="service" { code { (row.service()) } }
            td.num data-label="computers" title=(format!("{} open to {}", count(group.initiators), count(group.responders))) {
                (count(group.initiators)) span aria-hidden="true" { " → " } span.quiet-words { " to " } (count(group.responders))
            }
            td data-label="since" { (since(group.first_seen, now)) }
            td data-label="state" {
                (verdict(&group.verdict)) " " (row.words()) ", "
                @if row.is_active() { (row.rate.map(bits).unwrap_or_default()) } @else { "quiet, last " (since(group.last_seen, now)) }
            }
            td.actions data-label="then" {
                @if let Some(one) = row.examples.first() {
                    a href=(explaining(one.initiator, one.responder, &row.service(), false).href()) { "explain" }
                }
                @if stranger { a href=(format!("{place}#add-role")) { "add role" } }
                a href=(format!("{place}#approve")) { "approve" }
            }
        }
    }
}

fn site(seen: &Seen<'_>) -> Markup {
    let map = draw(seen.snapshot, seen.recent, seen.cast, seen.past.as_deref(), false);
    html! {
        section aria-labelledby="site" {
            h2 #site { "Site map" }
            p.caption { (told_over(seen.asked.range())) ". " a href=(Asked::view(View::Map).with("range", seen.asked.get("range")).href()) { "Larger, with its table" } }
            (legend(&map))
            div.picture tabindex="0" role="region" aria-label="Site map" { (picture(&map, seen.cast)) }
        }
    }
}

pub(super) fn sheet(seen: &Seen<'_>) -> Sheet {
    let mut sheet = Sheet::new(&["verdict", "packets", "bytes", "flows", "bits_per_s"]);
    for (kind, tally, rate) in tallies(seen) {
        sheet.rows.push(vec![
            json!(kind),
            json!(tally.packets),
            json!(tally.bytes),
            json!(tally.flows),
            json!(rate.map(|rate| (rate.bytes * 8.0).round())),
        ]);
    }
    sheet
}
