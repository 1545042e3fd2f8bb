//! Who is told what, and when: pure, the time is an argument.

use std::collections::BTreeMap;

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::group::{Group, Heard};
use super::letter::{Kind, Letter, Told};
use super::memory::{Known, Memory, Stage};
use super::options::Options;

/// Hears of groups, and says which letters go out.
#[derive(Clone, Debug)]
pub struct Desk {
    memory: Memory,
    groups: BTreeMap<Group, Known>,
}

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

impl Desk {
    /// Groups that are remembered at most.
    pub const MOST_GROUPS: usize = 4096;
    /// Groups in a letter that tells of several that were held back.
    pub const IN_LETTER: usize = 20;
    /// Groups in a digest.
    pub const IN_DIGEST: usize = 100;

    /// One that remembers.
    #[must_use]
    pub fn new(mut memory: Memory) -> Self {
        let groups = std::mem::take(&mut memory.groups).into_iter().collect();
        Self { memory, groups }
    }

    /// What must not be forgotten; letters on their way are whose way it is to know.
    #[must_use]
    pub fn memory(&self) -> Memory {
        Memory {
            groups: self
                .groups
                .iter()
                .map(|(group, known)| (group.clone(), known.clone()))
                .collect(),
            ..self.memory.clone()
        }
    }

    /// Until when everything new is taken for ordinary; nothing once that is over.
    #[must_use]
    pub fn learning_until(&self, options: &Options) -> Option<Timestamp> {
        let end = self.memory.began.checked_add(options.learning());
        (!self.memory.learnt).then(|| end.unwrap_or(Timestamp::MAX))
    }

    /// Groups that were held back so far.
    #[must_use]
    pub const fn held_back(&self) -> u64 {
        self.memory.held_back
    }

    /// Letters written so far, and when the last one was.
    #[must_use]
    pub fn written(&self) -> (u64, Option<Timestamp>) {
        (self.memory.letters, self.memory.last)
    }

    /// Takes note of a group. Says whether that is news, or only that it goes on.
    pub fn hear(&mut self, heard: Heard, now: Timestamp, options: &Options) -> bool {
        let learning = self.learning_until(options).is_some_and(|until| now < until);
        let stage = if learning { Stage::Told } else { Stage::Fresh };
        let Heard {
            group,
            example,
            first_seen,
            last_seen,
        } = heard;
        if let Some(known) = self.groups.get_mut(&group) {
            let silence = last_seen.duration_since(known.last_seen);
            known.first_seen = known.first_seen.min(first_seen);
            known.last_seen = known.last_seen.max(last_seen);
            // Whoever was not told yet will be, with the first conversation.
            if silence < options.silence() || known.stage != Stage::Told {
                return false;
            }
            known.since = now;
            known.again = true;
            known.stage = stage;
            known.for_digest = true;
            known.example = Some(example);
            return true;
        }
        if self.groups.len() >= Self::MOST_GROUPS && !self.make_room(now, options) {
            self.memory.beyond += 1;
            return true;
        }
        let known = Known {
            first_seen,
            last_seen,
            since: now,
            again: false,
            stage,
            for_digest: true,
            example: Some(example),
        };
        self.groups.insert(group, known);
        true
    }

    /// Forgets groups that would be told of again anyway.
    fn make_room(&mut self, now: Timestamp, options: &Options) -> bool {
        self.groups.retain(|_, known| {
            known.stage != Stage::Told
                || known.for_digest && options.digest.is_some()
                || now.duration_since(known.last_seen) < options.silence()
        });
        self.groups.len() < Self::MOST_GROUPS
    }

    /// The letters that go out now.
    pub fn due(&mut self, now: Timestamp, options: &Options) -> Vec<Letter> {
        // A clock that was ahead once must not make learning last for years.
        self.memory.began = self.memory.began.min(now);
        self.memory.digested = self.memory.digested.min(now);
        self.memory
            .recent
            .retain(|at| *at <= now && now.duration_since(*at) < MINUTE);
        let most = usize::try_from(options.most_a_minute).unwrap_or(usize::MAX);
        let mut left = most.saturating_sub(self.memory.recent.len());
        let mut letters = Vec::new();
        // Where nothing was to be learnt, nothing is to be told of it.
        let learnt = self.groups.values().any(|known| known.stage == Stage::Told);
        self.memory.learnt |= options.learn_h == 0 && !learnt;
        if left > 0
            && let Some(kind) = self.digest_due(now, options)
        {
            letters.push(self.digest(kind, now));
            left -= 1;
        }
        let mut waiting: Vec<_> = self
            .groups
            .iter()
            .filter(|(_, known)| known.stage != Stage::Told)
            .map(|(group, known)| (known.stage == Stage::Fresh, known.since, group.clone()))
            .collect();
        waiting.sort();
        let held = waiting.iter().take_while(|(fresh, ..)| !fresh).count();
        let fresh = waiting.split_off(held);
        for groups in waiting.chunks(Self::IN_LETTER) {
            if left == 0 {
                break;
            }
            letters.push(self.alert(groups, now, groups.len() as u64));
            left -= 1;
        }
        let told = left.min(fresh.len());
        for group in &fresh[..told] {
            letters.push(self.alert(std::slice::from_ref(group), now, 0));
        }
        for (.., group) in &fresh[told..] {
            self.memory.held_back += 1;
            self.stage(group, Stage::Held);
        }
        let waiting = self.groups.values().filter(|known| known.stage == Stage::Held);
        let waiting = waiting.count() as u64;
        for letter in &mut letters {
            letter.waiting = waiting;
        }
        letters
    }

    fn digest_due(&self, now: Timestamp, options: &Options) -> Option<Kind> {
        if let Some(until) = self.learning_until(options) {
            return (now >= until).then_some(Kind::Learnt);
        }
        let at = last_time_of_day(now, options.digest?)?;
        (at > self.memory.digested).then_some(Kind::Digest)
    }

    fn digest(&mut self, kind: Kind, now: Timestamp) -> Letter {
        self.memory.learnt = true;
        self.memory.digested = now;
        let mut listed: Vec<_> = self
            .groups
            .iter()
            // Of what is held back, the letter that it waits for tells.
            .filter(|(_, known)| known.for_digest && known.stage == Stage::Told)
            .map(|(group, known)| (known.since, group.clone()))
            .collect();
        listed.sort();
        let told: Vec<_> = listed
            .iter()
            .take(Self::IN_DIGEST)
            .filter_map(|(_, group)| self.told(group))
            .collect();
        for (_, group) in &listed {
            if let Some(known) = self.groups.get_mut(group) {
                known.for_digest = false;
                known.example = None;
            }
        }
        let more = (listed.len() - told.len()) as u64;
        self.letter(kind, now, told, more, 0)
    }

    fn alert(&mut self, groups: &[(bool, Timestamp, Group)], now: Timestamp, held_back: u64) -> Letter {
        let told = groups.iter().filter_map(|(.., group)| self.told(group)).collect();
        for (.., group) in groups {
            self.stage(group, Stage::Told);
        }
        self.letter(Kind::Alert, now, told, 0, held_back)
    }

    fn stage(&mut self, group: &Group, stage: Stage) {
        if let Some(known) = self.groups.get_mut(group) {
            known.stage = stage;
        }
    }

    fn told(&self, group: &Group) -> Option<Told> {
        let known = self.groups.get(group)?;
        Some(Told {
            group: group.clone(),
            again: known.again,
            first_seen: known.first_seen,
            last_seen: known.last_seen,
            example: known.example.clone(),
        })
    }

    fn letter(&mut self, kind: Kind, now: Timestamp, groups: Vec<Told>, more: u64, held_back: u64) -> Letter {
        self.memory.letters += 1;
        self.memory.recent.push(now);
        self.memory.last = Some(now);
        Letter {
            number: self.memory.letters,
            kind,
            at: now,
            groups,
            more,
            held_back,
            waiting: 0,
            beyond: std::mem::take(&mut self.memory.beyond),
            known: self.groups.len() as u64,
        }
    }
}

/// When it was last that time of day, in UTC.
fn last_time_of_day(now: Timestamp, time: Time) -> Option<Timestamp> {
    let today = now.to_zoned(TimeZone::UTC).date();
    let at = |date: jiff::civil::Date| date.to_datetime(time).to_zoned(TimeZone::UTC).ok();
    let today_at = at(today)?.timestamp();
    if today_at <= now {
        return Some(today_at);
    }
    Some(at(today.yesterday().ok()?)?.timestamp())
}
