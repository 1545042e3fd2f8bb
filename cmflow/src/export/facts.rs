//! What stands at the head of an export: what it follows from, and what it is not.

use super::Only;
use super::lines::RuleSet;

/// Gaps that are listed one by one.
const GAPS: usize = 20;

/// Sentences for the head of an export.
pub(super) fn facts(set: &RuleSet<'_>) -> Vec<String> {
    let audit = set.audit;
    let mut said = vec![
        format!("made by cmflow {} at {}", audit.version, audit.at),
        "TO BE REVIEWED before it is used: it follows from what this gateway saw, and from the site file"
            .to_owned(),
        match set.only {
            Only::Used => {
                "openings: all but those that are unused; what is not known for sure is marked REVIEW"
                    .to_owned()
            }
            Only::Documented => {
                "openings: everything documented, approved, or explained by a companion".to_owned()
            }
        },
        format!(
            "{} to let through, {} of them marked REVIEW; {} left out",
            count(set.lines.len(), "line"),
            set.to_review(),
            count(set.left_out.len(), "opening"),
        ),
        format!("edition of the documented ports: {}", audit.edition),
        format!(
            "window: {} to {}, observed {}",
            audit.window.from,
            audit.window.to,
            duration(audit.window.observed_s)
        ),
    ];
    let gaps = &audit.window.gaps;
    let hiding = gaps.iter().filter(|gap| gap.hides).count();
    said.push(match gaps.len() {
        0 => "gaps: none".to_owned(),
        all => format!("gaps: {all}, traffic may be missing in {hiding}"),
    });
    // Those that hide traffic first: they are what a reader has to know.
    let (hides, other): (Vec<_>, Vec<_>) = gaps.iter().partition(|gap| gap.hides);
    for gap in hides.into_iter().chain(other).take(GAPS) {
        said.push(format!(
            "  {} to {}: {}, {}",
            gap.from, gap.to, gap.kind, gap.note
        ));
    }
    if gaps.len() > GAPS {
        said.push(format!(
            "  and {} more; cmflow audit lists them",
            gaps.len() - GAPS
        ));
    }
    for gateway in &audit.gateways {
        let interfaces = gateway.interfaces.iter();
        let interfaces: Vec<_> = interfaces
            .map(|(name, hook)| format!("{name} ({hook})"))
            .collect();
        let interfaces = match interfaces.as_slice() {
            [] => "interfaces are not known".to_owned(),
            known => known.join(", "),
        };
        said.push(format!("gateway {}: {interfaces}", gateway.name));
    }
    for file in &audit.files {
        said.push(format!("sha256 {}  {}", file.sha256, file.path));
    }
    said.push(
        "hits were counted at ingress, before this gateway's own firewall; those of an opening of both \
         families stand at each of its lines"
            .to_owned(),
    );
    said.extend(audit.limits.iter().map(|limit| format!("limit: {limit}")));
    said
}

/// A number and what it counts.
pub(super) fn count(number: usize, what: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {what}{ending}")
}

/// Days and hours, or minutes where there is not even one.
pub(super) fn duration(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes} min"),
        (0, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}
