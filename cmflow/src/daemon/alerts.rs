//! What the daemon hears of unexplained groups, and hands to the thread that tells of them: at once by the first packet,
//! and each minute by the flows that live, so that nothing is missed that the news had no room for.

use std::collections::HashMap;
use std::sync::mpsc::{self, SyncSender, TrySendError};
use std::thread::JoinHandle;

use cmflow_common::flow::state;
use cmflow_common::judge::is_unexplained;
use cmflow_common::news::News;
use cmflow_common::verdict::VerdictId;
use jiff::{SignedDuration, Timestamp};

use crate::account::{Conversation, Flow};
use crate::alert::{Channel, Example, Heard, Options, Sender};
use crate::answer;
use crate::answer::ip;
use crate::clock::{Moment, Wall};
use crate::compile::Compiled;
use crate::findings::GroupKey;
use crate::nearest::{self, nearest};
use crate::site::SiteModel;

use super::instance::Instance;
use super::observer::Observer;
use super::posting::{Job, Posting, Status};

/// How long a group that goes on is not told of again to the thread.
const REFRESH: SignedDuration = SignedDuration::from_mins(1);
/// How long what was silent is known.
const KNOWN: SignedDuration = SignedDuration::from_hours(1);
/// What is known at most; more is looked at again with the next flow.
const MOST: usize = 16_384;
/// Jobs that may wait for the thread.
const QUEUE: usize = 10_000;

/// What a group is made of, in numbers: classes at both ends, the service, the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Cell {
    classes: [u16; 2],
    protocol: u8,
    port: u16,
    verdict: VerdictId,
}

/// The daemon's end of the thread that tells.
#[derive(Default)]
pub(super) struct Alerts {
    /// When the thread last heard of a cell.
    cells: HashMap<Cell, Timestamp>,
    running: Option<(SyncSender<Job>, JoinHandle<()>, Status)>,
    options: Options,
    sender: Sender,
    journal: bool,
}

impl Alerts {
    /// Starts the thread.
    pub(super) fn begin(&mut self, instance: &Instance, wall: Wall, options: &Options) {
        let (jobs, handed) = mpsc::sync_channel(QUEUE);
        let stream = std::env::var("JOURNAL_STREAM").ok();
        self.journal = crate::alert::is_journal(stream.as_deref(), &std::io::stderr());
        self.sender = Sender {
            instance: instance.to_string(),
            host: host_name(),
        };
        self.options = options.clone();
        let status = Status::default();
        let posting = Posting {
            path: instance.alerts(),
            wall,
            sender: self.sender.clone(),
            journal: self.journal,
            status: status.clone(),
        };
        let options = options.clone();
        let thread = std::thread::spawn(move || posting.run(&handed, options));
        self.running = Some((jobs, thread, status));
    }

    /// Goes by other tables.
    pub(super) fn go_by(&mut self, options: &Options) {
        self.cells.clear();
        if self.options != *options {
            self.options = options.clone();
            self.hand(Job::Options(Box::new(options.clone())));
        }
    }

    /// Hands a job over; says whether there was room.
    fn hand(&self, job: Job) -> bool {
        let Some((jobs, ..)) = &self.running else {
            return false;
        };
        match jobs.try_send(job) {
            Ok(()) => true,
            // Options must arrive, and the thread takes them soon.
            Err(TrySendError::Full(job @ Job::Options(_))) => jobs.send(job).is_ok(),
            Err(_) => false,
        }
    }

    fn hear(
        &mut self,
        tables: (&Compiled, &SiteModel),
        conversation: &Conversation,
        [first_seen, last_seen]: [Timestamp; 2],
    ) {
        let (compiled, site) = tables;
        let [initiator, responder] = [conversation.initiator, conversation.responder.address];
        let cell = Cell {
            classes: [initiator, responder].map(|end| compiled.endpoint(end).class()),
            protocol: conversation.protocol,
            port: conversation.responder.port,
            verdict: conversation.verdict,
        };
        let known = self.cells.get(&cell);
        if known.is_some_and(|heard| last_seen.duration_since(*heard) < REFRESH) {
            return;
        }
        // Of what goes on nobody is told again, and finding the nearest rule takes a while.
        let is_new = known.is_none_or(|heard| last_seen.duration_since(*heard) >= KNOWN);
        if known.is_none() && self.cells.len() >= MOST {
            self.cells
                .retain(|_, heard| last_seen.duration_since(*heard) < KNOWN);
            if self.cells.len() >= MOST {
                self.cells.clear();
            }
        }
        let Some(info) = compiled.verdict(conversation.verdict) else {
            return;
        };
        let key = GroupKey::of(compiled, conversation, info.kind);
        let question = nearest::Question {
            initiator,
            responder,
            protocol: conversation.protocol,
            port: conversation.responder.port,
        };
        let heard = Heard {
            group: key.into(),
            example: Example {
                initiator: ip(initiator),
                responder: ip(responder),
                nearest: is_new
                    .then(|| nearest(compiled, site, &question))
                    .flatten()
                    .map(|nearest| answer::Nearest {
                        rule: nearest.rule,
                        why_not: nearest.why_not,
                    }),
            },
            first_seen,
            last_seen,
        };
        // Where there was no room, the next minute tells of it again.
        if self.hand(Job::Heard(Box::new(heard))) {
            self.cells.insert(cell, last_seen);
        }
    }

    /// Hears of flows: of those that nothing explains and whose initiator was seen.
    pub(super) fn flows(&mut self, tables: (&Compiled, &SiteModel), flows: &[Flow], moment: &Moment) {
        let told = |flow: &&Flow| flow.initiator_seen && is_unexplained(flow.verdict);
        for flow in flows.iter().filter(told) {
            let seen = [flow.first_seen, flow.last_seen].map(|at| moment.time_of(at));
            self.hear(tables, &Conversation::of(flow), seen);
        }
    }

    /// How it goes.
    pub(super) fn status(&self) -> answer::AlertStatus {
        self.running
            .as_ref()
            .map(|(.., status)| status.told())
            .unwrap_or_default()
    }

    /// By which ways letters go, and whose they are.
    pub(super) fn channels(&self) -> (Vec<Channel>, Sender) {
        (Channel::of(&self.options, self.journal), self.sender.clone())
    }

    /// Waits until everything that was heard is remembered.
    pub(super) fn end(&mut self) {
        if let Some((jobs, thread, _)) = self.running.take() {
            drop(jobs);
            if thread.join().is_err() {
                log::error!("alerts ended early; the next daemon may tell of a group again");
            }
        }
    }
}

impl Observer {
    /// Hears of the first packet of a flow that nothing explains. Who opened it is no guess.
    pub(super) fn alert_of(&mut self, news: &News) {
        if news.state & state::INITIATOR_SEEN != 0 {
            let now = self.settings.wall.now();
            let tables = (&*self.compiled, &*self.site);
            self.alerts.hear(tables, &Conversation::of_news(news), [now; 2]);
        }
    }
}

/// Name of this machine.
fn host_name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .map_or_else(|_| String::new(), |name| name.trim().to_owned())
}
