//! A table of all openings, let through or not, as `cmflow compare --firewall` reads it too.

use super::lines::RuleSet;
use super::sets::shown;
use super::{Exported, plain};
use crate::catalogue::PortRange;

const HEADER: [&str; 21] = [
    "name",
    "source",
    "destination",
    "protocol",
    "port",
    "action",
    "review",
    "grade",
    "verdict",
    "rules",
    "source_roles",
    "destination_roles",
    "packets",
    "flows",
    "answered_flows",
    "last_seen",
    "why",
    "window_from",
    "window_to",
    "observed_s",
    "made_by",
];

pub(super) fn write(set: &RuleSet<'_>) -> Exported {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let audit = set.audit;
    let mut row = |cells: Vec<String>| {
        let cells = cells.iter().map(|cell| as_text(cell));
        writer
            .write_record(cells)
            .expect("memory takes what is written to it");
    };
    row(HEADER.map(str::to_owned).to_vec());
    let made = [
        audit.window.from.to_string(),
        audit.window.to.to_string(),
        audit.window.observed_s.to_string(),
        format!("cmflow {}", audit.version),
    ];
    for (number, line) in set.lines.iter().enumerate() {
        let mut cells = vec![
            format!("cmflow-{:03}", number + 1),
            spaced(line.sources.iter().map(shown)),
            spaced(line.destinations.iter().map(shown)),
            line.transport.name(line.ipv6),
            ports(&line.ports),
            "allow".to_owned(),
            line.review.join("; "),
            line.grade.name().to_owned(),
            line.verdict.clone(),
            spaced(line.rules.iter().cloned()),
            spaced(line.source_roles.iter().cloned()),
            spaced(line.destination_roles.iter().cloned()),
            line.packets.to_string(),
            line.flows.to_string(),
            line.answered_flows.to_string(),
            line.last_seen.map(|at| at.to_string()).unwrap_or_default(),
            line.why
                .iter()
                .chain(&line.approvals)
                .cloned()
                .collect::<Vec<_>>()
                .join("; "),
        ];
        cells.extend(made.clone());
        row(cells);
    }
    let without = set
        .not_crossing
        .iter()
        .map(|left| ("none: stays on its link", left))
        .chain(set.left_out.iter().map(|left| ("none: left out", left)));
    for (action, left) in without {
        let opening = left.opening;
        let mut cells = vec![
            "cmflow-without-line".to_owned(),
            spaced(opening.sources.iter().map(shown)),
            spaced(opening.destinations.iter().map(shown)),
            opening.protocol.clone(),
            ports(&opening.ports),
            action.to_owned(),
            String::new(),
            opening.grade.name().to_owned(),
            opening.verdict.clone(),
            spaced(opening.rules.iter().cloned()),
            spaced(opening.source_roles.iter().cloned()),
            spaced(opening.destination_roles.iter().cloned()),
            opening.packets.to_string(),
            opening.flows.to_string(),
            opening.answered_flows.to_string(),
            opening.last_seen.map(|at| at.to_string()).unwrap_or_default(),
            left.why.clone(),
        ];
        cells.extend(made.clone());
        row(cells);
    }
    let bytes = writer.into_inner().expect("memory takes what is written to it");
    let text = String::from_utf8(bytes).expect("text was written");
    Exported {
        text,
        warnings: Vec::new(),
    }
}

fn ports(ports: &[PortRange]) -> String {
    if ports.is_empty() {
        return "any".to_owned();
    }
    spaced(ports.iter().map(ToString::to_string))
}

fn spaced(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(" ")
}

/// One line, and nothing that a spreadsheet takes for a formula.
fn as_text(cell: &str) -> String {
    let cell = plain::one_line(cell);
    if cell.starts_with(['=', '+', '-', '@']) {
        return format!("'{cell}");
    }
    cell
}
