//! How long was looked: a time minus what hides traffic.

use jiff::{SignedDuration, Timestamp};

use super::words;
use crate::answer::{AuditGap, AuditWindow};
use crate::history::{Evidence, Outage};

/// Times in which traffic may be missing, apart from one another and in order.
#[derive(Clone, Debug)]
pub(super) struct Observed {
    from: Timestamp,
    to: Timestamp,
    hidden: Vec<(Timestamp, Timestamp)>,
}

impl Observed {
    /// Of one gateway's history.
    pub(super) fn of(evidence: &Evidence) -> Self {
        let (from, to) = (evidence.from, evidence.to);
        let hiding = evidence.outages.iter().filter(|outage| outage.hides());
        let cut = hiding.map(|outage| (outage.from.max(from), outage.to.min(to)));
        let mut cut: Vec<_> = cut.filter(|(begin, end)| begin < end).collect();
        cut.sort();
        let mut hidden: Vec<(Timestamp, Timestamp)> = Vec::new();
        for (begin, end) in cut {
            match hidden.last_mut() {
                Some(last) if begin <= last.1 => last.1 = last.1.max(end),
                _ => hidden.push((begin, end)),
            }
        }
        Self { from, to, hidden }
    }

    /// End of the window.
    pub(super) const fn to(&self) -> Timestamp {
        self.to
    }

    /// Seconds of the window after `since`.
    pub(super) fn length_s(&self, since: Timestamp) -> u64 {
        seconds(since.max(self.from), self.to)
    }

    /// Seconds of it in which everything was observed.
    pub(super) fn seconds_s(&self, since: Timestamp) -> u64 {
        let since = since.max(self.from);
        let lost = self
            .hidden
            .iter()
            .map(|(begin, end)| seconds((*begin).max(since), *end));
        self.length_s(since).saturating_sub(lost.sum())
    }

    /// Whether most of a time that lies in the window after `since` was observed.
    pub(super) fn saw_most_of(&self, since: Timestamp, begin: Timestamp, end: Timestamp) -> bool {
        let lost = self
            .hidden
            .iter()
            .map(|(from, to)| seconds((*from).max(begin), (*to).min(end)));
        self.from.max(since) <= begin && end <= self.to && 2 * lost.sum::<u64>() < seconds(begin, end)
    }
}

/// Seconds between two times; none where the second one is not later.
fn seconds(from: Timestamp, to: Timestamp) -> u64 {
    let between: SignedDuration = to.duration_since(from);
    u64::try_from(between.as_secs()).unwrap_or(0)
}

/// The window of one gateway, as an audit tells it.
pub(super) fn told(evidence: &Evidence, observed: &Observed) -> AuditWindow {
    AuditWindow {
        from: evidence.from,
        to: evidence.to,
        observed_s: observed.seconds_s(evidence.from),
        gaps: evidence.outages.iter().map(gap).collect(),
    }
}

/// The window of all of them: from the earliest begin to the latest end, observed as long as where least was.
pub(super) fn of_all(windows: &[(&str, &AuditWindow)]) -> AuditWindow {
    let several = windows.len() > 1;
    let mut gaps: Vec<AuditGap> = Vec::new();
    for (name, window) in windows {
        gaps.extend(window.gaps.iter().cloned().map(|gap| AuditGap {
            note: if several {
                format!("{name}: {}", gap.note)
            } else {
                gap.note
            },
            ..gap
        }));
    }
    gaps.sort_by(|a, b| (a.from, a.to, &a.note).cmp(&(b.from, b.to, &b.note)));
    let all = || windows.iter().map(|(_, window)| window);
    AuditWindow {
        from: all().map(|window| window.from).min().unwrap_or_default(),
        to: all().map(|window| window.to).max().unwrap_or_default(),
        observed_s: all().map(|window| window.observed_s).min().unwrap_or_default(),
        gaps,
    }
}

fn gap(outage: &Outage) -> AuditGap {
    let meaning = words::of_outage(&outage.kind);
    let note = match outage.note.as_str() {
        "" => meaning.to_owned(),
        note => format!("{note}; {meaning}"),
    };
    AuditGap {
        from: outage.from,
        to: outage.to,
        kind: outage.kind.clone(),
        note,
        hides: outage.hides(),
    }
}
