//! The dashboard's pages and what they need: drawn from the snapshot that everybody shares, once for all who ask for the
//! same one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use jiff::Timestamp;

use super::guard::SIGN_OUT;
use super::{Desk, Problem, Served, page};
use crate::answer::{Audit, Tally};
use crate::catalogue::Catalogue;
use crate::dashboard::past::Step;
use crate::dashboard::{
    self, Asked, Cast, FlowPage, FlowsAsked, Page, Past, Range, Recent, Source, Theme, View, assets, respond,
};
use crate::explain::Book;
use crate::findings::Findings;
use crate::snapshot::Snapshot;
use crate::store::{Point, Resolution, Series};

/// How old what the history said may be.
const PAST: Duration = Duration::from_secs(30);
/// How old an audit may be that grades come from.
const AUDIT: Duration = Duration::from_secs(600);
/// How old the month may be that silences are known from.
const MONTH: Duration = Duration::from_secs(120);
/// Pages of a snapshot that are kept.
const PAGES: usize = 64;

pub(super) fn routes() -> Router<Served> {
    let views = View::ALL.into_iter().flat_map(|view| {
        let asked = Asked::view(view);
        [asked.href(), asked.href_as("csv"), asked.href_as("json")]
    });
    let pages = views.fold(Router::new(), |router, path| router.route(&path, get(shown)));
    let files = assets::ASSETS.iter();
    files.fold(pages, |router, asset| router.route(asset.path, get(asset_at)))
}

/// A file that pages need.
async fn asset_at(OriginalUri(uri): OriginalUri, headers: HeaderMap) -> Response {
    let Some(asset) = assets::at(uri.path()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let tag = asset.etag();
    if page::known(&headers, &tag) {
        return page::unchanged(&tag);
    }
    let mut response = Response::new(Body::from(asset.text));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    page::name(&mut response, &tag);
    response
}

/// A view, or its rows.
async fn shown(
    State(served): State<Served>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let snapshot = served.snapshot().await?;
    let cookies = headers.get(header::COOKIE).and_then(|value| value.to_str().ok());
    let theme = Theme::of_cookies(cookies.unwrap_or_default());
    let own = served.clone();
    let drawn = served.aside(move || {
        let query = uri.query().unwrap_or_default();
        own.dashboard.page(&own.desk, &snapshot, uri.path(), query, theme)
    });
    let drawn = drawn.await?;
    drawn.map(|page| sent(&page))
}

fn sent(page: &Page) -> Response {
    let status = StatusCode::from_u16(page.status).unwrap_or(StatusCode::OK);
    let mut response = (status, page.body.clone()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(page.content_type));
    // The next one is another one.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // The theme is asked for by a cookie.
    headers.insert(header::VARY, HeaderValue::from_static("cookie"));
    let file = page
        .file_name
        .as_ref()
        .map(|name| format!("attachment; filename=\"{name}\""));
    if let Some(Ok(file)) = file.map(HeaderValue::try_from) {
        headers.insert(header::CONTENT_DISPOSITION, file);
    }
    response
}

/// What the history told of a time, or why it did not.
type Told = Result<Arc<Past>, String>;

/// Where pages are drawn, with what is remembered from one snapshot to the next.
pub(super) struct Studio {
    started: Timestamp,
    takes_approvals: bool,
    /// Whether readers sign in.
    has_sessions: bool,
    desk: Mutex<Remembered>,
    past: Mutex<HashMap<&'static str, (Instant, Told)>>,
    month: Beside<Past>,
    audit: Beside<Audit>,
}

#[derive(Default)]
struct Remembered {
    recent: Recent,
    /// Who is who, by the generation of the tables.
    tables: Option<(u64, Arc<Tables>)>,
    /// What the newest snapshot shows, and pages of it.
    newest: Option<(u64, Arc<Shown>)>,
    pages: HashMap<(String, Theme), Arc<Page>>,
}

/// What takes long and is made beside everything else: nobody waits for it.
struct Beside<T>(Mutex<(Option<Arc<T>>, Option<Instant>)>);

impl<T> Default for Beside<T> {
    fn default() -> Self {
        Self(Mutex::new((None, None)))
    }
}

impl<T> Beside<T> {
    fn latest(&self) -> Option<Arc<T>> {
        lock(&self.0).0.clone()
    }

    /// Whether it is to be made anew: once for whoever asks first.
    fn is_due(&self, after: Duration) -> bool {
        let (latest, asked) = &mut *lock(&self.0);
        // A history of less than a minute says nothing yet; it is asked again soon.
        let after = if latest.is_some() { after } else { PAST };
        let due = asked.is_none_or(|asked| asked.elapsed() >= after);
        if due {
            *asked = Some(Instant::now());
        }
        due
    }

    fn made(&self, what: T) {
        lock(&self.0).0 = Some(Arc::new(what));
    }
}

struct Tables {
    catalogue: Catalogue,
    cast: Cast,
}

/// A snapshot, as pages are drawn of it.
struct Shown {
    snapshot: dashboard::Snapshot,
    recent: Recent,
    tables: Arc<Tables>,
}

impl Studio {
    pub(super) fn new(takes_approvals: bool, has_sessions: bool) -> Self {
        Self {
            started: Timestamp::now(),
            takes_approvals,
            has_sessions,
            desk: Mutex::default(),
            past: Mutex::default(),
            month: Beside::default(),
            audit: Beside::default(),
        }
    }

    fn page(
        self: &Arc<Self>,
        desk: &Arc<Desk>,
        taken: &Snapshot,
        path: &str,
        query: &str,
        theme: Theme,
    ) -> Result<Arc<Page>, Problem> {
        let key = (format!("{path}?{query}"), theme);
        let shown = {
            let mut remembered = lock(&self.desk);
            let shown = self.shown(&mut remembered, desk, taken)?;
            let newest = remembered
                .newest
                .as_ref()
                .is_some_and(|(number, _)| *number == taken.number);
            if newest && let Some(page) = remembered.pages.get(&key) {
                return Ok(Arc::clone(page));
            }
            shown
        };
        let view = View::ALL.into_iter().find(|view| view.path() == path);
        self.renew(desk, view, taken.status.at);
        let source = Drawing {
            studio: self,
            desk,
            taken,
            shown: &shown,
            audit: self.audit.latest(),
        };
        let page = respond(path, query, theme, &source);
        let page =
            Arc::new(page.ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, format!("there is no {path}")))?);
        let mut remembered = lock(&self.desk);
        let newest = remembered
            .newest
            .as_ref()
            .is_some_and(|(number, _)| *number == taken.number);
        if newest && remembered.pages.len() < PAGES {
            remembered.pages.insert(key, Arc::clone(&page));
        }
        Ok(page)
    }

    /// What a snapshot shows; made by whoever is first.
    fn shown(
        &self,
        remembered: &mut Remembered,
        desk: &Desk,
        taken: &Snapshot,
    ) -> Result<Arc<Shown>, Problem> {
        if let Some((number, shown)) = &remembered.newest
            && *number == taken.number
        {
            return Ok(Arc::clone(shown));
        }
        let tables = tables(remembered, desk, taken)?;
        let snapshot = dashboard::Snapshot::of(taken, self.started);
        // Who asks of an older one comes late, and changes nothing.
        let newer = remembered
            .newest
            .as_ref()
            .is_none_or(|(number, _)| *number < taken.number);
        if newer {
            remembered.recent.push(&snapshot);
        }
        let shown = Arc::new(Shown {
            snapshot,
            recent: remembered.recent.clone(),
            tables,
        });
        if newer {
            remembered.pages.clear();
            remembered.newest = Some((taken.number, Arc::clone(&shown)));
        }
        Ok(shown)
    }

    /// Has the month and the audit made anew where they are old, and somebody looks at a page that speaks of them.
    fn renew(self: &Arc<Self>, desk: &Arc<Desk>, view: Option<View>, now: Timestamp) {
        let (studio, its) = (Arc::clone(self), Arc::clone(desk));
        if view == Some(View::Overview) && self.month.is_due(MONTH) {
            std::thread::spawn(move || match read(&its, Range::Month, now) {
                Ok(past) => studio.month.made(past),
                Err(why) => log::debug!("no history for the dashboard: {why}"),
            });
        }
        let (studio, its) = (Arc::clone(self), Arc::clone(desk));
        let graded = [View::Overview, View::Rules, View::Health].map(Some);
        if graded.contains(&view) && self.audit.is_due(AUDIT) {
            std::thread::spawn(move || match its.past.audit(None, None) {
                Ok(audit) => studio.audit.made(audit),
                Err(error) => log::debug!("no audit for the dashboard: {error:#}"),
            });
        }
    }

    fn past(&self, desk: &Desk, range: Range, now: Timestamp) -> Result<Arc<Past>, String> {
        // Held while it is read: who asks for the same meanwhile waits for it.
        let mut kept = lock(&self.past);
        if let Some((at, past)) = kept.get(range.name())
            && at.elapsed() < PAST
        {
            return past.clone();
        }
        let past = read(desk, range, now).map(Arc::new);
        kept.insert(range.name(), (Instant::now(), past.clone()));
        past
    }
}

fn tables(remembered: &mut Remembered, desk: &Desk, taken: &Snapshot) -> Result<Arc<Tables>, Problem> {
    let generation = taken.status.generation;
    if let Some((known, tables)) = &remembered.tables
        && *known == generation
    {
        return Ok(Arc::clone(tables));
    }
    let catalogue = desk.past.catalogue();
    let catalogue = catalogue.map_err(|error| Problem::unavailable(&format!("{error:#}")))?;
    let cast = Cast::of(&Book {
        catalogue: &catalogue,
        site: &taken.site,
        compiled: &taken.compiled,
    });
    let tables = Arc::new(Tables { catalogue, cast });
    remembered.tables = Some((generation, Arc::clone(&tables)));
    Ok(tables)
}

fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the history says of a time up to now.
fn read(desk: &Desk, range: Range, now: Timestamp) -> Result<Past, String> {
    let length = range.length().ok_or("no time was asked for")?;
    let from = now - length;
    let resolution = match range {
        Range::Live | Range::Hour => Resolution::Minute,
        Range::Day | Range::Month => Resolution::Hour,
    };
    let series = desk.past.series(Some(from), None, resolution);
    let Series {
        resolution,
        verdicts,
        rules,
    } = series.map_err(|error| format!("{error:#}"))?;
    let steps = |points: Vec<Point>| points.into_iter().map(step).collect();
    Ok(Past {
        from,
        to: now,
        step_s: resolution.seconds(),
        verdicts: verdicts
            .into_iter()
            .map(|(kind, points)| (kind.to_owned(), steps(points)))
            .collect(),
        rules: rules
            .into_iter()
            .map(|(rule, points)| (rule, steps(points)))
            .collect(),
    })
}

fn step(point: Point) -> Step {
    Step {
        at: point.at,
        tally: Tally {
            packets: point.packets,
            bytes: point.bytes,
            flows: point.flows,
        },
    }
}

/// What one page is drawn from.
struct Drawing<'a> {
    studio: &'a Studio,
    desk: &'a Desk,
    taken: &'a Snapshot,
    shown: &'a Shown,
    audit: Option<Arc<Audit>>,
}

impl Source for Drawing<'_> {
    fn snapshot(&self) -> &dashboard::Snapshot {
        &self.shown.snapshot
    }

    fn recent(&self) -> &Recent {
        &self.shown.recent
    }

    fn cast(&self) -> &Cast {
        &self.shown.tables.cast
    }

    fn book(&self) -> Book<'_> {
        Book {
            catalogue: &self.shown.tables.catalogue,
            site: &self.taken.site,
            compiled: &self.taken.compiled,
        }
    }

    fn flows(&self, asked: &FlowsAsked) -> Result<FlowPage, String> {
        Findings::check(&self.taken.compiled, &asked.query)?;
        Ok(FlowPage::of(self.taken, asked))
    }

    fn past(&self, range: Range) -> Result<Arc<Past>, String> {
        self.studio.past(self.desk, range, self.taken.status.at)
    }

    fn month(&self) -> Option<Arc<Past>> {
        self.studio.month.latest()
    }

    fn audit(&self) -> Option<&Audit> {
        self.audit.as_deref()
    }

    fn takes_approvals(&self) -> bool {
        self.studio.takes_approvals
    }

    fn sign_out(&self) -> Option<&str> {
        self.studio.has_sessions.then_some(SIGN_OUT)
    }
}
