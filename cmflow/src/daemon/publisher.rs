//! Snapshots for those who watch: read under the observer's lock, made beside the counting, shared by all.
//!
//! Nobody watching costs nothing. Whoever watches, and however many they are, one is made a second, two where something
//! is seen for the first time, and making them takes no more than an eighth of a processor.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::snapshot::{Darkroom, Due, Producer, Snapshot};

use super::memory;
use super::observer::Observer;

/// How often a snapshot is made.
const EVERY: Duration = Duration::from_secs(1);
/// How often where there is news: what nothing explains is to be seen within a second of its first packet.
const WITH_NEWS: Duration = Duration::from_millis(500);
/// So many times as long as it took to make one, none is made.
const REST: u32 = 7;
/// How long after the last look what was made of it is kept.
const KEEP: Duration = Duration::from_secs(10);

/// Makes snapshots whenever they are wanted, until the task is dropped.
pub(super) async fn publish(observer: Arc<Mutex<Observer>>, mut producer: Producer) {
    let darkroom = Arc::new(Mutex::new(Darkroom::default()));
    let mut due = Due::now();
    loop {
        let wanted = producer.wanted(due);
        if tokio::time::timeout(KEEP, wanted).await.is_err() {
            locked(&darkroom).clear();
            producer.close();
            memory::give_back();
            producer.wanted(due).await;
        }
        let began = Instant::now();
        let (from, into) = (Arc::clone(&observer), Arc::clone(&darkroom));
        let made = tokio::task::spawn_blocking(move || snapshot(&from, &mut locked(&into))).await;
        let made = made.unwrap_or_else(|error| Err(format!("no snapshot could be made: {error}")));
        let rest = began.elapsed() * (REST + 1);
        due = Due {
            usually: began + EVERY.max(rest),
            with_news: began + WITH_NEWS.max(rest),
        };
        producer.show(began, made);
    }
}

fn snapshot(observer: &Mutex<Observer>, darkroom: &mut Darkroom) -> Result<Arc<Snapshot>, String> {
    // Held no longer than reading takes: what is made of it is made afterwards.
    let capture = locked(observer).capture();
    let capture = capture.map_err(|error| format!("the counters cannot be read: {error}"))?;
    Ok(Arc::new(darkroom.develop(capture)))
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
