//! Blocked: what a rule explains and nobody answers.

use maud::{Markup, html};
use serde_json::json;

use super::Seen;
use super::cells::{address, choice, explaining, field, filter_form, roles, rules, sign, verdict};
use super::layout::saving;
use crate::dashboard::blocked::{Row, rows};
use crate::dashboard::quantity::{count, many, since};
use crate::dashboard::sheet::Sheet;

/// Rows of a page.
const ROWS: usize = 300;
/// Initiators that a row names.
const NAMED: usize = 2;

pub(super) fn page(seen: &Seen<'_>) -> Result<Markup, String> {
    let found = rows(seen.snapshot, &seen.asked)?;
    let now = seen.snapshot.status.at;
    let asked = &seen.asked;
    let fields = html! {
        (choice(asked, "state", "State", &[("refused", "refused"), ("unanswered", "unanswered")]))
        (field(asked, "role", "Role", "management-point"))
        (field(asked, "rule", "Rule", "client/management-point"))
    };
    Ok(html! {
        h1 { "Blocked" }
        p.caption {
            "Live flows that a rule explains and that came to nothing, by rule and computer, the latest first. "
            "This gateway saw them come in; a firewall behind it, or a service that is not there, is the reason."
        }
        (filter_form(asked, &["state", "role", "rule"], &fields))
        @if found.is_empty() {
            p.good { "None. What is documented and live was answered." }
        } @else {
            table.cards {
                thead { tr {
                    th scope="col" { "state" } th scope="col" { "rule" } th scope="col" { "from" } th scope="col" { "to" }
                    th scope="col" { "service" } th.num scope="col" { "flows" } th scope="col" { "since" } th scope="col" aria-sort="descending" { "last ▼" } th scope="col" { "then" }
                } }
                tbody {
                    @for row in found.iter().take(ROWS) {
                        tr data-key=(format!("{:?}{}{:?}{}{}", row.rules, row.state, row.from_roles, row.responder, row.service)) {
                            td data-label="state" { span.mark.(format!("v-{}", row.state)) { span aria-hidden="true" { (sign(&row.state)) } " " (row.state) } }
                            td data-label="rule" {
                                (rules(&row.rules))
                                @if row.verdict != "documented" { " " (verdict(&row.verdict)) }
                            }
                            td data-label="from" { (initiators(seen, row)) }
                            td data-label="to" { (address(row.responder, seen.cast)) " " (roles(&row.to_roles, seen.cast)) }
                            td data-label="service" { code { (row.service) } }
                            td.num data-label="flows" { (count(row.flows)) }
                            td data-label="since" { (since(row.first_seen, now)) }
                            td data-label="last" { (since(row.last_seen, now)) }
                            td.actions data-label="then" {
                                @if let Some(one) = row.initiators.first() {
                                    a href=(explaining(*one, row.responder, &row.service, false).href()) { "explain" }
                                }
                            }
                        }
                    }
                }
            }
            @if found.len() > ROWS { p.quiet { "and " (many((found.len() - ROWS) as u64, "row", "rows")) " more" } }
        }
        @if seen.snapshot.blocked_beyond > 0 {
            p.quiet { "Drawn from the latest " (count(seen.snapshot.blocked.len() as u64)) " of such flows; " (count(seen.snapshot.blocked_beyond)) " older ones are not among them." }
        }
        (saving(asked))
    })
}

fn initiators(seen: &Seen<'_>, row: &Row) -> Markup {
    html! {
        @if row.initiators.len() > NAMED {
            (many(row.initiators.len() as u64, "computer", "computers")) ", such as "
            @if let Some(one) = row.initiators.first() { (address(*one, seen.cast)) }
        } @else {
            @for (place, one) in row.initiators.iter().enumerate() {
                @if place > 0 { ", " }
                (address(*one, seen.cast))
            }
        }
        " " (roles(&row.from_roles, seen.cast))
    }
}

pub(super) fn sheet(seen: &Seen<'_>) -> Result<Sheet, String> {
    let columns = [
        "state",
        "verdict",
        "rules",
        "initiator_roles",
        "initiators",
        "responder",
        "responder_roles",
        "service",
        "flows",
        "packets",
        "first_seen",
        "last_seen",
    ];
    let mut sheet = Sheet::new(&columns);
    for row in rows(seen.snapshot, &seen.asked)? {
        sheet.rows.push(vec![
            json!(row.state),
            json!(row.verdict),
            json!(row.rules),
            json!(row.from_roles),
            json!(row.initiators),
            json!(row.responder),
            json!(row.to_roles),
            json!(row.service),
            json!(row.flows),
            json!(row.packets),
            json!(row.first_seen),
            json!(row.last_seen),
        ]);
    }
    Ok(sheet)
}
