//! How long a silence has to last before it means something.

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};

use super::window::Observed;
use super::words::lasting;
use crate::catalogue::Cadence;
use crate::history::{Day, begin_of, date_of, day_of};

const DAY_S: u64 = 86_400;
/// Days that a service which runs all the time may be silent.
const CONTINUOUS_D: u64 = 7;
/// Days that one which runs with the monthly updates may be: a month, and what a deployment takes.
const MONTHLY_D: u64 = 40;

/// The word that tables and JSON use.
pub(super) const fn name(cadence: Cadence) -> &'static str {
    match cadence {
        Cadence::Continuous => "continuous",
        Cadence::Monthly => "monthly",
        Cadence::OnDemand => "on-demand",
    }
}

/// Days that have to be observed; none for what silence alone never says anything about.
pub(super) const fn days(cadence: Cadence) -> u64 {
    match cadence {
        Cadence::Continuous => CONTINUOUS_D,
        Cadence::Monthly => MONTHLY_D,
        Cadence::OnDemand => 0,
    }
}

/// What a window that begins at `since` lacks for that cadence, in words; nothing where it is long enough.
pub(super) fn lacks(cadence: Cadence, observed: &Observed, since: Timestamp) -> Option<String> {
    let (needed, seen) = (days(cadence) * DAY_S, observed.seconds_s(since));
    if seen < needed {
        let lost = observed.length_s(since) - seen;
        let lost = match lost {
            0 => String::new(),
            lost => format!("; {} lost to gaps", lasting(lost)),
        };
        let days = needed / DAY_S;
        return Some(if seen < DAY_S {
            format!("{} of {days} days observed{lost}", lasting(seen))
        } else {
            format!("{} of {days} days observed{lost}", seen / DAY_S)
        });
    }
    if cadence == Cadence::Monthly && !has_patch_tuesday(observed, since) {
        return Some(format!(
            "{} days observed, but no patch Tuesday (the second Tuesday of a month) among them",
            seen / DAY_S
        ));
    }
    None
}

/// Whether a second Tuesday of a month lies in the window, and most of it was observed.
fn has_patch_tuesday(observed: &Observed, since: Timestamp) -> bool {
    let last = day_of(observed.to());
    let first = day_of(since).max(last.saturating_sub(400));
    (first..=last)
        .filter(|day| is_patch_tuesday(date_of(*day)))
        .any(|day: Day| observed.saw_most_of(since, begin_of(day), begin_of(day + 1)))
}

fn is_patch_tuesday(date: Date) -> bool {
    date.weekday() == Weekday::Tuesday && (8..=14).contains(&date.day())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::is_patch_tuesday;

    #[test]
    fn patch_tuesday_is_the_second_one() {
        for (day, is) in [
            (date(2026, 9, 1), false),
            (date(2026, 9, 8), true),
            (date(2026, 9, 15), false),
            (date(2026, 12, 8), true),
            (date(2026, 12, 14), false),
            (date(2025, 7, 8), true),
            (date(2025, 4, 8), true),
        ] {
            assert_eq!(is_patch_tuesday(day), is, "{day}");
        }
    }
}
