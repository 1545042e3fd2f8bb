//! A page for those who decide on changes: what, why, who, ports, evidence, what is left out, what to look at.

use std::fmt::{self, Write as _};

use super::facts::{count, facts};
use super::lines::{LeftOut, Line, RuleSet};
use super::sets::shown;
use super::{Exported, plain, remark};

/// Addresses that a cell of the table shows; the list at the end has all.
const SHOWN: usize = 6;

pub(super) fn write(set: &RuleSet<'_>) -> Exported {
    let mut text = String::new();
    page(&mut text, set).expect("a string takes what is written to it");
    Exported {
        text,
        warnings: Vec::new(),
    }
}

fn page(out: &mut String, set: &RuleSet<'_>) -> fmt::Result {
    let audit = set.audit;
    writeln!(out, "# Firewall between the tiers of Configuration Manager\n")?;
    writeln!(out, "## What is asked for\n")?;
    writeln!(
        out,
        "Let {} through and drop everything else. {} of them are to be looked at before; {} documented by Microsoft, \
         approved or part of Windows {} left out.\n",
        count(set.lines.len(), "line"),
        set.to_review(),
        count(set.left_out.len(), "opening"),
        if set.left_out.len() == 1 { "is" } else { "are" }
    )?;
    writeln!(out, "## What it follows from\n")?;
    for fact in facts(set) {
        writeln!(out, "- {}", text(&fact))?;
    }
    writeln!(out, "\n## Lines\n")?;
    writeln!(
        out,
        "| no. | who opens | who answers | ports | why | evidence | look at it |\n|---|---|---|---|---|---|---|"
    )?;
    for (number, line) in set.lines.iter().enumerate() {
        row(out, number + 1, line)?;
    }
    writeln!(out, "\n## To be looked at before\n")?;
    if set.to_review() == 0 {
        writeln!(
            out,
            "Nothing: each line was seen in use, and only it can have been."
        )?;
    }
    for (number, line) in set.lines.iter().enumerate() {
        for why in &line.review {
            writeln!(out, "- line {}: {}", number + 1, text(why))?;
        }
    }
    section(out, "Left out, and why", &set.left_out, "Nothing.")?;
    section(
        out,
        "What needs no line",
        &set.not_crossing,
        "Nothing that stays on its link was found.",
    )?;
    writeln!(out, "\n## What nothing explains\n")?;
    if audit.unexplained.is_empty() {
        writeln!(
            out,
            "Nothing: all traffic that was seen is documented, approved, or part of Windows."
        )?;
    } else {
        writeln!(
            out,
            "{} will be dropped. cmflow undocumented tells more; cmflow approve records what is to go on.\n",
            count(audit.unexplained.len(), "kind") + " of traffic that no document explains"
        )?;
    }
    for group in &audit.unexplained {
        let said = format!(
            "{} -> {}: {} {}, {} packets, last {}",
            remark::roles(&group.initiator_roles),
            remark::roles(&group.responder_roles),
            group.protocol,
            group.port,
            group.packets,
            group.last_seen
        );
        writeln!(out, "- {}", text(&said))?;
    }
    writeln!(out, "\n## All addresses\n")?;
    for (number, line) in set.lines.iter().enumerate() {
        let list = |all: &[ipnet::IpNet]| all.iter().map(shown).collect::<Vec<_>>().join(" ");
        writeln!(
            out,
            "- line {}: from {} to {}",
            number + 1,
            list(&line.sources),
            list(&line.destinations)
        )?;
    }
    Ok(())
}

fn row(out: &mut String, number: usize, line: &Line) -> fmt::Result {
    let end = |roles: &[String], addresses: &[ipnet::IpNet]| {
        let mut some: Vec<_> = addresses.iter().take(SHOWN).map(shown).collect();
        if addresses.len() > SHOWN {
            some.push(format!("and {} more", addresses.len() - SHOWN));
        }
        text(&format!("{}: {}", remark::roles(roles), some.join(", ")))
    };
    let why = [line.rules.join(", "), line.approvals.join("; ")];
    let why: Vec<_> = why.into_iter().filter(|part| !part.is_empty()).collect();
    let mut evidence = remark::evidence(line);
    if remark::is_wide(line) {
        evidence = format!("{evidence}; dynamic ports: {}", remark::asked_at(line));
    }
    writeln!(
        out,
        "| {number} | {} | {} | {} | {} | {} | {} |",
        end(&line.source_roles, &line.sources),
        end(&line.destination_roles, &line.destinations),
        text(&remark::service(line)),
        text(&format!("{}: {}", line.verdict, why.join("; "))),
        text(&evidence),
        if line.review.is_empty() { "" } else { "REVIEW" }
    )
}

fn section(out: &mut String, title: &str, openings: &[LeftOut<'_>], none: &str) -> fmt::Result {
    writeln!(out, "\n## {title}\n")?;
    if openings.is_empty() {
        writeln!(out, "{none}")?;
    }
    for left in openings {
        writeln!(out, "- {}", text(&remark::left_out(left)))?;
    }
    Ok(())
}

/// Text that is nothing but text in Markdown and the HTML that is made of it.
fn text(said: &str) -> String {
    let mut escaped = String::new();
    for letter in plain::one_line(said).chars() {
        match letter {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '#' | '|' | '~' | '!' | '$' => {
                escaped.push('\\');
                escaped.push(letter);
            }
            letter => escaped.push(letter),
        }
    }
    escaped
}
