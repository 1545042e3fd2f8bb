//! What the daemon knows, in the shapes that people and scripts are given.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;

use cmflow_common::expectation::{Event, Kind, ROOM_BITS};
use cmflow_common::news::NewsKind;
use cmflow_common::outcome::Outcome;
use cmflow_common::room::Room;

use crate::account::{Conversation, ConversationTotal, Flow, Totals};
use crate::answer;
use crate::findings::Findings;
use crate::reader::{Reading, Tick};
use crate::serve::{FlowQuery, GroupQuery};

use super::observer::Observer;

/// The daemon and what it just read.
pub(super) struct Answers<'a> {
    observer: &'a Observer,
    reading: &'a Reading,
    /// Flows that live, halves of translated conversations joined.
    flows: Cow<'a, [Flow]>,
    /// Totals of all flows, those that are gone from the kernel among them.
    totals: Totals,
}

impl<'a> Answers<'a> {
    pub(super) fn new(observer: &'a Observer, reading: &'a Reading) -> Self {
        let reader = &observer.reader;
        let (flows, totals) = reader
            .waiting
            .with(&reader.translations, &reading.flows, &reader.gone);
        Self {
            observer,
            reading,
            flows,
            totals,
        }
    }

    pub(super) fn status(&self) -> answer::Status {
        let mut status = status(self.observer, self.reading);
        self.findings().complete(&mut status);
        status
    }

    /// What was counted, those flows that are gone from the kernel among it.
    fn findings(&self) -> Findings<'_> {
        let (observer, reading) = (self.observer, self.reading);
        Findings {
            compiled: &observer.compiled,
            site: &observer.site,
            verdicts: &reading.verdicts,
            flows: &self.flows,
            totals: Cow::Borrowed(&self.totals),
            moment: reading.moment.clone(),
        }
    }

    pub(super) fn flows(&self, query: &FlowQuery) -> answer::Flows {
        let findings = self.findings();
        let mut found = findings.matching(query);
        let matching = found.len() as u64;
        found.truncate(query.limit.unwrap_or(usize::MAX));
        answer::Flows {
            flows: found.into_iter().map(|flow| findings.flow(flow)).collect(),
            matching,
        }
    }

    pub(super) fn rules(&self, all: bool) -> answer::Rules {
        self.findings().rules(all)
    }

    pub(super) fn rpc(&self) -> answer::Rpc {
        self.findings().rpc()
    }

    /// What nothing explains by groups, without the conversations.
    pub(super) fn groups(&self) -> answer::Undocumented {
        let findings = self.findings();
        answer::Undocumented {
            undocumented: Vec::new(),
            groups: findings.groups(&FlowQuery::default()),
            beyond: findings.totals.beyond,
        }
    }

    /// The newest conversations of one group, without the groups.
    pub(super) fn group(&self, query: &GroupQuery) -> answer::Undocumented {
        let findings = self.findings();
        answer::Undocumented {
            undocumented: findings.of_group(query),
            groups: Vec::new(),
            beyond: findings.totals.beyond,
        }
    }

    pub(super) fn undocumented(&self) -> answer::Undocumented {
        let findings = self.findings();
        let newest = |_: &Conversation, total: &ConversationTotal| Reverse(total.first_seen);
        let (undocumented, _) = findings.unexplained(&FlowQuery::default(), usize::MAX, newest);
        answer::Undocumented {
            undocumented,
            groups: findings.groups(&FlowQuery::default()),
            beyond: findings.totals.beyond,
        }
    }
}

/// How the daemon does, by what a tick found; what takes flows to tell is left to [`Findings::complete`].
pub(super) fn status(observer: &Observer, tick: &Tick) -> answer::Status {
    let mut outcomes = BTreeMap::new();
    let mut interfaces = Vec::new();
    let mut frames = 0;
    for (looked, row) in observer.looked.iter().zip(&tick.outcomes) {
        let total = crate::account::sum(row);
        frames += total.packets;
        for (outcome, count) in Outcome::ALL
            .iter()
            .zip(row)
            .filter(|(_, count)| count.packets > 0)
        {
            *outcomes.entry(outcome.name().to_owned()).or_default() += count.packets;
        }
        interfaces.push(answer::InterfaceStatus {
            name: looked.interface.name.clone(),
            mode: looked.mode().to_owned(),
            why: looked.why.clone(),
            frames: total.packets,
            bytes: total.bytes,
            received: looked.received(),
            flows: 0,
            one_sided_flows: 0,
            one_sided_share: 0.0,
        });
    }
    let law = &observer.reader.law;
    // A counter that cannot be read now is told as nothing; the next question reads it.
    let lost = observer.maps.lost_news().unwrap_or_default();
    answer::Status {
        instance: observer.settings.instance.to_string(),
        site: observer.settings.site.display().to_string(),
        edition: observer.compiled.edition.to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        since: observer.since,
        at: tick.moment.wall(),
        interfaces,
        frames,
        outcomes,
        verdicts: BTreeMap::new(),
        opaque: Vec::new(),
        flow_table: answer::FlowTable {
            entries: tick.slots as u64,
            rooms: Room::ALL
                .into_iter()
                .map(|room| (room.name().to_owned(), tick.rooms[room as usize]))
                .collect(),
            capacity: observer.maps.capacity() as u64,
            packets_without_entry: tick.without_entry.packets,
        },
        expectations: expectations(observer, tick),
        events_lost: lost.iter().sum(),
        events_lost_by_kind: NewsKind::ALL
            .into_iter()
            .map(|kind| (kind.name().to_owned(), lost[kind as usize]))
            .collect(),
        generation: observer.maps.generation(),
        files: observer.sources.files.clone(),
        gaps: observer.gaps.clone(),
        history: history(observer),
        alerts: observer.alerts.status(),
        conservation: answer::ConservationStatus {
            ok: law.holds(),
            frames: law.parsed(),
            accounted: law.accounted(),
            judged: law.halves[0].verdicts + law.halves[1].verdicts,
            broken_ticks: law.broken,
        },
    }
}

/// The history on disk.
fn history(observer: &Observer) -> answer::HistoryStatus {
    let recorder = &observer.recorder;
    let told = recorder.told();
    let size = std::fs::metadata(recorder.path()).map_or(0, |found| found.len());
    answer::HistoryStatus {
        file: recorder.path().display().to_string(),
        bytes: size,
        written: told.written,
        problem: told.problem,
    }
}

/// What packets announced of packets to come.
fn expectations(observer: &Observer, tick: &Tick) -> BTreeMap<String, answer::Expectations> {
    let maps = &observer.maps;
    let now = tick.moment.jiffies();
    let of = |kind: Kind| {
        // A counter that cannot be read now is told as nothing; the next question reads it.
        let counts = maps.expected(kind).unwrap_or_default();
        let expectations = answer::Expectations {
            live: maps.expectations_alive(kind, now) as u64,
            capacity: 1 << ROOM_BITS,
            made: counts[Event::Made as usize],
            met: counts[Event::Met as usize],
            crowded_out: counts[Event::CrowdedOut as usize],
        };
        (kind.name().to_owned(), expectations)
    };
    Kind::ALL.into_iter().map(of).collect()
}
