//! Server-sent events: `tick` once a second, `news` at once, `reset` where somebody missed more than is kept.
//!
//! What is sent is written once and shared by all. Each client has a place in one bounded queue: whoever does not read
//! falls out of it, and nobody waits for them.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Extension, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};
use tokio::time::{Interval, MissedTickBehavior, interval};
use utoipa::ToSchema;

use super::guard::{Access, Pass};
use super::parameters::Parameters;
use super::{Problem, Served};
use crate::answer::{Status, UnexplainedGroup};
use crate::serve::FlowQuery;
use crate::snapshot::{Edges, Newcomer, Rates, Snapshot, Watching, Window};

/// Clients at a time.
const CLIENTS: usize = 100;
/// Events that somebody may be behind.
const QUEUE: usize = 64;
/// News that are kept for whoever comes back.
const KEPT: usize = 256;
/// Groups in a tick.
const GROUPS: usize = 20;
/// How long nothing is sent at most.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long a browser waits before it comes back, in milliseconds.
const COME_BACK_MS: u32 = 2000;

/// What a `tick` event holds.
#[derive(Serialize, ToSchema)]
pub(super) struct Tick<'a> {
    /// Number of the snapshot.
    snapshot: u64,
    /// When it was read.
    at: Timestamp,
    /// As `/api/v1/status`.
    status: &'a Status,
    /// How fast everything grew since the snapshot before; nothing where there was none.
    rates: Option<&'a Rates>,
    /// Live flows by the roles of their ends.
    #[serde(flatten)]
    edges: &'a Edges,
    /// What nothing explains, by roles and service, most flows first.
    groups: Vec<UnexplainedGroup>,
    /// How many groups there are.
    groups_matching: u64,
}

/// What a `reset` event holds.
#[derive(Serialize, ToSchema)]
pub(super) struct Reset {
    /// Why what is known must be asked for anew.
    why: &'static str,
}

/// An event as it is sent.
#[derive(Clone, Debug)]
struct Event {
    number: u64,
    sent: Bytes,
}

#[derive(Debug, Default)]
struct Kept {
    /// Number of the last event.
    last: u64,
    news: VecDeque<Event>,
    /// Number of the last news that are not kept any more.
    forgotten: u64,
    /// The last tick, and of which snapshot.
    tick: Option<(u64, Event)>,
}

/// What happens, for all who listen.
#[derive(Debug)]
pub(crate) struct Events {
    /// Which daemon this is: numbers begin anew with each.
    run: String,
    kept: Mutex<Kept>,
    tell: broadcast::Sender<Event>,
    room: Arc<Semaphore>,
}

impl Events {
    pub(crate) fn new(run: &str) -> Self {
        Self {
            run: run.to_owned(),
            kept: Mutex::default(),
            tell: broadcast::Sender::new(QUEUE),
            room: Arc::new(Semaphore::new(CLIENTS)),
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn written(&self, number: u64, kind: &str, data: &impl Serialize) -> Bytes {
        // JSON holds no line break, so that it is one line of an event.
        let data = serde_json::to_string(data).unwrap_or_else(|_| "null".to_owned());
        format!("id: {}.{number}\nevent: {kind}\ndata: {data}\n\n", self.run).into()
    }

    /// Tells of a conversation that nothing explains.
    pub(crate) fn tell_news(&self, newcomer: &Newcomer) {
        let mut kept = self.kept();
        kept.last += 1;
        let event = Event {
            number: kept.last,
            sent: self.written(kept.last, "news", newcomer),
        };
        if kept.news.len() == KEPT
            && let Some(oldest) = kept.news.pop_front()
        {
            kept.forgotten = oldest.number;
        }
        kept.news.push_back(event.clone());
        // Nobody listens: it is kept.
        let _ = self.tell.send(event);
    }

    /// Tells of a snapshot, where nobody told of it before.
    fn tell_snapshot(&self, snapshot: &Snapshot) {
        let told = |kept: &Kept| {
            kept.tick
                .as_ref()
                .is_some_and(|(number, _)| *number >= snapshot.number)
        };
        if told(&self.kept()) {
            return;
        }
        let (groups, groups_matching) = snapshot.findings().first_groups(&FlowQuery::default(), GROUPS);
        let tick = Tick {
            snapshot: snapshot.number,
            at: snapshot.status.at,
            status: &snapshot.status,
            rates: snapshot.rates.as_ref(),
            edges: &snapshot.edges,
            groups,
            groups_matching: groups_matching as u64,
        };
        let mut kept = self.kept();
        if told(&kept) {
            return;
        }
        kept.last += 1;
        let event = Event {
            number: kept.last,
            sent: self.written(kept.last, "tick", &tick),
        };
        kept.tick = Some((snapshot.number, event.clone()));
        let _ = self.tell.send(event);
    }

    /// What somebody is sent first who heard everything up to `last`, and what they hear from then on.
    fn listen(&self, last: Option<&str>) -> (VecDeque<Bytes>, broadcast::Receiver<Event>) {
        let kept = self.kept();
        let hears = self.tell.subscribe();
        let mut first = VecDeque::from([Bytes::from(format!("retry: {COME_BACK_MS}\n\n"))]);
        if let Some(last) = last {
            let number = last.split_once('.').filter(|(run, _)| *run == self.run);
            let number = number.and_then(|(_, number)| number.parse::<u64>().ok());
            match number {
                Some(number) if number >= kept.forgotten && number <= kept.last => {
                    let missed = kept.news.iter().filter(|news| news.number > number);
                    first.extend(missed.map(|news| news.sent.clone()));
                }
                _ => {
                    let why = if number.is_some() {
                        "more happened than is kept"
                    } else {
                        "the daemon was started anew"
                    };
                    first.push_back(self.written(kept.last, "reset", &Reset { why }));
                }
            }
        }
        if let Some((_, tick)) = &kept.tick {
            first.push_back(tick.sent.clone());
        }
        (first, hears)
    }
}

/// Tells all who listen of each snapshot, until the daemon ends.
pub(super) async fn tell_snapshots(mut window: Window, events: Arc<Events>) {
    while let Some(snapshot) = window.next().await {
        if events.tell.receiver_count() == 0 {
            continue;
        }
        let events = Arc::clone(&events);
        // Writing one may take milliseconds, which news need not wait for.
        let told = tokio::task::spawn_blocking(move || events.tell_snapshot(&snapshot)).await;
        if let Err(error) = told {
            log::warn!("a snapshot could not be told: {error}");
        }
    }
}

pub(super) fn routes() -> Router<Served> {
    Router::new().route("/api/v1/events", get(events))
}

/// Somebody who listens.
struct Listener {
    first: VecDeque<Bytes>,
    hears: broadcast::Receiver<Event>,
    heartbeat: Interval,
    /// By what they were taken, and who takes them: nobody listens for longer than their session.
    pass: Pass,
    shown: HeaderMap,
    access: Arc<Access>,
    /// While somebody listens, snapshots are made.
    _watching: Watching,
    _place: OwnedSemaphorePermit,
}

impl Listener {
    /// What is sent next; nothing once the daemon or the session ends, or where too much was missed: whoever comes back
    /// is told so.
    async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        let sent = match self.first.pop_front() {
            Some(sent) => sent,
            None => tokio::select! {
                heard = self.hears.recv() => heard.ok()?.sent,
                _ = self.heartbeat.tick() => Bytes::from_static(b": still here\n\n"),
            },
        };
        if !self.access.still(self.pass, &self.shown) {
            return None;
        }
        self.heartbeat.reset();
        Some((Ok(sent), self))
    }
}

/// Events as they happen.
#[utoipa::path(
    get,
    path = "/api/v1/events",
    tag = "live",
    params(("Last-Event-ID" = Option<String>, Header, description = "Id of the last event that was heard")),
    responses(
        (status = 200, description = "`tick` (Tick) once a second, `news` (Newcomer) at once, `reset` (Reset) where more \
            was missed than is kept; comments keep the connection alive", content_type = "text/event-stream", body = String),
        (status = 503, description = "Too many listen", body = Problem),
    )
)]
pub(super) async fn events(
    State(served): State<Served>,
    Extension(pass): Extension<Pass>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    Parameters::read(query.as_deref(), &[])?;
    let events = Arc::clone(&served.desk.events);
    let place = Arc::clone(&events.room).try_acquire_owned();
    let place = place.map_err(|_| Problem::unavailable(&format!("{CLIENTS} listen already")))?;
    let watching = served.desk.window.watch();
    let snapshot = served.snapshot().await?;
    let last = headers
        .get("last-event-id")
        .and_then(|id| id.to_str().ok())
        .map(str::to_owned);
    let told = served.aside(move || {
        events.tell_snapshot(&snapshot);
        events.listen(last.as_deref())
    });
    let (first, hears) = told.await?;
    let mut heartbeat = interval(HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    heartbeat.reset();
    let listener = Listener {
        first,
        hears,
        heartbeat,
        pass,
        shown: headers,
        access: Arc::clone(&served.access),
        _watching: watching,
        _place: place,
    };
    let stream = futures_util::stream::unfold(listener, Listener::next);
    let mut response = Response::new(Body::from_stream(stream));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/event-stream"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
