//! Numbers with their units, at most as wide as a column.

use jiff::Timestamp;

use super::rate::Rate;

const STEPS: [&str; 6] = ["", "k", "M", "G", "T", "P"];

/// Bytes: `1023 B`, `1.5 MB`. Steps of a thousand, as rates of networks have them.
#[must_use]
pub fn bytes(count: u64) -> String {
    format!("{}B", spaced(count as f64))
}

/// A count: `9999`, `10.0 k`.
#[must_use]
pub fn count(count: u64) -> String {
    if count < 10_000 {
        return count.to_string();
    }
    spaced(count as f64)
}

/// Bytes a second; a point where nothing comes, a dash where it is not known.
#[must_use]
pub fn bytes_rate(rate: Option<Rate>) -> String {
    told(rate, |rate| rate.bytes, "B/s")
}

/// Packets a second.
#[must_use]
pub fn packets_rate(rate: Option<Rate>) -> String {
    told(rate, |rate| rate.packets, "/s")
}

fn told(rate: Option<Rate>, of: fn(&Rate) -> f64, unit: &str) -> String {
    match rate.map(|rate| of(&rate)) {
        None => "-".to_owned(),
        Some(0.0) => ".".to_owned(),
        Some(value) => format!("{}{unit}", spaced(value)),
    }
}

/// `12 `, `1.5 k`: a letter of the unit follows.
fn spaced(mut value: f64) -> String {
    let mut step = 0;
    // What would round to a thousand is the next step's one.
    while value >= 999.5 && step + 1 < STEPS.len() {
        value /= 1000.0;
        step += 1;
    }
    let letter = STEPS[step];
    match value {
        _ if step == 0 && value.fract() == 0.0 => format!("{value:.0} {letter}"),
        _ if value < 9.95 => format!("{value:.1} {letter}"),
        _ => format!("{value:.0} {letter}"),
    }
}

/// A time to the second, in UTC.
#[must_use]
pub fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A span of time by its two largest units: `12 s`, `3 min`, `2 h 10 min`, `12 d 3 h`.
#[must_use]
pub fn span(from: Timestamp, to: Timestamp) -> String {
    let seconds = to.as_second().saturating_sub(from.as_second()).max(0);
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, ..) => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

/// The same in one unit, for a column: `12 s`, `3 min`, `2 h`, `12 d`.
#[must_use]
pub fn age(from: Timestamp, to: Timestamp) -> String {
    let seconds = to.as_second().saturating_sub(from.as_second()).max(0);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        for (number, shown, as_count) in [
            (0, "0 B", "0"),
            (999, "999 B", "999"),
            (1000, "1.0 kB", "1000"),
            (9999, "10 kB", "9999"),
            (12_345, "12 kB", "12 k"),
            (999_499, "999 kB", "999 k"),
            (999_500, "1.0 MB", "1.0 M"),
            (1_500_000, "1.5 MB", "1.5 M"),
            (u64::MAX, "18447 PB", "18447 P"),
        ] {
            assert_eq!(bytes(number), shown);
            assert_eq!(count(number), as_count);
        }
    }

    #[test]
    fn a_rate_that_is_not_known_is_no_zero() {
        let rate = |bytes| Some(Rate { packets: 0.5, bytes });
        for (rate, shown) in [
            (None, "-"),
            (rate(0.0), "."),
            (rate(0.25), "0.2 B/s"),
            (rate(1500.0), "1.5 kB/s"),
            (rate(250_000_000.0), "250 MB/s"),
        ] {
            assert_eq!(bytes_rate(rate), shown);
        }
        assert_eq!(packets_rate(rate(1.0)), "0.5 /s");
    }

    #[test]
    fn spans_are_told_by_their_largest_units() {
        let from: Timestamp = "2026-01-01T00:00:00Z".parse().expect("a time");
        for (to, shown, short) in [
            ("2026-01-01T00:00:59Z", "59 s", "59 s"),
            ("2026-01-01T00:10:00Z", "10 min", "10 min"),
            ("2026-01-01T02:10:00Z", "2 h 10 min", "2 h"),
            ("2026-01-13T03:00:00Z", "12 d 3 h", "12 d"),
            ("2025-12-31T00:00:00Z", "0 s", "0 s"),
        ] {
            let to = to.parse().expect("a time");
            assert_eq!((&*span(from, to), &*age(from, to)), (shown, short));
        }
    }
}
