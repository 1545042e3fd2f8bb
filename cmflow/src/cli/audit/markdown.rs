//! An audit as Markdown, for tickets and wikis.

use std::io::{self, Write};

use super::{head, next, rules, table};
use crate::answer::{Audit, Grade};
use crate::cli::asking::{AT_INGRESS, bytes};

/// Text in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// Writes all of it.
pub(super) fn write(out: &mut impl Write, audit: &Audit) -> io::Result<()> {
    writeln!(out, "# Audit of {}\n", audit.edition)?;
    for sentence in head::sentences(audit) {
        writeln!(out, "- {sentence}")?;
    }
    writeln!(out, "- {AT_INGRESS}; times are UTC; cmflow {}.", audit.version)?;
    writeln!(out, "\n## Rules\n\n| grade | rules | meaning |\n|---|---:|---|")?;
    for grade in Grade::ALL {
        let count = audit.grades.get(grade.name()).copied().unwrap_or(0);
        writeln!(out, "| {} | {count} | {} |", grade.name(), rules::meaning(grade))?;
    }
    writeln!(
        out,
        "\n| rule | grade | flows | bytes | pairs | last seen | why |"
    )?;
    writeln!(out, "|---|---|---:|---:|---:|---|---|")?;
    for rule in Grade::ALL
        .into_iter()
        .flat_map(|grade| rules::of_grade(audit, grade))
    {
        let mut why = rule.why.clone();
        for remark in &rule.remarks {
            why.push_str("; ");
            why.push_str(remark);
        }
        writeln!(
            out,
            "| `{}` | {} | {} | {} | {} of {} | {} | {} |",
            rule.rule,
            rule.grade.name(),
            rule.flows,
            bytes(rule.bytes),
            rule.pairs.used,
            rule.pairs.observable,
            rule.last_seen.map(head::minute).unwrap_or_default(),
            cell(&why)
        )?;
    }
    writeln!(
        out,
        "\n## Openings\n\n| opening | grade | flows | last seen | why | rules |"
    )?;
    writeln!(out, "|---|---|---:|---|---|---|")?;
    for opening in &audit.openings {
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} |",
            cell(&table::line(opening)),
            opening.grade.name(),
            opening.flows,
            opening.last_seen.map(head::minute).unwrap_or_default(),
            cell(&opening.why),
            cell(&opening.rules.join(", "))
        )?;
    }
    write_unexplained(out, audit)?;
    let lists: [(&str, Vec<String>); 4] = [
        (
            "What contradicts the site file",
            audit
                .contradictions
                .iter()
                .map(|one| match &one.place {
                    Some(place) => format!("{} ({place})", one.what),
                    None => one.what.clone(),
                })
                .collect(),
        ),
        (
            "Approvals and own rules",
            audit
                .approvals
                .iter()
                .map(|one| {
                    let until = one
                        .until
                        .map(|until| format!(", until {until}"))
                        .unwrap_or_default();
                    let by = one.by.as_ref().map(|by| format!(", by {by}")).unwrap_or_default();
                    let remark = one
                        .remark
                        .as_ref()
                        .map(|text| format!("; {text}"))
                        .unwrap_or_default();
                    format!(
                        "`{}`{until}{by}, {} flows{remark}: {}",
                        one.rule, one.flows, one.why
                    )
                })
                .collect(),
        ),
        ("What to do next", next::steps(audit)),
        ("Limits of the method", audit.limits.clone()),
    ];
    for (title, lines) in lists.into_iter().filter(|(_, lines)| !lines.is_empty()) {
        writeln!(out, "\n## {title}\n")?;
        for line in lines {
            writeln!(out, "- {line}")?;
        }
    }
    Ok(())
}

fn write_unexplained(out: &mut impl Write, audit: &Audit) -> io::Result<()> {
    writeln!(out, "\n## What no document explains\n")?;
    if audit.unexplained.is_empty() {
        return writeln!(out, "Nothing unexplained crossed in this window.");
    }
    writeln!(
        out,
        "| initiators | responders | service | guess | verdict | flows | answered | first seen | last seen | nearest rule |"
    )?;
    writeln!(out, "|---|---|---|---|---|---:|---:|---|---|---|")?;
    for group in &audit.unexplained {
        let nearest = group.nearest.as_ref();
        writeln!(
            out,
            "| {} {} | {} {} | {}/{} | {} | {} | {} | {} | {} | {} | {} |",
            group.initiators,
            group.initiator_roles.join(", "),
            group.responders,
            group.responder_roles.join(", "),
            group.protocol,
            group.port,
            cell(group.guess.as_deref().unwrap_or_default()),
            group.verdict,
            group.flows,
            group.answered_flows,
            head::minute(group.first_seen),
            head::minute(group.last_seen),
            cell(
                &nearest
                    .map(|nearest| format!("{}: {}", nearest.rule, nearest.why_not))
                    .unwrap_or_default()
            )
        )?;
    }
    Ok(())
}
