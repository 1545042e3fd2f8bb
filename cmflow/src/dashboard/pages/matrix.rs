//! Matrix: source role by destination role.

use maud::{Markup, html};
use serde_json::json;

use super::Seen;
use super::cells::sign;
use super::chart::shares;
use super::layout::{ranges, saving};
use super::map::connections;
use super::picture::words;
use crate::dashboard::asked::{Asked, View};
use crate::dashboard::groups::UNKNOWN;
use crate::dashboard::map::{Edge, SiteMap, draw, filtered, told_over};
use crate::dashboard::matrix::{Cell, of};
use crate::dashboard::quantity::{bits, bytes, count};
use crate::dashboard::sheet::Sheet;

fn whole(seen: &Seen<'_>) -> SiteMap {
    draw(seen.snapshot, seen.recent, seen.cast, seen.past.as_deref(), false)
}

pub(super) fn page(seen: &Seen<'_>) -> Markup {
    let map = whole(seen);
    let matrix = of(&map, seen.cast);
    let range = seen.asked.get("range");
    let chosen =
        |from: &str, to: &str| seen.asked.get("from") == Some(from) && seen.asked.get("to") == Some(to);
    html! {
        div.heading {
            h1 { "Matrix" }
            (ranges(seen))
        }
        p.caption { "Who opens (rows) to whom (columns). " (told_over(seen.asked.range())) ". Choose a cell to see what is in it." }
        @if matrix.cells.is_empty() {
            p.quiet { "Nothing that the site file names flows yet." }
        } @else {
            div.scroll tabindex="0" role="region" aria-label="Matrix of roles" {
                table.matrix {
                    thead { tr {
                        th.corner scope="col" { "opens ↓ to →" }
                        @for (id, name) in &matrix.destinations { th scope="col" title=(name) { span { (shown(id)) } } }
                    } }
                    tbody {
                        @for (from, name) in &matrix.sources {
                            tr data-key=(from) {
                                th scope="row" title=(name) { (shown(from)) }
                                @for (to, _) in &matrix.destinations {
                                    @match matrix.cells.get(&(from.clone(), to.clone())) {
                                        None => td.empty { span.quiet-words { "nothing" } },
                                        Some(cell) => {
                                            @let target = Asked::view(View::Matrix).with("range", range).with("from", Some(from)).with("to", Some(to));
                                            td.chosen[chosen(from, to)] data-label=(format!("to {}", shown(to))) {
                                                a href=(target.href()) aria-label=(format!("{} to {}: {}", shown(from), shown(to), in_words(cell))) title=(in_words(cell)) {
                                                    span.rate {
                                                        @if let Some(worst) = cell.worst() {
                                                            span.mark.(format!("v-{}", worst.name())) aria-hidden="true" { (sign(worst.name())) } " "
                                                        }
                                                        @if cell.rate.bytes > 0.0 { (bits(cell.rate)) } @else { span.quiet { (bytes(cell.tally.bytes)) } }
                                                    }
                                                    (mix(cell))
                                                    @if cell.blocked > 0 { span.mark.v-refused { (sign("refused")) " " (count(cell.blocked)) } }
                                                }
                                            }
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        @if seen.asked.get("from").is_some() || seen.asked.get("to").is_some() {
            p { a href=(Asked::view(View::Matrix).with("range", range).href()) { "Clear the choice" } }
            (connections(seen, &filtered(map, &seen.asked)))
        }
        (saving(&seen.asked))
    }
}

fn shown(id: &str) -> &str {
    if id == UNKNOWN { "no role" } else { id }
}

fn mix(cell: &Cell) -> Markup {
    let parts: Vec<(&str, f64)> = cell
        .mix
        .iter()
        .map(|(kind, bytes)| (kind.name(), *bytes as f64))
        .collect();
    shares(&parts)
}

fn in_words(cell: &Cell) -> String {
    let kinds: Vec<&str> = cell.mix.keys().map(|kind| kind.words()).collect();
    let blocked = match cell.blocked {
        0 => String::new(),
        number => format!(", {number} flows not answered or refused"),
    };
    format!(
        "{}, {}, {} flows, {}{blocked}",
        bits(cell.rate),
        bytes(cell.tally.bytes),
        count(cell.tally.flows),
        kinds.join(", ")
    )
}

pub(super) fn sheet(seen: &Seen<'_>) -> Sheet {
    let mut sheet = Sheet::new(&[
        "from",
        "to",
        "kind",
        "bits_per_s",
        "packets",
        "bytes",
        "flows",
        "blocked",
        "words",
    ]);
    let map = filtered(whole(seen), &seen.asked);
    let counted = |edge: &&Edge| edge.tally.packets > 0;
    for edge in map.edges.iter().filter(counted) {
        sheet.rows.push(vec![
            json!(edge.from),
            json!(edge.to),
            json!(edge.kind.name()),
            json!((edge.rate.bytes * 8.0).round()),
            json!(edge.tally.packets),
            json!(edge.tally.bytes),
            json!(edge.tally.flows),
            json!(edge.blocked),
            json!(words(edge, seen.cast)),
        ]);
    }
    sheet
}
