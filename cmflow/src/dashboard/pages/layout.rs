//! What stands around every view: navigation, what is wrong, the line of evidence.

use maud::{DOCTYPE, Markup, html};

use super::Seen;
use crate::dashboard::asked::{Asked, Range, View};
use crate::dashboard::evidence::{self, Weight};
use crate::dashboard::health;
use crate::dashboard::quantity::count;

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Theme {
    /// As the browser prefers.
    #[default]
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// What a reader chose before, by the `Cookie` header: the switch sets `cmflow-theme`.
    #[must_use]
    pub fn of_cookies(header: &str) -> Self {
        let mut pairs = header.rsplit(';').filter_map(|pair| pair.trim().split_once('='));
        match pairs.find(|(name, _)| *name == "cmflow-theme") {
            Some((_, "light")) => Self::Light,
            Some((_, "dark")) => Self::Dark,
            _ => Self::Auto,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// A page, complete.
pub(super) fn whole(seen: &Seen<'_>, theme: Theme, main: &Markup) -> Markup {
    let status = &seen.snapshot.status;
    let view = seen.asked.view;
    html! {
        (DOCTYPE)
        html lang="en" data-theme=(theme.name()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="cmflow-daemon" content=(seen.snapshot.started);
                title { (view.name()) " · cmflow " (status.instance) }
                link rel="icon" href="/assets/icon.svg" type="image/svg+xml";
                link rel="stylesheet" href="/assets/style.css";
                script type="module" src="/assets/live.js" {}
                // A form that is being filled in is not to be taken away.
                @if !matches!(view, View::Explain | View::Unexplained) {
                    noscript { meta http-equiv="refresh" content="10"; }
                }
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                header.top {
                    a.brand href="/" { b { "cmflow" } " " span { (status.instance) } }
                    (navigation(seen))
                    div.controls {
                        span #live-state .live-state { "live" }
                        button #pause type="button" aria-pressed="false" hidden { "Pause" }
                        button #theme type="button" hidden { "Theme" }
                        @if let Some(place) = seen.source.sign_out() {
                            form method="post" action=(place) { button type="submit" { "Sign out" } }
                        }
                    }
                }
                div #notice .notice role="status" aria-live="polite" {}
                div #problems data-live="" { (problems(seen)) }
                section #evidence .evidence data-live="" aria-label="What the counts rest on" { (evidence_line(seen)) }
                main #main tabindex="-1" data-live="" { (main) }
                footer {
                    p {
                        "Counted at ingress, before this gateway’s own firewall. Times are UTC. Edition "
                        (status.edition) ", site file " (status.site) ", cmflow " (status.version) "."
                    }
                }
            }
        }
    }
}

fn navigation(seen: &Seen<'_>) -> Markup {
    let groups = seen.snapshot.undocumented.groups.len() as u64;
    html! {
        nav #views aria-label="Views" data-live="" {
            ul {
                @for view in View::ALL {
                    li {
                        a href=(carried(seen, view).href()) aria-current=[(view == seen.asked.view).then_some("page")] {
                            (view.name())
                            @if view == View::Unexplained && groups > 0 {
                                " " span.badge { (count(groups)) span.quiet-words { " groups" } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Another view over the same time.
fn carried(seen: &Seen<'_>, view: View) -> Asked {
    let takes_time = matches!(view, View::Overview | View::Map | View::Matrix | View::Rules);
    let range = seen.asked.get("range").filter(|_| takes_time);
    Asked::view(view).with("range", range)
}

fn problems(seen: &Seen<'_>) -> Markup {
    let problems = health::problems(seen.snapshot);
    html! {
        @if !problems.is_empty() {
            section.banner aria-label="Problems" {
                ul {
                    @for problem in &problems {
                        li { b { (problem.what) } " " (problem.remedy) }
                    }
                }
                @if seen.asked.view != View::Health {
                    a href=(View::Health.path()) { "Health" }
                }
            }
        }
    }
}

fn evidence_line(seen: &Seen<'_>) -> Markup {
    let line = evidence::line(seen.snapshot, seen.source.audit());
    html! {
        dl {
            @for statement in &line {
                div.(weight(statement.weight)) title=(statement.means) {
                    dt { (statement.about) }
                    dd {
                        @if statement.weight != Weight::Fine { span.sign aria-hidden="true" { "!" } }
                        (statement.says)
                    }
                }
            }
            div.read title="When the counters were read" {
                dt { "Read" }
                dd { time datetime=(seen.snapshot.status.at) { (seen.snapshot.status.at.strftime("%Y-%m-%d %H:%M:%S")) } " UTC" }
            }
        }
    }
}

const fn weight(weight: Weight) -> &'static str {
    match weight {
        Weight::Fine => "fine",
        Weight::Note => "note",
        Weight::Problem => "problem",
    }
}

/// Over which time; what the history cannot show is said.
pub(super) fn ranges(seen: &Seen<'_>) -> Markup {
    html! {
        nav.ranges aria-label="Time" {
            ul {
                @for range in Range::ALL {
                    @let asked = seen.asked.with("range", (range != Range::Live).then_some(range.name()));
                    li {
                        a href=(asked.href()) aria-current=[(range == seen.asked.range()).then_some("true")] { (range.words()) }
                    }
                }
            }
        }
        @if let Some(why) = &seen.no_past {
            p.refusal role="alert" { "The history does not show that time: " (why) ". What follows is live." }
        }
    }
}

/// The same rows for other programs.
pub(super) fn saving(asked: &Asked) -> Markup {
    html! {
        p.saving {
            "These rows as "
            a href=(asked.href_as("csv")) download { "CSV" } " or "
            a href=(asked.href_as("json")) download { "JSON" }
        }
    }
}
