//! A shape for each grade, so that nothing depends on colour.

use maud::{Markup, PreEscaped, html};

use crate::answer::Grade;

/// Shapes on a field of 16 by 16; `currentColor` is that of the grade.
const fn shape(grade: Grade) -> &'static str {
    match grade {
        // A disc with a tick.
        Grade::Used => {
            r#"<circle cx="8" cy="8" r="7" fill="currentColor"/><path d="M4.4 8.3l2.5 2.5 4.8-5.2" fill="none" stroke="var(--paper)" stroke-width="2"/>"#
        }
        // Two rings in each other.
        Grade::Shared => {
            r#"<g fill="none" stroke="currentColor" stroke-width="2"><circle cx="5.6" cy="8" r="4.4"/><circle cx="10.4" cy="8" r="4.4"/></g>"#
        }
        // A triangle with an exclamation mark.
        Grade::Attempted => {
            r#"<path d="M8 .8l7.4 13.9H.6z" fill="currentColor"/><path d="M8 5.6v4.6M8 11.6v1.8" stroke="var(--paper)" stroke-width="1.8"/>"#
        }
        // An hourglass.
        Grade::InsufficientWindow => {
            r#"<path d="M3 1.5h10M3 14.5h10M4 2c0 4 8 8 8 12M12 2c0 4-8 8-8 12" fill="none" stroke="currentColor" stroke-width="1.8"/>"#
        }
        // Pause.
        Grade::ExpectedIdle => {
            r#"<circle cx="8" cy="8" r="6.4" fill="none" stroke="currentColor" stroke-width="1.6"/><path d="M6 5v6M10 5v6" stroke="currentColor" stroke-width="2"/>"#
        }
        // An empty ring.
        Grade::Unused => {
            r#"<circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" stroke-width="2.2"/>"#
        }
        // A broken ring, struck through.
        Grade::NotObservable => {
            r#"<circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="1.6" stroke-dasharray="2.4 2.4"/><path d="M2.5 13.5l11-11" stroke="currentColor" stroke-width="1.8"/>"#
        }
    }
}

/// The shapes, once for the whole document.
pub(super) fn definitions() -> Markup {
    html! {
        svg.hidden width="0" height="0" aria-hidden="true" focusable="false" {
            @for grade in Grade::ALL {
                symbol id=(format!("mark-{}", grade.name())) viewBox="0 0 16 16" { (PreEscaped(shape(grade))) }
            }
        }
    }
}

/// The shape alone, where the word stands elsewhere or in the title.
pub(super) fn mark(grade: Grade) -> Markup {
    html! {
        svg class=(format!("mark {}", grade.name())) aria-hidden="true" focusable="false" {
            use href=(format!("#mark-{}", grade.name())) {}
        }
    }
}

/// Shape and word.
pub(super) fn badge(grade: Grade) -> Markup {
    html! { span class=(format!("badge {}", grade.name())) { (mark(grade)) " " (grade.name()) } }
}
