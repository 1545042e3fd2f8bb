//! Pages: one view a file. [`respond`] is the way from a URL to what is sent.

mod blocked;
mod cells;
mod chart;
mod explain;
mod flows;
mod health;
mod layout;
mod map;
mod matrix;
mod overview;
mod picture;
mod refusal;
mod rules;
mod unexplained;

use std::sync::Arc;

use maud::Markup;

use super::asked::{Asked, Range, View};
use super::past::Past;
use super::sheet::Sheet;
use super::snapshot::{Snapshot, Source};
use super::{Cast, Recent};

pub use layout::Theme;

/// What is sent to a browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// HTTP status.
    pub status: u16,
    /// Its media type.
    pub content_type: &'static str,
    /// Name of the file that a browser should save it as; nothing for a page to be looked at.
    pub file_name: Option<String>,
    /// What is sent.
    pub body: String,
}

/// What a URL is answered with; nothing where no view has the path.
#[must_use]
pub fn respond(path: &str, query: &str, theme: Theme, source: &dyn Source) -> Option<Page> {
    let (path, form) = match path.rsplit_once('.') {
        Some((path, form @ ("csv" | "json"))) => (path, Some(form)),
        _ => (path, None),
    };
    let path = if path == "/overview" && form.is_some() {
        "/"
    } else {
        path
    };
    let asked = match Asked::read(path, query)? {
        Ok(asked) => asked,
        Err(why) => {
            let view = View::ALL.into_iter().find(|view| view.path() == path);
            return Some(refused(400, &why, view, theme, source));
        }
    };
    let seen = Seen::of(asked, source);
    Some(match form {
        None => shown(&seen, theme),
        Some(form) => saved(&seen, form, theme),
    })
}

/// What of a source a page is drawn from.
struct Seen<'a> {
    asked: Asked,
    source: &'a dyn Source,
    snapshot: &'a Snapshot,
    recent: &'a Recent,
    cast: &'a Cast,
    /// The time that was asked for, where it is not now.
    past: Option<Arc<Past>>,
    /// Why the history does not show it.
    no_past: Option<String>,
}

impl<'a> Seen<'a> {
    fn of(asked: Asked, source: &'a dyn Source) -> Self {
        let (past, no_past) = match asked.range() {
            Range::Live => (None, None),
            range => match source.past(range) {
                Ok(past) => (Some(past), None),
                Err(why) => (None, Some(why)),
            },
        };
        Self {
            asked,
            source,
            snapshot: source.snapshot(),
            recent: source.recent(),
            cast: source.cast(),
            past,
            no_past,
        }
    }
}

fn shown(seen: &Seen<'_>, theme: Theme) -> Page {
    let main = match seen.asked.view {
        View::Overview => Ok(overview::page(seen)),
        View::Blocked => blocked::page(seen),
        View::Map => Ok(map::page(seen)),
        View::Matrix => Ok(matrix::page(seen)),
        View::Flows => flows::page(seen),
        View::Rules => rules::page(seen),
        View::Unexplained => unexplained::page(seen),
        View::Health => Ok(health::page(seen)),
        View::Explain => explain::page(seen),
    };
    match main {
        Ok(main) => html(200, &layout::whole(seen, theme, &main)),
        Err(why) => refused(400, &why, Some(seen.asked.view), theme, seen.source),
    }
}

/// The rows of a view as a file.
fn saved(seen: &Seen<'_>, form: &str, theme: Theme) -> Page {
    let sheet = match seen.asked.view {
        View::Overview => Ok(overview::sheet(seen)),
        View::Blocked => blocked::sheet(seen),
        View::Map => Ok(map::sheet(seen)),
        View::Matrix => Ok(matrix::sheet(seen)),
        View::Flows => flows::sheet(seen),
        View::Rules => rules::sheet(seen),
        View::Unexplained => unexplained::sheet(seen),
        View::Health => Ok(health::sheet(seen)),
        View::Explain => Err("an explanation is no table; cmflow explain --format json tells it".to_owned()),
    };
    let sheet: Sheet = match sheet {
        Ok(sheet) => sheet,
        Err(why) => return refused(400, &why, Some(seen.asked.view), theme, seen.source),
    };
    let (content_type, body) = match form {
        "csv" => ("text/csv; charset=utf-8", sheet.csv()),
        _ => ("application/json", sheet.json()),
    };
    let view = match seen.asked.view.path() {
        "/" => "overview",
        path => &path[1..],
    };
    let at = seen.snapshot.status.at.strftime("%Y%m%dT%H%M%SZ");
    Page {
        status: 200,
        content_type,
        file_name: Some(format!("cmflow-{view}-{at}.{form}")),
        body,
    }
}

/// A page that says why there is none.
fn refused(status: u16, why: &str, view: Option<View>, theme: Theme, source: &dyn Source) -> Page {
    let seen = Seen::of(Asked::view(view.unwrap_or(View::Overview)), source);
    html(
        status,
        &layout::whole(&seen, theme, &refusal::page(why, &seen.asked)),
    )
}

fn html(status: u16, page: &Markup) -> Page {
    Page {
        status,
        content_type: "text/html; charset=utf-8",
        file_name: None,
        body: page.0.clone(),
    }
}
