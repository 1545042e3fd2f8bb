//! The daemon's way into the history: once a minute, and whenever somebody wants to read it, what happened since goes to
//! a thread that writes it. Counting waits for no disk.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::mpsc;

use cmflow_common::outcome::Outcome;
use jiff::{SignedDuration, Timestamp};

use crate::account::{Flow, Totals};
use crate::clock::Wall;
use crate::history::{Change, Counted, Generation, Outage, Retention, Sampler};
use crate::reader::{Reading, Tick};
use crate::store::Store;

use super::writer::{Told, Writer};

/// How far the two clocks may drift apart between two ticks before one of them was set, or the machine slept.
const STEP: SignedDuration = SignedDuration::from_secs(5);

/// What a tick shows beside what it counted.
#[derive(Clone, Debug, Default)]
pub(super) struct Signs {
    /// Names of interfaces that somebody wants looked at, and that nobody looks at now.
    pub(super) lost: Vec<String>,
    /// What each half of the counters lacks.
    pub(super) lacks: [[i128; 2]; 2],
    /// Whether the flow table is so full that some kinds of flows may find no place: see `room`.
    pub(super) filled: bool,
    /// News that the ring had no room for, so far.
    pub(super) events_lost: u64,
}

/// What is handed over.
pub(super) struct Heard<'a> {
    pub(super) reading: &'a Reading,
    /// Every flow that is not counted as gone.
    pub(super) live: &'a [Flow],
    /// Totals of all of them.
    pub(super) totals: &'a Totals,
    /// Interfaces and their hooks.
    pub(super) interfaces: Vec<(String, String)>,
    pub(super) retention: Retention,
}

/// What is to be written, and to whom.
pub(super) struct Recorder {
    path: PathBuf,
    run: u64,
    /// Whether these counters went on from those of an earlier daemon.
    adopted: bool,
    wall: Wall,
    /// Nothing where the history cannot be opened; it is tried again at each writing.
    open: Option<(Sampler, Writer)>,
    /// Why it could not be opened, as was last said.
    trouble: Option<String>,
    /// The generation in use.
    generation: Option<Generation>,
    /// Up to when what happened was handed over.
    since: Timestamp,
    /// Both clocks at the last tick.
    last: Option<(Timestamp, SignedDuration)>,
    /// What goes on since when: kind and note of an outage.
    ongoing: BTreeMap<(&'static str, String), Timestamp>,
    outages: Vec<Outage>,
    signs: Signs,
    without_entry: u64,
    /// Packets that were parsed into flows, at the last tick.
    parsed: u64,
}

impl Recorder {
    pub(super) fn new(path: PathBuf, run: u64, adopted: bool, wall: Wall) -> Self {
        let since = wall.now();
        Self {
            path,
            run,
            adopted,
            wall,
            open: None,
            trouble: None,
            generation: None,
            since,
            last: None,
            ongoing: BTreeMap::new(),
            outages: Vec::new(),
            signs: Signs::default(),
            without_entry: 0,
            parsed: 0,
        }
    }

    /// Path of the database.
    pub(super) fn path(&self) -> &PathBuf {
        &self.path
    }

    /// How the writing goes.
    pub(super) fn told(&self) -> Told {
        match &self.open {
            Some((_, writer)) => writer.told(),
            None => Told {
                written: None,
                problem: self.trouble.clone(),
            },
        }
    }

    /// Other tables judge from now on.
    pub(super) fn judged_by(&mut self, generation: Generation) {
        if let Some((_, writer)) = &self.open {
            writer.generation(generation.clone());
        }
        self.generation = Some(generation);
    }

    /// Takes note of a tick and of the flows that it settled.
    pub(super) fn tick(&mut self, counted: &Counted<'_>, tick: &Tick, settled: &[Flow], signs: Signs) {
        if let Some((sampler, _)) = &mut self.open {
            sampler.gone(counted, settled);
        }
        let (now, awake) = (tick.moment.wall(), tick.awake);
        let (before, awake_before) = self.last.replace((now, awake)).unwrap_or((now, awake));
        let ran = awake - awake_before;
        if (now.duration_since(before) - ran).abs() > STEP {
            let note = "the clock was set, or the machine slept".to_owned();
            self.outages
                .push(outage(Outage::CLOCK, before.min(now), before.max(now), note));
        }
        if signs.lacks != self.signs.lacks {
            let note = "packets that were parsed are missing in the counters".to_owned();
            self.outages.push(outage(Outage::LAW, before.min(now), now, note));
        }
        if signs.events_lost > self.signs.events_lost {
            let lost = signs.events_lost - self.signs.events_lost;
            let note = format!("{lost} first packets were counted and not told at once");
            self.outages
                .push(outage(Outage::EVENTS, before.min(now), now, note));
        }
        // Single ones find no place in any table: see `answer::Status::lacks_places`.
        let parsed: u64 = tick
            .outcomes
            .iter()
            .map(|row| row[Outcome::Flow as usize].packets)
            .sum();
        let without = tick.without_entry.packets;
        let (more, of) = (
            without - self.without_entry.min(without),
            parsed - self.parsed.min(parsed),
        );
        if self.parsed > 0 && signs.filled && more > of / 100 {
            let note = "packets counted for rules, and nobody knows whose they were".to_owned();
            self.outages
                .push(outage(Outage::TABLE_FULL, before.min(now), now, note));
        }
        (self.without_entry, self.parsed) = (without, parsed);
        self.ongoing.retain(|(_, note), since| {
            let goes_on = signs.lost.contains(note);
            if !goes_on {
                self.outages
                    .push(outage(Outage::INTERFACE, *since, now, note.clone()));
            }
            goes_on
        });
        for name in &signs.lost {
            self.ongoing
                .entry((Outage::INTERFACE, name.clone()))
                .or_insert(before.min(now));
        }
        self.signs = signs;
    }

    /// Whether a minute has passed since something was handed over.
    pub(super) fn is_due(&self) -> bool {
        let minute = |at: Timestamp| at.as_second().div_euclid(60);
        let behind = self.open.as_ref().is_some_and(|(_, writer)| writer.is_behind());
        !behind && minute(self.wall.now()) != minute(self.since)
    }

    /// Hands over what happened. `done` is told when it is written, or why it is not.
    pub(super) fn record(
        &mut self,
        counted: &Counted<'_>,
        heard: Heard<'_>,
        done: Option<mpsc::Sender<Result<(), String>>>,
    ) {
        self.begin(counted);
        let now = heard.reading.moment.wall();
        let Some((sampler, writer)) = &mut self.open else {
            let why = self.trouble.clone().unwrap_or_default();
            if let Some(done) = done {
                // Whoever asked may have gone.
                let _ = done.send(Err(why));
            }
            self.since = now;
            return;
        };
        let mut change = Change {
            from: self.since.min(now),
            to: now,
            run: self.run,
            interfaces: heard.interfaces,
            ..sampler.change(counted, heard.live, &heard.reading.verdicts, heard.totals)
        };
        for ((kind, note), since) in &mut self.ongoing {
            self.outages.push(outage(kind, *since, now, note.clone()));
            *since = now;
        }
        change.outages = std::mem::take(&mut self.outages);
        self.since = now;
        writer.change(change, heard.retention, done);
    }

    /// Opens the history where it is not open, and goes on from what it holds of this run of counters.
    fn begin(&mut self, counted: &Counted<'_>) {
        if self.open.is_some() {
            return;
        }
        let now = self.wall.now();
        let opened = Store::open(&self.path, now).and_then(|opened| {
            let baseline = opened.store.baseline(self.run)?;
            Ok((opened, baseline))
        });
        let (opened, baseline) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                let why = error.to_string();
                if self.trouble.as_ref() != Some(&why) {
                    log::error!("no history is kept, counting goes on: {why}");
                    self.trouble = Some(why);
                }
                return;
            }
        };
        for said in &opened.said {
            log::warn!("{said}");
        }
        if self.trouble.take().is_some() {
            log::info!("history is kept again in {}", self.path.display());
        }
        if let Some(written) = baseline.written {
            self.missed(written);
        }
        let mut sampler = Sampler::default();
        sampler.go_on(
            counted.compiled,
            &baseline.verdicts,
            &baseline.counters,
            &baseline.live,
            baseline.sightings,
        );
        let writer = Writer::start(opened.store, self.path.clone());
        if let Some(generation) = &self.generation {
            writer.generation(generation.clone());
        }
        self.open = Some((sampler, writer));
    }

    /// What lies between the last writing and the begin of this daemon's counting.
    fn missed(&mut self, written: Timestamp) {
        let began = self.since;
        if written >= began || began.duration_since(written) < SignedDuration::from_secs(2) {
            return;
        }
        let (kind, note) = if self.adopted {
            let note = "the kernel counted and judged by the tables of before; its counts are told at the end of this time";
            (Outage::KERNEL_ONLY, note)
        } else {
            (Outage::DOWN, "nobody counted")
        };
        self.outages.push(outage(kind, written, began, note.to_owned()));
    }

    /// Writes what was handed over, and ends.
    pub(super) fn end(&mut self) {
        if let Some((_, writer)) = self.open.take() {
            writer.end();
        }
    }
}

fn outage(kind: &str, from: Timestamp, to: Timestamp, note: String) -> Outage {
    Outage {
        from,
        to,
        kind: kind.to_owned(),
        note,
    }
}
