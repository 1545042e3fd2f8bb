//! The daemon over HTTP: an API, events, metrics. Everything is answered from one [`Snapshot`] a second, so that whoever
//! asks, and however often, never holds up who counts.
//!
//! [`door`] says who may come in at all, [`connection`] how long they may take, [`guard`] which requests are taken,
//! [`api`] and its neighbours what is answered.

mod api;
mod approvals;
mod cache;
mod connection;
mod dashboard;
mod door;
mod events;
mod guard;
mod history;
mod login;
mod metrics;
mod openapi;
mod page;
mod parameters;
mod patience;
mod problem;
mod session;
mod sessions;
mod table;
mod tls;
mod token;
mod wrong;

use std::sync::Arc;

use axum::Router;
use tokio::sync::Semaphore;

use crate::answer::Reloaded;
use crate::approve;
use crate::snapshot::{Snapshot, Window};

pub use door::{Door, Listen, Opened};
pub(crate) use events::Events;
pub(crate) use history::Past;
pub use openapi::openapi;
use problem::Problem;
use token::Token;

/// Whoever writes an approval down, or says why not.
pub(crate) type Approve = dyn Fn(&approve::Request) -> Result<approve::Made, approve::Refusal> + Send + Sync;

/// What a daemon gives whoever serves it.
pub(crate) struct Desk {
    /// Where snapshots are seen.
    pub(crate) window: Window,
    /// What is told as it happens.
    pub(crate) events: Arc<Events>,
    /// What is known of the past.
    pub(crate) past: Box<dyn Past>,
    /// Reads the site file anew; may take long.
    pub(crate) reload: Box<dyn Fn() -> Reloaded + Send + Sync>,
    /// Writes an approval into the file that the site file names; may take long.
    pub(crate) approve: Box<Approve>,
    /// Which counters these are: numbers of snapshots begin anew with each daemon.
    pub(crate) run: String,
}

/// What every request is answered with.
#[derive(Clone)]
struct Served {
    desk: Arc<Desk>,
    access: Arc<guard::Access>,
    cache: Arc<cache::Cache>,
    high_water: Arc<metrics::HighWater>,
    dashboard: Arc<dashboard::Studio>,
    /// Whoever reads the history, which may take long, has it to themselves.
    turn: Arc<Semaphore>,
    /// Whoever changes files has them to themselves.
    pen: Arc<Semaphore>,
    /// Answers that are made at a time: the threads that ticks run on are not all theirs.
    hands: Arc<Semaphore>,
}

/// Answers made at a time.
const HANDS: usize = 2;

impl Served {
    async fn snapshot(&self) -> Result<Arc<Snapshot>, Problem> {
        self.desk
            .window
            .look()
            .await
            .map_err(|why| Problem::unavailable(&why))
    }

    /// Does what may take a while beside everything else, when one of a few hands is free.
    async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let hand = Arc::clone(&self.hands).acquire_owned().await;
        let done = tokio::task::spawn_blocking(move || {
            // Held until it is done, also where whoever asked has gone away.
            let _hand = hand;
            work()
        });
        done.await
            .map_err(|error| Problem::unavailable(&format!("no answer could be made: {error}")))
    }
}

/// Serves until the task is dropped.
pub(crate) async fn serve(opened: Opened, desk: Desk) {
    if let Ok(url) = opened.url() {
        log::info!("dashboard: {url}");
    }
    let desk = Arc::new(desk);
    let told = tokio::spawn(events::tell_snapshots(
        desk.window.clone(),
        Arc::clone(&desk.events),
    ));
    let studio = dashboard::Studio::new(opened.token.is_some(), !opened.loopback);
    let port = opened.listener.local_addr().map_or(0, |address| address.port());
    let access = Arc::new(guard::Access {
        loopback: opened.loopback,
        token: opened.token,
        sessions: sessions::Sessions::new(port, opened.tls.is_some()),
        wrong: wrong::Wrong::default(),
    });
    let router = router(Served {
        desk,
        access,
        cache: Arc::default(),
        high_water: Arc::default(),
        dashboard: Arc::new(studio),
        turn: Arc::new(Semaphore::new(1)),
        pen: Arc::new(Semaphore::new(1)),
        hands: Arc::new(Semaphore::new(HANDS)),
    });
    connection::accept(opened.listener, opened.tls, router).await;
    told.abort();
}

fn router(served: Served) -> Router {
    let access = Arc::clone(&served.access);
    api::routes()
        .merge(approvals::routes())
        .merge(events::routes())
        .merge(history::routes())
        .merge(metrics::routes())
        .merge(openapi::routes())
        .merge(dashboard::routes())
        .merge(session::routes())
        .fallback(problem::not_found)
        .method_not_allowed_fallback(problem::not_allowed)
        .with_state(served)
        .layer(axum::middleware::from_fn_with_state(access, guard::check))
}
