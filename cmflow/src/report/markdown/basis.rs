//! What the audit rests on.

use super::text::{Table, cell, code, list, paragraph};
use crate::answer::{Audit, SourceFile};
use crate::report::figures::{minute, seconds_between, share, span};

pub(super) fn write(out: &mut String, audit: &Audit) {
    paragraph(out, "## What this rests on");
    let mut table = Table::new(&["Gateway", "Interfaces and hooks", "Window", "Observed"]);
    for gateway in &audit.gateways {
        let looked: Vec<_> = gateway
            .interfaces
            .iter()
            .map(|(name, hook)| format!("{} ({})", cell(name), cell(hook)))
            .collect();
        let window = &gateway.window;
        table.row([
            cell(&gateway.name),
            if looked.is_empty() {
                "none known".to_owned()
            } else {
                looked.join(", ")
            },
            format!("{} to {}", minute(window.from), minute(window.to)),
            format!(
                "{}, {}",
                span(window.observed_s),
                share(window.observed_s, seconds_between(window.from, window.to))
            ),
        ]);
    }
    table.write(out);
    paragraph(out, "### Files");
    let mut table = Table::new(&["File", "SHA-256"]);
    audit
        .files
        .iter()
        .for_each(|file| table.row([cell(&file.path), code(&file.sha256)]));
    table.write(out);
    paragraph(out, "### Gaps");
    gaps(out, audit);
    paragraph(out, "### Generations of tables");
    if audit.generations.is_empty() {
        paragraph(out, "None is known.");
    } else {
        let mut table = Table::new(&["From", "Edition", "Files"]);
        for generation in &audit.generations {
            let files: Vec<_> = generation.files.iter().map(with_hash).collect();
            table.row([
                minute(generation.from),
                cell(&generation.edition),
                files.join("<br>"),
            ]);
        }
        table.write(out);
    }
    paragraph(out, "### What the method cannot see");
    if audit.limits.is_empty() {
        paragraph(out, "No limit is known.");
    } else {
        list(out, audit.limits.iter().map(|limit| cell(limit)));
    }
}

fn with_hash(file: &SourceFile) -> String {
    format!("{} {}", cell(&file.path), code(&file.sha256))
}

fn gaps(out: &mut String, audit: &Audit) {
    if audit.window.gaps.is_empty() {
        return paragraph(out, "There is none: everything in the window was observed.");
    }
    let mut table = Table::new(&["From", "To", "Length", "Kind", "What it means", "Traffic"]);
    for gap in &audit.window.gaps {
        table.row([
            minute(gap.from),
            minute(gap.to),
            span(seconds_between(gap.from, gap.to)),
            cell(&gap.kind),
            cell(&gap.note),
            if gap.hides { "may be missing" } else { "counted" }.to_owned(),
        ]);
    }
    table.write(out);
}
