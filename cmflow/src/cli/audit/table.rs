//! An audit for people, at 100 columns.

use std::io::{self, Write};

use super::{head, next, rules};
use crate::answer::{Audit, AuditedRule, Grade, Opening};
use crate::cli::asking::{AT_INGRESS, bytes};
use crate::cli::paragraph;
use crate::report::plain::{end, ports};

/// How many openings and groups are shown.
const SHOWN: usize = 40;
/// How many addresses or roles a line names.
const NAMED: usize = 2;
/// Grades of openings that a firewall's owner decides on.
const DECIDED: [Grade; 3] = [Grade::Used, Grade::Attempted, Grade::Unused];

/// Writes all of it.
pub(super) fn write(out: &mut impl Write, audit: &Audit) -> io::Result<()> {
    for sentence in head::sentences(audit) {
        paragraph::write(out, 0, &sentence)?;
    }
    let grades = Grade::ALL.iter().map(|grade| {
        let count = audit.grades.get(grade.name()).copied().unwrap_or(0);
        format!("{count} {}", grade.name())
    });
    let grades: Vec<_> = grades.collect();
    paragraph::write(out, 0, &format!("Rules: {}.", grades.join(", ")))?;
    for grade in Grade::ALL {
        write_grade(out, audit, grade)?;
    }
    write_openings(out, audit)?;
    write_unexplained(out, audit)?;
    if !audit.contradictions.is_empty() {
        writeln!(out, "\nWhat contradicts the site file")?;
    }
    for one in &audit.contradictions {
        let place = one
            .place
            .as_ref()
            .map(|place| format!(" ({place})"))
            .unwrap_or_default();
        paragraph::write(out, 2, &format!("{}{place}", one.what))?;
    }
    write_approvals(out, audit)?;
    writeln!(out, "\nWhat to do next")?;
    for step in next::steps(audit) {
        paragraph::write(out, 2, &step)?;
    }
    writeln!(out)?;
    paragraph::write(
        out,
        0,
        &format!("{AT_INGRESS}; times are UTC; --format markdown tells the limits of the method"),
    )
}

fn write_grade(out: &mut impl Write, audit: &Audit, grade: Grade) -> io::Result<()> {
    let of_grade = rules::of_grade(audit, grade);
    if of_grade.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    paragraph::write(out, 0, &format!("{}: {}", grade.name(), rules::meaning(grade)))?;
    if rules::one_by_one(grade) {
        for rule in of_grade {
            write_rule(out, rule)?;
        }
        return Ok(());
    }
    for (why, same) in rules::by_reason(&of_grade) {
        paragraph::write(out, 2, why)?;
        let ids: Vec<_> = same.iter().map(|rule| rule.rule.as_str()).collect();
        paragraph::write(out, 6, &ids.join(", "))?;
        for rule in same {
            write_remarks(out, rule, 6)?;
        }
    }
    Ok(())
}

fn write_rule(out: &mut impl Write, rule: &AuditedRule) -> io::Result<()> {
    paragraph::write(
        out,
        2,
        &format!(
            "{}  {} flows, {} packets, {}; {} of {} pairs that cross here",
            rule.rule,
            rule.flows,
            rule.packets,
            bytes(rule.bytes),
            rule.pairs.used,
            rule.pairs.observable
        ),
    )?;
    paragraph::write(out, 6, &rule.why)?;
    write_remarks(out, rule, 6)
}

fn write_remarks(out: &mut impl Write, rule: &AuditedRule, indent: usize) -> io::Result<()> {
    for remark in &rule.remarks {
        paragraph::write(out, indent, &format!("{}: {remark}", rule.rule))?;
    }
    Ok(())
}

/// Who, by roles and addresses, shortened.
fn ends(prefixes: &[ipnet::IpNet], roles: &[String]) -> String {
    let few = |all: Vec<String>| match all.len().checked_sub(NAMED) {
        None | Some(0) => all.join(", "),
        Some(more) => format!("{} +{more}", all[..NAMED].join(", ")),
    };
    let addresses = few(prefixes.iter().map(end).collect());
    match roles {
        [] => addresses,
        roles => format!("{} [{addresses}]", few(roles.to_vec())),
    }
}

/// An opening in one sentence.
pub(super) fn line(opening: &Opening) -> String {
    let service = match (&opening.ports[..], opening.dynamic) {
        ([], _) => opening.protocol.clone(),
        (all, false) => format!("{}/{}", opening.protocol, ports(all)),
        (all, true) => format!("{}/{} (dynamic)", opening.protocol, ports(all)),
    };
    format!(
        "{} -> {}  {service}",
        ends(&opening.sources, &opening.source_roles),
        ends(&opening.destinations, &opening.destination_roles),
    )
}

fn write_openings(out: &mut impl Write, audit: &Audit) -> io::Result<()> {
    if audit.openings.is_empty() {
        return Ok(());
    }
    let counts = Grade::ALL.iter().filter_map(|grade| {
        let count = audit.openings.iter().filter(|one| one.grade == *grade).count();
        (count > 0).then(|| format!("{count} {}", grade.name()))
    });
    let counts: Vec<_> = counts.collect();
    let title = format!("Openings, the lines of a firewall: {}", counts.join(", "));
    writeln!(out)?;
    paragraph::write(out, 0, &title)?;
    let mut left = SHOWN;
    for grade in DECIDED {
        for opening in audit.openings.iter().filter(|one| one.grade == grade).take(left) {
            left -= 1;
            paragraph::write(out, 2, &format!("{}  {}", grade.name(), line(opening)))?;
            if opening.flows > 0 {
                let last = opening.last_seen.map(head::minute).unwrap_or_default();
                let why = format!("{}; {} flows, last {last}", opening.why, opening.flows);
                paragraph::write(out, 6, &why)?;
            }
        }
    }
    let shown = SHOWN - left;
    if shown < audit.openings.len() {
        let more = audit.openings.len() - shown;
        paragraph::write(out, 2, &format!("and {more} more: --format csv --list openings"))?;
    }
    Ok(())
}

fn write_unexplained(out: &mut impl Write, audit: &Audit) -> io::Result<()> {
    if audit.unexplained.is_empty() {
        return writeln!(out, "\nNothing unexplained crossed in this window");
    }
    writeln!(out, "\nWhat no document explains")?;
    let many = |roles: &[String], count: u64| match roles {
        [] => format!("{count} of no role"),
        roles => format!("{count} {}", roles.join(", ")),
    };
    for group in audit.unexplained.iter().take(SHOWN) {
        let guess = group
            .guess
            .as_ref()
            .map(|guess| format!(", {guess}?"))
            .unwrap_or_default();
        paragraph::write(
            out,
            2,
            &format!(
                "{} -> {}  {}/{}{guess}  {}, {} flows, {} answered, {}, {} to {}",
                many(&group.initiator_roles, group.initiators),
                many(&group.responder_roles, group.responders),
                group.protocol,
                group.port,
                group.verdict,
                group.flows,
                group.answered_flows,
                bytes(group.bytes),
                head::minute(group.first_seen),
                head::minute(group.last_seen)
            ),
        )?;
        if let Some([from, to]) = group.examples.first() {
            paragraph::write(out, 6, &format!("as {} -> {}", end(from), end(to)))?;
        }
        if let Some(nearest) = &group.nearest {
            paragraph::write(out, 6, &format!("nearest: {}: {}", nearest.rule, nearest.why_not))?;
        }
    }
    if audit.unexplained.len() > SHOWN {
        let more = audit.unexplained.len() - SHOWN;
        paragraph::write(
            out,
            2,
            &format!("and {more} more: --format csv --list unexplained"),
        )?;
    }
    Ok(())
}

fn write_approvals(out: &mut impl Write, audit: &Audit) -> io::Result<()> {
    if !audit.approvals.is_empty() {
        writeln!(out, "\nApprovals and own rules")?;
    }
    for one in &audit.approvals {
        let by = one.by.as_ref().map(|by| format!(", by {by}")).unwrap_or_default();
        let until = match one.until {
            Some(until) => format!("until {until}"),
            None => "without an end".to_owned(),
        };
        let seen = match one.last_seen {
            Some(last) => format!("{} flows, last {}", one.flows, head::minute(last)),
            None => format!("{} flows", one.flows),
        };
        let remark = one
            .remark
            .as_ref()
            .map(|remark| format!("; {remark}"))
            .unwrap_or_default();
        let text = format!("{}  {until}{by}, {seen}{remark}: {}", one.rule, one.why);
        paragraph::write(out, 2, &text)?;
    }
    Ok(())
}
