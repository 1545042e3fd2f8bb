//! On which days something happened: one bit a day, the newest day first.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Days since 1970-01-01, in UTC.
pub type Day = i32;

/// The day of a time.
#[must_use]
pub fn day_of(at: Timestamp) -> Day {
    i32::try_from(at.as_second().div_euclid(86_400)).unwrap_or(Day::MAX)
}

/// Days with a hit, over a little more than a year.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Days {
    /// The newest day that has a bit.
    newest: Day,
    /// Bit 0 of the first word is the newest day, the next bit the day before.
    bits: [u64; Self::WORDS],
}

impl Days {
    const WORDS: usize = 7;
    /// How many days back are remembered.
    pub const SPAN: i32 = 64 * Self::WORDS as i32;
    /// How many bytes [`Days::to_bytes`] gives.
    pub const BYTES: usize = 4 + 8 * Self::WORDS;

    /// One with a single day.
    #[must_use]
    pub fn of(day: Day) -> Self {
        let mut days = Self::default();
        days.add(day);
        days
    }

    /// Whether there is no day in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bits == [0; Self::WORDS]
    }

    /// Adds a day; one that is more than [`Days::SPAN`] older than the newest is forgotten.
    pub fn add(&mut self, day: Day) {
        if self.is_empty() {
            self.newest = day;
        }
        if day > self.newest {
            self.age(day - self.newest);
            self.newest = day;
        }
        let back = self.newest - day;
        if let Ok(back) = usize::try_from(back)
            && back < 64 * Self::WORDS
        {
            self.bits[back / 64] |= 1 << (back % 64);
        }
    }

    /// Adds the days of another one.
    pub fn merge(&mut self, other: &Self) {
        other.iter().for_each(|day| self.add(day));
    }

    /// The days, newest first.
    pub fn iter(&self) -> impl Iterator<Item = Day> + use<> {
        let Self { newest, bits } = *self;
        (0..Self::SPAN)
            .filter(move |back| bits[(*back / 64) as usize] & 1 << (back % 64) != 0)
            .map(move |back| newest - back)
    }

    /// Whether one of the days from `first` to `last` is in it, both included.
    #[must_use]
    pub fn any_in(&self, first: Day, last: Day) -> bool {
        self.iter().any(|day| first <= day && day <= last)
    }

    /// How many of the days from `first` to `last` are in it, both included.
    #[must_use]
    pub fn count_in(&self, first: Day, last: Day) -> usize {
        self.iter().filter(|day| first <= *day && *day <= last).count()
    }

    /// The same as bytes, for a store.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..4].copy_from_slice(&self.newest.to_le_bytes());
        for (place, word) in bytes[4..].chunks_exact_mut(8).zip(self.bits) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    /// What [`Days::to_bytes`] gave; nothing where it is something else.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (newest, words) = bytes.split_first_chunk::<4>()?;
        if words.len() != 8 * Self::WORDS {
            return None;
        }
        let mut days = Self {
            newest: Day::from_le_bytes(*newest),
            ..Self::default()
        };
        for (place, word) in days.bits.iter_mut().zip(words.chunks_exact(8)) {
            *place = u64::from_le_bytes(word.try_into().ok()?);
        }
        Some(days)
    }

    /// Moves every bit so many days back.
    fn age(&mut self, days: i32) {
        let Ok(days) = usize::try_from(days) else { return };
        let (words, bits) = (days / 64, days % 64);
        let before = self.bits;
        let at = |index: usize| before.get(index).copied().unwrap_or(0);
        for (place, now) in self.bits.iter_mut().enumerate() {
            *now = match place.checked_sub(words) {
                None => 0,
                Some(from) if bits == 0 => at(from),
                Some(0) => at(0) << bits,
                Some(from) => at(from) << bits | at(from - 1) >> (64 - bits),
            };
        }
    }
}

/// The first moment of a day.
#[must_use]
pub fn begin_of(day: Day) -> Timestamp {
    Timestamp::from_second(i64::from(day) * 86_400).unwrap_or(Timestamp::MAX)
}

/// A day as people write it.
#[must_use]
pub fn date_of(day: Day) -> jiff::civil::Date {
    begin_of(day).to_zoned(TimeZone::UTC).date()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn days_are_those_of_utc() {
        for (at, date) in [
            ("1970-01-01T00:00:00Z", "1970-01-01"),
            ("2026-11-24T23:59:59.999Z", "2026-11-24"),
            ("2026-11-25T00:00:00Z", "2026-11-25"),
            ("1969-12-31T23:59:59Z", "1969-12-31"),
        ] {
            let at: Timestamp = at.parse().expect("a time");
            assert_eq!(date_of(day_of(at)).to_string(), date);
        }
    }

    proptest! {
        #[test]
        fn it_holds_what_was_added_of_the_last_days(
            added in prop::collection::vec(0..1500_i32, 1..60)
        ) {
            let mut days = Days::default();
            added.iter().for_each(|day| days.add(*day));
            let newest = *added.iter().max().expect("one at least");
            // Whatever the order, what is within the span of the newest one is there; the rest may have been forgotten.
            let wanted: BTreeSet<_> = added.iter().copied().filter(|day| newest - day < Days::SPAN).collect();
            let held: BTreeSet<_> = days.iter().collect();
            prop_assert_eq!(&held, &wanted);
            prop_assert_eq!(Days::from_bytes(&days.to_bytes()), Some(days));
            prop_assert_eq!(days.count_in(newest - 100, newest), wanted.range(newest - 100..).count());
            prop_assert_eq!(days.any_in(0, newest - 10), wanted.range(..=newest - 10).next().is_some());
        }
    }
}
