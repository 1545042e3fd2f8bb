//! What happened is told once: whatever flows do, whoever judges them anew, and whoever goes on after a restart.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use cmflow_common::address::Address;
use cmflow_common::flow::{FlowKey, FlowState, Selector, state};
use cmflow_common::gateway::Count;
use cmflow_common::packet::protocol;
use cmflow_common::verdict::VerdictId;
use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::account::{End, Flow, Totals};
use crate::catalogue::Catalogue;
use crate::clock::Moment;
use crate::compile::{Compiled, Machine, VerdictInfo, compile};
use crate::config::parse;

const SITE: &str = "[roles]\nclient = [\"10.10.0.0/16\"]\nmanagement-point = [\"10.20.0.11\"]\n\
                    distribution-point = [\"10.20.0.12\"]\n";

/// Tables and names that flows are told by.
struct Told {
    compiled: Compiled,
    privacy: Privacy,
    interfaces: Vec<String>,
    moment: Moment,
}

impl Told {
    fn new() -> Self {
        let catalogue = Catalogue::load(None).expect("the built-in catalogue");
        let site = parse(&catalogue, "site.toml", SITE).expect("a site file").model;
        let wall: Timestamp = "2026-11-24T12:00:00Z".parse().expect("a time");
        Self {
            compiled: compile(&catalogue, &site, &Machine::default(), &[]).expect("tables"),
            privacy: Privacy::new(&catalogue, &site),
            interfaces: vec!["eth0".to_owned(), "eth1".to_owned()],
            moment: Moment::new(1_000_000, wall, 250),
        }
    }

    fn counted(&self) -> Counted<'_> {
        Counted {
            compiled: &self.compiled,
            privacy: &self.privacy,
            interfaces: &self.interfaces,
            moment: &self.moment,
        }
    }

    fn rule(&self, id: &str) -> VerdictId {
        let fits = |info: &VerdictInfo| info.rules == [id];
        let number = self.compiled.verdicts.iter().position(fits).expect(id);
        VerdictId(u16::try_from(number).expect("few"))
    }
}

fn flow(client: u8, port: u16, verdict: VerdictId, packets: u64, answered: bool) -> Flow {
    let address = |text: String| Address::from(text.parse::<IpAddr>().expect("an address"));
    let initiator = End {
        address: address(format!("10.10.4.{client}")),
        port: 50_000 + port,
    };
    let responder = End {
        address: address("10.20.0.11".to_owned()),
        port: 443,
    };
    let bits = state::INITIATOR_SEEN | state::SYN | state::SYN_ACK;
    Flow {
        key: FlowKey {
            low: initiator.address,
            high: responder.address,
            selector: Selector::new(initiator.port, 443, protocol::TCP, 0),
        },
        goes_on: false,
        initiator,
        responder,
        initiator_seen: true,
        bits,
        state: if answered {
            FlowState::Answered
        } else {
            FlowState::Unanswered
        },
        verdict,
        forward: Count {
            packets,
            bytes: packets * 100,
        },
        reverse: Count {
            packets: packets * u64::from(answered),
            bytes: packets * 50 * u64::from(answered),
        },
        interface_slot: 0,
        first_seen: 999_000,
        last_seen: 1_000_000,
    }
}

/// What a store holds after a number of changes.
#[derive(Default)]
struct Stored {
    conversations: BTreeMap<(ConversationKey, String), (Activity, Live)>,
    counted: HashMap<String, Activity>,
    counters: Vec<(VerdictInfo, Count)>,
    sightings: Vec<Sighting>,
}

impl Stored {
    fn take(&mut self, change: &Change) {
        let name = |index: u32| format!("{:?}", change.verdicts[index as usize]);
        for one in &change.conversations {
            let key = ConversationKey {
                verdict: 0,
                ..one.key.clone()
            };
            let held = self
                .conversations
                .entry((key, name(one.key.verdict)))
                .or_default();
            held.0.add(&one.more);
            held.1 = one.live;
        }
        for one in &change.counted {
            self.counted.entry(name(one.verdict)).or_default().add(&one.more);
        }
        let infos = change.counters.iter();
        self.counters = infos
            .map(|(index, count)| (change.verdicts[*index as usize].clone(), *count))
            .collect();
        self.sightings.extend(change.sightings.iter().cloned());
    }

    fn packets(&self) -> u64 {
        self.conversations.values().map(|(total, _)| total.packets).sum()
    }

    /// A sampler as a restarted daemon has it.
    fn heir(&self, told: &Told) -> Sampler {
        let infos = &told.compiled.verdicts;
        let live: Vec<_> = self
            .conversations
            .iter()
            .map(|((key, name), (_, live))| {
                let index = infos.iter().position(|info| format!("{info:?}") == *name);
                let verdict = u32::try_from(index.expect("known")).expect("few");
                (
                    ConversationKey {
                        verdict,
                        ..key.clone()
                    },
                    *live,
                )
            })
            .collect();
        let mut heir = Sampler::default();
        let counters: Vec<_> = self
            .counters
            .iter()
            .map(|(info, count)| {
                let index = infos.iter().position(|own| own == info).expect("known");
                (u32::try_from(index).expect("few"), *count)
            })
            .collect();
        heir.go_on(&told.compiled, infos, &counters, &live, self.sightings.clone());
        heir
    }
}

/// What may happen to one of the flows between two writings.
#[derive(Clone, Copy, Debug)]
enum Event {
    Grows(u64),
    Ends,
    IsAnswered,
    IsJudgedAnew,
    Nothing,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (1..50_u64).prop_map(Event::Grows),
        Just(Event::Ends),
        Just(Event::IsAnswered),
        Just(Event::IsJudgedAnew),
        Just(Event::Nothing),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_packet_is_told_once(
        minutes in prop::collection::vec((prop::collection::vec(event(), 12), any::<bool>(), any::<bool>()), 1..8)
    ) {
        let told = Told::new();
        let verdicts = [
            told.rule("client/management-point/https"),
            VerdictId::UNDOCUMENTED,
        ];
        let mut flows: Vec<Flow> = (0..12_u8)
            .map(|number| flow(number % 5, u16::from(number), verdicts[0], 1, false))
            .collect();
        let mut alive = [true; 12];
        // As the kernel counts: by the verdict that a packet met.
        let mut counters = vec![Count::default(); told.compiled.verdicts.len()];
        counters[usize::from(verdicts[0].number())].packets = 12;
        let mut sampler = Sampler::default();
        let mut stored = Stored::default();
        let mut pending: Option<Change> = None;
        for (events, restarts, fails) in minutes {
            for (index, event) in events.into_iter().enumerate() {
                if !alive[index] {
                    continue;
                }
                let flow = &mut flows[index];
                let mut grow = |flow: &mut Flow, packets: u64| {
                    flow.forward.packets += packets;
                    counters[usize::from(flow.verdict.number())].packets += packets;
                };
                match event {
                    Event::Grows(packets) => grow(flow, packets),
                    Event::Ends => {
                        grow(flow, 1);
                        alive[index] = false;
                        let gone = *flow;
                        sampler.gone(&told.counted(), &[gone]);
                    }
                    Event::IsAnswered => flow.state = FlowState::Answered,
                    Event::IsJudgedAnew => {
                        flow.verdict = if flow.verdict == verdicts[0] { verdicts[1] } else { verdicts[0] };
                        grow(flow, 1);
                    }
                    Event::Nothing => {}
                }
            }
            let live: Vec<_> = flows.iter().zip(alive).filter(|(_, alive)| *alive).map(|(flow, _)| *flow).collect();
            let mut change = sampler.change(&told.counted(), &live, &counters, &Totals::default());
            if let Some(mut earlier) = pending.take() {
                earlier.absorb(change);
                change = earlier;
            }
            if fails {
                pending = Some(change);
                continue;
            }
            stored.take(&change);
            let counted: u64 = stored.counted.values().map(|total| total.packets).sum();
            prop_assert_eq!(counted, counters.iter().map(|count| count.packets).sum::<u64>());
            if restarts {
                sampler = stored.heir(&told);
            }
        }
        if let Some(change) = pending {
            stored.take(&change);
        }
        let all: u64 = flows.iter().map(|flow| flow.total().packets).sum();
        prop_assert_eq!(stored.packets(), all);
        let documented = format!("{:?}", told.compiled.verdict(verdicts[0]));
        let answered = stored.counted.iter().any(|(name, total)| documented.contains(name.as_str()) && total.proving > 0);
        let is_answered = flows.iter().any(|flow| flow.state == FlowState::Answered && flow.verdict == verdicts[0]);
        prop_assert!(answered || !is_answered);
    }
}

#[test]
fn flows_that_keep_their_verdict_are_told_exactly() {
    let told = Told::new();
    let rule = told.rule("client/management-point/https");
    let mut sampler = Sampler::default();
    let mut stored = Stored::default();
    let mut counters = vec![Count::default(); told.compiled.verdicts.len()];
    let mut count = |packets: u64| -> Vec<Count> {
        counters[usize::from(rule.number())].packets += packets;
        counters.clone()
    };
    let two = [flow(1, 1, rule, 10, false), flow(2, 2, rule, 5, true)];
    stored.take(&sampler.change(&told.counted(), &two, &count(20), &Totals::default()));
    // One ends, one goes on, one is new and ends before anybody looked.
    sampler.gone(
        &told.counted(),
        &[flow(1, 1, rule, 12, true), flow(3, 3, rule, 1, false)],
    );
    let rest = [flow(2, 2, rule, 6, true)];
    stored.take(&sampler.change(&told.counted(), &rest, &count(17), &Totals::default()));
    let mut heir = stored.heir(&told);
    let change = heir.change(&told.counted(), &rest, &count(0), &Totals::default());
    assert!(
        change.conversations.is_empty() && change.counted.is_empty(),
        "{change:?}"
    );
    heir.gone(&told.counted(), &rest);
    stored.take(&heir.change(&told.counted(), &[], &count(0), &Totals::default()));
    let ((key, _), (total, live)) = stored.conversations.iter().next().expect("one");
    assert_eq!(stored.conversations.len(), 1);
    assert_eq!(
        key.initiator.to_string(),
        "10.10.4.0/24",
        "a client is kept by prefix"
    );
    let flows = (total.flows, total.answered, total.proving);
    assert_eq!((total.packets, flows), (12 * 2 + 1 + 6 * 2, (3, 2, 2)));
    assert_eq!(*live, Live::default());
    assert_eq!(stored.counted.values().next().expect("one").packets, 37);
    let seen: Vec<_> = stored
        .sightings
        .iter()
        .map(|one| (one.who.to_string(), one.here))
        .collect();
    assert_eq!(
        seen,
        [
            ("10.10.4.0/24".to_owned(), true),
            ("10.20.0.11/32".to_owned(), false)
        ]
    );
}

#[test]
fn a_flood_takes_no_more_rooms_than_stated_and_loses_no_packet() {
    let told = Told::new();
    let mut sampler = Sampler::default();
    let count = Sampler::CAPACITY + 70_000;
    let flows: Vec<Flow> = (0..count)
        .map(|number| {
            let mut one = flow(1, 1, VerdictId::UNDOCUMENTED, 1, false);
            let bytes = u32::try_from(number).expect("few").to_be_bytes();
            one.initiator.address = Address::from_v4([10, 60 + bytes[1], bytes[2], bytes[3]]);
            one
        })
        .collect();
    sampler.gone(&told.counted(), &flows);
    let change = sampler.change(&told.counted(), &[], &[], &Totals::default());
    let packets: u64 = change.conversations.iter().map(|one| one.more.packets).sum();
    assert_eq!(packets, count as u64);
    assert!(change.conversations.len() <= Sampler::CAPACITY + 300);
}
