//! The report as Markdown, for a ticket or a wiki: the tables that GitHub and GitLab know.

mod basis;
mod findings;
mod rules;
mod text;

use super::figures::{count, minute};
use super::{grades, verdict};
use crate::answer::{Audit, Grade};
use text::{Table, cell};

/// The audit as Markdown.
#[must_use]
pub fn markdown(audit: &Audit) -> String {
    let mut out = String::new();
    let names: Vec<_> = audit.gateways.iter().map(|gateway| cell(&gateway.name)).collect();
    let names = if names.is_empty() {
        "no gateway".to_owned()
    } else {
        names.join(", ")
    };
    let window = &audit.window;
    text::paragraph(&mut out, &format!("# Firewall audit of {names}"));
    text::paragraph(
        &mut out,
        &format!(
            "{} to {} UTC, edition {}. Made {} UTC by cmflow {}.",
            minute(window.from),
            minute(window.to),
            cell(&audit.edition),
            minute(audit.at),
            cell(&audit.version)
        ),
    );
    text::paragraph(&mut out, "## Result");
    let sentences = verdict::sentences(audit);
    text::list(&mut out, sentences.iter().map(|sentence| cell(sentence)));
    let tally = grades::of_all(audit);
    let mut table = Table::new(&["Grade", "Rules:", "What it means"]);
    for grade in Grade::ALL {
        let number = tally
            .iter()
            .find(|(one, _)| *one == grade)
            .map_or(0, |(_, number)| *number);
        table.row([
            grade.name().to_owned(),
            count(number),
            cell(grades::meaning(grade)),
        ]);
    }
    table.write(&mut out);
    rules::write(&mut out, audit);
    rules::write_openings(&mut out, audit);
    findings::write(&mut out, audit);
    basis::write(&mut out, audit);
    text::paragraph(
        &mut out,
        "Counted at ingress, before this gateway's own firewall. All times are UTC.",
    );
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}
