//! What the daemon holds while it runs: maps, programs, tables, and what was counted.

use std::borrow::Cow;
use std::sync::mpsc;

use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::account::Kept;
use crate::answer::Gap;
use crate::compile::{Compiled, VerdictInfo};
use crate::findings::Findings;
use crate::history::{Counted, Generation, Privacy};
use crate::kernel::{FilledTables, KernelError, Maps};
use crate::reader::{Reader, Reading, Tick};
use crate::serve::{Question, Reply};
use crate::site::SiteModel;
use crate::snapshot::Capture;

use super::alerts::Alerts;
use super::answers::{self, Answers};
use super::attach::Looked;
use super::memory;
use super::prepared::Prepared;
use super::recorder::{Heard, Recorder, Signs};
use super::sources::Sources;
use super::start::Settings;
use super::state::{KnownVerdict, State};

/// How often what is gone is kept on disk, where something is.
const KEEP_EVERY: jiff::SignedDuration = jiff::SignedDuration::from_secs(15);

/// Everything that a question or a tick needs.
pub(super) struct Observer {
    pub(super) settings: Settings,
    /// What the site file means.
    pub(super) site: Arc<SiteModel>,
    pub(super) compiled: Arc<Compiled>,
    pub(super) sources: Sources,
    pub(super) privacy: Privacy,
    /// What the history keeps of the tables in use.
    pub(super) generation: Generation,
    pub(super) recorder: Recorder,
    pub(super) alerts: Alerts,
    pub(super) maps: Maps,
    pub(super) reader: Reader,
    /// Interfaces by their place among the counters.
    pub(super) looked: Vec<Looked>,
    /// Which counters these are.
    pub(super) run: u64,
    pub(super) since: Timestamp,
    pub(super) gaps: Vec<Gap>,
    /// What each half of the counters lacked when that was last logged.
    pub(super) lacks: [[i128; 2]; 2],
    /// The day on which ended rules were last looked for.
    pub(super) checked: Date,
    /// When the state was written, and what it tells of.
    pub(super) kept: Option<(Timestamp, [u64; 2], usize)>,
}

impl Observer {
    /// One tick.
    pub(super) fn tick(&mut self) -> Result<Tick, KernelError> {
        if self.recorder.is_due() {
            return Ok(self.record(None)?.tick);
        }
        let tick = self.reader.tick(&mut self.maps)?;
        self.settle(&tick);
        Ok(tick)
    }

    /// Tells the history of the tables in use, and begins to keep it and to tell of what it finds.
    pub(super) fn begin_history(&mut self) {
        self.recorder.judged_by(self.generation.clone());
        let (instance, wall) = (&self.settings.instance, self.settings.wall.clone());
        self.alerts.begin(instance, wall, &self.site.alerts);
        if let Err(error) = self.record(None) {
            log::error!("the counters cannot be read: {error}");
        }
    }

    /// Hands over to the history what happened; `done` is told when it is written.
    pub(super) fn record(
        &mut self,
        done: Option<mpsc::Sender<Result<(), String>>>,
    ) -> Result<Reading, KernelError> {
        let reading = self.reader.read(&mut self.maps)?;
        self.settle(&reading.tick);
        let names = self.interface_names();
        let hooks = self.looked.iter().map(|looked| looked.mode().to_owned());
        let interfaces = names.iter().cloned().zip(hooks).collect();
        let reader = &self.reader;
        let live = reader.waiting.all(&reader.translations, &reading.flows);
        let totals = if reader.translations.is_empty() {
            Cow::Borrowed(&reader.gone)
        } else {
            Cow::Owned(
                reader
                    .waiting
                    .with(&reader.translations, &reading.flows, &reader.gone)
                    .1,
            )
        };
        let counted = Counted {
            compiled: &self.compiled,
            privacy: &self.privacy,
            interfaces: &names,
            moment: &reading.moment,
        };
        let heard = Heard {
            reading: &reading,
            live: &live,
            totals: &totals,
            interfaces,
            retention: self.site.history,
        };
        self.recorder.record(&counted, heard, done);
        self.alerts
            .flows((&self.compiled, &self.site), &live, &reading.moment);
        drop((live, totals));
        Ok(reading)
    }

    fn interface_names(&self) -> Vec<String> {
        let names = self.looked.iter();
        names.map(|looked| looked.interface.name.clone()).collect()
    }

    /// One tick, and every flow.
    fn read(&mut self) -> Result<Reading, KernelError> {
        let reading = self.reader.read(&mut self.maps)?;
        self.settle(&reading.tick);
        Ok(reading)
    }

    /// One tick, and all that a snapshot is made of.
    pub(super) fn capture(&mut self) -> Result<Capture, KernelError> {
        let at = Instant::now();
        let (tick, slots) = self.reader.copy(&mut self.maps)?;
        self.settle(&tick);
        Ok(Capture {
            at,
            status: answers::status(self, &tick),
            tick,
            slots,
            gone: self.reader.gone.clone(),
            waiting: self.reader.waiting.clone(),
            translations: self.reader.translations.clone(),
            compiled: Arc::clone(&self.compiled),
            site: Arc::clone(&self.site),
        })
    }

    /// Takes note of a tick. Logs both sides of the law where it does not hold.
    fn settle(&mut self, tick: &Tick) {
        self.looked.iter_mut().for_each(Looked::read_received);
        if !tick.law_held {
            // Once for each break, not once a second: what is lost stays lost.
            let lacks = self.reader.law.halves.map(|half| half.lacks());
            let halves = self.reader.law.halves.iter().enumerate();
            for (number, half) in
                halves.filter(|(number, half)| !half.holds() && lacks[*number] != self.lacks[*number])
            {
                log::error!(
                    "conservation law broken in half {number}: {} packets parsed into flows, {} judged, \
                     {} accounted for ({} live + {} expired + {} without entry)",
                    half.flow_outcome,
                    half.verdicts,
                    half.accounted(),
                    half.live,
                    half.expired,
                    half.without_entry
                );
            }
            self.lacks = lacks;
        }
        let lost = self
            .looked
            .iter()
            .filter(|looked| looked.wanted && looked.program.is_none());
        let signs = Signs {
            lost: lost.map(|looked| looked.interface.name.clone()).collect(),
            lacks: self.lacks,
            filled: tick.slots * 5 > self.maps.capacity() * 2,
            // A counter that cannot be read now is read at the next tick.
            events_lost: self.maps.lost_news().unwrap_or_default().iter().sum(),
        };
        let settled = std::mem::take(&mut self.reader.settled);
        let names = self.interface_names();
        let counted = Counted {
            compiled: &self.compiled,
            privacy: &self.privacy,
            interfaces: &names,
            moment: &tick.moment,
        };
        self.recorder.tick(&counted, tick, &settled, signs);
        self.alerts
            .flows((&self.compiled, &self.site), &settled, &tick.moment);
    }

    /// Whether a rule of the user's own or an approval ended when this day began: the tables have to be made anew. Says so
    /// once a day, because a site file that is wrong by now would be refused again and again.
    pub(super) fn has_ended(&mut self) -> bool {
        let today = self.settings.wall.today();
        if std::mem::replace(&mut self.checked, today) == today {
            return false;
        }
        let mut ends = self.site.rules.iter().filter_map(|rule| rule.until);
        ends.any(|end| end < today)
    }

    /// What is done at intervals, whoever asks or not: lost interfaces are found, what is gone is kept. Says whether an
    /// interface came back.
    pub(super) fn mend(&mut self) -> bool {
        let mut back = false;
        for (slot, looked) in (0_u32..).zip(&mut self.looked) {
            back |= looked.mend(&self.settings, &self.maps, slot);
        }
        let due = self.kept.is_some_and(|(at, expired, stretches)| {
            let news = expired != self.maps.expired() || stretches != self.reader.stretches().len();
            news && self.settings.wall.now().duration_since(at).abs() >= KEEP_EVERY
        });
        if due || back {
            self.keep_or_say();
        }
        back
    }

    /// Keeps what the next daemon needs on disk; where that fails, says so and goes on.
    pub(super) fn keep_or_say(&mut self) {
        if let Err(error) = self.keep(&self.compiled.verdicts.clone()) {
            log::error!("{error:#}; the next daemon would not know the flows that ended since");
            // Once an interval, not once a tick.
            if let Some((at, _, _)) = &mut self.kept {
                *at = self.settings.wall.now();
            }
        }
    }

    /// Keeps what the next daemon needs on disk. `verdicts` are what the numbers stand for, or will stand for in a moment.
    pub(super) fn keep(&mut self, verdicts: &[VerdictInfo]) -> anyhow::Result<()> {
        let now = self.settings.wall.now();
        let expired = self.maps.expired();
        let clocks = self.reader.stretches().to_vec();
        let stretches = clocks.len();
        let state = State {
            format: State::FORMAT,
            run: self.run,
            since: self.since,
            written: now,
            interfaces: self.looked.iter().map(Looked::known).collect(),
            verdicts: verdicts.iter().map(KnownVerdict::of).collect(),
            gaps: self.gaps.clone(),
            clocks,
            broken: self.reader.law.broken,
            expired,
            gone: Kept::of(&self.reader.gone, &self.reader.waiting),
        };
        state.write(&self.settings.instance.state())?;
        self.kept = Some((now, expired, stretches));
        Ok(())
    }

    /// Goes by other tables: what their verdicts stand for is kept first, then one store switches.
    pub(super) fn switch(&mut self, prepared: Prepared, tables: &FilledTables) -> anyhow::Result<u64> {
        self.keep(&prepared.compiled.verdicts)
            .context("what the new tables mean cannot be kept, and a restart would not know it")?;
        let generation = self.maps.switch_to(tables)?;
        self.reader.follow(
            &self.maps,
            &prepared.compiled,
            &prepared.site.nats,
            prepared.site.rpc_lifetime,
        );
        self.site = Arc::new(prepared.site);
        self.compiled = Arc::new(prepared.compiled);
        self.sources = prepared.sources;
        self.privacy = prepared.privacy;
        self.alerts.go_by(&self.site.alerts);
        self.generation = Generation {
            number: generation,
            ..prepared.generation
        };
        self.recorder.judged_by(self.generation.clone());
        Ok(generation)
    }

    /// Answers a question from counters read now.
    pub(super) fn answer(&mut self, question: Question) -> Reply {
        let reply = self.answered(question);
        memory::give_back();
        reply
    }

    fn answered(&mut self, question: Question) -> Reply {
        let reading = match self.read() {
            Ok(reading) => reading,
            Err(error) => return Reply::Refusal(format!("the counters cannot be read: {error}")),
        };
        let answers = Answers::new(self, &reading);
        let answer = match question {
            Question::Status => serde_json::to_value(answers.status()),
            Question::Flows(query) => match Findings::check(&self.compiled, &query) {
                Ok(()) => serde_json::to_value(answers.flows(&query)),
                Err(why) => return Reply::Refusal(why),
            },
            Question::Rules { all } => serde_json::to_value(answers.rules(all)),
            Question::Undocumented => serde_json::to_value(answers.undocumented()),
            Question::Groups => serde_json::to_value(answers.groups()),
            Question::Group(query) => serde_json::to_value(answers.group(&query)),
            Question::Rpc => serde_json::to_value(answers.rpc()),
            // Whoever holds the observer's lock cannot answer these.
            Question::Reload | Question::Settle | Question::TestAlerts => {
                return Reply::Refusal("the daemon is busy".to_owned());
            }
        };
        match answer {
            Ok(answer) => Reply::Answer(answer),
            Err(error) => Reply::Refusal(format!("the answer cannot be written: {error}")),
        }
    }
}
