//! Unexplained: groups of what nothing explains, and what can be done about each.

use std::collections::BTreeSet;
use std::net::IpAddr;

use maud::{Markup, html};
use serde_json::json;

use super::Seen;
use super::cells::{address, choice, explaining, field, filter_form, order, roles, rule, verdict};
use super::layout::saving;
use super::overview::place_of;
use crate::answer::Unexplained;
use crate::dashboard::groups::{Row, rows, with_examples};
use crate::dashboard::quantity::{bits, bytes, count, many, since, stretch, time};
use crate::dashboard::sheet::Sheet;

/// Groups of a page.
const ROWS: usize = 200;

pub(super) fn page(seen: &Seen<'_>) -> Result<Markup, String> {
    let mut found = rows(seen.snapshot, seen.recent, seen.cast, &seen.asked)?;
    let all = found.len();
    found.truncate(ROWS);
    let asked = &seen.asked;
    let verdicts = ["undocumented", "reversed", "foreign"].map(|kind| (kind, kind));
    let sorts = [
        ("last-seen", "latest packet first"),
        ("flows", "most flows first"),
        ("bytes", "most bytes first"),
    ];
    let fields = html! {
        (choice(asked, "verdict", "Verdict", &verdicts))
        (field(asked, "role", "Role", "management-point"))
        (field(asked, "port", "Port", "3389"))
        (order(asked, "newest first", &sorts))
    };
    // One group that was chosen is shown with all that can be done about it.
    let single = found.len() == 1 && asked.is_filtered();
    with_examples(&mut found, seen.snapshot);
    Ok(html! {
        h1 { "Unexplained" }
        p.caption {
            "What no document explains, by roles and service: many that do one thing are one row. "
            b { (many(all as u64, "group", "groups")) }
            @if seen.snapshot.undocumented.beyond > 0 {
                "; " (many(seen.snapshot.undocumented.beyond, "flow", "flows")) " of conversations beyond what is kept apart"
            }
        }
        (filter_form(asked, &["verdict", "role", "port", "sort"], &fields))
        @if found.is_empty() {
            p.good {
                @if asked.is_filtered() { "No group passes these filters." }
                @else { "Nothing: every flow that crossed so far is explained, or neither end is known." }
            }
        } @else {
            table.cards {
                thead { tr {
                    th scope="col" { "from" } th scope="col" { "to" } th scope="col" { "service" } th scope="col" { "verdict" }
                    th.num scope="col" { "computers" } th.num scope="col" { "flows" } th.num scope="col" { "rate" } th.num scope="col" { "bytes" }
                    th scope="col" aria-sort=[asked.get("sort").is_none().then_some("descending")] { "first seen" } th scope="col" { "last" }
                    th scope="col" { "nearest rule" } th scope="col" { "then" }
                } }
                tbody { @for row in &found { (group(seen, row)) } }
            }
            @if all > ROWS { p.quiet { "and " (many((all - ROWS) as u64, "group", "groups")) " more; filters find them" } }
        }
        @if single { @for row in &found { (detail(seen, row)) } }
        (saving(asked))
    })
}

fn group(seen: &Seen<'_>, row: &Row<'_>) -> Markup {
    let group = row.group;
    let now = seen.snapshot.status.at;
    let place = place_of(row).href();
    html! {
        tr data-key=(row.key()) {
            td data-label="from" { (roles(&group.initiator_roles, seen.cast)) }
            td data-label="to" { (roles(&group.responder_roles, seen.cast)) }
            td data-label="service" { a href=(place) { code { (row.service()) } } }
            td data-label="verdict" title=(row.words()) { (verdict(&group.verdict)) }
            td.num data-label="computers" title=(format!("{} open to {}", count(group.initiators), count(group.responders))) {
                (count(group.initiators)) span aria-hidden="true" { " → " } span.quiet-words { " to " } (count(group.responders))
            }
            td.num data-label="flows" { (count(group.flows)) }
            td.num data-label="rate" { @if row.is_active() { (row.rate.map(bits).unwrap_or_default()) } @else { span.quiet { "quiet" } } }
            td.num data-label="bytes" { (bytes(group.bytes)) }
            td data-label="first seen" { (since(group.first_seen, now)) }
            td data-label="last" { (since(group.last_seen, now)) }
            td.nearest data-label="nearest rule" {
                @match &group.nearest {
                    Some(nearest) => { (rule(&nearest.rule)) br; span.quiet { (nearest.why_not) } },
                    None => span.quiet { "none comes near" },
                }
            }
            td.actions data-label="then" {
                @if let Some(one) = row.examples.first() { a href=(explaining(one.initiator, one.responder, &row.service(), false).href()) { "explain" } }
                a href=(format!("{place}#approve")) { "decide" }
            }
        }
    }
}

/// What is behind one group, and what to do about it.
fn detail(seen: &Seen<'_>, row: &Row<'_>) -> Markup {
    html! {
        (conversations(seen, row))
        (add_role(row))
        (approve(seen, row))
    }
}

fn conversations(seen: &Seen<'_>, row: &Row<'_>) -> Markup {
    let now = seen.snapshot.status.at;
    html! {
        section aria-labelledby="conversations" {
            h2 #conversations { "Who it is" }
            table.cards {
                thead { tr {
                    th scope="col" { "initiator" } th scope="col" { "responder" } th.num scope="col" { "flows" } th.num scope="col" { "bytes" }
                    th scope="col" { "first seen" } th scope="col" { "lasted" } th scope="col" { "then" }
                } }
                tbody {
                    @for one in &row.examples {
                        tr data-key=(format!("{} {}", one.initiator, one.responder)) {
                            td data-label="initiator" { (address(one.initiator, seen.cast)) }
                            td data-label="responder" { (address(one.responder, seen.cast)) }
                            td.num data-label="flows" { (count(one.flows)) }
                            td.num data-label="bytes" { (bytes(one.bytes)) }
                            td data-label="first seen" { (time(one.first_seen, now)) }
                            td data-label="lasted" { (stretch(one.last_seen.duration_since(one.first_seen).as_secs())) }
                            td.actions data-label="then" { a href=(explaining(one.initiator, one.responder, &row.service(), false).href()) { "explain" } }
                        }
                    }
                }
            }
            @if row.group.initiators.max(row.group.responders) > row.examples.len() as u64 { p.quiet { "Some of them; CSV and JSON of flows name those that live." } }
        }
    }
}

/// Lines for the site file: what nothing explains on the first day is most often a role that is missing there.
fn add_role(row: &Row<'_>) -> Markup {
    let strangers = |end: fn(&Unexplained) -> IpAddr| -> BTreeSet<IpAddr> {
        row.examples.iter().map(|one| end(one)).collect()
    };
    let unknown: Vec<IpAddr> = match (
        row.group.initiator_roles.is_empty(),
        row.group.responder_roles.is_empty(),
    ) {
        (true, false) => strangers(|one| one.initiator).into_iter().collect(),
        (false, true) => strangers(|one| one.responder).into_iter().collect(),
        _ => Vec::new(),
    };
    let listed: Vec<String> = unknown.iter().map(|address| format!("\"{address}\"")).collect();
    html! {
        section #add-role aria-labelledby="add-role-heading" {
            h2 #add-role-heading { "Is a role missing in the site file?" }
            @if unknown.is_empty() {
                p { "The site file names both ends. If one of them holds a role more, add its address to that role, then " code { "cmflow reload" } "." }
            } @else {
                p { "It does not name " (many(unknown.len() as u64, "address", "addresses")) ". If you know what it is, add it, then " code { "cmflow reload" } ":" }
                pre { "[roles]\n# the role that fits, as cmflow catalogue show names it\nROLE = [" (listed.join(", ")) "]" }
            }
            @if let Some(nearest) = &row.group.nearest { p { "The nearest rule is " (rule(&nearest.rule)) ": " (nearest.why_not) } }
        }
    }
}

/// An end as an approval names it: its role, or the addresses that are known.
fn end(roles: &[String], addresses: &BTreeSet<IpAddr>) -> String {
    match roles.first() {
        Some(role) => role.clone(),
        None => addresses
            .iter()
            .map(IpAddr::to_string)
            .collect::<Vec<_>>()
            .join(","),
    }
}

fn approve(seen: &Seen<'_>, row: &Row<'_>) -> Markup {
    let ends = |end: fn(&Unexplained) -> IpAddr| -> BTreeSet<IpAddr> {
        row.examples.iter().map(|one| end(one)).collect()
    };
    let from = end(&row.group.initiator_roles, &ends(|one| one.initiator));
    let to = end(&row.group.responder_roles, &ends(|one| one.responder));
    let service = row.service();
    let site = &seen.snapshot.status.site;
    html! {
        section #approve aria-labelledby="approve-heading" {
            h2 #approve-heading { "Approve it" }
            p { "An approval says who answers for it and until when. It explains what it covers, and nothing else." }
            @if seen.source.takes_approvals() {
                form #approval.sheet method="post" action="/api/v1/approvals" {
                    label { span { "Who opens" } input type="text" name="from" value=(from) required; }
                    label { span { "Who answers" } input type="text" name="to" value=(to) required; }
                    label { span { "Service" } input type="text" name="service" value=(service) required; }
                    label { span { "Why" } input type="text" name="why" required placeholder="CHG1234, or a sentence"; }
                    label { span { "Who answers for it" } input type="text" name="by" required placeholder="A. Admin" autocomplete="name"; }
                    label { span { "Last day" } input type="date" name="until" required; }
                    label { span { "Token" } input type="password" name="token" required autocomplete="off"; }
                    button type="submit" { "Approve" }
                }
                p.quiet { "The token is what " code { "--token-file" } " holds; it is sent with this approval and kept nowhere." }
            } @else {
                p { "This daemon takes no approvals over HTTP: start it with " code { "--token-file" } ", or write it down on the gateway:" }
            }
            pre { "cmflow approve --site " (site) " --from " (from) " --to " (to) " " (service) " \\\n  --why \"CHG1234\" --by \"A. Admin\" --until 2027-06-30" }
        }
    }
}

pub(super) fn sheet(seen: &Seen<'_>) -> Result<Sheet, String> {
    let columns = [
        "initiator_roles",
        "responder_roles",
        "protocol",
        "port",
        "verdict",
        "initiators",
        "responders",
        "flows",
        "packets",
        "bytes",
        "first_seen",
        "last_seen",
        "nearest",
        "why_not",
    ];
    let mut sheet = Sheet::new(&columns);
    for row in rows(seen.snapshot, seen.recent, seen.cast, &seen.asked)? {
        let group = row.group;
        sheet.rows.push(vec![
            json!(group.initiator_roles),
            json!(group.responder_roles),
            json!(group.protocol),
            json!(group.port),
            json!(group.verdict),
            json!(group.initiators),
            json!(group.responders),
            json!(group.flows),
            json!(group.packets),
            json!(group.bytes),
            json!(group.first_seen),
            json!(group.last_seen),
            json!(group.nearest.as_ref().map(|nearest| &nearest.rule)),
            json!(group.nearest.as_ref().map(|nearest| &nearest.why_not)),
        ]);
    }
    Ok(sheet)
}
