//! A recorded conversation before two books.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use cmflow_common::address::Address;
use cmflow_common::expectation::ENDPOINT_MAPPER;
use cmflow_common::gateway::Endpoint;
use cmflow_common::packet::protocol;
use cmflow_common::verdict::{VerdictId, VerdictKind};
use ipnet::IpNet;

use super::inside::{PortStretches, Stretches};
use crate::compile::{Basis, VerdictInfo};
use crate::explain::{Book, Question, Service};
use crate::history::{Evidence, RecordedConversation};

/// The endpoint mapper, which announces dynamic ports (note 6).
const MAPPER: Service = Service {
    protocol: protocol::TCP,
    port: ENDPOINT_MAPPER,
};

/// A part of a conversation that both books judge as a whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case {
    pub(super) question: Question,
    pub(super) now: VerdictId,
    pub(super) then: VerdictId,
    /// Whether packets of exactly this were seen: not so for ports that merely lie between two that were.
    pub(super) certain: bool,
}

/// Who the ends are to either book's tables: now and then, the one that opens and the one that answers.
type Place = [[u32; 2]; 2];

/// Roles of both ends as either book names them, in the order of a [`Place`].
pub(super) type Roles = [[Vec<String>; 2]; 2];

/// Number of some [`Roles`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Named(usize);

/// Pairs that were seen to talk with an endpoint mapper which answered.
pub(super) struct Announced(HashSet<[IpNet; 2]>);

impl Announced {
    pub(super) fn of(evidence: &[Evidence]) -> Self {
        let conversations = evidence.iter().flat_map(|one| &one.conversations);
        let mapped = conversations.filter(|one| {
            (one.key.protocol, one.key.port) == (MAPPER.protocol, MAPPER.port) && one.total.answered > 0
        });
        Self(mapped.map(|one| [one.key.initiator, one.key.responder]).collect())
    }
}

/// Two books and what they were asked already: many conversations are one to tables.
pub(super) struct Both<'a> {
    pub(super) now: Book<'a>,
    pub(super) then: Book<'a>,
    addresses: Stretches,
    ports: PortStretches,
    within: HashMap<IpNet, Vec<IpAddr>>,
    /// Many classes of computers have the same roles: each site has its own.
    named: HashMap<Place, Named>,
    roles: Vec<Roles>,
    asked: HashMap<(Place, bool, u8, u16, bool), [VerdictId; 2]>,
}

impl<'a> Both<'a> {
    pub(super) fn new(now: Book<'a>, then: Book<'a>) -> Self {
        let tables = [now.compiled, then.compiled];
        Self {
            now,
            then,
            addresses: Stretches::of(&tables),
            ports: PortStretches::of(&tables),
            within: HashMap::new(),
            named: HashMap::new(),
            roles: Vec::new(),
            asked: HashMap::new(),
        }
    }

    /// What both verdicts of a case stand for.
    pub(super) fn infos(&self, case: &Case) -> [&VerdictInfo; 2] {
        [(&self.now, case.now), (&self.then, case.then)].map(|(book, id)| {
            book.compiled
                .verdict(id)
                .expect("tables name verdicts that they have")
        })
    }

    /// The roles of a case's ends.
    pub(super) fn named(&mut self, case: &Case) -> Named {
        let place = self.place_of(&case.question);
        if let Some(named) = self.named.get(&place) {
            return *named;
        }
        let [from, to] = [case.question.initiator, case.question.responder].map(Address::from);
        let roles = [self.now.compiled, self.then.compiled]
            .map(|compiled| [compiled.roles_of(from), compiled.roles_answering(to)]);
        let known = self.roles.iter().position(|one| *one == roles);
        let named = Named(known.unwrap_or(self.roles.len()));
        if known.is_none() {
            self.roles.push(roles);
        }
        self.named.insert(place, named);
        named
    }

    /// What a number stands for.
    pub(super) fn roles(&self, named: Named) -> &Roles {
        &self.roles[named.0]
    }

    fn place_of(&self, question: &Question) -> Place {
        [self.now.compiled, self.then.compiled].map(|compiled| {
            [question.initiator, question.responder].map(|end| compiled.endpoint(Address::from(end)).0)
        })
    }

    /// The parts of a conversation that were recorded with that verdict; none where an address tells nobody.
    pub(super) fn cases(
        &mut self,
        conversation: &RecordedConversation,
        recorded: &VerdictInfo,
        announced: &Announced,
    ) -> Vec<Case> {
        let key = &conversation.key;
        if tells_nobody(key.initiator) || tells_nobody(key.responder) {
            return Vec::new();
        }
        let ends = [key.initiator, key.responder];
        let expected = recorded.basis == Some(Basis::Expectation)
            || recorded.basis.is_none() && announced.0.contains(&ends);
        let [initiators, responders] = ends.map(|prefix| self.within(prefix));
        let ports = self.asked_at(conversation);
        let mut cases = Vec::new();
        for initiator in initiators {
            for responder in &responders {
                for (port, certain) in &ports {
                    let question = Question {
                        initiator,
                        responder: *responder,
                        service: Service {
                            protocol: key.protocol,
                            port: *port,
                        },
                        after: expected.then_some(MAPPER),
                    };
                    let [now, then] = self.ask(&question);
                    cases.push(Case {
                        question,
                        now,
                        then,
                        certain: *certain,
                    });
                }
            }
        }
        // A server inside a prefix of clients has conversations of its own: ends that are judged otherwise than it was
        // recorded are not those that the prefix stands for.
        let ends_of = |case: &Case| [case.question.initiator, case.question.responder];
        let as_recorded = cases.iter().filter(|case| {
            let info = self.infos(case)[0];
            case.certain && (info.kind, &info.rules) == (recorded.kind, &recorded.rules)
        });
        let fitting: HashSet<_> = as_recorded.map(ends_of).collect();
        if !fitting.is_empty() {
            cases.retain(|case| fitting.contains(&ends_of(case)));
        }
        cases
    }

    /// Ports that the responder was asked at, and those between them that may have been.
    fn asked_at(&self, conversation: &RecordedConversation) -> Vec<(u16, bool)> {
        let key = &conversation.key;
        let (first, last) = conversation.ports;
        let has_ports = matches!(key.protocol, protocol::TCP | protocol::UDP);
        if key.port != 0 || !has_ports || first == 0 {
            return vec![(key.port, true)];
        }
        let mut ports = vec![(first, true)];
        ports.extend(
            self.ports
                .between(key.protocol, (first, last))
                .iter()
                .map(|port| (*port, false)),
        );
        if last != first {
            ports.push((last, true));
        }
        ports
    }

    /// Addresses of a prefix that one of the books tells apart.
    fn within(&mut self, prefix: IpNet) -> Vec<IpAddr> {
        if let Some(known) = self.within.get(&prefix) {
            return known.clone();
        }
        let mut seen = HashSet::new();
        let mut found = self.addresses.within(prefix);
        let whole = prefix.prefix_len() < prefix.max_prefix_len();
        found.retain(|address| {
            let ends = [self.now.compiled, self.then.compiled]
                .map(|compiled| compiled.endpoint(Address::from(*address)));
            // Nobody opens or answers from the broadcast address of a client network.
            let nobody = whole && ends.iter().all(|end| end.is(Endpoint::GROUP));
            !nobody && seen.insert(ends)
        });
        self.within.insert(prefix, found.clone());
        found
    }

    fn ask(&mut self, question: &Question) -> [VerdictId; 2] {
        let key = (
            self.place_of(question),
            Address::from(question.responder).is_group(),
            question.service.protocol,
            question.service.port,
            question.after.is_some(),
        );
        let [now, then] = [self.now, self.then];
        *self
            .asked
            .entry(key)
            .or_insert_with(|| [now.judge(question), then.judge(question)])
    }
}

/// Whether an end has no address that tells who it is: the interface did, and it is not recorded.
fn tells_nobody(end: IpNet) -> bool {
    let address = Address::from(end.addr());
    end.addr().is_unspecified() && end.prefix_len() == end.max_prefix_len() || address.is_link_local()
}

/// Whether a verdict explains.
pub(super) const fn explains(kind: VerdictKind) -> bool {
    matches!(
        kind,
        VerdictKind::Documented | VerdictKind::Approved | VerdictKind::Baseline
    )
}
