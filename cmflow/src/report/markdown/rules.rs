//! Rules and openings.

use super::text::{Table, cell, code, list, paragraph};
use crate::answer::{Audit, AuditedRule};
use crate::report::connections::{Part, connections, is_silent};
use crate::report::figures::{count, day, many, minute};
use crate::report::grades;
use crate::report::plain::{end, roles, service};

/// Addresses told of each end of an opening; `openings.csv` and JSON hold all.
const ADDRESSES: usize = 8;

pub(super) fn write(out: &mut String, audit: &Audit) {
    paragraph(out, "## Rules");
    for part in Part::ALL {
        paragraph(out, &format!("### {}", part.title()));
        let rules = part.rules(&audit.rules);
        if rules.is_empty() {
            paragraph(out, part.nothing());
            continue;
        }
        let (silent, told): (Vec<&AuditedRule>, Vec<&AuditedRule>) = rules
            .into_iter()
            .partition(|rule| part == Part::Companions && is_silent(rule));
        if !told.is_empty() {
            let mut table = Table::new(&[
                "Grade",
                "Rule",
                "Flows:",
                "Answered:",
                "Days:",
                "Last hit",
                "Pairs used / observable / possible",
                "Why",
            ]);
            for connection in connections(&told) {
                connection.rules.into_iter().for_each(|rule| table.row(row(rule)));
            }
            table.write(out);
        }
        if !silent.is_empty() {
            let number = many(silent.len() as u64, "companion rule", "companion rules");
            let tally = grades::told(&grades::of(silent.iter().copied()));
            paragraph(out, &format!("{number} without a hit: {tally}."));
            list(
                out,
                silent
                    .iter()
                    .map(|rule| format!("{}: {}, {}", code(&rule.rule), rule.grade.name(), cell(&rule.why))),
            );
        }
    }
}

fn row(rule: &AuditedRule) -> [String; 8] {
    let mut why = vec![cell(&rule.why)];
    why.extend(rule.remarks.iter().map(|remark| cell(remark)));
    if !rule.shared_with.is_empty() {
        let others: Vec<_> = rule.shared_with.iter().map(|other| code(other)).collect();
        why.push(format!("Together with {}", others.join(", ")));
    }
    [
        rule.grade.name().to_owned(),
        code(&rule.rule),
        count(rule.flows),
        count(rule.answered_flows),
        count(rule.active_days),
        rule.last_seen.map_or_else(|| "never".to_owned(), day),
        format!(
            "{} / {} / {}",
            count(rule.pairs.used),
            count(rule.pairs.observable),
            count(rule.pairs.possible)
        ),
        why.join("<br>"),
    ]
}

pub(super) fn write_openings(out: &mut String, audit: &Audit) {
    paragraph(out, "## Openings");
    if audit.openings.is_empty() {
        return paragraph(
            out,
            "No firewall line follows: the site file makes no rule possible, or names nobody at both ends.",
        );
    }
    let mut table = Table::new(&["Grade", "From", "To", "Service", "Flows:", "Last hit", "Why"]);
    for opening in &audit.openings {
        table.row([
            opening.grade.name().to_owned(),
            ends(&opening.source_roles, &opening.sources),
            ends(&opening.destination_roles, &opening.destinations),
            cell(&service(opening)),
            count(opening.flows),
            opening.last_seen.map_or_else(|| "never".to_owned(), minute),
            cell(&opening.why),
        ]);
    }
    table.write(out);
}

fn ends(named: &[String], addresses: &[ipnet::IpNet]) -> String {
    let mut told: Vec<_> = addresses.iter().take(ADDRESSES).map(end).collect();
    if addresses.len() > ADDRESSES {
        told.push(format!("and {} more", addresses.len() - ADDRESSES));
    }
    format!("{}: {}", cell(&roles(named)), told.join(", "))
}
