//! Declared translation: two halves of a conversation into one flow.
//!
//! Packets are looked at where they come in. Behind DNAT or a load balancer the question goes to a virtual address and
//! the answer comes from a member; behind a source NAT the question comes from a client and the answer goes to the
//! translator. Each half is a flow with one direction, and the other one's is missing.

use std::collections::{HashMap, HashSet};

use cmflow_common::address::Address;
use cmflow_common::flow::{FlowState, state};
use cmflow_common::gateway::Count;
use cmflow_common::packet::protocol;
use cmflow_common::verdict::{VerdictId, VerdictKind};

use super::joined::{joined, turned};
use super::{End, Flow};
use crate::compile::VerdictInfo;
use crate::site::{Nat, Socket};

/// The declared translations, made ready to look flows up in.
#[derive(Clone, Debug, Default)]
pub struct Translations {
    each: Vec<Translation>,
    /// Kinds by number of the verdict.
    kinds: Vec<VerdictKind>,
}

#[derive(Clone, Debug)]
struct Translation {
    vips: Sockets,
    members: Sockets,
    own: HashSet<Address>,
}

#[derive(Clone, Debug)]
struct Sockets(HashMap<Address, Vec<Option<u16>>>);

impl Sockets {
    fn of(sockets: &[Socket]) -> Self {
        let mut ports: HashMap<Address, Vec<Option<u16>>> = HashMap::new();
        for socket in sockets {
            ports.entry(socket.address.into()).or_default().push(socket.port);
        }
        Self(ports)
    }

    /// Whether one of them has that end, where one without a port stands for the port `otherwise`.
    fn contains(&self, end: End, otherwise: u16) -> bool {
        let ports = self.0.get(&end.address);
        ports.is_some_and(|ports| ports.iter().any(|port| port.unwrap_or(otherwise) == end.port))
    }
}

/// A flow of which one direction was seen.
#[derive(Clone, Copy, Debug)]
struct Half {
    from: End,
    to: End,
    protocol: u8,
    /// The end that a handshake shows to have opened it.
    opened_by: Option<End>,
}

impl Half {
    fn of(flow: &Flow) -> Option<Self> {
        let (from, to) = match (flow.forward.packets, flow.reverse.packets) {
            (1.., 0) => (flow.initiator, flow.responder),
            (0, 1..) => (flow.responder, flow.initiator),
            _ => return None,
        };
        // The first datagram of a half names its sender, whichever half it is: that proves nothing here.
        let proven = flow.initiator_seen && flow.key.protocol() == protocol::TCP;
        Some(Self {
            from,
            to,
            protocol: flow.key.protocol(),
            opened_by: proven.then_some(flow.initiator),
        })
    }
}

/// A flow after joining.
#[derive(Clone, Copy, Debug)]
pub struct Whole {
    /// The flow.
    pub flow: Flow,
    /// Its place among those given; for a joined one that of the asking half.
    pub place: usize,
    /// Whether it was joined of halves.
    pub joined: bool,
}

/// Packets that were judged by one verdict and belong to a flow with another.
pub type Moved = (VerdictId, VerdictId, Count);

/// What came of joining.
#[derive(Clone, Debug, Default)]
pub struct Joined {
    /// The flows, in the order in which they were given.
    pub flows: Vec<Whole>,
    /// Packets that change their verdict by it.
    pub moved: Vec<Moved>,
}

/// Asking halves by what their answers have in common with them: translation, protocol, port of the asking end, and its
/// address where the answer goes to it.
type Asked = HashMap<(usize, u8, u16, Option<Address>), Vec<usize>>;

impl Translations {
    /// Those that a site file declares, for flows that are judged by these verdicts.
    #[must_use]
    pub fn new(nats: &[Nat], verdicts: &[VerdictInfo]) -> Self {
        let each = nats.iter().map(|nat| Translation {
            vips: Sockets::of(&nat.vips),
            members: Sockets::of(&nat.members),
            own: nat.own.iter().map(|address| Address::from(*address)).collect(),
        });
        Self {
            each: each.collect(),
            kinds: verdicts.iter().map(|info| info.kind).collect(),
        }
    }

    /// Whether none is declared.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.each.is_empty()
    }

    /// Whether a flow may be a half of a translated conversation.
    #[must_use]
    pub fn may_be_half(&self, flow: &Flow) -> bool {
        let half = Half::of(flow);
        half.is_some_and(|half| {
            self.each
                .iter()
                .any(|one| one.asks(&half) || one.may_answer(&half))
        })
    }

    /// Joins the halves among these flows.
    ///
    /// Where several computers ask through one source NAT from the same port, the answers of that port are those of the
    /// one that asked before them last: a translator keeps the port of the first, and gives the next another.
    #[must_use]
    pub fn join(&self, flows: &[Flow]) -> Joined {
        let mut answers: HashMap<usize, Vec<usize>> = HashMap::new();
        let mut taken = HashSet::new();
        if !self.is_empty() {
            let asked = self.asked(flows);
            for (place, flow) in flows.iter().enumerate() {
                if answers.contains_key(&place) {
                    continue;
                }
                if let Some(asking) = self.asking_half(flows, &asked, place, flow, &taken) {
                    answers.entry(asking).or_default().push(place);
                    taken.insert(place);
                }
            }
        }
        let mut joined = Joined::default();
        for (place, flow) in flows
            .iter()
            .enumerate()
            .filter(|(place, _)| !taken.contains(place))
        {
            let mut whole = Whole {
                flow: *flow,
                place,
                joined: false,
            };
            for answer in answers.get(&place).into_iter().flatten() {
                whole.flow = self.whole(&whole, &flows[*answer], &mut joined.moved);
                whole.joined = true;
            }
            joined.flows.push(whole);
        }
        joined
    }

    fn asked(&self, flows: &[Flow]) -> Asked {
        let mut asked = Asked::new();
        for (place, flow) in flows.iter().enumerate() {
            let Some(half) = Half::of(flow) else { continue };
            for (number, one) in self.each.iter().enumerate().filter(|(_, one)| one.asks(&half)) {
                let mut put = |address| {
                    let key = (number, half.protocol, half.from.port, address);
                    asked.entry(key).or_default().push(place);
                };
                put(Some(half.from.address));
                if !one.own.is_empty() {
                    put(None);
                }
            }
        }
        asked
    }

    /// The flow that this one answers.
    fn asking_half(
        &self,
        flows: &[Flow],
        asked: &Asked,
        place: usize,
        flow: &Flow,
        taken: &HashSet<usize>,
    ) -> Option<usize> {
        let answer = Half::of(flow)?;
        let mut best: Option<usize> = None;
        for (number, one) in self
            .each
            .iter()
            .enumerate()
            .filter(|(_, one)| one.may_answer(&answer))
        {
            let to_translator = one.own.contains(&answer.to.address);
            let address = (!to_translator).then_some(answer.to.address);
            let candidates = asked.get(&(number, answer.protocol, answer.to.port, address));
            for candidate in candidates.into_iter().flatten().copied() {
                let fits = candidate != place
                    && !taken.contains(&candidate)
                    && Half::of(&flows[candidate]).is_some_and(|asking| one.is_answered(&asking, &answer));
                // The last that began before the answer; where none did, the first after it.
                let order = |asking: usize| {
                    let began = flows[asking].first_seen;
                    if began <= flow.first_seen {
                        (0, flow.first_seen - began)
                    } else {
                        (1, began - flow.first_seen)
                    }
                };
                if fits && best.is_none_or(|best| order(candidate) < order(best)) {
                    best = Some(candidate);
                }
            }
        }
        best
    }

    /// An asking half, or a flow joined already, and an answer to it.
    fn whole(&self, asking: &Whole, answer: &Flow, moved: &mut Vec<Moved>) -> Flow {
        let mut flow = asking.flow;
        let from = match Half::of(&flow) {
            Some(half) => half.from,
            None => flow.initiator,
        };
        if flow.initiator != from {
            // Inferred the wrong way round: who asks a virtual address is no question.
            std::mem::swap(&mut flow.initiator, &mut flow.responder);
            std::mem::swap(&mut flow.forward, &mut flow.reverse);
            flow.initiator_seen = false;
        }
        let count = answer.total();
        let to = Half::of(answer).map_or(answer.initiator, |half| half.to);
        let keyed_high = |flow: &Flow, end: End| End::both(&flow.key)[1] == end;
        let high = keyed_high(&flow, from);
        let bits = joined(
            turned(flow.bits, high),
            turned(answer.bits, keyed_high(answer, to)),
        );

        flow.reverse.add(count.packets, count.bytes);
        flow.initiator_seen |= answer.initiator_seen && answer.initiator == to;
        flow.bits = turned(bits, high)
            | if high { state::INITIATOR_HIGH } else { 0 }
            | if flow.initiator_seen {
                state::INITIATOR_SEEN
            } else {
                0
            };
        flow.state = FlowState::of(flow.key.protocol(), bits);
        if self.kind(answer.verdict) < self.kind(flow.verdict) {
            // What explains one half explains the whole: a rule that knows the member's port, not the virtual one's.
            moved.push((flow.verdict, answer.verdict, asking.flow.total()));
            flow.verdict = answer.verdict;
        } else if answer.verdict != flow.verdict {
            moved.push((answer.verdict, flow.verdict, count));
        }
        flow.first_seen = flow.first_seen.min(answer.first_seen);
        flow.last_seen = flow.last_seen.max(answer.last_seen);
        flow
    }

    fn kind(&self, verdict: VerdictId) -> VerdictKind {
        if verdict.is_reversed() {
            return VerdictKind::Reversed;
        }
        let kind = self.kinds.get(usize::from(verdict.number())).copied();
        kind.or(verdict.builtin()).unwrap_or(VerdictKind::Undocumented)
    }
}

impl Translation {
    fn asks_a_vip(&self, half: &Half) -> bool {
        self.vips.contains(half.to, half.to.port)
    }

    fn asks(&self, half: &Half) -> bool {
        if half.opened_by == Some(half.to) {
            return false;
        }
        let through = !self.own.is_empty()
            && !self.own.contains(&half.from.address)
            && self.members.contains(half.to, half.to.port);
        self.asks_a_vip(half) || through
    }

    fn may_answer(&self, half: &Half) -> bool {
        half.opened_by != Some(half.from)
            && self.members.0.contains_key(&half.from.address)
            && (self.own.contains(&half.to.address) || !self.vips.0.is_empty())
    }

    /// Whether `answer` answers `asking`, of which it is known that each may be such a half.
    fn is_answered(&self, asking: &Half, answer: &Half) -> bool {
        let to_translator = self.own.contains(&answer.to.address);
        let comes_back =
            answer.to.port == asking.from.port && (to_translator || answer.to.address == asking.from.address);
        let from_where = if self.asks_a_vip(asking) {
            self.members.contains(answer.from, asking.to.port)
        } else {
            to_translator && answer.from == asking.to
        };
        comes_back && from_where
    }
}
