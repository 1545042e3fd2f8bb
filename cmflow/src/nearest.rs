//! The documented rule that comes nearest to a flow which none explains, and why it does not fit.

use std::fmt::Write as _;

use cmflow_common::address::Address;
use cmflow_common::packet::protocol;

use crate::catalogue::{OpenedBy, PortRange, RoleId};
use crate::compile::{ClassInfo, Compiled, RuleInfo};
use crate::site::SiteModel;

/// A flow as far as rules see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// The end that opened it.
    pub initiator: Address,
    /// The end that answers.
    pub responder: Address,
    /// IP protocol number.
    pub protocol: u8,
    /// Port of the responder.
    pub port: u16,
}

/// A rule that nearly fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nearest {
    /// Its id.
    pub rule: String,
    /// Why it does not fit, in words.
    pub why_not: String,
}

/// The nearest rule; nothing where not even one end and the port fit one.
#[must_use]
pub fn nearest(compiled: &Compiled, site: &SiteModel, question: &Question) -> Option<Nearest> {
    let initiator = compiled.class(question.initiator);
    let responder = compiled.class(question.responder);
    let services = services_at(compiled, question);
    let judged = compiled.rules.iter().filter_map(|rule| {
        let distance = Distance::of(rule, site, initiator, responder, question, &services)?;
        Some((distance, rule))
    });
    // Rules in the page's order: the first of equally near ones stays the answer.
    let (distance, rule) = judged.min_by_key(|(distance, _)| *distance)?;
    Some(Nearest {
        rule: rule.id.clone(),
        why_not: distance.words(compiled, rule, question),
    })
}

/// What keeps a rule from fitting, nearest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Distance {
    /// Roles and port fit, the wrong end opened.
    WrongEnd,
    /// Roles and port fit, the sites do not.
    OtherSite,
    /// The roles fit, the port is another one: of another service than the one that has the port elsewhere,
    /// or not; and so far away.
    OtherPort(bool, u16),
    /// The port fits, and one end; the other end holds other roles, or none.
    Responder,
    Initiator,
    /// The roles fit, the protocol has none of its ports.
    OtherProtocol,
}

impl Distance {
    fn of(
        rule: &RuleInfo,
        site: &SiteModel,
        initiator: &ClassInfo,
        responder: &ClassInfo,
        question: &Question,
        services: &[&str],
    ) -> Option<Self> {
        let opens = |role: RoleId| initiator.as_initiator.contains(role);
        let answers = |role: RoleId| responder.as_responder.contains(role);
        let as_printed = opens(rule.from) && answers(rule.to);
        let turned = opens(rule.to) && answers(rule.from);
        let roles_fit = as_printed || rule.opened_by == OpenedBy::Either && turned;
        let in_scope = site.in_scope(rule.scope, initiator.site, responder.site);
        match (port_distance(rule, question), roles_fit) {
            (Some(0), true) => (!in_scope).then_some(Self::OtherSite),
            (Some(0), false) if turned => Some(Self::WrongEnd),
            (Some(0), false) if opens(rule.from) => Some(Self::Responder),
            (Some(0), false) if answers(rule.to) => Some(Self::Initiator),
            (Some(away), true) => Some(Self::OtherPort(!services.contains(&service(rule)), away)),
            (None, true) => Some(Self::OtherProtocol),
            _ => None,
        }
    }

    fn words(self, compiled: &Compiled, rule: &RuleInfo, question: &Question) -> String {
        let port = port_name(question);
        match self {
            Self::WrongEnd => {
                let from = compiled.role(rule.from);
                format!("opened from the wrong end: \"{from}\" should open it")
            }
            Self::OtherSite => "fits, but not between these sites".to_owned(),
            Self::Responder => lacks(compiled, question.responder, rule.to),
            Self::Initiator => lacks(compiled, question.initiator, rule.from),
            Self::OtherPort(..) => {
                let mut words = format!("the rule has {}, not {port}", ports(rule, question.protocol));
                if let Some(service) = documented_elsewhere(compiled, rule, question) {
                    write!(words, "; that is {service}").expect("a String takes everything");
                }
                words
            }
            Self::OtherProtocol => {
                let has = [protocol::TCP, protocol::UDP].map(|protocol| ports(rule, protocol));
                let has: Vec<_> = has.into_iter().filter(|ports| !ports.is_empty()).collect();
                let has = if has.is_empty() {
                    "ICMP echo".to_owned()
                } else {
                    has.join(" and ")
                };
                format!("the rule has {has}, not {port}")
            }
        }
    }
}

fn lacks(compiled: &Compiled, address: Address, role: RoleId) -> String {
    let address = std::net::IpAddr::from(address);
    let class = compiled.class(address.into());
    let role = compiled.role(role);
    if !class.known {
        return format!("{address} holds no role, the rule needs \"{role}\"");
    }
    let named = compiled.role_names(class.named).join(", ");
    format!("{address} is {named}, the rule needs \"{role}\"")
}

/// How far the question's port is from the rule's; nothing where the rule has no port of that protocol.
fn port_distance(rule: &RuleInfo, question: &Question) -> Option<u16> {
    match question.protocol {
        protocol::ICMP | protocol::ICMPV6 => rule.icmp_echo.then_some(0),
        protocol => {
            let away = ranges(rule, protocol).iter().map(|range| {
                let below = range.first.saturating_sub(question.port);
                below.max(question.port.saturating_sub(range.last))
            });
            away.min()
        }
    }
}

fn ranges(rule: &RuleInfo, protocol: u8) -> &[PortRange] {
    match protocol {
        protocol::TCP => &rule.tcp,
        protocol::UDP => &rule.udp,
        _ => &[],
    }
}

/// `TCP 80 or 8530`, or nothing.
fn ports(rule: &RuleInfo, protocol: u8) -> String {
    let ports: Vec<_> = ranges(rule, protocol).iter().map(PortRange::to_string).collect();
    if ports.is_empty() {
        return String::new();
    }
    let name = if protocol == protocol::UDP { "UDP" } else { "TCP" };
    format!("{name} {}", ports.join(" or "))
}

fn port_name(question: &Question) -> String {
    match question.protocol {
        protocol::TCP => format!("TCP {}", question.port),
        protocol::UDP => format!("UDP {}", question.port),
        protocol::ICMP | protocol::ICMPV6 => "ICMP".to_owned(),
        other => format!("IP protocol {other}"),
    }
}

/// The part of a rule's id that names its service.
fn service(rule: &RuleInfo) -> &str {
    rule.id.rsplit('/').next().unwrap_or(&rule.id)
}

/// Services that have exactly this port somewhere on the page: a wrong port of the right service is nearer.
fn services_at<'a>(compiled: &'a Compiled, question: &Question) -> Vec<&'a str> {
    let single = PortRange::single(question.port);
    let rules = compiled.rules.iter();
    let holding = rules.filter(|rule| ranges(rule, question.protocol).contains(&single));
    holding.map(service).collect()
}

/// The setting of another rule that has exactly this port, as in "8531 is wsus-https".
fn documented_elsewhere<'a>(
    compiled: &'a Compiled,
    nearest: &RuleInfo,
    question: &Question,
) -> Option<&'a str> {
    let single = PortRange::single(question.port);
    let others = compiled
        .rules
        .iter()
        .filter(|rule| rule.setting != nearest.setting);
    let mut holding = others.filter(|rule| ranges(rule, question.protocol).contains(&single));
    holding.find_map(|rule| rule.setting.as_deref())
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::catalogue::Catalogue;
    use crate::compile::compile;
    use crate::config;

    const SITE: &str = r#"
        [networks]
        internal = ["10.0.0.0/8"]
        [roles]
        client = ["10.10.0.0/16"]
        distribution-point = ["10.20.0.11"]
        sql-server = ["10.30.0.6"]
    "#;

    #[test]
    fn each_way_of_not_fitting_is_said_in_words() {
        let catalogue = Catalogue::embedded().expect("the built-in catalogue");
        let site = config::parse(&catalogue, "site.toml", SITE)
            .expect("a sound site file")
            .model;
        let compiled = compile(&catalogue, &site, &[], &[]).expect("it compiles");
        let table = [
            (
                "10.20.0.11",
                "10.10.0.1",
                6,
                443,
                "client/distribution-point/https: opened from the wrong end: \"client\" should open it",
            ),
            (
                "10.10.0.1",
                "10.20.0.11",
                6,
                8531,
                "client/distribution-point/https: the rule has TCP 443, not TCP 8531; that is wsus-https",
            ),
            (
                "10.10.0.1",
                "10.99.0.1",
                6,
                10123,
                "client/management-point/client-notification: 10.99.0.1 holds no role, the rule needs \"management-point\"",
            ),
            (
                "10.99.0.1",
                "10.30.0.6",
                6,
                4022,
                "sql-server/sql-server/sql-broker: 10.99.0.1 holds no role, the rule needs \"sql-server\"",
            ),
            (
                "10.10.0.1",
                "10.30.0.6",
                6,
                10123,
                "client/management-point/client-notification: 10.30.0.6 is sql-server, the rule needs \"management-point\"",
            ),
            (
                "10.10.0.1",
                "10.20.0.11",
                17,
                443,
                "client/distribution-point/http: the rule has TCP 80, not UDP 443",
            ),
        ];
        for (from, to, protocol, port, expected) in table {
            let address = |text: &str| Address::from(text.parse::<IpAddr>().expect("an address"));
            let question = Question {
                initiator: address(from),
                responder: address(to),
                protocol,
                port,
            };
            let found =
                nearest(&compiled, &site, &question).map(|near| format!("{}: {}", near.rule, near.why_not));
            assert_eq!(found.as_deref(), Some(expected), "{from} {to} {protocol}/{port}");
        }
        let nobody = Question {
            initiator: Address::from_v4([10, 99, 0, 1]),
            responder: Address::from_v4([10, 99, 0, 2]),
            protocol: 6,
            port: 10_123,
        };
        assert_eq!(nearest(&compiled, &site, &nobody), None);
    }
}
