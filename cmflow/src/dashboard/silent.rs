//! Documented flows that went silent: a rule that was in use, and has not been for longer than it ever was before.

use jiff::Timestamp;

use super::cast::{Cast, Way};
use super::past::{Past, Step};
use super::snapshot::Snapshot;
use crate::answer::RuleCount;
use crate::catalogue::Cadence;

/// A silence shorter than this means nothing.
pub const SHORTEST_S: i64 = 3600;
/// Steps with packets that a rule needs before its silences are known.
const STEPS: usize = 4;

/// A rule that went silent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silent<'a> {
    /// The rule.
    pub way: &'a Way,
    /// What it explained so far.
    pub count: &'a RuleCount,
    /// Its last packet.
    pub since: Timestamp,
    /// Seconds since then.
    pub silent_s: i64,
    /// Its longest silence before, in seconds, where the history tells.
    pub longest_before_s: Option<i64>,
}

/// Rules that went silent, what carried most first. Without a history only rules that are used all the time can be
/// known to be missed.
#[must_use]
pub fn silent<'a>(snapshot: &'a Snapshot, cast: &'a Cast, month: Option<&Past>) -> Vec<Silent<'a>> {
    let now = snapshot.status.at;
    let mut found: Vec<Silent<'_>> = snapshot
        .rules
        .rules
        .iter()
        .filter_map(|count| {
            let way = cast.way(&count.rule)?;
            let steps = month.and_then(|past| Some((past.step_s, past.rules.get(&count.rule)?)));
            let recorded = steps.and_then(|(_, steps)| steps.last()).map(|step| step.at);
            let since = count.last_seen.max(recorded)?;
            let silent_s = now.duration_since(since).as_secs();
            let longest_before_s = steps.and_then(|(step_s, steps)| longest_silence(steps, step_s));
            let long = match longest_before_s {
                Some(before) => silent_s > before,
                None => way.cadence == Cadence::Continuous,
            };
            let documented = way.kind.name() != "baseline";
            (documented && long && silent_s >= SHORTEST_S).then_some(Silent {
                way,
                count,
                since,
                silent_s,
                longest_before_s,
            })
        })
        .collect();
    found.sort_by_key(|one| std::cmp::Reverse(one.count.bytes));
    found
}

/// The longest time between two steps with packets; nothing where there are too few of them.
fn longest_silence(steps: &[Step], step_s: i64) -> Option<i64> {
    if steps.len() < STEPS {
        return None;
    }
    let pairs = steps.iter().zip(&steps[1..]);
    // A packet may stand at either end of its step.
    pairs
        .map(|(one, next)| next.at.duration_since(one.at).as_secs() + step_s)
        .max()
}
