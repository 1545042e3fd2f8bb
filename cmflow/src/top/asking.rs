//! A thread that asks the daemon, so that a slow answer never keeps a key waiting.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::thread;
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;

use super::wanted::{Asked, Heard, Round, Trouble, Wanted};
use crate::answer::Status;
use crate::serve::{self, Question};

/// The daemon is left alone for so many times as long as it took to answer, so that watching it costs it little.
const REST: u32 = 4;

/// The same for groups while nobody looks at them.
const REST_OF_GROUPS: u32 = 20;

/// Says what is to be said of a flow, line by line.
pub type Explainer = Box<dyn FnMut(&Asked, &Status) -> Vec<String> + Send>;

/// Who asks.
pub struct Asking {
    wants: Sender<Wanted>,
    heard: Receiver<Heard>,
    wanted: Wanted,
}

impl Asking {
    /// Begins to ask at a socket, once in an interval.
    ///
    /// # Errors
    /// Where there can be no thread.
    pub fn begin(
        socket: PathBuf,
        interval: Duration,
        began: Instant,
        wanted: Wanted,
        explainer: Explainer,
    ) -> std::io::Result<Self> {
        let (wants, wants_heard) = mpsc::channel();
        let (says, heard) = mpsc::channel();
        let first = wanted.clone();
        let asker = Asker::new(socket, began);
        thread::Builder::new()
            .name("asking".to_owned())
            .spawn(move || go_on(asker, interval, first, &wants_heard, &says, explainer))?;
        Ok(Self { wants, heard, wanted })
    }

    /// Asks for something else from now on, at once.
    pub fn want(&mut self, wanted: Wanted) {
        if wanted != self.wanted {
            self.wanted = wanted.clone();
            // Whoever no longer listens is noticed by what no longer comes.
            let _ = self.wants.send(wanted);
        }
    }

    /// What was heard and not yet taken.
    ///
    /// # Errors
    /// Where nothing can come any more.
    pub fn heard(&self) -> anyhow::Result<Option<Heard>> {
        match self.heard.try_recv() {
            Ok(heard) => Ok(Some(heard)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => anyhow::bail!("the thread that asks the daemon has ended"),
        }
    }
}

/// Asks until nobody listens.
fn go_on(
    mut asker: Asker,
    interval: Duration,
    mut wanted: Wanted,
    wants: &Receiver<Wanted>,
    says: &Sender<Heard>,
    mut explainer: Explainer,
) {
    let mut status = None;
    loop {
        let begun = Instant::now();
        let round = asker.round(&wanted);
        let took = begun.elapsed();
        status = round.status.clone().or(status);
        if says.send(Heard::Round(Box::new(round))).is_err() {
            return;
        }
        let rested = begun + took * (REST + 1);
        let mut next = rested.max(begun + interval);
        loop {
            match wants.recv_timeout(next.saturating_duration_since(Instant::now())) {
                Ok(other) => {
                    if let (Some(asked), Some(status)) = (&other.explain, &status)
                        && wanted.explain != other.explain
                    {
                        let lines = explainer(asked, status);
                        if says.send(Heard::Explained(asked.clone(), lines)).is_err() {
                            return;
                        }
                    }
                    let before = Wanted {
                        explain: other.explain.clone(),
                        ..wanted
                    };
                    if before != other {
                        next = rested;
                    }
                    wanted = other;
                }
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }
}

/// Asks round by round.
#[derive(Debug)]
pub struct Asker {
    socket: PathBuf,
    began: Instant,
    /// Flows of what may be unexplained, when groups were asked for last.
    flows: Option<u64>,
    /// Not before this are groups asked for that nobody looks at.
    groups: Instant,
}

impl Asker {
    /// One that has not asked yet.
    #[must_use]
    pub fn new(socket: PathBuf, began: Instant) -> Self {
        Self {
            socket,
            began,
            flows: None,
            groups: began,
        }
    }

    /// Asks everything that is wanted, once.
    pub fn round(&mut self, wanted: &Wanted) -> Round {
        let mut round = Round {
            at: self.began.elapsed(),
            ..Round::default()
        };
        let status = match ask::<Status>(&self.socket, &Question::Status) {
            Ok(status) => status,
            Err(why) => {
                round.trouble = Some(Trouble::Silent(why));
                self.flows = None;
                return round;
            }
        };
        let flows = flows_that_may_be_unexplained(&status);
        round.status = Some(status);
        if let Some(query) = &wanted.flows {
            let asked = self.ask(&Question::Flows(query.clone()), &mut round);
            round.flows = asked.map(|flows| (query.clone(), flows));
        }
        if wanted.rules {
            round.rules = self.ask(&Question::Rules { all: true }, &mut round);
        }
        let may_differ = self.flows != Some(flows) && Instant::now() >= self.groups;
        if wanted.groups || may_differ {
            let begun = Instant::now();
            round.groups = self.ask(&Question::Groups, &mut round);
            self.groups = Instant::now() + begun.elapsed() * REST_OF_GROUPS;
            self.flows = round.groups.is_some().then_some(flows);
        }
        if let Some(query) = &wanted.group {
            let asked = self.ask(&Question::Group(query.clone()), &mut round);
            round.group = asked.map(|found| (query.clone(), found));
        }
        round
    }

    fn ask<T: DeserializeOwned>(&self, question: &Question, round: &mut Round) -> Option<T> {
        match ask(&self.socket, question) {
            Ok(answer) => Some(answer),
            Err(why) => {
                round.trouble.get_or_insert(Trouble::Refused(why));
                None
            }
        }
    }
}

fn ask<T: DeserializeOwned>(socket: &Path, question: &Question) -> Result<T, String> {
    let answer = serve::ask(socket, question).map_err(|error| format!("{error:#}"))?;
    serde_json::from_value(answer)
        .map_err(|error| format!("the daemon is another version of cmflow: {error}"))
}

fn flows_that_may_be_unexplained(status: &Status) -> u64 {
    let kinds = ["undocumented", "reversed", "foreign"];
    let tallies = kinds.iter().filter_map(|kind| status.verdicts.get(*kind));
    tallies.map(|tally| tally.flows).sum()
}
