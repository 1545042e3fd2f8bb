//! The last minutes, second by second: what rates and small charts of live pages are made from.

use std::collections::{HashMap, VecDeque};
use std::ops::{Add, AddAssign};

use jiff::Timestamp;

use super::snapshot::{Snapshot, Talk};
use crate::answer::{Count, UnexplainedGroup};

/// Seconds over which a rate is told: one alone would flicker.
pub const OVER_S: f64 = 10.0;
/// Seconds that are remembered.
const KEPT_S: f64 = 130.0;

/// Packets and bytes a second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rate {
    /// Packets a second.
    pub packets: f64,
    /// Bytes a second.
    pub bytes: f64,
}

impl Rate {
    /// What came in that many seconds.
    #[must_use]
    pub fn of(count: Count, seconds: f64) -> Self {
        Self {
            packets: count.packets as f64 / seconds,
            bytes: count.bytes as f64 / seconds,
        }
    }
}

impl Add for Rate {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            packets: self.packets + other.packets,
            bytes: self.bytes + other.bytes,
        }
    }
}

impl AddAssign for Rate {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// What makes a group of unexplained conversations the same one at the next reading.
type GroupName = (String, String, String, u16, String);

/// What makes live flows between roles the same ones at the next reading.
type TalkName = (String, String, String, String);

/// Counters of one second.
#[derive(Clone, Debug)]
struct Second {
    at: Timestamp,
    /// In the order of [`Recent::rules`].
    rules: Vec<Count>,
    verdicts: HashMap<String, Count>,
    interfaces: HashMap<String, Count>,
    groups: HashMap<GroupName, Count>,
    talks: HashMap<TalkName, Rate>,
}

/// Readings of the last minutes.
#[derive(Clone, Debug, Default)]
pub struct Recent {
    /// Ids of the rules and their places.
    rules: HashMap<String, usize>,
    seconds: VecDeque<Second>,
}

impl Recent {
    /// Takes a reading in. Counters that begin anew, or other rules, begin anew here too.
    pub fn push(&mut self, snapshot: &Snapshot) {
        let at = snapshot.status.at;
        let rules = &snapshot.rules.rules;
        let same = rules.len() == self.rules.len()
            && rules
                .iter()
                .enumerate()
                .all(|(place, rule)| self.rules.get(&rule.rule) == Some(&place));
        let backwards = self.seconds.back().is_some_and(|last| at <= last.at);
        if !same || backwards {
            self.seconds.clear();
            let places = rules.iter().enumerate();
            self.rules = places.map(|(place, rule)| (rule.rule.clone(), place)).collect();
        }
        let count = |packets, bytes| Count { packets, bytes };
        let status = &snapshot.status;
        self.seconds.push_back(Second {
            at,
            rules: rules.iter().map(|rule| count(rule.packets, rule.bytes)).collect(),
            verdicts: status
                .verdicts
                .iter()
                .map(|(kind, tally)| (kind.clone(), count(tally.packets, tally.bytes)))
                .collect(),
            interfaces: status
                .interfaces
                .iter()
                .map(|one| (one.name.clone(), count(one.frames, one.bytes)))
                .collect(),
            groups: snapshot
                .undocumented
                .groups
                .iter()
                .map(|group| (name(group), count(group.packets, group.bytes)))
                .collect(),
            talks: snapshot
                .talks
                .iter()
                .map(|talk| (talk_name(talk), talk.rate))
                .collect(),
        });
        while let Some(first) = self.seconds.front()
            && at.duration_since(first.at).as_secs_f64() > KEPT_S
        {
            self.seconds.pop_front();
        }
    }

    /// The latest second, and the one that rates count from; nothing before there are two.
    fn ends(&self) -> Option<(&Second, &Second, f64)> {
        let last = self.seconds.back()?;
        let passed = |second: &Second| last.at.duration_since(second.at).as_secs_f64();
        let first = self.seconds.iter().rev().skip(1);
        let first = first.take_while(|second| passed(second) <= OVER_S + 0.5).last()?;
        Some((first, last, passed(first)))
    }

    fn rate(&self, of: impl Fn(&Second) -> Option<Count>) -> Option<Rate> {
        let (first, last, seconds) = self.ends()?;
        let now = of(last)?;
        // What was not there before began from nothing.
        let before = of(first).unwrap_or_default();
        let more = Count {
            packets: now.packets.saturating_sub(before.packets),
            bytes: now.bytes.saturating_sub(before.bytes),
        };
        Some(Rate::of(more, seconds))
    }

    /// What a rule explains just now.
    #[must_use]
    pub fn rule(&self, rule: &str) -> Option<Rate> {
        let place = *self.rules.get(rule)?;
        self.rate(|second| second.rules.get(place).copied())
    }

    /// What has a verdict just now.
    #[must_use]
    pub fn verdict(&self, kind: &str) -> Option<Rate> {
        self.rate(|second| second.verdicts.get(kind).copied())
    }

    /// What comes in by an interface just now.
    #[must_use]
    pub fn interface(&self, interface: &str) -> Option<Rate> {
        self.rate(|second| second.interfaces.get(interface).copied())
    }

    /// What a group of unexplained conversations does just now.
    #[must_use]
    pub fn group(&self, group: &UnexplainedGroup) -> Option<Rate> {
        let name = name(group);
        self.rate(|second| second.groups.get(&name).copied())
    }

    /// What flows between roles just now: these flows end and begin, so that their rates are averaged rather than their
    /// counters compared.
    #[must_use]
    pub fn talk(&self, talk: &Talk) -> Rate {
        let name = talk_name(talk);
        let Some(last) = self.seconds.back() else {
            return talk.rate;
        };
        let within = |second: &&Second| last.at.duration_since(second.at).as_secs_f64() < OVER_S;
        let (mut sum, mut seconds) = (Rate::default(), 0.0);
        for second in self.seconds.iter().rev().take_while(within) {
            sum += second.talks.get(&name).copied().unwrap_or_default();
            seconds += 1.0;
        }
        Rate {
            packets: sum.packets / seconds,
            bytes: sum.bytes / seconds,
        }
    }

    /// Packets of a rule in the last `count` stretches of `each` seconds, oldest first.
    #[must_use]
    pub fn spark(&self, rule: &str, count: usize, each: f64) -> Vec<u64> {
        let mut parts = vec![0; count];
        let (Some(place), Some(last)) = (self.rules.get(rule), self.seconds.back()) else {
            return parts;
        };
        let pairs = self.seconds.iter().zip(self.seconds.iter().skip(1));
        for (before, after) in pairs {
            let more = after.rules[*place]
                .packets
                .saturating_sub(before.rules[*place].packets);
            let back = (last.at.duration_since(after.at).as_secs_f64() / each) as usize;
            if let Some(part) = count.checked_sub(back + 1).and_then(|index| parts.get_mut(index)) {
                *part += more;
            }
        }
        parts
    }
}

fn talk_name(talk: &Talk) -> TalkName {
    (
        talk.from.join(" "),
        talk.to.join(" "),
        talk.verdict.clone(),
        talk.rules.join(" "),
    )
}

fn name(group: &UnexplainedGroup) -> GroupName {
    (
        group.initiator_roles.join(" "),
        group.responder_roles.join(" "),
        group.protocol.clone(),
        group.port,
        group.verdict.clone(),
    )
}
