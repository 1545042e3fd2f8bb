//! Numbers, times and lists as sentences need them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::history::Outage;

/// A number with its noun: `1 flow`, `3 flows`.
pub(super) fn count(number: u64, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{} {noun}s", grouped(number)),
    }
}

/// A number with its thousands apart.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A stretch of time as people say it: `1 day 3 h`.
pub(super) fn lasting(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, 0, _) => count(days, "day"),
        (days, hours, _) => format!("{} {hours} h", count(days, "day")),
    }
}

/// A time to the minute, in UTC.
pub(super) fn at(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC)
        .strftime("%Y-%m-%d %H:%M")
        .to_string()
}

/// A few of many, and how many more there are.
pub(super) fn some<S: AsRef<str>>(all: &[S], named: usize) -> String {
    let join = |some: &[S]| some.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(", ");
    match all.len().checked_sub(named) {
        None | Some(0) => join(all),
        Some(more) => format!("{} and {} more", join(&all[..named]), grouped(more as u64)),
    }
}

/// What a kind of outage means for an audit.
pub(super) fn of_outage(kind: &str) -> &'static str {
    match kind {
        Outage::DOWN => "nobody counted: what crossed is not known, and the time does not count as observed",
        Outage::KERNEL_ONLY => {
            "the kernel counted on by the tables of before: nothing is lost, flows that ended may have no name"
        }
        Outage::LAW => "the counters contradicted each other: the time does not count as observed",
        Outage::EVENTS => "some unexplained flows were told late; their packets were counted",
        Outage::UNWRITTEN => "it was counted and written later: the hours may be off, the totals are right",
        Outage::INTERFACE => {
            "an interface was not looked at: what crossed there is not known, and the time does not count as observed"
        }
        Outage::TABLE_FULL => "packets counted for their rules, but who talked is not known of all",
        Outage::CLOCK => "the clock was set: the time does not count as observed",
        _ => "not observed as it should be",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_read_as_people_write_them() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
        for (seconds, text) in [
            (59, "59 s"),
            (60, "1 min"),
            (3_600, "1 h"),
            (3_660, "1 h 1 min"),
            (86_400, "1 day"),
            (97_200, "1 day 3 h"),
            (2 * 86_400 + 60, "2 days"),
        ] {
            assert_eq!(lasting(seconds), text);
        }
        assert_eq!(some(&["a", "b", "c"], 3), "a, b, c");
        assert_eq!(some(&["a", "b", "c"], 1), "a and 2 more");
    }
}
