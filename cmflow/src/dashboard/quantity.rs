//! Numbers, sizes and times as pages write them.

use jiff::Timestamp;
use maud::{Markup, html};

use super::recent::Rate;

/// A count with thin spaces between thousands, as ISO 80000-1 writes numbers.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            shown.push('\u{202f}');
        }
        shown.push(digit);
    }
    shown
}

/// A size in three digits and a unit.
pub(super) fn bytes(size: u64) -> String {
    scaled(size as f64, 1024.0, &["B", "KiB", "MiB", "GiB", "TiB", "PiB"])
}

/// Bytes a second as bits a second, as networks are measured.
pub(super) fn bits(rate: Rate) -> String {
    scaled(
        rate.bytes * 8.0,
        1000.0,
        &["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"],
    )
}

/// Packets a second.
pub(super) fn packets(rate: Rate) -> String {
    scaled(rate.packets, 1000.0, &["pkt/s", "kpkt/s", "Mpkt/s"])
}

/// Three digits, and a no-break space before the unit.
fn scaled(mut value: f64, base: f64, units: &[&str]) -> String {
    let mut unit = 0;
    // What would be written as the base itself belongs to the next unit.
    while value >= base - 0.5 && unit + 1 < units.len() {
        value /= base;
        unit += 1;
    }
    let whole = value == value.trunc() && unit == 0;
    let digits = if whole || value >= 99.5 {
        0
    } else if value >= 9.95 {
        1
    } else {
        2
    };
    format!("{value:.digits$}\u{a0}{}", units[unit])
}

/// A share in percent; what is not nothing never reads as nothing.
pub(super) fn percent(part: f64, whole: f64) -> String {
    if whole <= 0.0 || part <= 0.0 {
        return "0\u{a0}%".to_owned();
    }
    match part / whole * 100.0 {
        share if share < 0.1 => "<0.1\u{a0}%".to_owned(),
        share if share < 9.95 => format!("{share:.1}\u{a0}%"),
        share => format!("{share:.0}\u{a0}%"),
    }
}

/// A stretch of time in its two largest units.
pub(super) fn stretch(seconds: i64) -> String {
    let (days, hours) = (seconds / 86_400, seconds / 3600 % 24);
    let (minutes, rest) = (seconds / 60 % 60, seconds % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{rest}\u{a0}s"),
        (0, 0, _) => format!("{minutes}\u{a0}min"),
        (0, _, 0) => format!("{hours}\u{a0}h"),
        (0, ..) => format!("{hours}\u{a0}h {minutes}\u{a0}min"),
        (_, 0, _) => format!("{days}\u{a0}d"),
        _ => format!("{days}\u{a0}d {hours}\u{a0}h"),
    }
}

/// How long ago something was.
pub(super) fn ago(at: Timestamp, now: Timestamp) -> String {
    match now.duration_since(at).as_secs() {
        ..=1 => "just now".to_owned(),
        seconds => format!("{} ago", stretch(seconds)),
    }
}

/// A time in UTC, to the second; the day is left out where it is today's.
pub(super) fn time(at: Timestamp, now: Timestamp) -> Markup {
    let day = |at: Timestamp| at.strftime("%Y-%m-%d").to_string();
    let shown = if day(at) == day(now) {
        at.strftime("%H:%M:%S").to_string()
    } else {
        at.strftime("%Y-%m-%d %H:%M").to_string()
    };
    html! { time datetime=(at.strftime("%Y-%m-%dT%H:%M:%SZ")) title=(format!("{} ({} UTC)", ago(at, now), at.strftime("%Y-%m-%d %H:%M:%S"))) { (shown) } }
}

/// How long ago, with the time itself as its title.
pub(super) fn since(at: Timestamp, now: Timestamp) -> Markup {
    html! { time datetime=(at.strftime("%Y-%m-%dT%H:%M:%SZ")) title=(format!("{} UTC", at.strftime("%Y-%m-%d %H:%M:%S"))) { (ago(at, now)) } }
}

/// One, or several of something.
pub(super) fn many(number: u64, one: &str, several: &str) -> String {
    format!(
        "{}\u{a0}{}",
        count(number),
        if number == 1 { one } else { several }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_never_lie() {
        for (number, shown) in [(0, "0"), (999, "999"), (1000, "1 000"), (1_234_567, "1 234 567")] {
            assert_eq!(count(number).replace('\u{202f}', " "), shown);
        }
        for (size, shown) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.00 KiB"),
            (10_240, "10.0 KiB"),
            (1_048_575, "1.00 MiB"),
            (u64::MAX, "16384 PiB"),
        ] {
            assert_eq!(bytes(size).replace('\u{a0}', " "), shown, "{size}");
        }
        for (part, shown) in [
            (0.0, "0 %"),
            (0.01, "<0.1 %"),
            (1.25, "1.2 %"),
            (50.0, "50 %"),
            (100.0, "100 %"),
        ] {
            assert_eq!(percent(part, 100.0).replace('\u{a0}', " "), shown, "{part}");
        }
        assert_eq!(percent(1.0, 0.0).replace('\u{a0}', " "), "0 %");
    }

    #[test]
    fn stretches_have_two_units_at_most() {
        for (seconds, shown) in [
            (0, "0 s"),
            (59, "59 s"),
            (61, "1 min"),
            (3600, "1 h"),
            (3 * 3600 + 300, "3 h 5 min"),
            (86_400 * 2 + 100, "2 d"),
            (86_400 * 2 + 7200, "2 d 2 h"),
        ] {
            assert_eq!(stretch(seconds).replace('\u{a0}', " "), shown);
        }
    }
}
