//! Flows: those that live, sorted and filtered by the daemon, a page at a time.

use std::net::IpAddr;

use maud::{Markup, html};
use serde_json::json;

use super::Seen;
use super::cells::{
    address, choice, explain_flow, field, filter_form, order, roles, rules, sign, sortable, verdict,
};
use super::layout::saving;
use crate::answer::FlowEnd;
use crate::dashboard::asked::Asked;
use crate::dashboard::groups::service;
use crate::dashboard::quantity::{bits, bytes, count, since, stretch};
use crate::dashboard::sheet::Sheet;
use crate::dashboard::snapshot::{FlowRow, FlowsAsked};
use crate::serve::{FlowQuery, FlowSort};
use crate::spelling::did_you_mean;

/// Rows of a page: what a browser lays out anew each second without stutter.
const ROWS: usize = 150;
/// Rows of a file.
const SAVED: usize = 100_000;

/// Orders by name; nothing stands for the fastest first, which no answer over the socket knows.
const SORTS: [(&str, Option<FlowSort>); 7] = [
    ("bytes", Some(FlowSort::Bytes)),
    ("packets", Some(FlowSort::Packets)),
    ("rate", None),
    ("last-seen", Some(FlowSort::LastSeen)),
    ("first-seen", Some(FlowSort::FirstSeen)),
    ("verdict", Some(FlowSort::Verdict)),
    ("address", Some(FlowSort::Address)),
];

const STATES: [&str; 5] = [
    "answered",
    "unanswered",
    "refused",
    "one-sided",
    "no-answer-expected",
];

/// What a URL asks for, and which page of it.
fn wanted(asked: &Asked, rows: usize) -> Result<(FlowsAsked, usize), String> {
    let sort = match asked.get("sort") {
        None => Some(FlowSort::default()),
        Some(name) => match SORTS.iter().find(|(known, _)| *known == name) {
            Some((_, sort)) => *sort,
            None => {
                let names = SORTS.map(|(name, _)| name);
                let hint = did_you_mean(name, names);
                return Err(format!(
                    "\"{name}\" is no order; write one of {}{hint}",
                    names.join(", ")
                ));
            }
        },
    };
    if let Some(state) = asked.get("state").filter(|state| !STATES.contains(state)) {
        let hint = did_you_mean(state, STATES);
        return Err(format!(
            "\"{state}\" is no state; write one of {}{hint}",
            STATES.join(", ")
        ));
    }
    let mut addresses: Vec<IpAddr> = Vec::new();
    for text in asked.all("address") {
        let parsed = text.parse();
        addresses.push(parsed.map_err(|_| format!("\"{text}\" is no address; names are not resolved"))?);
    }
    let page = match asked.get("page").map(str::parse::<usize>) {
        None => 1,
        Some(Ok(page @ 1..=100_000)) => page,
        Some(_) => return Err("a page is a number from 1 on".to_owned()),
    };
    let flows = FlowsAsked {
        query: FlowQuery {
            verdict: asked.all("verdict"),
            role: asked.all("role"),
            address: addresses,
            rule: asked.all("rule"),
            sort: sort.unwrap_or_default(),
            limit: None,
        },
        fastest: sort.is_none(),
        state: asked.get("state").map(str::to_owned),
        offset: (page - 1) * rows,
        limit: rows,
    };
    Ok((flows, page))
}

pub(super) fn page(seen: &Seen<'_>) -> Result<Markup, String> {
    let asked = &seen.asked;
    let (wanted, page) = wanted(asked, ROWS)?;
    let found = seen.source.flows(&wanted)?;
    let pages = usize::try_from(found.matching)
        .unwrap_or(usize::MAX)
        .div_ceil(ROWS);
    let verdicts = [
        "documented",
        "approved",
        "baseline",
        "opaque",
        "local",
        "reversed",
        "undocumented",
        "foreign",
        "out-of-scope",
    ]
    .map(|kind| (kind, kind));
    let states = STATES.map(|state| (state, state));
    let orders = [
        ("packets", "most packets first"),
        ("rate", "fastest first"),
        ("last-seen", "latest packet first"),
        ("first-seen", "newest first"),
        ("verdict", "by verdict"),
        ("address", "by initiator"),
    ];
    let fields = html! {
        (choice(asked, "verdict", "Verdict", &verdicts))
        (choice(asked, "state", "State", &states))
        (field(asked, "role", "Role", "management-point"))
        (field(asked, "address", "Address", "10.10.4.7"))
        (field(asked, "rule", "Rule", "client/management-point"))
        (order(asked, "most bytes first", &orders))
    };
    Ok(html! {
        h1 { "Flows" }
        p.caption {
            b { (count(found.matching)) } @if asked.is_filtered() { " live flows pass the filters" } @else { " live flows" }
            @if pages > 1 { ", page " (count(page as u64)) " of " (count(pages as u64)) }
        }
        (filter_form(asked, &["verdict", "state", "role", "address", "rule", "sort"], &fields))
        @if found.rows.is_empty() {
            p.quiet {
                @if page > 1 { "There is no such page any more. " a href=(asked.with("page", None).href()) { "First page" } }
                @else if asked.is_filtered() { "No live flow passes these filters." }
                @else { "No flow lives. Once a packet crosses one of the interfaces, it stands here." }
            }
        } @else {
            table.cards.flows {
                thead { tr {
                    (sortable(asked, "address", "bytes", "initiator", true))
                    th scope="col" { "responder" } th scope="col" { "service" }
                    (sortable(asked, "verdict", "bytes", "verdict", true))
                    th scope="col" { "rule" } th scope="col" { "basis" } th scope="col" { "state" }
                    (sortable(asked, "rate", "bytes", "rate", false))
                    (sortable(asked, "packets", "bytes", "packets", false))
                    (sortable(asked, "bytes", "bytes", "bytes", false))
                    (sortable(asked, "first-seen", "bytes", "age", false))
                    (sortable(asked, "last-seen", "bytes", "last", false))
                    th scope="col" { "then" }
                } }
                tbody { @for row in &found.rows { (flow(seen, row)) } }
            }
            (turning(asked, page, pages))
        }
        (saving(asked))
    })
}

/// Flows of some rules, for the view of these.
pub(super) fn of_rules(seen: &Seen<'_>, rules: &[String], most: usize) -> Result<Markup, String> {
    let wanted = FlowsAsked {
        query: FlowQuery {
            rule: rules.to_vec(),
            // What the rule explains first, then what it would explain the other way round.
            sort: FlowSort::Verdict,
            ..FlowQuery::default()
        },
        limit: most,
        ..FlowsAsked::default()
    };
    let found = seen.source.flows(&wanted)?;
    Ok(html! {
        @if found.rows.is_empty() {
            p.quiet { "No live flow." }
        } @else {
            table.cards.flows {
                thead { tr {
                    th scope="col" { "initiator" } th scope="col" { "responder" } th scope="col" { "service" } th scope="col" { "verdict" }
                    th scope="col" { "rule" } th scope="col" { "basis" } th scope="col" { "state" } th.num scope="col" { "rate" }
                    th.num scope="col" { "packets" } th.num scope="col" { "bytes" } th.num scope="col" { "age" } th.num scope="col" { "last" } th scope="col" { "then" }
                } }
                tbody { @for row in &found.rows { (flow(seen, row)) } }
            }
        }
    })
}

fn flow(seen: &Seen<'_>, row: &FlowRow) -> Markup {
    let FlowRow { flow, rate } = row;
    let now = seen.snapshot.status.at;
    let packets = flow.forward.packets + flow.reverse.packets;
    let size = flow.forward.bytes + flow.reverse.bytes;
    let age = now.duration_since(flow.first_seen).as_secs().max(0);
    html! {
        tr data-key=(format!("{} {}:{} {}:{}", flow.protocol, flow.initiator.address, flow.initiator.port, flow.responder.address, flow.responder.port)) {
            td data-label="initiator" {
                (end(seen, &flow.initiator))
                @if !flow.initiator_seen { " " span.quiet title="Nobody saw who opened it: a guess by its ports" { "inferred" } }
            }
            td data-label="responder" { (end(seen, &flow.responder)) }
            td data-label="service" { code { (service(&flow.protocol, flow.responder.port)) } }
            td data-label="verdict" { (verdict(&flow.verdict)) }
            td data-label="rule" {
                (rules(&flow.rules))
                @if !flow.conditions.is_empty() { " " span.quiet { "(only if " (flow.conditions.join(", ")) ")" } }
            }
            td data-label="basis" { (flow.basis.as_deref().unwrap_or("–")) }
            td data-label="state" { span.mark.(format!("v-{}", flow.state)) { @if ["refused", "unanswered"].contains(&&*flow.state) { span aria-hidden="true" { (sign(&flow.state)) } " " } (flow.state) } }
            td.num data-label="rate" { (rate.map_or_else(|| "–".to_owned(), bits)) }
            td.num data-label="packets" title=(format!("{} from the initiator, {} from the responder", count(flow.forward.packets), count(flow.reverse.packets))) { (count(packets)) }
            td.num data-label="bytes" title=(format!("{} from the initiator, {} from the responder", bytes(flow.forward.bytes), bytes(flow.reverse.bytes))) { (bytes(size)) }
            td.num data-label="age" title=(format!("First packet {} UTC", flow.first_seen.strftime("%Y-%m-%d %H:%M:%S"))) { (stretch(age)) }
            td.num data-label="last" { (since(flow.last_seen, now)) }
            td.actions data-label="then" { (explain_flow(flow)) }
        }
    }
}

fn end(seen: &Seen<'_>, end: &FlowEnd) -> Markup {
    html! { (address(end.address, seen.cast)) br; (roles(&end.roles, seen.cast)) }
}

fn turning(asked: &Asked, page: usize, pages: usize) -> Markup {
    let to = |page: usize| {
        asked
            .with("page", (page > 1).then(|| page.to_string()).as_deref())
            .href()
    };
    html! {
        @if pages > 1 {
            nav.pages aria-label="Pages" {
                @if page > 1 { a href=(to(page - 1)) rel="prev" { "← Previous" } }
                span { "Page " (page) " of " (pages) }
                @if page < pages { a href=(to(page + 1)) rel="next" { "Next →" } }
            }
        }
    }
}

pub(super) fn sheet(seen: &Seen<'_>) -> Result<Sheet, String> {
    let (wanted, _) = wanted(&seen.asked.with("page", None), SAVED)?;
    let columns = [
        "protocol",
        "initiator",
        "initiator_port",
        "initiator_roles",
        "initiator_seen",
        "responder",
        "responder_port",
        "responder_roles",
        "verdict",
        "rules",
        "basis",
        "state",
        "bits_per_s",
        "packets",
        "bytes",
        "first_seen",
        "last_seen",
    ];
    let mut sheet = Sheet::new(&columns);
    for FlowRow { flow, rate } in seen.source.flows(&wanted)?.rows {
        sheet.rows.push(vec![
            json!(flow.protocol),
            json!(flow.initiator.address),
            json!(flow.initiator.port),
            json!(flow.initiator.roles),
            json!(flow.initiator_seen),
            json!(flow.responder.address),
            json!(flow.responder.port),
            json!(flow.responder.roles),
            json!(flow.verdict),
            json!(flow.rules),
            json!(flow.basis),
            json!(flow.state),
            json!(rate.map(|rate| (rate.bytes * 8.0).round())),
            json!(flow.forward.packets + flow.reverse.packets),
            json!(flow.forward.bytes + flow.reverse.bytes),
            json!(flow.first_seen),
            json!(flow.last_seen),
        ]);
    }
    Ok(sheet)
}
