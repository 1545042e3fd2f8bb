//! `cmflow audit --what-if`: what would become of the recorded traffic under another site file or edition.

use std::io::{self, IsTerminal as _, Write};
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};

use super::{Arguments, AuditFormat};
use crate::answer::{Judges, WhatIf, WhatIfGroup, WhatIfVerdict};
use crate::catalogue::EditionId;
use crate::cli::asking::{AT_INGRESS, bytes, numbers, table};
use crate::cli::evidence::{Gathered, of_disk};
use crate::cli::judging::without_a_machine;
use crate::cli::{Outcome, write_json};
use crate::compile::compile;
use crate::config::{self, Ended, Reading};
use crate::explain::Book;
use crate::report::figures::{day, many, minute};
use crate::whatif;

/// From so many conversations on, people who wait get a bar.
const LARGE: u64 = 20_000;
/// Rules that a cell names.
const RULES: usize = 2;

pub(super) fn run(
    arguments: &Arguments,
    other: &Path,
    catalogue: Option<&Path>,
    out: &mut impl Write,
) -> anyhow::Result<Outcome> {
    anyhow::ensure!(
        matches!(arguments.format, AuditFormat::Table | AuditFormat::Json),
        "--what-if answers as a table or as JSON; add --format json, or leave --format out"
    );
    // The edition is that of what would judge.
    let gathered = arguments.drawn.gather_as(catalogue, None)?;
    for warning in &gathered.warnings {
        eprintln!("cmflow: {warning}");
    }
    let told = judged(&gathered, other, arguments.drawn.edition.as_deref())?;
    match arguments.format {
        AuditFormat::Json => write_json(out, &told)?,
        _ => write(out, &told)?,
    }
    Ok(if told.unexplained.is_empty() {
        Outcome::Done
    } else {
        Outcome::Findings
    })
}

/// Judges what was gathered by the file, too.
fn judged(gathered: &Gathered, other: &Path, edition: Option<&str>) -> anyhow::Result<WhatIf> {
    // Whoever asks what a file would do is there to mend it.
    let file = config::read(&gathered.catalogue, other, &Reading::now(Ended::Refused))?;
    match file.warnings.len() as u64 {
        0 => {}
        some => eprintln!(
            "cmflow: {} about {other}; `cmflow check --site {other}` tells more",
            many(some, "warning", "warnings"),
            other = other.display()
        ),
    }
    let mut site = file.model;
    if let Some(id) = edition {
        gathered.catalogue.edition(id)?;
        site.edition = EditionId(id.to_owned());
    }
    let compiled = compile(&gathered.catalogue, &site, &without_a_machine(&site), &[])?;
    let then = Book {
        catalogue: &gathered.catalogue,
        site: &site,
        compiled: &compiled,
    };
    let bar = progress(gathered);
    let told = whatif::what_if(&gathered.book(), &then, &gathered.evidence, |done| {
        bar.set_position(done)
    });
    bar.finish_and_clear();
    let files = site.files.iter().map(|name| of_disk(Path::new(name)));
    Ok(WhatIf {
        now: Judges {
            edition: gathered.compiled.edition.to_string(),
            files: gathered.files.clone(),
        },
        then: Judges {
            edition: compiled.edition.to_string(),
            files: files.collect::<anyhow::Result<_>>()?,
        },
        ..told
    })
}

/// A bar for large histories and people who wait; hidden otherwise.
fn progress(gathered: &Gathered) -> ProgressBar {
    let all: usize = gathered.evidence.iter().map(|one| one.conversations.len()).sum();
    let all = all as u64;
    if all < LARGE || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = "{bar:40} {pos} of {len} conversations, {eta} left";
    let style = ProgressStyle::with_template(style).expect("the template is right");
    ProgressBar::new(all).with_style(style)
}

fn write(out: &mut impl Write, told: &WhatIf) -> anyhow::Result<()> {
    writeln!(
        out,
        "{} of {} to {} UTC, judged by {} instead of {}: nothing would change of {}",
        many(told.conversations, "conversation", "conversations"),
        minute(told.from),
        minute(told.to),
        by(&told.then),
        by(&told.now),
        many(told.unchanged, "of them", "of them"),
    )?;
    let lists = [
        ("Would become unexplained", &told.unexplained),
        ("Would become explained", &told.explained),
        ("Would be explained by other rules", &told.rules),
        (
            "Would no longer be flagged, though nothing explains it",
            &told.unflagged,
        ),
    ];
    for (title, groups) in lists {
        writeln!(out)?;
        if groups.is_empty() {
            writeln!(out, "{title}: nothing")?;
        } else {
            writeln!(out, "{title}\n{}", listed(groups))?;
        }
    }
    if told.not_judged > 0 {
        writeln!(
            out,
            "\n{} not judged: their ends had no address yet, and who they were depends on the interface",
            many(told.not_judged, "conversation was", "conversations were")
        )?;
    }
    if [&told.unexplained, &told.explained, &told.rules, &told.unflagged]
        .into_iter()
        .flatten()
        .any(|group| group.part)
    {
        writeln!(
            out,
            "\n\"part of it\": kept by prefix or by a range of ports, of which not all is judged alike; the counts are those \
             of the whole"
        )?;
    }
    writeln!(
        out,
        "\n{AT_INGRESS}; counts are those since the first packet of a conversation; times are UTC"
    )?;
    Ok(())
}

fn by(judges: &Judges) -> String {
    let file = judges.files.first().map_or("no file", |file| file.path.as_str());
    format!("{file} and edition {}", judges.edition)
}

fn listed(groups: &[WhatIfGroup]) -> comfy_table::Table {
    let mut shown = table(&[
        "from", "to", "service", "is", "would be", "flows", "bytes", "last hit",
    ]);
    for group in groups {
        let nearest = group.nearest.as_ref();
        let nearest = nearest.map(|one| format!("; nearest {}: {}", one.rule, one.why_not));
        shown.add_row([
            end(
                &group.initiator_roles,
                &group.initiator_roles_then,
                group.initiators,
            ),
            end(
                &group.responder_roles,
                &group.responder_roles_then,
                group.responders,
            ),
            service(group),
            verdict(&group.now),
            format!("{}{}", verdict(&group.then), nearest.unwrap_or_default()),
            group.flows.to_string(),
            bytes(group.bytes),
            day(group.last_seen),
        ]);
    }
    numbers(&mut shown, &[5, 6]);
    shown
}

/// Who it is, and who it would be where that differs.
fn end(now: &[String], then: &[String], count: u64) -> String {
    let named = |roles: &[String]| match roles {
        [] => "no role".to_owned(),
        roles => roles.join(", "),
    };
    if now == then {
        format!("{count} {}", named(now))
    } else {
        format!("{count} {}, would be {}", named(now), named(then))
    }
}

fn service(group: &WhatIfGroup) -> String {
    let ports = match (group.port, group.protocol.as_str()) {
        (0, "tcp" | "udp") => "/dynamic".to_owned(),
        (0, _) => String::new(),
        (port, _) => format!("/{port}"),
    };
    let part = if group.part { ", part of it" } else { "" };
    format!("{}{ports}{part}", group.protocol)
}

fn verdict(verdict: &WhatIfVerdict) -> String {
    let shown = verdict
        .rules
        .iter()
        .take(RULES)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    match verdict.rules.len() {
        0 => verdict.verdict.clone(),
        few if few <= RULES => format!("{}: {shown}", verdict.verdict),
        many => format!("{}: {shown} and {} more", verdict.verdict, many - RULES),
    }
}
