//! The thread that writes the history: what cannot be written now is kept, added to, and written later.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;

use jiff::{SignedDuration, Timestamp};

use crate::history::{Change, Generation, Outage, Retention};
use crate::store::Store;

/// How often old minutes are rolled up, and what is too old forgotten.
const TIDY_EVERY: SignedDuration = SignedDuration::from_mins(30);

/// How the writing goes.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    /// Up to when everything is written.
    pub(super) written: Option<Timestamp>,
    /// Why something is not.
    pub(super) problem: Option<String>,
}

enum Job {
    Change(Box<Change>, Retention, Option<mpsc::Sender<Result<(), String>>>),
    Generation(Box<Generation>),
}

/// A store and the thread that it belongs to.
pub(super) struct Writer {
    jobs: mpsc::Sender<Job>,
    thread: JoinHandle<()>,
    told: Arc<Mutex<Told>>,
    /// Changes that are handed over and not yet dealt with.
    waiting: Arc<AtomicUsize>,
}

impl Writer {
    /// Changes that may wait for a slow disk.
    const QUEUE: usize = 2;

    pub(super) fn start(store: Store, path: PathBuf) -> Self {
        let (jobs, handed) = mpsc::channel();
        let told = Arc::new(Mutex::new(Told::default()));
        let waiting = Arc::new(AtomicUsize::new(0));
        let left = Arc::clone(&waiting);
        let mut desk = Desk {
            store,
            path,
            told: Arc::clone(&told),
            pending: None,
            generations: Vec::new(),
            tidied: None,
        };
        let thread = std::thread::spawn(move || {
            for job in handed {
                let is_change = matches!(job, Job::Change(..));
                desk.take(job);
                if is_change {
                    left.fetch_sub(1, Ordering::Release);
                }
            }
        });
        Self {
            jobs,
            thread,
            told,
            waiting,
        }
    }

    pub(super) fn told(&self) -> Told {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the disk is so slow that nothing more should be handed over for now.
    pub(super) fn is_behind(&self) -> bool {
        self.waiting.load(Ordering::Acquire) >= Self::QUEUE
    }

    pub(super) fn generation(&self, generation: Generation) {
        // The thread ends only when this end does.
        let _ = self.jobs.send(Job::Generation(Box::new(generation)));
    }

    pub(super) fn change(
        &self,
        change: Change,
        retention: Retention,
        done: Option<mpsc::Sender<Result<(), String>>>,
    ) {
        self.waiting.fetch_add(1, Ordering::Release);
        let _ = self.jobs.send(Job::Change(Box::new(change), retention, done));
    }

    /// Waits until everything is written, or cannot be.
    pub(super) fn end(self) {
        drop(self.jobs);
        if self.thread.join().is_err() {
            log::error!("the history ended early; what was counted since it was last written is not in it");
        }
    }
}

/// What the thread holds.
struct Desk {
    store: Store,
    path: PathBuf,
    told: Arc<Mutex<Told>>,
    /// What could not be written.
    pending: Option<Change>,
    generations: Vec<Generation>,
    tidied: Option<Timestamp>,
}

impl Desk {
    fn take(&mut self, job: Job) {
        match job {
            Job::Generation(generation) => {
                self.generations.push(*generation);
                // What judges is written with the next change where it cannot be written now.
                let _ = self.write_generations();
            }
            Job::Change(change, retention, done) => {
                let came = self.write(*change, &retention);
                if let Some(done) = done {
                    // Whoever asked may have gone.
                    let _ = done.send(came);
                }
            }
        }
    }

    fn write(&mut self, change: Change, retention: &Retention) -> Result<(), String> {
        let change = match self.pending.take() {
            None => change,
            Some(mut earlier) => {
                earlier.absorb(change);
                earlier
            }
        };
        let now = change.to;
        let committed = self
            .write_generations()
            .and_then(|()| self.store.commit(&change, retention));
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = committed {
            let why = error.to_string();
            if told.problem.is_none() {
                log::error!(
                    "{}: {why}; counting goes on, and what happens meanwhile is kept in memory",
                    self.path.display()
                );
            }
            told.problem = Some(why.clone());
            self.pending = Some(with_outage(change));
            return Err(why);
        }
        if told.problem.take().is_some() {
            log::info!(
                "{}: written again, with all that happened meanwhile",
                self.path.display()
            );
        }
        told.written = Some(now);
        drop(told);
        if self
            .tidied
            .is_none_or(|at| now.duration_since(at).abs() >= TIDY_EVERY)
        {
            self.tidied = Some(now);
            if let Err(error) = self.store.tidy(now, retention) {
                log::warn!("{}: old rows stay for now: {error}", self.path.display());
            }
        }
        Ok(())
    }

    fn write_generations(&mut self) -> Result<(), crate::store::StoreError> {
        while let Some(generation) = self.generations.first() {
            self.store.begin_generation(generation)?;
            self.generations.remove(0);
        }
        Ok(())
    }
}

/// A change that says of itself that it was written late.
fn with_outage(mut change: Change) -> Change {
    let (from, to) = (change.from, change.to);
    match change
        .outages
        .iter_mut()
        .find(|outage| outage.kind == Outage::UNWRITTEN)
    {
        Some(outage) => outage.to = to,
        None => change.outages.push(Outage {
            from,
            to,
            kind: Outage::UNWRITTEN.to_owned(),
            note: "the history could not be written; what happened is told at the end of this time"
                .to_owned(),
        }),
    }
    change
}
