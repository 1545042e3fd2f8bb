//! Numbers, sizes, spans and times as people read them.

use jiff::Timestamp;

/// A number with a comma before each three digits.
#[must_use]
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut told = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            told.push(',');
        }
        told.push(digit);
    }
    told
}

/// A number of things, `1 rule` or `7 rules`.
#[must_use]
pub fn many(number: u64, one: &str, more: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { more })
}

/// A count of bytes in its unit.
#[must_use]
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = count as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 {
        format!("{count} B")
    } else {
        format!("{value:.1} {}", UNITS[unit])
    }
}

/// A span of time by its two largest units.
#[must_use]
pub fn span(seconds: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")];
    let first = UNITS.iter().position(|(unit, _)| seconds >= *unit).unwrap_or(3);
    let mut rest = seconds;
    let mut told = Vec::new();
    for (unit, name) in UNITS.iter().skip(first).take(2) {
        if rest >= *unit || told.is_empty() {
            told.push(format!("{} {name}", count(rest / unit)));
        }
        rest %= unit;
    }
    told.join(" ")
}

/// Seconds from one time to another; none where the second is earlier.
#[must_use]
pub fn seconds_between(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.as_second() - from.as_second()).unwrap_or(0)
}

/// How much of a whole something is, in percent, so that neither nothing nor everything is said of what is not quite.
#[must_use]
pub fn share(part: u64, whole: u64) -> String {
    match (part, whole) {
        (_, 0) | (0, _) => "0 %".to_owned(),
        (part, whole) if part >= whole => "100 %".to_owned(),
        (part, whole) => {
            let percent = part as f64 / whole as f64 * 100.0;
            format!("{:.1} %", percent.clamp(0.1, 99.9))
        }
    }
}

/// A time to the minute, in UTC; whoever shows it says so.
#[must_use]
pub fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

/// The day of a time, in UTC.
#[must_use]
pub fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_as_people_read_them() {
        for (number, shown) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (12_345, "12,345"),
            (100_000, "100,000"),
            (u64::MAX, "18,446,744,073,709,551,615"),
        ] {
            assert_eq!(count(number), shown);
        }
        assert_eq!(many(1, "rule", "rules"), "1 rule");
        assert_eq!(many(1000, "rule", "rules"), "1,000 rules");
    }

    #[test]
    fn bytes_are_shown_in_their_unit() {
        for (count, shown) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1_572_864, "1.5 MiB"),
            (u64::MAX, "16777216.0 TiB"),
        ] {
            assert_eq!(bytes(count), shown);
        }
    }

    #[test]
    fn spans_are_told_by_two_units_at_most() {
        for (seconds, shown) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3599, "59 min 59 s"),
            (3600, "1 h"),
            (86_400 * 27 + 3600 * 4 + 59, "27 d 4 h"),
            (86_400 * 365, "365 d"),
        ] {
            assert_eq!(span(seconds), shown);
        }
    }

    #[test]
    fn a_share_is_whole_only_where_it_is() {
        for (part, whole, shown) in [
            (0, 0, "0 %"),
            (0, 9, "0 %"),
            (1, 1_000_000, "0.1 %"),
            (1, 2, "50.0 %"),
            (999_999, 1_000_000, "99.9 %"),
            (7, 7, "100 %"),
        ] {
            assert_eq!(share(part, whole), shown);
        }
    }
}
