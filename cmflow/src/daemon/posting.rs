//! The thread that tells of unexplained groups: hears of them, remembers, and hands letters to the couriers.
//!
//! What the desk knows is written before a letter goes out, and again when it has arrived. A kill in between repeats
//! a letter, with the same number, and loses none.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use jiff::{SignedDuration, Timestamp};

use crate::alert::{Channel, Courier, Desk, Heard, Kind, Letter, Memory, Message, Options, Sender};
use crate::answer;
use crate::clock::Wall;

use super::state::replace;

/// How often the clock is looked at.
const TICK: Duration = Duration::from_secs(1);
/// How long the times at which groups were last seen may be unwritten.
const KEEP_EVERY: SignedDuration = SignedDuration::from_mins(5);
/// How long a channel may take over a test: whoever asked waits for it.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the thread is handed.
pub(super) enum Job {
    Heard(Box<Heard>),
    Options(Box<Options>),
}

/// How it goes, for whoever asks.
#[derive(Clone, Debug, Default)]
pub(super) struct Status(Arc<Mutex<answer::AlertStatus>>);

impl Status {
    pub(super) fn told(&self) -> answer::AlertStatus {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn tell(&self, status: answer::AlertStatus) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = status;
    }
}

/// What the thread begins with.
pub(super) struct Posting {
    /// Where it keeps what it knows.
    pub(super) path: PathBuf,
    pub(super) wall: Wall,
    pub(super) sender: Sender,
    /// Whether the log goes to the journal.
    pub(super) journal: bool,
    pub(super) status: Status,
}

/// What it works with.
struct Office {
    posting: Posting,
    options: Options,
    desk: Desk,
    couriers: BTreeMap<&'static str, Courier>,
    /// What did not arrive before this daemon ran.
    failed: u64,
    /// What was written last, and when.
    kept: (Option<Marks>, Timestamp),
    /// Why it cannot be written, as was last said.
    trouble: Option<String>,
}

/// What tells that there is something new to write, beside when groups were last seen.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Marks {
    heard: u64,
    letters: u64,
    /// Arrived and failed, by courier.
    done: Vec<(u64, u64)>,
}

impl Posting {
    /// Runs until nobody hands it anything any more.
    pub(super) fn run(self, jobs: &Receiver<Job>, options: Options) {
        let now = self.wall.now();
        let memory = self.read().unwrap_or_else(|error| {
            log::warn!("{error:#}; alerts begin anew, and learn again where they are to");
            None
        });
        let mut memory = memory.unwrap_or_else(|| Memory::new(now));
        let outbox = std::mem::take(&mut memory.outbox);
        let mut office = Office {
            posting: self,
            options,
            failed: memory.failed,
            desk: Desk::new(memory),
            couriers: BTreeMap::new(),
            kept: (None, now),
            trouble: None,
        };
        office.follow(outbox);
        let mut heard = 0;
        loop {
            office.work(heard);
            let mut next = jobs.recv_timeout(TICK);
            while let Ok(job) = next {
                match job {
                    Job::Heard(one) => {
                        let now = office.posting.wall.now();
                        heard += u64::from(office.desk.hear(*one, now, &office.options));
                    }
                    Job::Options(options) => {
                        office.options = *options;
                        office.follow(BTreeMap::new());
                    }
                }
                next = jobs.try_recv().map_err(|error| match error {
                    std::sync::mpsc::TryRecvError::Empty => RecvTimeoutError::Timeout,
                    std::sync::mpsc::TryRecvError::Disconnected => RecvTimeoutError::Disconnected,
                });
            }
            if matches!(next, Err(RecvTimeoutError::Disconnected)) {
                break;
            }
        }
        office.work(heard);
        office.keep(&[]);
    }

    fn read(&self) -> anyhow::Result<Option<Memory>> {
        let text = match std::fs::read(&self.path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            read => read.with_context(|| self.path.display().to_string())?,
        };
        let memory: Memory =
            serde_json::from_slice(&text).with_context(|| self.path.display().to_string())?;
        ensure!(
            memory.format == Memory::FORMAT,
            "{} has format {}, and this version reads {}",
            self.path.display(),
            memory.format,
            Memory::FORMAT
        );
        Ok(Some(memory))
    }
}

impl Office {
    /// Has a courier for each channel, and none for others.
    fn follow(&mut self, mut outbox: BTreeMap<String, Vec<Letter>>) {
        let channels = Channel::of(&self.options, self.posting.journal);
        let wanted = |name: &str| channels.iter().any(|channel| channel.name() == name);
        for (name, courier) in &self.couriers {
            if !wanted(name) {
                outbox.insert((*name).to_owned(), courier.waiting());
            }
        }
        self.couriers.retain(|name, _| wanted(name));
        for channel in channels {
            let name = channel.name();
            let letters = outbox.remove(name).unwrap_or_default();
            match self.couriers.get(name) {
                Some(courier) => courier.go_by(channel),
                None => {
                    let courier = Courier::start(channel, self.posting.sender.clone(), letters);
                    self.couriers.insert(name, courier);
                }
            }
        }
        for (name, letters) in outbox.iter().filter(|(_, letters)| !letters.is_empty()) {
            log::warn!(
                "{name}: the site file names no such channel any more; {} letters are not delivered",
                letters.len()
            );
        }
    }

    /// Lets out what is due, once it is remembered.
    fn work(&mut self, heard: u64) {
        let now = self.posting.wall.now();
        let letters = self.desk.due(now, &self.options);
        let loads: Vec<_> = self.couriers.values().map(Courier::load).collect();
        let marks = Marks {
            heard,
            letters: self.desk.written().0,
            done: loads.iter().map(|load| (load.delivered, load.failed)).collect(),
        };
        let (kept, at) = &self.kept;
        if kept.as_ref() != Some(&marks) || now.duration_since(*at).abs() >= KEEP_EVERY {
            self.keep(&letters);
            self.kept = (Some(marks), now);
        }
        for courier in self.couriers.values() {
            courier.take(&letters);
        }
        self.tell();
    }

    fn keep(&mut self, new: &[Letter]) {
        let mut memory = self.desk.memory();
        memory.failed = self.failed;
        for (name, courier) in &self.couriers {
            memory.failed += courier.load().failed;
            let mut letters = courier.waiting();
            letters.extend_from_slice(new);
            letters.truncate(Courier::QUEUE);
            memory.outbox.insert((*name).to_owned(), letters);
        }
        let path = &self.posting.path;
        let written = serde_json::to_vec(&memory)
            .map_err(anyhow::Error::new)
            .and_then(|text| replace(path, &text).with_context(|| format!("writing {}", path.display())));
        let trouble = written.err().map(|error| format!("{error:#}"));
        if trouble != self.trouble {
            if let Some(why) = &trouble {
                log::error!("{why}; after a restart, alerts may be repeated");
            }
            self.trouble = trouble;
        }
    }

    fn tell(&self) {
        let loads: Vec<_> = self
            .couriers
            .iter()
            .map(|(name, one)| (name, one.load()))
            .collect();
        let (sent, last) = self.desk.written();
        let problems = loads
            .iter()
            .filter_map(|(name, load)| Some(format!("{name}: {}", load.problem.as_ref()?)));
        let problems: Vec<_> = problems.chain(self.trouble.clone()).collect();
        self.posting.status.tell(answer::AlertStatus {
            learning_until: self.desk.learning_until(&self.options),
            sent,
            held_back: self.desk.held_back(),
            queued: loads.iter().map(|(_, load)| load.queued).sum(),
            failed: self.failed + loads.iter().map(|(_, load)| load.failed).sum::<u64>(),
            last,
            problem: (!problems.is_empty()).then(|| problems.join("; ")),
        });
    }
}

/// Sends a test by each channel, and says what came of it.
pub(super) fn test(channels: &[Channel], sender: &Sender, now: Timestamp) -> Vec<answer::AlertTest> {
    let letter = Letter {
        number: 0,
        kind: Kind::Test,
        at: now,
        groups: Vec::new(),
        more: 0,
        held_back: 0,
        waiting: 0,
        beyond: 0,
        known: 0,
    };
    let deliver = |channel: &Channel| {
        let came = channel.deliver(&Message::new(sender, &letter, 0), PATIENCE);
        answer::AlertTest {
            channel: channel.name().to_owned(),
            target: channel.to_string(),
            ok: came.is_ok(),
            problem: came.err().map(|failure| failure.why),
        }
    };
    std::thread::scope(|scope| {
        let each: Vec<_> = channels
            .iter()
            .map(|channel| scope.spawn(|| deliver(channel)))
            .collect();
        each.into_iter()
            .map(|thread| thread.join().expect("delivering returns its failures"))
            .collect()
    })
}
