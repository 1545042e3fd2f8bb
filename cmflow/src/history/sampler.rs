//! From flows and counters, which only ever grow, to what happened since the last time: each packet and each flow once.
//!
//! A conversation's flows are partly gone and partly alive. What happened of it is what those did that went since, plus
//! what the living hold now, minus what they held the last time; that last number is stored with the rest, so that
//! whoever comes after a restart goes on from it.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use cmflow_common::gateway::Count;
use cmflow_common::verdict::{VerdictId, VerdictKind};
use ipnet::IpNet;
use jiff::Timestamp;

use super::change::{Activity, Change, ConversationChange, ConversationKey, Live, Sighting, VerdictChange};
use super::conversation::{Key, Sum, first_sender, info, roomy, told};
use super::faces::Faces;
use super::increments::increments;
use super::privacy::{Place, Privacy};
use crate::account::{Flow, Totals};
use crate::clock::Moment;
use crate::compile::{Compiled, VerdictInfo};

/// By what flows are told.
#[derive(Clone, Copy, Debug)]
pub struct Counted<'a> {
    /// The tables that judged.
    pub compiled: &'a Compiled,
    /// What of addresses is kept.
    pub privacy: &'a Privacy,
    /// Names of the interfaces by their place.
    pub interfaces: &'a [String],
    /// What makes times of day of the flows' times.
    pub moment: &'a Moment,
}

/// Remembers what the history has heard of, and tells what is new.
#[derive(Debug, Default)]
pub struct Sampler {
    /// What living flows held the last time.
    live: HashMap<Key, Activity>,
    /// Flows that went since.
    gone: HashMap<Key, Sum>,
    /// The kernel's counters the last time, by number of the verdict.
    counters: HashMap<u16, Count>,
    /// Faces at prefixes, those who opened and those who answered.
    faces: HashMap<Key, [Faces; 2]>,
    seen: HashSet<Sighting>,
    fresh: Vec<Sighting>,
}

impl Sampler {
    /// Conversations kept apart between two writings. More are taken together by ever shorter prefixes.
    pub const CAPACITY: usize = 100_000;
    /// Sightings remembered at most.
    const SIGHTINGS: usize = 200_000;

    /// Goes on from what was stored last of this run of counters; `verdicts` is what the indices there stand for.
    pub fn go_on(
        &mut self,
        compiled: &Compiled,
        verdicts: &[VerdictInfo],
        counters: &[(u32, Count)],
        live: &[(ConversationKey, Live)],
        seen: impl IntoIterator<Item = Sighting>,
    ) {
        let numbers: HashMap<&VerdictInfo, u16> = compiled.verdicts.iter().zip(0..).collect();
        let id = |index: u32| {
            let info = verdicts.get(usize::try_from(index).ok()?)?;
            let number = numbers.get(info)?;
            let mark = if info.kind == VerdictKind::Reversed {
                VerdictId::REVERSED
            } else {
                0
            };
            Some(VerdictId(number | mark))
        };
        self.counters = counters
            .iter()
            .filter_map(|(index, count)| Some((id(*index)?.number(), *count)))
            .collect();
        self.live = live
            .iter()
            .filter_map(|(key, live)| {
                let key = Key {
                    protocol: key.protocol,
                    initiator: key.initiator,
                    responder: key.responder,
                    port: key.port,
                    verdict: id(key.verdict)?,
                };
                Some((key, live.0))
            })
            .collect();
        self.seen = seen.into_iter().collect();
    }

    /// Takes flows that are gone from the kernel: each once, with all that it did.
    pub fn gone(&mut self, counted: &Counted<'_>, flows: &[Flow]) {
        for flow in flows {
            let Some((mut key, activity)) = told(counted, flow) else {
                continue;
            };
            if !self.live.contains_key(&key) {
                key = roomy(&self.gone, key);
            }
            self.gone.entry(key).or_insert(Sum::NONE).add(&activity, flow);
            self.look(counted, flow, key);
        }
    }

    /// What happened since the last time, where these flows live now and the kernel's counters stand so.
    ///
    /// From then on this counts as told: whoever cannot store it keeps it ([`Change::absorb`]).
    pub fn change(
        &mut self,
        counted: &Counted<'_>,
        live: &[Flow],
        counters: &[Count],
        totals: &Totals,
    ) -> Change {
        let mut sums: HashMap<Key, Sum> = HashMap::with_capacity(self.live.len());
        for flow in live {
            let Some((mut key, activity)) = told(counted, flow) else {
                continue;
            };
            if !self.live.contains_key(&key) {
                key = roomy(&sums, key);
            }
            sums.entry(key).or_insert(Sum::NONE).add(&activity, flow);
            self.look(counted, flow, key);
        }
        let now: HashMap<Key, Activity> = sums.iter().map(|(key, sum)| (*key, sum.activity)).collect();
        for (key, gone) in std::mem::take(&mut self.gone) {
            let sum = sums.entry(key).or_insert(Sum::NONE);
            sum.activity.add(&gone.activity);
            sum.first_seen = sum.first_seen.min(gone.first_seen);
            sum.last_seen = sum.last_seen.max(gone.last_seen);
            sum.last_proving = sum.last_proving.max(gone.last_proving);
            sum.ports = (sum.ports.0.min(gone.ports.0), sum.ports.1.max(gone.ports.1));
        }
        let before = std::mem::replace(&mut self.live, now);
        let more = increments(&sums, &before);
        let mut change = Change::default();
        let mut indices = Indices::default();
        let mut of_verdict: HashMap<VerdictId, Activity> = HashMap::new();
        let mut told: Vec<_> = more.into_iter().collect();
        told.sort_unstable_by_key(|(key, _)| *key);
        for (key, more) in told {
            let live = self.live.get(&key).copied().unwrap_or_default();
            if more.is_none() && before.get(&key).copied().unwrap_or_default() == live {
                continue;
            }
            of_verdict.entry(key.verdict).or_default().add(&more);
            let sum = sums.get(&key).copied().unwrap_or(Sum::NONE);
            change
                .conversations
                .push(self.told(counted, &mut indices, &key, more, live, &sum));
        }
        for (number, info) in (0_u16..).zip(&counted.compiled.verdicts) {
            let mark = if info.kind == VerdictKind::Reversed {
                VerdictId::REVERSED
            } else {
                0
            };
            let id = VerdictId(number | mark);
            let judged = counters.get(usize::from(number)).copied().unwrap_or_default();
            let settled = totals.settled(id, judged);
            let last = self.counters.get(&number).copied().unwrap_or_default();
            let stands = Count {
                packets: settled.packets.max(last.packets),
                bytes: settled.bytes.max(last.bytes),
            };
            if stands.packets > 0 {
                change.counters.push((indices.of(counted, id), stands));
                self.counters.insert(number, stands);
            }
            let flows = of_verdict.get(&id).copied().unwrap_or_default();
            let more = Activity {
                packets: stands.packets - last.packets,
                bytes: stands.bytes - last.bytes,
                ..flows
            };
            if !more.is_none() {
                let verdict = indices.of(counted, id);
                change.counted.push(VerdictChange { verdict, more });
            }
        }
        change.verdicts = indices.infos;
        change.sightings = std::mem::take(&mut self.fresh);
        if self.faces.len() > Self::CAPACITY {
            self.faces.retain(|key, _| self.live.contains_key(key));
        }
        change
    }

    fn told(
        &self,
        counted: &Counted<'_>,
        indices: &mut Indices,
        key: &Key,
        more: Activity,
        live: Activity,
        sum: &Sum,
    ) -> ConversationChange {
        let time = |at: u64| -> Timestamp { counted.moment.time_of(at) };
        let faces = self.faces.get(key).copied().unwrap_or_default();
        let count = |net: &IpNet, faces: &Faces| match net.prefix_len() == net.max_prefix_len() {
            true => 1,
            false => faces.count().max(1),
        };
        // Of flows that were rejudged nothing is left but that they are gone.
        let seen = sum.last_seen > 0;
        ConversationChange {
            key: ConversationKey {
                protocol: key.protocol,
                initiator: key.initiator,
                responder: key.responder,
                port: key.port,
                verdict: indices.of(counted, key.verdict),
            },
            more,
            live: Live(live),
            first_seen: if seen {
                time(sum.first_seen)
            } else {
                counted.moment.wall()
            },
            last_seen: if seen {
                time(sum.last_seen)
            } else {
                counted.moment.wall()
            },
            last_proving: (sum.last_proving > 0).then(|| time(sum.last_proving)),
            ports: if seen { sum.ports } else { (key.port, key.port) },
            initiators: count(&key.initiator, &faces[0]),
            responders: count(&key.responder, &faces[1]),
        }
    }

    /// Takes note of who it is at the prefixes of a key, and of where packets of the flow came in.
    fn look(&mut self, counted: &Counted<'_>, flow: &Flow, key: Key) {
        let ends = [flow.initiator.address, flow.responder.address];
        let nets = [key.initiator, key.responder];
        if nets.iter().any(|net| net.prefix_len() < net.max_prefix_len()) {
            let faces = self.faces.entry(key).or_default();
            ends.iter().zip(faces).for_each(|(end, faces)| faces.add(*end));
        }
        let Some(interface) = counted.interfaces.get(flow.interface_slot) else {
            return;
        };
        let Some(first) = first_sender(flow) else { return };
        let both_ways = flow.forward.packets > 0 && flow.reverse.packets > 0;
        for (end, here) in [(ends[first], true), (ends[1 - first], false)] {
            let ip = IpAddr::from(end);
            let class = counted.compiled.class(end);
            let tells_nobody =
                ip.is_unspecified() || end.is_link_local() || class.group.is_some() || class.local;
            if tells_nobody || !here && !both_ways || self.seen.len() >= Self::SIGHTINGS {
                continue;
            }
            // A computer of a person is placed by its prefix, whatever it did.
            let sighting = Sighting {
                who: counted.privacy.kept(end, class, Place::Initiator, false),
                interface: interface.clone(),
                here,
            };
            if !self.seen.contains(&sighting) {
                self.seen.insert(sighting.clone());
                self.fresh.push(sighting);
            }
        }
    }
}

/// Numbers verdicts as they come.
#[derive(Default)]
struct Indices {
    infos: Vec<VerdictInfo>,
    of: HashMap<VerdictId, u32>,
}

impl Indices {
    fn of(&mut self, counted: &Counted<'_>, id: VerdictId) -> u32 {
        let Self { infos, of } = self;
        *of.entry(id).or_insert_with(|| {
            let next = u32::try_from(infos.len()).expect("verdicts are numbered by 16 bits");
            infos.push(info(counted.compiled, id).clone());
            next
        })
    }
}
