//! A comparison for people.

use std::io::Write;

use crate::answer::{ComparedLine, Enough, FirewallComparison, LineTraffic, MissingOpening};
use crate::cli::asking::{AT_INGRESS, numbers, table, time};
use crate::cli::paragraph;

/// Addresses and services that a sentence names; JSON has all.
const NAMED: usize = 8;

pub(super) fn write(out: &mut impl Write, compared: &FirewallComparison) -> anyhow::Result<()> {
    let mut shown = table(&[
        "line",
        "name",
        "action",
        "state",
        "packets",
        "last seen",
        "look at it",
    ]);
    for line in &compared.lines {
        shown.add_row([
            line.place.clone(),
            line.name.clone(),
            line.action.clone(),
            line.state.clone(),
            line.packets.to_string(),
            line.last_seen.map(time).unwrap_or_default(),
            remarks(line).join(", "),
        ]);
    }
    numbers(&mut shown, &[4]);
    writeln!(out, "{shown}")?;
    section(
        out,
        "Too wide",
        compared.lines.iter().filter_map(|line| {
            line.too_wide
                .as_ref()
                .map(|enough| format!("{}: {}", line.place, wide(enough)))
        }),
    )?;
    section(
        out,
        "Explained by no document",
        compared.lines.iter().flat_map(|line| {
            line.unexplained
                .iter()
                .map(|traffic| format!("{}: {}", line.place, unexplained(traffic)))
        }),
    )?;
    let (wanted, silent): (Vec<_>, Vec<_>) = compared.missing.iter().partition(|one| one.wanted);
    section(
        out,
        "Used or asked for, and let through by no line",
        wanted.iter().map(|one| missing(one)),
    )?;
    if !silent.is_empty() {
        writeln!(
            out,
            "\n{} documented openings without traffic are let through by no line, which is no finding; --format json lists \
             them",
            silent.len()
        )?;
    }
    section(
        out,
        "Not understood, and so not compared; what they let through is unknown",
        compared
            .unread
            .iter()
            .map(|one| format!("{} {}: {}", one.place, one.name, one.why)),
    )?;
    if compared.by == "audit" {
        paragraph::write(
            out,
            0,
            "A saved audit tells hits by opening: a line that lets a part of one through has the hits of all of it. Without \
             --audit the history is asked, conversation by conversation.",
        )?;
    }
    let findings = match compared.findings {
        0 => "nothing to look at: each line is used and explained".to_owned(),
        1 => "1 thing to look at".to_owned(),
        many => format!("{many} things to look at"),
    };
    writeln!(
        out,
        "{findings}; {} to {}, {AT_INGRESS}",
        time(compared.window.from),
        time(compared.window.to)
    )?;
    Ok(())
}

fn remarks(line: &ComparedLine) -> Vec<String> {
    let mut said = Vec::new();
    if line.action == "accept" && line.state == "unused" {
        said.push("unused".to_owned());
    }
    if let Some(enough) = &line.too_wide {
        said.push(format!("too wide in {}", enough.of.join(" and ")));
    }
    if !line.unexplained.is_empty() {
        said.push("explained by no document".to_owned());
    }
    said
}

fn section(out: &mut impl Write, title: &str, lines: impl Iterator<Item = String>) -> anyhow::Result<()> {
    let lines: Vec<_> = lines.collect();
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{title}:")?;
    for line in lines {
        paragraph::write(out, 2, &line)?;
    }
    Ok(())
}

fn few<T: ToString>(all: &[T]) -> String {
    let mut said: Vec<_> = all.iter().take(NAMED).map(ToString::to_string).collect();
    if all.len() > NAMED {
        said.push(format!("{} more", all.len() - NAMED));
    }
    said.join(", ")
}

fn wide(enough: &Enough) -> String {
    format!(
        "too many {}; enough are {} -> {}: {}",
        enough.of.join(" and "),
        few(&enough.sources),
        few(&enough.destinations),
        few(&enough.services)
    )
}

fn unexplained(traffic: &LineTraffic) -> String {
    let last = traffic.last_seen.map(|at| format!(", last {}", time(at)));
    format!(
        "{} -> {}: {}, {}, {} packets{}",
        few(&traffic.sources),
        few(&traffic.destinations),
        few(&traffic.services),
        traffic.verdict,
        traffic.packets,
        last.unwrap_or_default()
    )
}

fn missing(one: &MissingOpening) -> String {
    format!(
        "{} -> {}: {} ({}, {}), stopped by {}",
        few(&one.sources),
        few(&one.destinations),
        few(&one.services),
        few(&one.rules),
        one.grade.name(),
        few(&one.stopped_by)
    )
}
