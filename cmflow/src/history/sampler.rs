//! From flows and counters, which only ever grow, to what happened since the last time: each packet and each flow once.
//!
//! A conversation's flows are partly gone and partly alive. What happened of it is what those did that went since, plus
//! what the living hold now, minus what they held the last time; that last number is stored with the rest, so that
//! whoever comes after a restart goes on from it.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use cmflow_common::address::Address;
use cmflow_common::flow::{FlowState, state};
use cmflow_common::gateway::Count;
use cmflow_common::judge::is_unexplained;
use cmflow_common::verdict::{VerdictId, VerdictKind};
use ipnet::IpNet;
use jiff::Timestamp;

use super::change::{Activity, Change, ConversationChange, ConversationKey, Live, Sighting, VerdictChange};
use super::privacy::{Place, Privacy};
use crate::account::{Flow, Totals};
use crate::clock::Moment;
use crate::compile::{Basis, Compiled, VerdictInfo};
use crate::findings::told_state;

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

/// As [`ConversationKey`], with the number of the verdict in this run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Key {
    protocol: u8,
    initiator: IpNet,
    responder: IpNet,
    port: u16,
    verdict: VerdictId,
}

/// Flows of one conversation.
#[derive(Clone, Copy, Debug)]
struct Sum {
    activity: Activity,
    first_seen: u64,
    last_seen: u64,
    last_proving: u64,
    ports: (u16, u16),
}

impl Sum {
    const NONE: Self = Self {
        activity: Activity {
            packets: 0,
            bytes: 0,
            flows: 0,
            answered: 0,
            proving: 0,
            refused: 0,
            one_sided: 0,
        },
        first_seen: u64::MAX,
        last_seen: 0,
        last_proving: 0,
        ports: (u16::MAX, 0),
    };

    fn add(&mut self, activity: &Activity, flow: &Flow) {
        self.activity.add(activity);
        self.first_seen = self.first_seen.min(flow.first_seen);
        self.last_seen = self.last_seen.max(flow.last_seen);
        if activity.proving > 0 {
            self.last_proving = self.last_proving.max(flow.last_seen);
        }
        let port = flow.responder.port;
        self.ports = (self.ports.0.min(port), self.ports.1.max(port));
    }
}

/// Which addresses of a prefix were seen, as far as 256 bits tell: exactly for 24 bits of IPv4.
#[derive(Clone, Copy, Debug, Default)]
struct Faces([u64; 4]);

impl Faces {
    fn add(&mut self, address: Address) {
        let [high, low] = address.words();
        let byte = match IpAddr::from(address) {
            IpAddr::V4(_) => low as u8,
            // Interface identifiers are random or made of hardware addresses: mixed down to a byte.
            IpAddr::V6(_) => ((high ^ low).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8,
        };
        self.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }

    fn count(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }
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

    /// Goes on from what was stored last of this run of counters.
    pub fn go_on(
        &mut self,
        compiled: &Compiled,
        counters: &[(VerdictInfo, Count)],
        live: &[(ConversationKey, VerdictInfo, Live)],
        seen: impl IntoIterator<Item = Sighting>,
    ) {
        let numbers: HashMap<&VerdictInfo, u16> = compiled.verdicts.iter().zip(0..).collect();
        let id = |info: &VerdictInfo| {
            let number = numbers.get(info)?;
            let mark = if info.kind == VerdictKind::Reversed { VerdictId::REVERSED } else { 0 };
            Some(VerdictId(number | mark))
        };
        self.counters = counters
            .iter()
            .filter_map(|(info, count)| Some((id(info)?.number(), *count)))
            .collect();
        self.live = live
            .iter()
            .filter_map(|(key, info, live)| {
                let key = Key {
                    protocol: key.protocol,
                    initiator: key.initiator,
                    responder: key.responder,
                    port: key.port,
                    verdict: id(info)?,
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
            let mark = if info.kind == VerdictKind::Reversed { VerdictId::REVERSED } else { 0 };
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
            first_seen: if seen { time(sum.first_seen) } else { counted.moment.wall() },
            last_seen: if seen { time(sum.last_seen) } else { counted.moment.wall() },
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
            let tells_nobody = ip.is_unspecified() || end.is_link_local() || class.group.is_some() || class.local;
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

fn info(compiled: &Compiled, id: VerdictId) -> &VerdictInfo {
    let unknown = usize::from(VerdictId::UNDOCUMENTED.number());
    compiled.verdict(id).unwrap_or(&compiled.verdicts[unknown])
}

/// The end that sent the first packet, 0 for the initiator; nothing where that cannot be told.
fn first_sender(flow: &Flow) -> Option<usize> {
    match (flow.forward.packets, flow.reverse.packets) {
        (_, 0) => Some(0),
        (0, _) => Some(1),
        // What proved who opens was the first packet, except where a SYN-ACK alone did.
        _ if flow.initiator_seen && flow.bits & (state::SYN | state::SYN_ACK) != state::SYN_ACK => Some(0),
        _ => None,
    }
}

/// The conversation of a flow and what it did; nothing for what the history does not keep.
fn told(counted: &Counted<'_>, flow: &Flow) -> Option<(Key, Activity)> {
    let info = info(counted.compiled, flow.verdict);
    if info.kind == VerdictKind::Local {
        return None;
    }
    let unexplained = is_unexplained(flow.verdict);
    let kept = |address: Address, place: Place| {
        let class = counted.compiled.class(address);
        counted.privacy.kept(address, class, place, unexplained)
    };
    let dynamic = matches!(info.basis, Some(Basis::Range | Basis::Expectation));
    let key = Key {
        protocol: flow.key.protocol(),
        initiator: kept(flow.initiator.address, Place::Initiator),
        responder: kept(flow.responder.address, Place::Responder),
        port: if dynamic { 0 } else { flow.responder.port },
        verdict: flow.verdict,
    };
    let state = told_state(counted.compiled, flow);
    let one = u64::from(!flow.goes_on);
    let answered = matches!(state, FlowState::Answered | FlowState::NoAnswerExpected);
    let total = flow.total();
    let activity = Activity {
        packets: total.packets,
        bytes: total.bytes,
        flows: one,
        answered: if answered { one } else { 0 },
        proving: if answered && flow.initiator_seen { one } else { 0 },
        refused: if state == FlowState::Refused { one } else { 0 },
        one_sided: if state == FlowState::OneSided { one } else { 0 },
    };
    Some((key, activity))
}

/// The key, or a coarser one where there are too many already: first who opens becomes a network, then everybody.
fn roomy<T>(sums: &HashMap<Key, T>, key: Key) -> Key {
    if sums.len() < Sampler::CAPACITY || sums.contains_key(&key) {
        return key;
    }
    let cut = |net: IpNet, v4: u8, v6: u8| {
        let length = match net {
            IpNet::V4(_) => v4,
            IpNet::V6(_) => v6,
        };
        IpNet::new(net.addr(), length.min(net.prefix_len())).map_or(net, |net| net.trunc())
    };
    let network = Key {
        initiator: cut(key.initiator, 16, 48),
        ..key
    };
    if sums.len() < Sampler::CAPACITY * 2 || sums.contains_key(&network) {
        return network;
    }
    Key {
        initiator: cut(key.initiator, 0, 0),
        responder: cut(key.responder, 0, 0),
        port: 0,
        ..key
    }
}

/// What is more now than before. Where a conversation has less, its flows came to another one: under another verdict,
/// which judges them anew, or under a coarser key. They are not counted there a second time.
fn increments(now: &HashMap<Key, Sum>, before: &HashMap<Key, Activity>) -> HashMap<Key, Activity> {
    let mut more: HashMap<Key, Activity> = HashMap::with_capacity(now.len());
    let mut less: Vec<(Key, Count)> = Vec::new();
    let keys = now.keys().chain(before.keys().filter(|key| !now.contains_key(key)));
    for key in keys {
        let a = now.get(key).map_or_else(Activity::default, |sum| sum.activity);
        let b = before.get(key).copied().unwrap_or_default();
        if b.packets > a.packets {
            let lacks = Count {
                packets: b.packets - a.packets,
                bytes: b.bytes.saturating_sub(a.bytes),
            };
            less.push((*key, lacks));
        }
        let difference = Activity {
            packets: a.packets.saturating_sub(b.packets),
            bytes: a.bytes.saturating_sub(b.bytes),
            // A flow that is judged anew is one of both verdicts: each has explained it for a time.
            flows: a.flows.saturating_sub(b.flows),
            answered: a.answered.saturating_sub(b.answered),
            proving: a.proving.saturating_sub(b.proving),
            refused: a.refused.saturating_sub(b.refused),
            one_sided: a.one_sided.saturating_sub(b.one_sided),
        };
        more.insert(*key, difference);
    }
    // The same ends and service first; then whoever asked, because one verdict keeps clients by prefix and another does not.
    let exact = |key: &Key| (key.protocol, key.responder, key.initiator, key.port);
    let coarse = |key: &Key| (key.protocol, key.responder);
    take_off(&mut more, &mut less, exact);
    take_off(&mut more, &mut less, coarse);
    more
}

/// Takes what conversations have less off what others with the same mark have more.
fn take_off<M: Eq + std::hash::Hash>(
    more: &mut HashMap<Key, Activity>,
    less: &mut Vec<(Key, Count)>,
    mark: impl Fn(&Key) -> M,
) {
    if less.is_empty() {
        return;
    }
    let mut places: HashMap<M, Vec<Key>> = less.iter().map(|(key, _)| (mark(key), Vec::new())).collect();
    for key in more.keys() {
        if let Some(places) = places.get_mut(&mark(key)) {
            places.push(*key);
        }
    }
    for (key, lacks) in less.iter_mut() {
        for place in &places[&mark(key)] {
            let Some(more) = more.get_mut(place) else { continue };
            let packets = lacks.packets.min(more.packets);
            let bytes = lacks.bytes.min(more.bytes);
            more.packets -= packets;
            more.bytes -= bytes;
            lacks.packets -= packets;
            lacks.bytes -= bytes;
        }
    }
    less.retain(|(_, lacks)| lacks.packets > 0);
}
