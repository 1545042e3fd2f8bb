//! The decision that packets get, for the first packet of a flow that somebody asks about.

use cmflow_common::expectation::{Kind, may_announce};
use cmflow_common::flow::state;
use cmflow_common::gateway::View;
use cmflow_common::judge::{self, Judged};
use cmflow_common::packet::{Packet, protocol};
use cmflow_common::verdict::VerdictId;

use super::{Book, Question, Service, opening};

/// What the tables decide of a flow.
pub(super) struct Decided {
    pub(super) packet: Packet,
    /// By its first packet alone.
    pub(super) judged: Judged,
    /// State of the flow after it: who opened it, and whether it was announced.
    pub(super) bits: u16,
    pub(super) announced: bool,
    /// The verdict.
    pub(super) id: VerdictId,
}

impl Book<'_> {
    /// The verdict of the first packet of a flow, without a word of why.
    #[must_use]
    pub fn judge(&self, question: &Question) -> VerdictId {
        self.decide(question, None).id
    }

    pub(super) fn decide(&self, question: &Question, interface: Option<&str>) -> Decided {
        let service = question.service.in_family(question.initiator.is_ipv6());
        let tables = &self.compiled.tables;
        let between = [question.initiator, question.responder].map(|end| self.end(end, interface));
        let packet = opening(&tables, between, service);
        // Whether its sender is the low or the high end of a key is the same to the decision.
        let ends = judge::ends(&tables, &View::NOWHERE, &packet);
        let bits = judge::initiator(&tables, &packet, &ends, true, true);
        let judged = Judged::new(&tables, &packet, &ends, true, bits);
        let announced = match question
            .after
            .and_then(|after| self.announcing(question, after, interface))
        {
            Some(Kind::Rpc) if service.protocol == protocol::TCP && judged.can_be_expected() => {
                Some(bits | state::SETTLED)
            }
            Some(Kind::Tftp) if service.protocol == protocol::UDP => {
                Some(judge::initiator_bits(false, state::INITIATOR_SEEN) | state::SETTLED)
            }
            _ => None,
        };
        let bits = announced.unwrap_or(bits);
        Decided {
            packet,
            judged,
            bits,
            announced: announced.is_some(),
            id: Judged::new(&tables, &packet, &ends, true, bits).verdict(bits),
        }
    }

    /// What an earlier conversation of the two announces: nothing where it is not explained itself.
    fn announcing(&self, question: &Question, after: Service, interface: Option<&str>) -> Option<Kind> {
        let kind = Kind::announced(after.protocol, after.port)?;
        let (initiator, responder) = match kind {
            Kind::Tftp => (question.responder, question.initiator),
            _ => (question.initiator, question.responder),
        };
        let before = Question {
            initiator,
            responder,
            service: after,
            after: None,
        };
        may_announce(self.decide(&before, interface).id).then_some(kind)
    }
}
