//! The use of a rule over time as a small picture: a bar for each day, gaps hatched.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use maud::{Markup, PreEscaped, html};

use crate::answer::{AuditWindow, AuditedRule};
use crate::history::{Day, begin_of, day_of};
use crate::report::figures::{count, day, many};

/// Size of the picture in its own units.
const WIDTH: f64 = 240.0;
const HEIGHT: f64 = 24.0;
/// The lowest bar: a single packet has to be seen.
const LEAST: f64 = 0.2;
/// A gap of minutes in a year has to be seen too.
const NARROWEST: f64 = 0.6;
/// Beyond so many days a bar stands for several.
const BARS: i32 = 120;
/// Stripes of a gap; the rest of the picture is drawn over them.
const STRIPES: &str = r#"<pattern id="stripes" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path d="M0 0v4" stroke="var(--gap)" stroke-width="2.4"/></pattern>"#;

/// Where a time lies in the picture, from 0 to [`WIDTH`].
fn place(window: &AuditWindow, at: Timestamp) -> f64 {
    let whole = (window.to.as_second() - window.from.as_second()).max(1);
    let part = at.as_second() - window.from.as_second();
    (part as f64 / whole as f64).clamp(0.0, 1.0) * WIDTH
}

/// How many days a bar stands for.
pub(super) fn days_a_bar(window: &AuditWindow) -> i32 {
    let days = day_of(window.to) - day_of(window.from) + 1;
    (days + BARS - 1).div_euclid(BARS).max(1)
}

/// What the pictures of all rules have in common, once for the whole document: the gaps.
pub(super) fn definitions(window: &AuditWindow) -> Markup {
    let mut gaps = String::new();
    for gap in window.gaps.iter().filter(|gap| gap.hides) {
        let (from, to) = (place(window, gap.from), place(window, gap.to));
        let width = (to - from).max(NARROWEST);
        let from = from.min(WIDTH - width);
        let _ = write!(gaps, "M{from:.1} 0h{width:.1}v{HEIGHT}h-{width:.1}z");
    }
    html! {
        svg.hidden width="0" height="0" aria-hidden="true" focusable="false" {
            defs {
                (PreEscaped(STRIPES))
                path id="gaps" d=(gaps) fill="url(#stripes)" {}
            }
        }
    }
}

/// The picture of a rule.
pub(super) fn bar(rule: &AuditedRule, window: &AuditWindow) -> Markup {
    let before = place(window, rule.since);
    html! {
        svg class=(format!("bar {}", rule.grade.name())) viewBox=(format!("0 0 {WIDTH} {HEIGHT}"))
            preserveAspectRatio="none" role="img" aria-label=(words(rule)) {
            @if before > NARROWEST {
                rect.before width=(format!("{before:.1}")) height=(HEIGHT) {}
            }
            use href="#gaps" {}
            path d=(bars(rule, window)) fill="currentColor" {}
        }
    }
}

/// What the picture says.
fn words(rule: &AuditedRule) -> String {
    let Some(most) = rule.days.iter().max_by_key(|day| day.packets) else {
        return format!("no packet since {}", day(rule.since));
    };
    format!(
        "packets on {}, most of them on {}: {}",
        many(rule.active_days, "day", "days"),
        most.day,
        count(most.packets)
    )
}

/// Bars as one path: a year of many rules stays a small file.
fn bars(rule: &AuditedRule, window: &AuditWindow) -> String {
    let step = days_a_bar(window);
    let first = day_of(window.from);
    let mut heights: Vec<(Day, u64)> = Vec::new();
    for used in &rule.days {
        let Ok(begin) = used.day.to_zoned(TimeZone::UTC) else {
            continue;
        };
        let bin = (day_of(begin.timestamp()) - first).div_euclid(step);
        match heights.last_mut() {
            Some((last, packets)) if *last == bin => *packets += used.packets,
            _ => heights.push((bin, used.packets)),
        }
    }
    let most = heights.iter().map(|(_, packets)| *packets).max().unwrap_or(0);
    let mut path = String::new();
    for (bin, packets) in heights.into_iter().filter(|(_, packets)| *packets > 0) {
        let day = first + bin * step;
        let (from, to) = (place(window, begin_of(day)), place(window, begin_of(day + step)));
        let height = HEIGHT * relative(packets, most);
        let width = ((to - from) * 0.85).max(0.4);
        let _ = write!(path, "M{from:.1} {HEIGHT}v-{height:.1}h{width:.1}v{height:.1}z");
    }
    path
}

/// Height of a bar from 0 to 1, on a logarithmic scale: a patch day does not make all others vanish.
fn relative(packets: u64, most: u64) -> f64 {
    let log = |number: u64| (number as f64 + 1.0).ln();
    LEAST + (1.0 - LEAST) * log(packets) / log(most.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::{AuditGap, DayUse};
    use crate::report::tests::{at, rule};

    fn window(days: i64, gaps: Vec<AuditGap>) -> AuditWindow {
        let from = at("2026-01-01T00:00:00Z");
        AuditWindow {
            from,
            to: Timestamp::from_second(from.as_second() + days * 86_400).expect("a time"),
            observed_s: 0,
            gaps,
        }
    }

    #[test]
    fn a_bar_stands_where_its_day_lies_and_the_highest_fills_the_picture() {
        let mut used = rule("a/b/https");
        used.days = [("2026-01-01", 1), ("2026-01-06", 1_000_000)]
            .map(|(day, packets)| DayUse {
                day: day.parse().expect("a day"),
                packets,
            })
            .to_vec();
        let drawn = bars(&used, &window(10, Vec::new()));
        // Ten days on 240 units: the sixth begins at 120. One packet is low, but there.
        assert_eq!(drawn, "M0.0 24v-5.8h20.4v5.8zM120.0 24v-24.0h20.4v24.0z");
    }

    #[test]
    fn a_year_is_told_by_bars_of_several_days() {
        let mut used = rule("a/b/https");
        used.days = (0..365)
            .map(|day| DayUse {
                day: crate::history::date_of(day_of(at("2026-01-01T00:00:00Z")) + day),
                packets: 7,
            })
            .collect();
        let year = window(365, Vec::new());
        assert_eq!(days_a_bar(&year), 4);
        assert_eq!(bars(&used, &year).matches('M').count(), 92);
    }

    #[test]
    fn gaps_that_hide_traffic_are_drawn_however_short() {
        let gap = |hides| AuditGap {
            from: at("2026-12-31T23:59:00Z"),
            to: at("2026-12-31T23:59:59Z"),
            kind: "daemon-down".to_owned(),
            note: String::new(),
            hides,
        };
        let drawn = definitions(&window(365, vec![gap(true), gap(false)])).into_string();
        assert!(drawn.contains(r#"d="M239.4 0h0.6v24h-0.6z""#), "{drawn}");
    }
}
