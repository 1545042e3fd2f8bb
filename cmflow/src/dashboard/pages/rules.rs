//! Rules: every one that is possible here, whether it is used, and when it was last.

use std::cmp::Reverse;

use cmflow_common::verdict::VerdictKind;
use maud::{Markup, html};
use serde_json::json;

use super::Seen;
use super::cells::{breakable, choice, field, filter_form, order, sign, sortable, verdict};
use super::chart::sparkline;
use super::flows::of_rules;
use super::layout::{ranges, saving};
use crate::answer::{AuditedRule, Grade, RuleCount, Tally};
use crate::dashboard::asked::{Asked, Range, View};
use crate::dashboard::cast::Way;
use crate::dashboard::map::told_over;
use crate::dashboard::quantity::{bits, bytes, count, since};
use crate::dashboard::recent::Rate;
use crate::dashboard::sheet::Sheet;
use crate::spelling::did_you_mean;

/// Parts of a sparkline.
const PARTS: usize = 30;
/// Seconds of each of a live one.
const EACH_S: f64 = 4.0;
/// Live flows that are shown with the rules that were asked for.
const FLOWS: usize = 20;

struct Row<'a> {
    way: &'a Way,
    count: &'a RuleCount,
    tally: Tally,
    rate: Option<Rate>,
    audited: Option<&'a AuditedRule>,
}

fn rows<'a>(seen: &'a Seen<'_>) -> Result<Vec<Row<'a>>, String> {
    let asked = &seen.asked;
    let wanted = asked.all("rule");
    let known = |wanted: &String| {
        seen.cast
            .ways
            .iter()
            .any(|way| way.id.starts_with(wanted.as_str()))
    };
    if let Some(wanted) = wanted.iter().find(|wanted| !known(wanted)) {
        let hint = did_you_mean(wanted, seen.cast.ways.iter().map(|way| way.id.as_str()));
        return Err(format!(
            "no rule that is possible here begins with \"{wanted}\"{hint}"
        ));
    }
    if let Some(grade) = asked.get("grade") {
        let names = Grade::ALL.map(Grade::name);
        if !names.contains(&grade) {
            let hint = did_you_mean(grade, names);
            return Err(format!(
                "\"{grade}\" is no grade; write one of {}{hint}",
                names.join(", ")
            ));
        }
    }
    let audit = seen.source.audit();
    let mut rows: Vec<Row<'_>> = seen
        .snapshot
        .rules
        .rules
        .iter()
        .filter_map(|count| {
            let way = seen.cast.way(&count.rule)?;
            let audited = audit.and_then(|audit| audit.rules.iter().find(|rule| rule.rule == count.rule));
            let tally = match &seen.past {
                Some(past) => past.of_rule(&count.rule),
                None => Tally {
                    packets: count.packets,
                    bytes: count.bytes,
                    flows: count.flows,
                },
            };
            let is = |key: &str, value: &str| asked.get(key).is_none_or(|wanted| wanted == value);
            let fits = (wanted.is_empty() || wanted.iter().any(|wanted| way.id.starts_with(wanted.as_str())))
                && is("from", &way.from)
                && is("to", &way.to)
                && is("kind", way.kind.name())
                && is("seen", if tally.packets > 0 { "yes" } else { "no" })
                && asked
                    .get("grade")
                    .is_none_or(|grade| audited.is_some_and(|rule| rule.grade.name() == grade));
            fits.then(|| Row {
                way,
                count,
                tally,
                rate: seen.recent.rule(&count.rule),
                audited,
            })
        })
        .collect();
    match asked.get("sort") {
        None | Some("bytes") => rows.sort_by_key(|row| Reverse((row.tally.bytes, row.count.last_seen))),
        Some("packets") => rows.sort_by_key(|row| Reverse(row.tally.packets)),
        Some("flows") => rows.sort_by_key(|row| Reverse(row.tally.flows)),
        Some("last-seen") => rows.sort_by_key(|row| Reverse(row.count.last_seen)),
        Some("rule") => rows.sort_by(|a, b| a.way.id.cmp(&b.way.id)),
        // The order of the page, as the catalogue has it.
        Some("page") => {}
        Some(other) => {
            return Err(format!(
                "\"{other}\" is no order; write bytes, packets, flows, last-seen, rule or page"
            ));
        }
    }
    Ok(rows)
}

pub(super) fn page(seen: &Seen<'_>) -> Result<Markup, String> {
    let found = rows(seen)?;
    let asked = &seen.asked;
    let audited = seen.source.audit().is_some();
    let used = found.iter().filter(|row| row.tally.packets > 0).count();
    let kinds = [
        VerdictKind::Documented,
        VerdictKind::Approved,
        VerdictKind::Baseline,
    ]
    .map(|kind| (kind.name(), kind.name()));
    let grades = Grade::ALL.map(|grade| (grade.name(), grade.name()));
    let orders = [
        ("packets", "most packets first"),
        ("flows", "most flows first"),
        ("last-seen", "latest hit first"),
        ("rule", "by name"),
    ];
    let fields = html! {
        (field(asked, "rule", "Rule", "client/management-point"))
        (field(asked, "from", "From role", "client"))
        (field(asked, "to", "To role", "management-point"))
        (choice(asked, "kind", "Kind", &kinds))
        (choice(asked, "seen", "Packets", &[("yes", "with"), ("no", "without")]))
        @if audited { (choice(asked, "grade", "Grade", &grades)) }
        (order(asked, "most bytes first", &orders))
    };
    let chosen = asked.all("rule");
    Ok(html! {
        div.heading {
            h1 { "Rules" }
            (ranges(seen))
        }
        p.caption {
            b { (count(used as u64)) } " of " b { (count(found.len() as u64)) } " rules had a packet. "
            @if seen.past.is_some() { (told_over(asked.range())) } @else { "Since counting began" }
            ". What several rules explain counts for each."
            @if !audited { " Grades stand here once an audit was made." }
        }
        (filter_form(asked, &["rule", "from", "to", "kind", "seen", "grade", "sort"], &fields))
        @if found.is_empty() {
            p.quiet { "No rule passes these filters." }
        } @else {
            table.cards {
                thead { tr {
                    (sortable(asked, "rule", "bytes", "rule", true))
                    th scope="col" { "service" } th scope="col" { "ports" } th scope="col" { "kind" }
                    @if audited { th scope="col" { "grade" } }
                    th scope="col" { "use" }
                    th.num scope="col" { "rate" }
                    (sortable(asked, "packets", "bytes", "packets", false))
                    (sortable(asked, "bytes", "bytes", "bytes", false))
                    (sortable(asked, "flows", "bytes", "flows", false))
                    (sortable(asked, "last-seen", "bytes", "last hit", false))
                } }
                tbody { @for row in &found { (shown(seen, row, audited)) } }
            }
        }
        @if !chosen.is_empty() && !found.is_empty() {
            section aria-labelledby="live" {
                h2 #live { "Live flows of " @if found.len() == 1 { "this rule" } @else { "these rules" } }
                (of_rules(seen, &chosen, FLOWS)?)
                p { a href=(Asked::view(View::Flows).and("rule", &chosen).href()) { "All of them" } }
            }
        }
        (saving(asked))
    })
}

fn shown(seen: &Seen<'_>, row: &Row<'_>, audited: bool) -> Markup {
    let now = seen.snapshot.status.at;
    let own = Asked::view(View::Rules)
        .with("range", seen.asked.get("range"))
        .with("rule", Some(&row.way.id));
    let over = match seen.asked.range() {
        Range::Live => "in the last 2 min",
        range => told_over(range),
    };
    let spark = match &seen.past {
        Some(past) => past.spark(&row.way.id, PARTS),
        None => seen.recent.spark(&row.way.id, PARTS, EACH_S),
    };
    html! {
        tr data-key=(row.way.id) {
            th scope="row" data-label="rule" { a.rule href=(own.href()) { (breakable(&row.way.id)) } }
            td data-label="service" { (row.way.service) @if row.way.either { span.quiet title="Either end may open it" { " ⇆" span.quiet-words { " either end opens" } } } }
            td data-label="ports" { (row.way.ports) }
            td data-label="kind" { (verdict(row.way.kind.name())) }
            @if audited {
                td data-label="grade" {
                    @match row.audited {
                        Some(rule) => span.mark.(format!("g-{}", rule.grade.name())) title=(rule.why) { (rule.grade.name()) },
                        None => span.quiet { "–" },
                    }
                }
            }
            td data-label="use" { (sparkline(&spark, over)) }
            td.num data-label="rate" { (row.rate.map_or_else(|| "–".to_owned(), bits)) }
            td.num data-label="packets" { (count(row.tally.packets)) }
            td.num data-label="bytes" { (bytes(row.tally.bytes)) }
            td.num data-label="flows" { (count(row.tally.flows)) }
            td.num data-label="last hit" {
                @match row.count.last_seen {
                    Some(at) => (since(at, now)),
                    None => span.quiet { span aria-hidden="true" { (sign("unseen")) } " never" },
                }
            }
        }
    }
}

pub(super) fn sheet(seen: &Seen<'_>) -> Result<Sheet, String> {
    let columns = [
        "rule",
        "service",
        "from",
        "to",
        "ports",
        "kind",
        "grade",
        "packets",
        "bytes",
        "flows",
        "first_seen",
        "last_seen",
    ];
    let mut sheet = Sheet::new(&columns);
    for row in rows(seen)? {
        sheet.rows.push(vec![
            json!(row.way.id),
            json!(row.way.service),
            json!(row.way.from),
            json!(row.way.to),
            json!(row.way.ports),
            json!(row.way.kind.name()),
            json!(row.audited.map(|rule| rule.grade.name())),
            json!(row.tally.packets),
            json!(row.tally.bytes),
            json!(row.tally.flows),
            json!(row.count.first_seen),
            json!(row.count.last_seen),
        ]);
    }
    Ok(sheet)
}
