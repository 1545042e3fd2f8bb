//! Site map: the diagram of the page, alive.

use maud::{Markup, html};
use serde_json::json;

use super::Seen;
use super::cells::{address, role, sign, verdict};
use super::chart::sample;
use super::layout::{ranges, saving};
use super::picture::{behind, picture, words};
use crate::dashboard::asked::{Asked, View};
use crate::dashboard::groups::UNKNOWN;
use crate::dashboard::map::{Edge, Kind, SiteMap, draw, filtered, told_over};
use crate::dashboard::quantity::{bits, bytes, count, many};
use crate::dashboard::sheet::Sheet;

/// Computers of a role that a page lists.
const COMPUTERS: usize = 100;

/// The picture that a URL asks for.
pub(super) fn drawn(seen: &Seen<'_>) -> SiteMap {
    let unseen =
        seen.asked.get("unseen") == Some("yes") || seen.asked.get("kind") == Some(Kind::Unseen.name());
    let map = draw(
        seen.snapshot,
        seen.recent,
        seen.cast,
        seen.past.as_deref(),
        unseen,
    );
    filtered(map, &seen.asked)
}

pub(super) fn page(seen: &Seen<'_>) -> Markup {
    let map = drawn(seen);
    let asked = &seen.asked;
    let unseen = asked.get("unseen") == Some("yes");
    let toggled = asked.with("unseen", (!unseen).then_some("yes"));
    let everything = Asked::view(View::Map).with("range", asked.get("range"));
    html! {
        div.heading {
            h1 { "Site map" }
            (ranges(seen))
        }
        p.caption {
            (told_over(seen.asked.range())) ". Lines are wider the more they carry; each leads to its rules, each box to its computers. "
            @if asked.is_filtered() {
                a href=(everything.href()) { "Show everything" }
            } @else {
                a href=(toggled.href()) {
                    @if unseen { "Hide what was never seen" } @else { "Show what is possible and was never seen" }
                }
                @if map.unseen > 0 { " (" (map.unseen) ")" }
            }
        }
        (legend(&map))
        div.picture tabindex="0" role="region" aria-label="Site map" { (picture(&map, seen.cast)) }
        @if let Some(id) = asked.get("role") { (computers(seen, id)) }
        (connections(seen, &map))
        (saving(asked))
    }
}

/// What the lines of a picture mean; of kinds that are not in it nobody asks.
pub(super) fn legend(map: &SiteMap) -> Markup {
    let drawn = |kind: &Kind| map.edges.iter().any(|edge| edge.kind == *kind);
    html! {
        ul.legend aria-label="Legend" {
            @for kind in Kind::ALL.into_iter().filter(drawn) { li { (sample(kind.name(), kind.words())) } }
        }
    }
}

/// Who holds a role.
fn computers(seen: &Seen<'_>, id: &str) -> Markup {
    let part = seen.cast.parts.get(id);
    html! {
        section aria-labelledby="computers" {
            h2 #computers { (seen.cast.role_name(id)) }
            @match part {
                None if id == UNKNOWN => p { "Addresses that the site file does not name. " a href="/unexplained?role=unknown" { "What they do that is flagged" } },
                None => p.quiet { "Nobody holds this role, and no rule of this site speaks of it." },
                Some(part) => {
                    @if let Some(word) = part.by_word { p { "Held by " (word) "." } }
                    ul.computers {
                        @for computer in part.computers.iter().take(COMPUTERS) {
                            @let single = computer.prefix.prefix_len() == computer.prefix.max_prefix_len();
                            li {
                                @if single { (address(computer.prefix.addr(), seen.cast)) }
                                @else { span.address { (computer.address()) } }
                            }
                        }
                    }
                    @if part.computers.len() > COMPUTERS {
                        p.quiet { "and " (many((part.computers.len() - COMPUTERS) as u64, "other", "others")) }
                    }
                    p { a href=(Asked::view(View::Flows).with("role", Some(id)).href()) { "Live flows of this role" } }
                }
            }
        }
    }
}

fn end(id: &str, seen: &Seen<'_>) -> Markup {
    if id == UNKNOWN {
        html! { span.quiet { "no role" } }
    } else {
        role(id, seen.cast)
    }
}

/// The picture as a table.
pub(super) fn connections(seen: &Seen<'_>, map: &SiteMap) -> Markup {
    let mut edges: Vec<&Edge> = map.edges.iter().collect();
    edges.sort_by(|a, b| {
        let worry = |edge: &Edge| (edge.kind.is_unexplained(), edge.kind > Kind::Silent);
        worry(b)
            .cmp(&worry(a))
            .then(b.rate.bytes.total_cmp(&a.rate.bytes))
            .then(b.tally.bytes.cmp(&a.tally.bytes))
            .then((&a.from, &a.to).cmp(&(&b.from, &b.to)))
    });
    html! {
        section aria-labelledby="connections" {
            h2 #connections { "Connections" }
            @if edges.is_empty() {
                p.quiet { "Nothing flows that these filters let through." }
            } @else {
                table.cards {
                    thead { tr {
                        th scope="col" { "from" } th scope="col" { "to" } th scope="col" { "what" } th scope="col" { "by" }
                        th.num scope="col" { "rate" } th.num scope="col" { "flows" } th.num scope="col" { "bytes" } th.num scope="col" { "blocked" }
                    } }
                    tbody {
                        @for edge in edges {
                            tr data-key=(format!("{} {} {}", edge.from, edge.to, edge.kind.is_unexplained())) {
                                td data-label="from" { (end(&edge.from, seen)) }
                                td data-label="to" { (end(&edge.to, seen)) }
                                td data-label="what" { (verdict(edge.kind.name())) }
                                td data-label="by" {
                                    a href=(behind(edge).href()) title=(words(edge, seen.cast)) {
                                        @match edge.by.as_slice() {
                                            [] => "flows",
                                            [one] => (one),
                                            several if edge.kind.is_unexplained() => (many(several.len() as u64, "service", "services")),
                                            several => (many(several.len() as u64, "rule", "rules")),
                                        }
                                    }
                                }
                                td.num data-label="rate" { (bits(edge.rate)) }
                                td.num data-label="flows" { (count(edge.tally.flows)) }
                                td.num data-label="bytes" { (bytes(edge.tally.bytes)) }
                                td.num data-label="blocked" {
                                    @if edge.blocked > 0 { span.mark.v-refused { (sign("refused")) " " (count(edge.blocked)) } }
                                    @else { span.quiet { "0" } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

pub(super) fn sheet(seen: &Seen<'_>) -> Sheet {
    let columns = [
        "from",
        "to",
        "kind",
        "by",
        "bits_per_s",
        "packets",
        "bytes",
        "flows",
        "blocked",
    ];
    let mut sheet = Sheet::new(&columns);
    for edge in drawn(seen).edges {
        sheet.rows.push(vec![
            json!(edge.from),
            json!(edge.to),
            json!(edge.kind.name()),
            json!(edge.by),
            json!((edge.rate.bytes * 8.0).round()),
            json!(edge.tally.packets),
            json!(edge.tally.bytes),
            json!(edge.tally.flows),
            json!(edge.blocked),
        ]);
    }
    sheet
}
