//! `[history]`: how long what is remembered, and how much of it.

use std::ops::RangeInclusive;

use super::draft::Draft;
use super::general::once;
use super::value::{Entry, choice, number, table, unknown_key};
use crate::history::{ClientDetail, Days, Retention};

const MINUTES: &str = "keep-minutes-hours";
const HOURS: &str = "keep-hours-days";
const DAYS: &str = "keep-days";
const UNEXPLAINED: &str = "unexplained-days";
const CONVERSATIONS: &str = "most-conversations";
const CLIENTS: &str = "clients";

const KEYS: [&str; 6] = [MINUTES, HOURS, DAYS, UNEXPLAINED, CONVERSATIONS, CLIENTS];

/// A key with a number: what it may be, why not more, and where it goes.
struct Number {
    key: &'static str,
    range: RangeInclusive<u32>,
    why: &'static str,
    place: fn(&mut Retention) -> &mut u32,
}

/// On which days something happened is remembered for so long.
const LONGEST_DAYS: u32 = Days::SPAN.cast_unsigned();

const NUMBERS: [Number; 5] = [
    Number {
        key: MINUTES,
        range: 1..=24 * 31,
        why: "minutes take the most room",
        place: |history| &mut history.minutes_h,
    },
    Number {
        key: HOURS,
        range: 1..=LONGEST_DAYS,
        why: "days with packets are remembered for 448 days",
        place: |history| &mut history.hours_d,
    },
    Number {
        key: DAYS,
        range: 1..=LONGEST_DAYS,
        why: "days with packets are remembered for 448 days",
        place: |history| &mut history.days_d,
    },
    Number {
        key: UNEXPLAINED,
        range: 1..=LONGEST_DAYS,
        why: "days with packets are remembered for 448 days",
        place: |history| &mut history.unexplained_d,
    },
    Number {
        key: CONVERSATIONS,
        range: 1000..=10_000_000,
        why: "a million take about 300 MiB",
        place: |history| &mut history.conversations,
    },
];

/// Reads the section of one file.
pub(super) fn read(draft: &mut Draft<'_>, section: &Entry<'_>) {
    for entry in table(&mut draft.report, section) {
        let known = KEYS.iter().find(|key| **key == entry.key);
        let Some(key) = known else {
            unknown_key(&mut draft.report, &entry, " in [history]", &KEYS);
            continue;
        };
        if !once(&mut draft.report, &mut draft.history_places, key, &entry) {
            continue;
        }
        match NUMBERS.iter().find(|number| number.key == *key) {
            Some(number) => number.read(draft, &entry),
            None => {
                if let Some(choice) =
                    choice(&mut draft.report, &entry, &ClientDetail::ALL, ClientDetail::name)
                {
                    draft.model.history.clients = choice;
                }
            }
        }
    }
}

impl Number {
    fn read(&self, draft: &mut Draft<'_>, entry: &Entry<'_>) {
        let (least, most) = (*self.range.start(), *self.range.end());
        let Some(number) = number(&mut draft.report, entry, least, u32::MAX) else {
            return;
        };
        if number > most {
            let what = format!(
                "{} is {number}; it must be {least} to {most}: {}",
                self.key, self.why
            );
            draft.report.problem(&entry.value.span(), what);
            return;
        }
        *(self.place)(&mut draft.model.history) = number;
    }
}

/// What is finer cannot be kept longer than what it becomes.
pub(super) fn check(draft: &mut Draft<'_>) {
    let history = draft.model.history;
    for (finer, hours, coarser, days) in [
        (MINUTES, history.minutes_h, HOURS, history.hours_d),
        (HOURS, history.hours_d.saturating_mul(24), DAYS, history.days_d),
        (
            UNEXPLAINED,
            history.unexplained_d.saturating_mul(24),
            DAYS,
            history.days_d,
        ),
    ] {
        // Where neither is written, the defaults fit.
        let places = &draft.history_places;
        let written = [finer, coarser].map(|key| places.get(key).copied());
        let ([Some(place), _] | [None, Some(place)]) = written else {
            continue;
        };
        if hours > days.saturating_mul(24) {
            let what = format!(
                "{finer} reaches back {}, and {coarser} {days} days only; make {finer} smaller or {coarser} larger",
                if finer == MINUTES {
                    format!("{hours} hours")
                } else {
                    format!("{} days", hours / 24)
                },
            );
            draft.report.problem_at(place, what);
        }
    }
}
