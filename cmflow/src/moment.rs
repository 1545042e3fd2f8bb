//! A time as people type it, on a command line or behind a question mark.

use std::str::FromStr;

use anyhow::Context as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

/// A time that somebody typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// A point in time.
    At(Timestamp),
    /// A day of UTC.
    Day(Date),
    /// So long before now.
    Back(SignedDuration),
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(back) = back(text) {
            return Ok(Self::Back(back));
        }
        if let Ok(day) = text.parse::<Date>()
            && text.len() == "2026-11-24".len()
        {
            return Ok(Self::Day(day));
        }
        text.parse().map(Self::At).map_err(|_| {
            format!(
                "\"{text}\" is no time; write a day as 2026-11-24, a time with its zone as 2026-11-24T08:00:00Z, or a span \
                 back from now as 7d, 12h or 30m"
            )
        })
    }
}

/// `7d`, `12h`, `30m`, `2w`.
fn back(text: &str) -> Option<SignedDuration> {
    let unit = text.chars().next_back()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        'w' => 7 * 86_400,
        _ => return None,
    };
    let digits = &text[..text.len() - unit.len_utf8()];
    let count: u32 = digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| digits.parse().ok())??;
    Some(SignedDuration::from_secs(i64::from(count) * seconds))
}

impl Moment {
    /// The time where something begins then.
    ///
    /// # Errors
    /// Where no calendar reaches it.
    pub fn begin(self, now: Timestamp) -> anyhow::Result<Timestamp> {
        match self {
            Self::At(at) => Ok(at),
            Self::Day(day) => begin_of(day),
            Self::Back(back) => now.checked_sub(back).context("no calendar reaches back that far"),
        }
    }

    /// The time where something ends then: a day is over with its last moment.
    ///
    /// # Errors
    /// Where no calendar reaches it.
    pub fn end(self, now: Timestamp) -> anyhow::Result<Timestamp> {
        match self {
            Self::Day(day) => {
                let next = begin_of(day.checked_add(1.day()).context("no calendar reaches that far")?)?;
                Ok(next - SignedDuration::from_micros(1))
            }
            other => other.begin(now),
        }
    }
}

fn begin_of(day: Date) -> anyhow::Result<Timestamp> {
    Ok(day.to_zoned(TimeZone::UTC)?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_what_people_mean() {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().expect("a time");
        for (text, begin, end) in [
            (
                "2026-11-01",
                "2026-11-01T00:00:00Z",
                "2026-11-01T23:59:59.999999Z",
            ),
            (
                "2026-11-01T08:00:00Z",
                "2026-11-01T08:00:00Z",
                "2026-11-01T08:00:00Z",
            ),
            (
                "2026-11-01T08:00:00+02:00",
                "2026-11-01T06:00:00Z",
                "2026-11-01T06:00:00Z",
            ),
            ("7d", "2026-11-17T12:00:00Z", "2026-11-17T12:00:00Z"),
            ("12h", "2026-11-24T00:00:00Z", "2026-11-24T00:00:00Z"),
            ("30m", "2026-11-24T11:30:00Z", "2026-11-24T11:30:00Z"),
            ("2w", "2026-11-10T12:00:00Z", "2026-11-10T12:00:00Z"),
        ] {
            let moment: Moment = text.parse().expect("a time");
            assert_eq!(moment.begin(now).expect("a time").to_string(), begin, "{text}");
            assert_eq!(moment.end(now).expect("a time").to_string(), end, "{text}");
        }
        for wrong in [
            "",
            "d",
            "yesterday",
            "7",
            "7y",
            "-7d",
            "2026-13-01",
            "2026-11-01T08:00:00",
            "7ä",
            "1.5h",
        ] {
            let error = wrong.parse::<Moment>().expect_err("no time");
            assert!(
                error.contains("2026-11-24T08:00:00Z") && error.contains(wrong),
                "{error}"
            );
        }
        assert!(
            "4000000000w"
                .parse::<Moment>()
                .expect("a span")
                .begin(now)
                .is_err()
        );
    }
}
