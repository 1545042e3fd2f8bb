//! Small pictures: shares as a bar, use over time as a sparkline. Sizes are attributes, for styles may not stand inline.

use maud::{Markup, html};

use super::cells::sign;

/// A bar of shares, each with what it is; in words for who does not see it.
pub(super) fn shares(parts: &[(&str, f64)]) -> Markup {
    let whole: f64 = parts.iter().map(|(_, size)| size).sum();
    let mut left = 0.0;
    let placed = parts.iter().filter(|(_, size)| *size > 0.0).map(|(kind, size)| {
        // What is not nothing is to be seen.
        let width = (size / whole.max(f64::MIN_POSITIVE) * 1000.0).max(4.0);
        let at = left;
        left += width;
        (*kind, at, width)
    });
    let placed: Vec<_> = placed.collect();
    let words: Vec<String> = parts
        .iter()
        .filter(|(_, size)| *size > 0.0)
        .map(|(kind, size)| format!("{kind} {:.0} %", size / whole * 100.0))
        .collect();
    html! {
        svg.shares viewBox=(format!("0 0 {:.0} 10", left.max(1000.0))) preserveAspectRatio="none" role="img" aria-label=(words.join(", ")) {
            title { (words.join(", ")) }
            rect.track x="0" y="0" width=(format!("{:.0}", left.max(1000.0))) height="10" {}
            @for (kind, at, width) in placed {
                rect.(format!("f-{kind}")) x=(format!("{at:.1}")) y="0" width=(format!("{width:.1}")) height="10" {}
            }
        }
    }
}

/// How full something is.
pub(super) fn fill(part: f64, whole: f64, words: &str) -> Markup {
    let width = if whole > 0.0 {
        (part / whole * 1000.0).min(1000.0)
    } else {
        0.0
    };
    html! {
        svg.shares viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" aria-label=(words) {
            title { (words) }
            rect.track x="0" y="0" width="1000" height="10" {}
            rect.f-documented x="0" y="0" width=(format!("{width:.1}")) height="10" {}
        }
    }
}

/// Use over time, oldest at the left.
pub(super) fn sparkline(parts: &[u64], over: &str) -> Markup {
    const HEIGHT: f64 = 20.0;
    let most = parts.iter().copied().max().unwrap_or(0);
    let all: u64 = parts.iter().sum();
    let used = parts.iter().filter(|part| **part > 0).count();
    let words = match all {
        0 => format!("no packet {over}"),
        _ => format!("{all} packets {over}, in {used} of {} parts", parts.len()),
    };
    let bars = parts.iter().enumerate().filter(|(_, part)| **part > 0);
    let mut path = String::new();
    for (place, part) in bars {
        let height = (*part as f64 / most as f64 * HEIGHT).max(1.5);
        path.push_str(&format!("M{} {HEIGHT}v-{height:.1}h2v{height:.1}z", place * 3));
    }
    html! {
        svg.spark viewBox=(format!("0 0 {} 20", parts.len() * 3)) role="img" aria-label=(words) {
            title { (words) }
            path.axis d=(format!("M0 19.5H{}", parts.len() * 3)) {}
            @if most > 0 { path.use d=(path) {} }
        }
    }
}

/// A line of the legend of the picture.
pub(super) fn sample(kind: &str, words: &str) -> Markup {
    html! {
        svg.sample viewBox="0 0 44 10" aria-hidden="true" {
            path.edge.(format!("e-{kind}")) d="M1 5H43" stroke-width="3" {}
        }
        span.mark.(format!("v-{kind}")) aria-hidden="true" { (sign(kind)) } " " (words)
    }
}
