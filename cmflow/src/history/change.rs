//! What happened since the history was last written: all of it is stored at once or not at all.

use std::collections::HashMap;

use cmflow_common::gateway::Count;
use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp};

use crate::compile::VerdictInfo;

/// What flows did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// Packets of both directions.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Flows.
    pub flows: u64,
    /// Flows that were answered, or to which nobody was expected to answer.
    pub answered: u64,
    /// Those among the answered ones whose initiator was seen: what may prove that a rule is used.
    pub proving: u64,
    /// Flows that were refused.
    pub refused: u64,
    /// Flows whose other direction does not cross here.
    pub one_sided: u64,
}

impl Activity {
    /// Adds another one.
    pub fn add(&mut self, other: &Self) {
        self.packets += other.packets;
        self.bytes += other.bytes;
        self.flows += other.flows;
        self.answered += other.answered;
        self.proving += other.proving;
        self.refused += other.refused;
        self.one_sided += other.one_sided;
    }

    /// Whether nothing happened.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// What makes conversations one in the history.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConversationKey {
    /// IP protocol number.
    pub protocol: u8,
    /// Who opens: an address, or a prefix of clients.
    pub initiator: IpNet,
    /// Who answers: an address, or a prefix of clients.
    pub responder: IpNet,
    /// Port of the responder; 0 where the operating system picks it out of a range, and where there are no ports.
    pub port: u16,
    /// Index of the verdict in what comes with it ([`Change::verdicts`], [`super::Evidence::verdicts`]).
    pub verdict: u32,
}

/// The part of a conversation's totals that flows hold which still live in the kernel: what the next reading of them
/// has to be compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Live(pub Activity);

/// What happened of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationChange {
    /// Which.
    pub key: ConversationKey,
    /// What it did since the last change.
    pub more: Activity,
    /// What its flows hold that live in the kernel.
    pub live: Live,
    /// First packet of the flows in this change.
    pub first_seen: Timestamp,
    /// Last packet of them.
    pub last_seen: Timestamp,
    /// Last packet of those that prove something; nothing where none does.
    pub last_proving: Option<Timestamp>,
    /// Lowest and highest port that the responder was asked at.
    pub ports: (u16, u16),
    /// Different addresses seen to open so far, at least.
    pub initiators: u32,
    /// Different addresses seen to answer so far, at least.
    pub responders: u32,
}

impl ConversationChange {
    fn absorb(&mut self, later: &Self) {
        self.more.add(&later.more);
        self.live = later.live;
        self.first_seen = self.first_seen.min(later.first_seen);
        self.last_seen = self.last_seen.max(later.last_seen);
        self.last_proving = self.last_proving.max(later.last_proving);
        self.ports = (self.ports.0.min(later.ports.0), self.ports.1.max(later.ports.1));
        self.initiators = self.initiators.max(later.initiators);
        self.responders = self.responders.max(later.responders);
    }
}

/// What happened of a verdict, whoever talked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerdictChange {
    /// Index in [`Change::verdicts`].
    pub verdict: u32,
    /// Packets and bytes from the kernel's own counters, the rest from flows.
    pub more: Activity,
}

/// By which interface packets of somebody came in, or that they are not behind it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sighting {
    /// An address, or a prefix of clients.
    pub who: IpNet,
    /// Name of the interface.
    pub interface: String,
    /// True where its packets came in by it; false where it answered what came in by it, and so is behind another one.
    pub here: bool,
}

/// A time in which not everything was observed as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outage {
    /// When it began.
    pub from: Timestamp,
    /// When it ended.
    pub to: Timestamp,
    /// One of [`Outage::DOWN`] and the others.
    pub kind: String,
    /// What is to be said of it.
    pub note: String,
}

impl Outage {
    /// Nobody counted.
    pub const DOWN: &str = "daemon-down";
    /// The kernel counted and judged, and nobody read it.
    pub const KERNEL_ONLY: &str = "kernel-only";
    /// The conservation law did not hold.
    pub const LAW: &str = "law-broken";
    /// First packets of unexplained flows were not told at once.
    pub const EVENTS: &str = "events-lost";
    /// It was counted, and could not be written here.
    pub const UNWRITTEN: &str = "not-written";
    /// An interface was not looked at.
    pub const INTERFACE: &str = "interface-lost";
    /// The flow table was full: packets count for rules, and nobody knows whose they were.
    pub const TABLE_FULL: &str = "table-full";
    /// The wall clock was set: times before and after do not lie beside each other.
    pub const CLOCK: &str = "clock-step";

    /// Whether what crossed the gateway meanwhile may be missing in the history.
    #[must_use]
    pub fn hides(&self) -> bool {
        matches!(
            self.kind.as_str(),
            Self::DOWN | Self::LAW | Self::INTERFACE | Self::CLOCK
        )
    }
}

/// A file that tables were made from, with its text: an audit has to be possible without the machine that counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    /// Its name, as it was given.
    pub path: String,
    /// What `sha256sum` says of it.
    pub sha256: String,
    /// [`StoredFile::SITE`], [`StoredFile::CATALOGUE`] or [`StoredFile::APPROVALS`].
    pub kind: String,
    /// What it held.
    pub text: String,
}

impl StoredFile {
    /// The site file, and what it includes.
    pub const SITE: &str = "site";
    /// A catalogue file of the user's.
    pub const CATALOGUE: &str = "catalogue";
    /// A file with approvals.
    pub const APPROVALS: &str = "approvals";
}

/// A generation of tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    /// From when on it judged.
    pub from: Timestamp,
    /// Its number among those of one run of counters.
    pub number: u64,
    /// Edition of the page.
    pub edition: String,
    /// Version of cmflow.
    pub version: String,
    /// The site file first, then what it includes, approvals, a catalogue file.
    pub files: Vec<StoredFile>,
    /// Ids of the rules that it makes possible.
    pub possible: Vec<String>,
}

/// All that happened since the history was last written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// When it was last written, or when counting began.
    pub from: Timestamp,
    /// Now.
    pub to: Timestamp,
    /// What the indices in this change stand for.
    pub verdicts: Vec<VerdictInfo>,
    /// By verdict.
    pub counted: Vec<VerdictChange>,
    /// By conversation; those of which nothing changed are left out.
    pub conversations: Vec<ConversationChange>,
    /// New ones.
    pub sightings: Vec<Sighting>,
    /// Times that were not observed as they should be.
    pub outages: Vec<Outage>,
    /// Number of the run of counters that the next field belongs to.
    pub run: u64,
    /// The kernel's counters now, by index in `verdicts`: what the next reading has to be compared with.
    pub counters: Vec<(u32, Count)>,
    /// Interfaces that are looked at, and their hooks.
    pub interfaces: Vec<(String, String)>,
}

impl Change {
    /// Takes in what happened after this, where this could not be stored yet.
    pub fn absorb(&mut self, later: Self) {
        let places: Vec<u32> = later
            .verdicts
            .iter()
            .map(|info| {
                let known = self.verdicts.iter().position(|own| own == info);
                let place = known.unwrap_or_else(|| {
                    self.verdicts.push(info.clone());
                    self.verdicts.len() - 1
                });
                u32::try_from(place).expect("verdicts are numbered by 16 bits")
            })
            .collect();
        let place = |index: u32| places[index as usize];
        for VerdictChange { verdict, more } in later.counted {
            match self.counted.iter_mut().find(|own| own.verdict == place(verdict)) {
                Some(own) => own.more.add(&more),
                None => self.counted.push(VerdictChange {
                    verdict: place(verdict),
                    more,
                }),
            }
        }
        let mut known: HashMap<ConversationKey, usize> = self
            .conversations
            .iter()
            .enumerate()
            .map(|(index, one)| (one.key.clone(), index))
            .collect();
        for mut one in later.conversations {
            one.key.verdict = place(one.key.verdict);
            match known.get(&one.key) {
                Some(index) => self.conversations[*index].absorb(&one),
                None => {
                    known.insert(one.key.clone(), self.conversations.len());
                    self.conversations.push(one);
                }
            }
        }
        self.sightings.extend(later.sightings);
        self.outages.extend(later.outages);
        self.to = later.to;
        self.run = later.run;
        self.counters = later
            .counters
            .into_iter()
            .map(|(verdict, count)| (place(verdict), count))
            .collect();
        self.interfaces = later.interfaces;
    }

    /// The time that it is counted for: its begin, because it is written when its minute is over. What was written late
    /// counts for its end, where a time that was not observed as it should be explains it.
    #[must_use]
    pub fn counts_for(&self) -> Timestamp {
        let late = self.to.duration_since(self.from) > Self::LONG;
        if late { self.to } else { self.from }
    }

    /// No change that is written in time is longer.
    const LONG: SignedDuration = SignedDuration::from_secs(90);
}
