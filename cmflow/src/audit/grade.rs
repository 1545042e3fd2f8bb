//! How far a rule is used at one gateway, and why.

use jiff::Timestamp;

use super::cadence::{self, lacks};
use super::crossing::PairFacts;
use super::demand::Demand;
use super::hits::Hits;
use super::window::Observed;
use super::words::{at, count, grouped, some};
use crate::answer::Grade;

/// A grade with its reason.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Graded {
    pub(super) grade: Grade,
    pub(super) why: String,
}

impl Graded {
    pub(super) fn new(grade: Grade, why: impl Into<String>) -> Self {
        Self {
            grade,
            why: why.into(),
        }
    }
}

/// How many other rules a reason names.
const NAMED: usize = 3;

/// The grade of a rule that was hit; nothing where it is silent.
pub(super) fn of_hits(hits: &Hits) -> Option<Graded> {
    if !hits.any() {
        return None;
    }
    let last = hits.last_proof.map(|last| format!(", last {}", at(last)));
    let last = last.unwrap_or_default();
    if hits.alone > 0 {
        let flows = count(hits.alone, "flow");
        let why = format!("{flows} answered that only this rule explains{last}");
        return Some(Graded::new(Grade::Used, why));
    }
    if hits.together > 0 {
        let others: Vec<_> = hits.shared_with.iter().collect();
        let why = format!(
            "{} answered{last}, and other rules explain each of them as well: {}",
            count(hits.together, "flow"),
            some(&others, NAMED)
        );
        return Some(Graded::new(Grade::Shared, why));
    }
    Some(Graded::new(Grade::Attempted, attempted(hits)))
}

/// Why nothing of it proves that it is used.
fn attempted(hits: &Hits) -> String {
    if hits.conversations == 0 {
        let packets = count(hits.counted.packets, "packet");
        return format!(
            "{packets} counted, of conversations that are not known one by one: nothing proves use"
        );
    }
    let not = &hits.unproven;
    let mut parts = Vec::new();
    let mut part = |flows: u64, what: &str| {
        if flows > 0 {
            parts.push(format!("{} {what}", grouped(flows)));
        }
    };
    part(not.refused, "refused");
    part(not.one_sided, "one-sided: answers do not cross this gateway");
    part(not.of_scanners, "only from computers whose hits prove nothing");
    part(not.by_range, "explained by the range of dynamic ports alone");
    part(not.inferred, "answered, but it was not seen who opened them");
    let told = not.refused + not.one_sided + not.of_scanners + not.by_range + not.inferred;
    part(not.flows.saturating_sub(told), "not answered");
    let flows = count(not.flows, "flow");
    format!("{flows}, and none proves use: {}", parts.join("; "))
}

/// A window for what is silent: since when it would have been seen, where it would have been at all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watch<'a> {
    pub(super) observed: &'a Observed,
    /// Since when the tables have had the rule; nothing where those that judged never had.
    pub(super) since: Option<Timestamp>,
}

/// The grade of something that was never hit.
pub(super) fn of_silence(demand: &Demand, pairs: &PairFacts, watch: &Watch<'_>, unseen: &str) -> Graded {
    if pairs.observable == 0 {
        return Graded::new(Grade::NotObservable, unseen.to_owned());
    }
    if pairs.standby == pairs.observable {
        let why = "every pair that crosses here has an end that stands by (standby in the site file)";
        return Graded::new(Grade::ExpectedIdle, why);
    }
    if let Some(idle) = &demand.idle {
        return Graded::new(Grade::ExpectedIdle, idle.clone());
    }
    let Some(since) = watch.since else {
        let why =
            "the tables that judged in this window did not have it: run cmflow with this site file first";
        return Graded::new(Grade::InsufficientWindow, why);
    };
    if let Some(lacking) = lacks(demand.cadence, watch.observed, since) {
        return Graded::new(Grade::InsufficientWindow, lacking);
    }
    let days = watch.observed.seconds_s(since) / 86_400;
    let why = format!(
        "unused on this gateway: no hit in {} observed; {} needs {}",
        count(days, "day"),
        cadence::name(demand.cadence),
        cadence::days(demand.cadence)
    );
    Graded::new(Grade::Unused, why)
}

/// Why no pair can be seen at a gateway, in words.
pub(super) fn unseen(pairs: &PairFacts, interfaces: &[&str], by_proxy: bool) -> String {
    let mut parts = Vec::new();
    if pairs.same_side > 0 {
        let proxy = if by_proxy {
            "; it goes through a proxy on its own side"
        } else {
            ""
        };
        let at = match interfaces {
            [] => String::new(),
            names => format!(" ({})", names.join(", ")),
        };
        parts.push(format!(
            "both ends are on the same side of this gateway{at} in {}{proxy}",
            count(pairs.same_side, "pair")
        ));
    }
    if pairs.not_seen > 0 {
        parts.push(format!(
            "nothing ever came in from an end of {}, so nobody knows whether they cross here",
            count(pairs.not_seen, "pair")
        ));
    }
    if pairs.hidden > 0 {
        parts.push(format!(
            "{} talk inside IPsec or a tunnel, which hides the ports",
            count(pairs.hidden, "pair")
        ));
    }
    if parts.is_empty() {
        parts.push("no pair of computers is left that could use it".to_owned());
    }
    parts.join("; ")
}

/// Of the grades at several gateways the one that decides.
pub(super) fn merged(grades: Vec<(&str, Graded)>) -> Graded {
    let several = grades.len() > 1;
    let decides = grades.iter().map(|(_, graded)| graded.grade).min();
    let Some(grade) = decides else {
        return Graded::new(Grade::InsufficientWindow, "no history was given");
    };
    let mut deciding: Vec<_> = grades.into_iter().filter(|(_, one)| one.grade == grade).collect();
    deciding.sort();
    let why = match &deciding[..] {
        [(_, one)] if !several => one.why.clone(),
        all => {
            let parts: Vec<_> = all
                .iter()
                .map(|(name, one)| format!("{name}: {}", one.why))
                .collect();
            parts.join(" | ")
        }
    };
    Graded { grade, why }
}
