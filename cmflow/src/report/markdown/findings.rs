//! What nothing explains, what contradicts the site file, what was approved.

use super::text::{Table, cell, code, list, paragraph};
use crate::answer::{Audit, AuditGroup};
use crate::report::figures::{bytes, count, minute};
use crate::report::plain::{end, roles};

pub(super) fn write(out: &mut String, audit: &Audit) {
    paragraph(out, "## Unexplained");
    if audit.unexplained.is_empty() {
        paragraph(
            out,
            "Everything that was recorded in the window is explained by a rule, a companion or an approval.",
        );
    } else {
        let mut table = Table::new(&[
            "From",
            "To",
            "Service",
            "Flows:",
            "Bytes:",
            "Last seen",
            "What it may be",
        ]);
        audit.unexplained.iter().for_each(|group| table.row(row(group)));
        table.write(out);
    }
    paragraph(out, "## Contradictions");
    if audit.contradictions.is_empty() {
        paragraph(out, "Nothing that was observed contradicts the site file.");
    } else {
        list(
            out,
            audit.contradictions.iter().map(|one| {
                let address = one.address.map(|address| format!("{address}: "));
                let place = one.place.as_ref().map(|place| format!(" ({})", code(place)));
                format!(
                    "{}{}{}",
                    address.unwrap_or_default(),
                    cell(&one.what),
                    place.unwrap_or_default()
                )
            }),
        );
    }
    paragraph(out, "## Approvals");
    if audit.approvals.is_empty() {
        return paragraph(
            out,
            "Nothing was approved, and the site file has no rule of its own.",
        );
    }
    let mut table = Table::new(&["Rule", "Why", "By", "Until", "Flows:", "Last hit"]);
    for one in &audit.approvals {
        let until = one
            .until
            .map_or_else(|| "no end".to_owned(), |until| until.to_string());
        let mut why = vec![cell(&one.why)];
        why.extend(one.remark.iter().map(|remark| cell(remark)));
        table.row([
            code(&one.rule),
            why.join("<br>"),
            cell(one.by.as_deref().unwrap_or("not said")),
            if one.ended {
                format!("{until}, **ended**")
            } else {
                until
            },
            count(one.flows),
            one.last_seen.map_or_else(|| "never".to_owned(), minute),
        ]);
    }
    table.write(out);
}

fn row(group: &AuditGroup) -> [String; 7] {
    let service = if group.port == 0 {
        group.protocol.clone()
    } else {
        format!("{}/{}", group.protocol, group.port)
    };
    let mut may_be = Vec::new();
    may_be.extend(
        group
            .guess
            .iter()
            .map(|guess| format!("Perhaps {}.", cell(guess))),
    );
    may_be.extend(
        group
            .nearest
            .iter()
            .map(|nearest| format!("Nearest rule {}: {}", code(&nearest.rule), cell(&nearest.why_not))),
    );
    may_be.extend(
        group
            .examples
            .first()
            .map(|[from, to]| format!("For example {} → {}", end(from), end(to))),
    );
    [
        format!(
            "{} ({})",
            cell(&roles(&group.initiator_roles)),
            count(group.initiators)
        ),
        format!(
            "{} ({})",
            cell(&roles(&group.responder_roles)),
            count(group.responders)
        ),
        format!("{}, {}", cell(&service), cell(&group.verdict)),
        count(group.flows),
        bytes(group.bytes),
        minute(group.last_seen),
        may_be.join("<br>"),
    ]
}
