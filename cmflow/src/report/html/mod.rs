//! The report as one HTML file: no script, nothing loaded from anywhere, readable on screen, on paper and without colour.

mod approvals;
mod bar;
mod basis;
mod findings;
mod headline;
mod marks;
mod matrix;
mod openings;
mod rules;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::figures::{day, minute};
use crate::answer::Audit;

/// Written by us; it holds no `<`.
const STYLE: &str = include_str!("style.css");

/// Forbids whatever is not in the file itself.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// Parts of the report: anchor and title.
const PARTS: [(&str, &str); 8] = [
    ("result", "Result"),
    ("matrix", "Roles by roles"),
    ("rules", "Rules"),
    ("openings", "Openings"),
    ("unexplained", "Unexplained"),
    ("contradictions", "Contradictions"),
    ("approvals", "Approvals"),
    ("basis", "What this rests on"),
];

/// The audit as an HTML document.
#[must_use]
pub fn html(audit: &Audit) -> String {
    let title = title(audit);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                meta name="generator" content=(format!("cmflow {}", audit.version));
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (marks::definitions())
                (bar::definitions(&audit.window))
                header {
                    h1 { (title) }
                    p.sub {
                        "Microsoft Configuration Manager ports, edition " b { (audit.edition) }
                        ", against what crossed "
                        @if audit.gateways.len() == 1 { "the gateway " } @else { "the gateways " }
                        b { (gateways(audit)) } ". Made " (minute(audit.at)) " UTC by cmflow " (audit.version) "."
                    }
                    nav aria-label="Parts of this report" {
                        @for (anchor, title) in PARTS { a href=(format!("#{anchor}")) { (title) } " " }
                    }
                }
                main {
                    (headline::part(audit))
                    (matrix::part(audit))
                    (rules::part(audit))
                    (openings::part(audit))
                    (findings::unexplained(audit))
                    (findings::contradictions(audit))
                    (approvals::part(audit))
                    (basis::part(audit))
                }
                footer { p { "Counted at ingress, before this gateway's own firewall. All times are UTC." } }
            }
        }
    };
    page.into_string()
}

fn title(audit: &Audit) -> String {
    format!(
        "Firewall audit of {}, {} to {}",
        gateways(audit),
        day(audit.window.from),
        day(audit.window.to)
    )
}

fn gateways(audit: &Audit) -> String {
    let names: Vec<_> = audit
        .gateways
        .iter()
        .map(|gateway| gateway.name.clone())
        .collect();
    match names.as_slice() {
        [] => "no gateway".to_owned(),
        names => names.join(", "),
    }
}

/// A part with its heading.
fn part(anchor: &str, inside: &Markup) -> Markup {
    let title = PARTS
        .iter()
        .find(|(one, _)| *one == anchor)
        .map_or("", |(_, title)| title);
    html! {
        section id=(anchor) aria-labelledby=(format!("{anchor}-title")) {
            h2 id=(format!("{anchor}-title")) { (title) }
            (inside)
        }
    }
}

/// Text of an anchor: letters, digits and what links carry as it is.
fn anchor(kind: &str, name: &str) -> String {
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() || "/:._-".contains(c) {
            c
        } else {
            '_'
        }
    };
    format!("{kind}:{}", name.chars().map(safe).collect::<String>())
}

/// A list of which the first few are shown, and the rest on demand.
fn folded(items: &[String], shown: usize) -> Markup {
    // Folding one or two away would take as much room as they do.
    let (first, rest) = if items.len() <= shown + 2 {
        (items, &[][..])
    } else {
        items.split_at(shown)
    };
    html! {
        (first.join(", "))
        @if !rest.is_empty() {
            details.more { summary { "and " (rest.len()) " more" } (rest.join(", ")) }
        }
    }
}
