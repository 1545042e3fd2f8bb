//! The line of evidence: what every count on a page rests on.

use super::quantity::stretch;
use super::snapshot::Snapshot;
use crate::answer::Audit;

/// How much a statement should worry whoever reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// As it should be.
    Fine,
    /// To be known when reading counts.
    Note,
    /// Counts are not to be trusted, or something is not counted.
    Problem,
}

/// A statement of the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// What it is about.
    pub about: &'static str,
    /// What is said.
    pub says: String,
    /// The same in a sentence.
    pub means: String,
    /// How much it should worry.
    pub weight: Weight,
}

/// A share of one-sided flows from which on routing or translation is to be looked at, in percent.
const LOPSIDED: f64 = 20.0;
/// Flows that it takes to tell.
const ENOUGH: u64 = 50;

/// The line: law, window, gaps, one-sided share.
#[must_use]
pub fn line(snapshot: &Snapshot, audit: Option<&Audit>) -> Vec<Statement> {
    vec![
        law(snapshot),
        window(snapshot, audit),
        gaps(snapshot, audit),
        one_sided(snapshot),
    ]
}

fn law(snapshot: &Snapshot) -> Statement {
    let law = &snapshot.status.conservation;
    let (says, weight) = if law.ok {
        ("holds".to_owned(), Weight::Fine)
    } else {
        (format!("broken at {} ticks", law.broken_ticks), Weight::Problem)
    };
    Statement {
        about: "Conservation law",
        says,
        means: "Every packet that was parsed is in exactly one flow and has exactly one verdict.".to_owned(),
        weight,
    }
}

fn window(snapshot: &Snapshot, audit: Option<&Audit>) -> Statement {
    let status = &snapshot.status;
    let from = audit.map_or(status.since, |audit| audit.window.from.min(status.since));
    let seconds = status.at.duration_since(from).as_secs();
    Statement {
        about: "Window",
        says: stretch(seconds),
        means: format!("Counting since {} UTC.", from.strftime("%Y-%m-%d %H:%M:%S")),
        weight: Weight::Fine,
    }
}

fn gaps(snapshot: &Snapshot, audit: Option<&Audit>) -> Statement {
    let (number, seconds, hides) = match audit {
        Some(audit) => {
            let gaps = &audit.window.gaps;
            let length = gaps.iter().map(|gap| gap.to.duration_since(gap.from).as_secs());
            (gaps.len(), length.sum::<i64>(), gaps.iter().any(|gap| gap.hides))
        }
        None => {
            let gaps = &snapshot.status.gaps;
            let length = gaps.iter().map(|gap| gap.to.duration_since(gap.from).as_secs());
            (gaps.len(), length.sum(), false)
        }
    };
    let says = match number {
        0 => "none".to_owned(),
        1 => format!("1, {}", stretch(seconds)),
        _ => format!("{number}, {} in all", stretch(seconds)),
    };
    let means = if hides {
        "In some of them traffic may have crossed that is not counted."
    } else if number > 0 {
        "The kernel counted alone, without a daemon; nothing is missing."
    } else {
        "A daemon looked all the time."
    };
    Statement {
        about: "Gaps",
        says,
        means: means.to_owned(),
        weight: if hides {
            Weight::Problem
        } else if number > 0 {
            Weight::Note
        } else {
            Weight::Fine
        },
    }
}

fn one_sided(snapshot: &Snapshot) -> Statement {
    let interfaces = &snapshot.status.interfaces;
    let worst = interfaces
        .iter()
        .filter(|one| one.flows >= ENOUGH)
        .max_by(|a, b| a.one_sided_share.total_cmp(&b.one_sided_share))
        .filter(|one| one.one_sided_share > LOPSIDED);
    let flows: u64 = interfaces.iter().map(|one| one.flows).sum();
    let one_sided: u64 = interfaces.iter().map(|one| one.one_sided_flows).sum();
    let says = super::quantity::percent(one_sided as f64, flows as f64);
    match worst {
        Some(worst) => Statement {
            about: "One-sided flows",
            says: format!("{says}, {} by {}", super::quantity::percent(worst.one_sided_share, 100.0), worst.name),
            means: "The other direction does not cross here: answers take another way, or addresses are translated \
                    and the site file does not declare it by [[nat]]."
                .to_owned(),
            weight: Weight::Note,
        },
        None => Statement {
            about: "One-sided flows",
            says,
            means: "Flows whose other direction does not cross this gateway.".to_owned(),
            weight: Weight::Fine,
        },
    }
}
