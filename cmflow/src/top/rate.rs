//! Rates: the difference of two answers over the time between them.

use std::collections::HashMap;
use std::time::Duration;

use crate::answer::Count;

/// What flows in a second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rate {
    /// Packets a second.
    pub packets: f64,
    /// Bytes a second.
    pub bytes: f64,
}

impl Rate {
    /// Of two counts and the time between them; nothing where the later one is less, as after a new beginning, or
    /// no time has passed.
    #[must_use]
    pub fn between(before: Count, after: Count, time: Duration) -> Option<Self> {
        let seconds = time.as_secs_f64();
        let more = |before: u64, after: u64| Some(after.checked_sub(before)? as f64 / seconds);
        (seconds > 0.0)
            .then(|| {
                Some(Self {
                    packets: more(before.packets, after.packets)?,
                    bytes: more(before.bytes, after.bytes)?,
                })
            })
            .flatten()
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            packets: self.packets + other.packets,
            bytes: self.bytes + other.bytes,
        }
    }
}

/// Counts by name as one answer had them.
#[derive(Clone, Debug, Default)]
pub struct Counted {
    at: Duration,
    counts: HashMap<String, Count>,
}

impl Counted {
    /// Counts that were answered at a time.
    #[must_use]
    pub fn new(at: Duration, counts: impl Iterator<Item = (String, Count)>) -> Self {
        Self {
            at,
            counts: counts.collect(),
        }
    }

    /// How many names there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.counts.len()
    }

    /// Whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// Rates since an earlier answer. A name that it does not have began since, where `began` says so.
    #[must_use]
    pub fn since(&self, before: &Self, began: impl Fn(&str) -> bool) -> HashMap<String, Rate> {
        let time = self.at.saturating_sub(before.at);
        let rate = |(name, count): (&String, &Count)| {
            let before = match before.counts.get(name) {
                Some(before) => *before,
                None if began(name) => Count::default(),
                None => return None,
            };
            Some((name.clone(), Rate::between(before, *count, time)?))
        };
        self.counts.iter().filter_map(rate).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn count(packets: u64, bytes: u64) -> Count {
        Count { packets, bytes }
    }

    #[test]
    fn a_rate_is_a_difference_over_its_time() {
        for (before, after, milliseconds, rate) in [
            (count(0, 0), count(10, 1000), 1000, Some((10.0, 1000.0))),
            (count(10, 1000), count(10, 1000), 1000, Some((0.0, 0.0))),
            (count(10, 1000), count(15, 4000), 500, Some((10.0, 6000.0))),
            (count(10, 1000), count(15, 4000), 2000, Some((2.5, 1500.0))),
            // Counters began anew.
            (count(10, 1000), count(1, 100), 1000, None),
            (count(10, 1000), count(11, 1001), 0, None),
        ] {
            let rate = rate.map(|(packets, bytes)| Rate { packets, bytes });
            let time = Duration::from_millis(milliseconds);
            assert_eq!(Rate::between(before, after, time), rate, "{before:?} {after:?}");
        }
    }

    #[test]
    fn what_was_not_asked_before_has_a_rate_only_where_it_began_since() {
        let at = Duration::from_secs;
        let before = Counted::new(at(1), [("old".to_owned(), count(1, 10))].into_iter());
        let after = ["old", "young", "beyond the limit before"];
        let after = Counted::new(
            at(2),
            after.into_iter().map(|name| (name.to_owned(), count(3, 30))),
        );
        let rates = after.since(&before, |name| name == "young");
        assert_eq!(rates.len(), 2);
        assert_eq!(rates["old"].packets, 2.0);
        assert_eq!(rates["young"].packets, 3.0);
    }
}
