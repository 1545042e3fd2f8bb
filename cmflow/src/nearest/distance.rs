//! How far a rule is from explaining a flow.

use cmflow_common::packet::protocol;

use super::{Asked, service};
use crate::catalogue::{OpenedBy, RoleId};
use crate::compile::RuleInfo;

/// What keeps a rule from fitting, nearest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Distance {
    /// Everything fits, and the site file says that a condition of the rule does not hold.
    NotHolding,
    /// Roles and port fit, the wrong end opened.
    WrongEnd,
    /// Roles and port fit, the sites do not.
    OtherSite,
    /// The roles fit, and the port is the documented one, which the site file replaced.
    ReplacedPort,
    /// The roles fit, and the service is the one that has the port elsewhere; its own is so far away.
    PortOfService(u16),
    /// The port fits, and one end; the responder holds other roles, or none, than other computers of the site file
    /// that have this service.
    Responder,
    /// As [`Self::Responder`], the other way round.
    Initiator,
    /// The roles fit, the port is another one, so far away.
    OtherPort(u16),
    /// As [`Self::Responder`], but the site file names no computer with the role, so that the rule is likely no help.
    UnheldResponder,
    /// As [`Self::UnheldResponder`], the other way round.
    UnheldInitiator,
    /// The roles fit, the protocol has none of its ports; true where no other protocol has the port either.
    OtherProtocol(bool),
}

impl Distance {
    /// Whether roles and service fit, and one thing about them does not: what is farther is no help then.
    pub(super) const fn is_near(self) -> bool {
        matches!(
            self,
            Self::NotHolding | Self::WrongEnd | Self::OtherSite | Self::ReplacedPort
        )
    }

    /// Nothing where the rule fits, or is no help.
    pub(super) fn of(rule: &RuleInfo, asked: &Asked<'_>, services: &[&str]) -> Option<Self> {
        let initiator = asked.compiled.class(asked.question.initiator);
        let responder = asked.compiled.class(asked.question.responder);
        let opens = |role: RoleId| initiator.as_initiator.contains(role);
        let answers = |role: RoleId| responder.as_responder.contains(role);
        let as_printed = opens(rule.from) && answers(rule.to);
        let turned = opens(rule.to) && answers(rule.from);
        let may_open = |role: RoleId| rule.lets_open(role, initiator);
        let reached = responder.group.is_some_and(|group| rule.delivery.reaches(group));
        let sends = opens(rule.from) && may_open(rule.from)
            || rule.delivery.group_senders == OpenedBy::Either && opens(rule.to) && may_open(rule.to);
        let roles_fit = as_printed && may_open(rule.from)
            || rule.opened_by == OpenedBy::Either && turned && may_open(rule.to)
            || reached && sends;
        let in_scope = asked.site.in_scope(rule.scope, initiator.site, responder.site);
        if rule.is_left_out() {
            // What else keeps it from fitting is no help: without that it would explain nothing either.
            let fits = roles_fit && in_scope && away(rule, asked) == Some(0);
            return fits.then_some(Self::NotHolding);
        }
        match (away(rule, asked), roles_fit) {
            // A group is there for nobody where nobody listens.
            (Some(0), true) if reached && !asked.held.contains(rule.to) => Some(Self::UnheldResponder),
            (Some(0), true) => (!in_scope).then_some(Self::OtherSite),
            (Some(0), false) if turned || as_printed => Some(Self::WrongEnd),
            (Some(0), false) if opens(rule.from) => Some(match asked.held.contains(rule.to) {
                true => Self::Responder,
                false => Self::UnheldResponder,
            }),
            (Some(0), false) if answers(rule.to) => Some(match asked.held.contains(rule.from) {
                true => Self::Initiator,
                false => Self::UnheldInitiator,
            }),
            (Some(_), true) if was_replaced(rule, asked) => Some(Self::ReplacedPort),
            (Some(away), true) if services.contains(&service(rule)) => Some(Self::PortOfService(away)),
            (Some(away), true) => Some(Self::OtherPort(away)),
            (None, true) => Some(Self::OtherProtocol(!has_port(rule, asked))),
            _ => None,
        }
    }
}

/// Whether the rule has the port in any protocol.
fn has_port(rule: &RuleInfo, asked: &Asked<'_>) -> bool {
    let ports = asked.all_ports(rule);
    let mut ranges = ports.udp.iter().chain(&ports.tcp);
    ranges.any(|range| range.contains(asked.question.port))
}

/// Whether the port is one that the rule would have if the site file did not change it.
fn was_replaced(rule: &RuleInfo, asked: &Asked<'_>) -> bool {
    let documented = rule.documented.of(asked.question.protocol).iter();
    !rule.dynamic
        && documented
            .into_iter()
            .any(|range| range.contains(asked.question.port))
}

/// How far the question's port is from the rule's; nothing where the rule has no port of that protocol.
fn away(rule: &RuleInfo, asked: &Asked<'_>) -> Option<u16> {
    let port = asked.question.port;
    if matches!(asked.question.protocol, protocol::ICMP | protocol::ICMPV6) {
        return (rule.icmp_echo && port == 0).then_some(0);
    }
    let away = asked.ports(rule).iter().map(|range| {
        let below = range.first.saturating_sub(port);
        below.max(port.saturating_sub(range.last))
    });
    away.min()
}
