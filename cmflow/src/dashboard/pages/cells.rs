//! Pieces of tables that views share: verdicts, roles, addresses, rules, links to what explains.

use std::net::IpAddr;

use maud::{Markup, html};

use crate::answer::Flow;
use crate::dashboard::Cast;
use crate::dashboard::asked::{Asked, View};
use crate::dashboard::groups::service;

/// Roles that a cell names before it only counts them.
const ROLES: usize = 2;
/// Rules that a cell names.
const RULES: usize = 2;

/// The sign of a verdict, or of what an edge is: a shape each, so that colour alone tells nothing.
pub(super) const fn sign(kind: &str) -> &'static str {
    match kind.as_bytes() {
        b"documented" => "●",
        b"approved" => "◆",
        b"baseline" => "○",
        b"opaque" => "▣",
        b"reversed" => "⇄",
        b"undocumented" => "▲",
        b"foreign" => "△",
        b"silent" => "◌",
        b"unseen" => "·",
        b"refused" => "✕",
        b"unanswered" => "…",
        _ => "–",
    }
}

/// A verdict with its sign.
pub(super) fn verdict(kind: &str) -> Markup {
    html! { span.mark.(format!("v-{kind}")) { span aria-hidden="true" { (sign(kind)) } " " (kind) } }
}

/// A role that leads to its place in the picture.
pub(super) fn role(id: &str, cast: &Cast) -> Markup {
    let asked = Asked::view(View::Map).with("role", Some(id));
    html! { a.role href=(asked.href()) title=(cast.role_name(id)) { (id) } }
}

/// Roles of an end, the telling ones first.
pub(super) fn roles(roles: &[String], cast: &Cast) -> Markup {
    let mut sorted: Vec<&str> = roles.iter().map(String::as_str).collect();
    if let Some(chief) = cast.chief(roles) {
        sorted.sort_by_key(|role| *role != chief);
    }
    let beyond = sorted.len().saturating_sub(ROLES);
    html! {
        @if sorted.is_empty() {
            span.quiet { "no role" }
        }
        @for (place, id) in sorted.iter().take(ROLES).enumerate() {
            @if place > 0 { ", " }
            (role(id, cast))
        }
        @if beyond > 0 {
            " " span.quiet title=(sorted[ROLES..].join(", ")) { "+" (beyond) }
        }
    }
}

/// An address that leads to its flows, with the name of the computer where it has one.
pub(super) fn address(address: IpAddr, cast: &Cast) -> Markup {
    let shown = address.to_string();
    let asked = Asked::view(View::Flows).with("address", Some(&shown));
    html! {
        a.address href=(asked.href()) { (shown) }
        @if let Some(name) = cast.computer(address) { " " span.name { (name) } }
    }
}

/// A rule that leads to its row.
pub(super) fn rule(id: &str) -> Markup {
    let asked = Asked::view(View::Rules).with("rule", Some(id));
    html! { a.rule href=(asked.href()) { (breakable(id)) } }
}

/// The id of a rule, which may go on in the next line after each of its parts.
pub(super) fn breakable(id: &str) -> Markup {
    html! {
        @for (place, part) in id.split_inclusive(['/', ':']).enumerate() {
            @if place > 0 { wbr; }
            (part)
        }
    }
}

/// Rules of a flow.
pub(super) fn rules(ids: &[String]) -> Markup {
    html! {
        @if ids.is_empty() { span.quiet { "none" } }
        @for (place, id) in ids.iter().take(RULES).enumerate() {
            @if place > 0 { br; }
            (rule(id))
        }
        @if ids.len() > RULES {
            " " span.quiet title=(ids[RULES..].join(", ")) { "+" (ids.len() - RULES) }
        }
    }
}

/// Where a flow is explained.
pub(super) fn explaining(from: IpAddr, to: IpAddr, service: &str, announced: bool) -> Asked {
    Asked::view(View::Explain)
        .with("from", Some(&from.to_string()))
        .with("to", Some(&to.to_string()))
        .with("service", Some(service))
        .with("after", announced.then_some("tcp/135"))
}

/// The link to it.
pub(super) fn explain_flow(flow: &Flow) -> Markup {
    let service = service(&flow.protocol, flow.responder.port);
    let announced = flow.basis.as_deref() == Some("expectation");
    let asked = explaining(
        flow.initiator.address,
        flow.responder.address,
        &service,
        announced,
    );
    html! {
        a href=(asked.href()) aria-label=(format!("Explain {} to {} {service}", flow.initiator.address, flow.responder.address)) { "explain" }
    }
}

/// A heading of a column by which the table can be sorted.
pub(super) fn sortable(asked: &Asked, key: &str, default: &str, name: &str, ascending: bool) -> Markup {
    let sorted = asked.get("sort").unwrap_or(default) == key;
    let order = if ascending { "ascending" } else { "descending" };
    let target = asked
        .with("sort", (key != default).then_some(key))
        .with("page", None);
    html! {
        th.num[!ascending] scope="col" aria-sort=[sorted.then_some(order)] {
            a href=(target.href()) title=(format!("Sort by {name}")) {
                (name)
                span aria-hidden="true" { @if sorted { @if ascending { " ▲" } @else { " ▼" } } }
            }
        }
    }
}

/// A choice of a filter form.
pub(super) fn choice(asked: &Asked, key: &str, label: &str, values: &[(&str, &str)]) -> Markup {
    among(asked, key, label, "any", values)
}

/// The order of a table, for narrow screens, where its columns have no headings. `usual` is what it is sorted by where
/// nothing is said.
pub(super) fn order(asked: &Asked, usual: &str, others: &[(&str, &str)]) -> Markup {
    among(asked, "sort", "Order", usual, others)
}

fn among(asked: &Asked, key: &str, label: &str, unsaid: &str, values: &[(&str, &str)]) -> Markup {
    let chosen = asked.get(key).unwrap_or_default();
    html! {
        label {
            span { (label) }
            select name=(key) {
                option value="" { (unsaid) }
                @for (value, words) in values {
                    option value=(value) selected[*value == chosen] { (words) }
                }
            }
        }
    }
}

/// A field of a filter form.
pub(super) fn field(asked: &Asked, key: &str, label: &str, example: &str) -> Markup {
    html! {
        label {
            span { (label) }
            input type="text" name=(key) value=(asked.get(key).unwrap_or_default()) placeholder=(example) autocomplete="off" spellcheck="false";
        }
    }
}

/// A form that filters a view; what it does not show it carries along.
pub(super) fn filter_form(asked: &Asked, keys: &[&str], fields: &Markup) -> Markup {
    let dropped: Vec<&str> = keys.iter().copied().chain(["page"]).collect();
    let plain = Asked::view(asked.view).with("range", asked.get("range"));
    html! {
        form.filters method="get" action=(asked.view.path()) role="search" aria-label="Filters" {
            (fields)
            @for (key, value) in asked.beside(&dropped) {
                input type="hidden" name=(key) value=(value);
            }
            button type="submit" { @if asked.view == View::Explain { "Explain" } @else { "Filter" } }
            @if asked.is_filtered() {
                a href=(plain.href()) { "Clear" }
            }
        }
    }
}
