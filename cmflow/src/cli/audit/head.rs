//! What an audit is about, in sentences: window, gaps, gateways, files.

use jiff::Timestamp;

use crate::answer::{Audit, AuditWindow};

/// How many gaps are told one by one.
const GAPS: usize = 5;

/// The sentences.
pub(super) fn sentences(audit: &Audit) -> Vec<String> {
    let mut told = vec![format!(
        "Edition {}, {} to {} UTC, {} observed.",
        audit.edition,
        minute(audit.window.from),
        minute(audit.window.to),
        observed(&audit.window)
    )];
    for gateway in &audit.gateways {
        let interfaces = gateway.interfaces.iter();
        let interfaces: Vec<_> = interfaces
            .map(|(name, hook)| format!("{name} ({hook})"))
            .collect();
        let own = if audit.gateways.len() > 1 {
            format!(
                ": {} to {}, {} observed",
                minute(gateway.window.from),
                minute(gateway.window.to),
                observed(&gateway.window)
            )
        } else {
            String::new()
        };
        told.push(format!(
            "Gateway {} at {}{own}.",
            gateway.name,
            match interfaces.is_empty() {
                true => "interfaces that are not known".to_owned(),
                false => interfaces.join(", "),
            }
        ));
    }
    let gaps = &audit.window.gaps;
    for gap in gaps.iter().take(GAPS) {
        told.push(format!(
            "Gap {} to {}, {}: {}.",
            minute(gap.from),
            minute(gap.to),
            gap.kind,
            gap.note
        ));
    }
    if gaps.len() > GAPS {
        told.push(format!(
            "{} more gaps; --format json lists them.",
            gaps.len() - GAPS
        ));
    }
    let files: Vec<_> = audit
        .files
        .iter()
        .map(|file| {
            format!(
                "{} (sha256 {})",
                file.path,
                file.sha256.get(..12).unwrap_or(&file.sha256)
            )
        })
        .collect();
    if !files.is_empty() {
        let shown = files.len().min(3);
        let more = match files.len() - shown {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        told.push(format!("Judged by {}{more}.", files[..shown].join(", ")));
    }
    told
}

/// How much of a window was observed, in days and hours.
fn observed(window: &AuditWindow) -> String {
    let whole = u64::try_from(window.to.duration_since(window.from).as_secs()).unwrap_or(0);
    format!("{} of {}", lasting(window.observed_s), lasting(whole))
}

fn lasting(seconds: u64) -> String {
    match (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60) {
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, _) => format!("{hours} h"),
        (1, 0, _) => "1 day".to_owned(),
        (1, hours, _) => format!("1 day {hours} h"),
        (days, 0, _) => format!("{days} days"),
        (days, hours, _) => format!("{days} days {hours} h"),
    }
}

/// A time to the minute, in UTC.
pub(super) fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}
