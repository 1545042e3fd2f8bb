//! Where snapshots are seen: made while somebody looks, one a second, sooner where there is news, and shared by all.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use tokio::sync::{Notify, watch};

use super::Snapshot;

/// What was shown last, and when; or why nothing could be.
type Shown = Option<(Instant, Result<Arc<Snapshot>, String>)>;

/// How old a snapshot may be that somebody is shown.
const FRESH: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
struct Shared {
    /// Rung by whoever looks.
    bell: Notify,
    /// Rung where something is to be seen that was never seen before.
    news: Notify,
    /// Those who look all the time.
    watchers: AtomicUsize,
    /// Whether what is shown is known to be out of date.
    stale: AtomicBool,
}

/// A window, and what shows snapshots in it.
#[must_use]
pub fn window() -> (Producer, Window) {
    let shared = Arc::new(Shared::default());
    let (shows, shown) = watch::channel(None);
    let producer = Producer {
        shared: Arc::clone(&shared),
        shows,
        rung: false,
        news: false,
    };
    (producer, Window { shared, shown })
}

/// Whoever looks.
#[derive(Clone, Debug)]
pub struct Window {
    shared: Arc<Shared>,
    shown: watch::Receiver<Shown>,
}

impl Window {
    /// A snapshot that is no older than a second, made now where there is none.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn look(&self) -> Result<Arc<Snapshot>, String> {
        let asked = Instant::now();
        let mut shown = self.shown.clone();
        loop {
            if let Some(fresh) = self.fresh(&shown.borrow_and_update(), asked) {
                return fresh;
            }
            self.shared.bell.notify_one();
            if shown.changed().await.is_err() {
                return Err("the daemon ends".to_owned());
            }
        }
    }

    fn fresh(&self, shown: &Shown, asked: Instant) -> Option<Result<Arc<Snapshot>, String>> {
        let (read, shown) = shown.as_ref()?;
        // What was read after the question is new enough, however long it took to make.
        let fresh = *read >= asked || asked.duration_since(*read) < FRESH;
        (fresh && !self.shared.stale.load(Ordering::Acquire)).then(|| shown.clone())
    }

    /// The next snapshot, whenever there is one; nothing once the daemon ends.
    pub async fn next(&mut self) -> Option<Arc<Snapshot>> {
        loop {
            self.shown.changed().await.ok()?;
            if let Some((_, Ok(snapshot))) = &*self.shown.borrow_and_update() {
                return Some(Arc::clone(snapshot));
            }
        }
    }

    /// Looks on: snapshots are made each second until what is given is dropped.
    #[must_use]
    pub fn watch(&self) -> Watching {
        self.shared.watchers.fetch_add(1, Ordering::AcqRel);
        self.shared.bell.notify_one();
        Watching {
            shared: Arc::clone(&self.shared),
        }
    }

    /// Whoever may say that there is news.
    #[must_use]
    pub fn messenger(&self) -> Messenger {
        Messenger {
            shared: Arc::clone(&self.shared),
        }
    }

    /// Says that what is shown is out of date: who looks next sees what is made from now on.
    pub fn renew(&self) {
        self.shared.stale.store(true, Ordering::Release);
    }
}

/// Whoever knows of news before they are seen.
#[derive(Clone, Debug)]
pub struct Messenger {
    shared: Arc<Shared>,
}

impl Messenger {
    /// Says that there is news: those who look on need not wait for them as long as for numbers that grow. Makes nobody
    /// look.
    pub fn hurry(&self) {
        self.shared.news.notify_one();
    }
}

/// Somebody who looks on.
#[derive(Debug)]
pub struct Watching {
    shared: Arc<Shared>,
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.shared.watchers.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Whoever shows.
#[derive(Debug)]
pub struct Producer {
    shared: Arc<Shared>,
    shows: watch::Sender<Shown>,
    /// Whether somebody rang since the last snapshot.
    rung: bool,
    /// Whether there was news since.
    news: bool,
}

/// When it is time for the next snapshot.
#[derive(Clone, Copy, Debug)]
pub struct Due {
    /// For numbers that grow.
    pub usually: Instant,
    /// Where there is news.
    pub with_news: Instant,
}

impl Due {
    /// At once.
    #[must_use]
    pub fn now() -> Self {
        let now = Instant::now();
        Self {
            usually: now,
            with_news: now,
        }
    }
}

impl Producer {
    /// Waits until a snapshot is wanted, and it is time for one: from then on, or at once where what is shown is known
    /// to be out of date.
    pub async fn wanted(&mut self, time: Due) {
        loop {
            let watched = self.shared.watchers.load(Ordering::Acquire) > 0;
            let stale = self.shared.stale.load(Ordering::Acquire);
            let somebody = self.rung || watched;
            let due = if self.news { time.with_news } else { time.usually };
            if somebody && (stale || Instant::now() >= due) {
                break;
            }
            let time = async {
                if somebody {
                    tokio::time::sleep_until(due.into()).await;
                } else {
                    std::future::pending().await
                }
            };
            tokio::select! {
                () = time => {}
                () = self.shared.bell.notified() => self.rung = true,
                () = self.shared.news.notified() => self.news = true,
            }
        }
        // Whoever rang up to now is shown what is made now.
        let _ = self.shared.bell.notified().now_or_never();
        let _ = self.shared.news.notified().now_or_never();
        self.rung = false;
        self.news = false;
        self.shared.stale.store(false, Ordering::Release);
    }

    /// Shows what was made of what was read at that moment, or why nothing was.
    pub fn show(&self, read: Instant, made: Result<Arc<Snapshot>, String>) {
        self.shows.send_replace(Some((read, made)));
    }

    /// Shows nothing any more, until somebody looks.
    pub fn close(&self) {
        self.shows.send_replace(None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(why: &str) -> Result<Arc<Snapshot>, String> {
        Err(why.to_owned())
    }

    /// What is shown, told apart by its words: a refusal is shown as a snapshot is.
    async fn seen(window: &Window) -> String {
        window.look().await.expect_err("this test shows refusals")
    }

    #[tokio::test]
    async fn nobody_looks_and_nothing_is_wanted() {
        let (mut producer, window) = window();
        let wanted = |producer: &mut Producer| producer.wanted(Due::now()).now_or_never().is_some();
        assert!(!wanted(&mut producer));
        let watching = window.watch();
        assert!(wanted(&mut producer) && wanted(&mut producer));
        drop(watching);
        assert!(!wanted(&mut producer));
    }

    #[tokio::test]
    async fn news_make_the_next_one_come_sooner_for_those_who_look() {
        let (mut producer, window) = window();
        let late = Due {
            usually: Instant::now() + Duration::from_secs(3600),
            ..Due::now()
        };
        let wanted = |producer: &mut Producer| producer.wanted(late).now_or_never().is_some();
        let messenger = window.messenger();
        messenger.hurry();
        assert!(!wanted(&mut producer), "nobody looks");
        let watching = window.watch();
        assert!(wanted(&mut producer), "there was news");
        assert!(!wanted(&mut producer), "they were shown");
        messenger.hurry();
        messenger.hurry();
        assert!(wanted(&mut producer) && !wanted(&mut producer));
        drop(watching);
    }

    #[tokio::test]
    async fn all_who_look_within_a_second_are_shown_one_snapshot() {
        let (mut producer, window) = window();
        let made = tokio::spawn(async move {
            let mut made = 0;
            loop {
                producer.wanted(Due::now()).await;
                made += 1;
                producer.show(Instant::now(), refused(&format!("number {made}")));
            }
        });
        let all = [
            seen(&window).await,
            seen(&window).await,
            seen(&window.clone()).await,
        ];
        assert_eq!(all, ["number 1", "number 1", "number 1"]);
        window.renew();
        assert_eq!(seen(&window).await, "number 2");
        assert_eq!(seen(&window).await, "number 2");
        made.abort();
        let _ = made.await;
        window.renew();
        assert_eq!(seen(&window).await, "the daemon ends");
    }

    #[tokio::test]
    async fn what_takes_longer_than_a_second_is_shown_all_the_same() {
        let (mut producer, window) = window();
        tokio::spawn(async move {
            producer.wanted(Due::now()).await;
            let read = Instant::now();
            // As if it had been made for long: it was read after the question.
            producer.show(read, refused("late"));
            std::future::pending::<()>().await;
        });
        assert_eq!(seen(&window).await, "late");
    }
}
