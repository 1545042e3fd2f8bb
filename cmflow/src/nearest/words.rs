//! Why a rule does not fit, in words.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::IpAddr;

use cmflow_common::address::Address;
use cmflow_common::packet::protocol;

use super::Asked;
use super::distance::Distance;
use crate::answer::protocol_name;
use crate::catalogue::{Group, PortRange, RoleId, Scope};
use crate::compile::RuleInfo;
use crate::site::{SiteIndex, SiteModel};

const BY_OPTION: &str = ", as site-server-initiates says (note 5)";

pub(super) fn words(distance: Distance, rule: &RuleInfo, asked: &Asked<'_>) -> String {
    match distance {
        Distance::NotHolding => not_holding(rule, asked.site),
        Distance::WrongEnd => {
            // Only a rule that note 5 takes from the site system is printed for either end and has a wrong one.
            let (should, why) = match rule.site_system_end {
                Some(system) if system == rule.from => (rule.to, BY_OPTION),
                Some(_) => (rule.from, BY_OPTION),
                None => (rule.from, ""),
            };
            let should = asked.compiled.role(should);
            format!("opened from the wrong end: \"{should}\" should open it{why}")
        }
        Distance::OtherSite => other_site(rule, asked),
        Distance::Responder | Distance::UnheldResponder => lacks(asked, asked.question.responder, rule.to),
        Distance::Initiator | Distance::UnheldInitiator => lacks(asked, asked.question.initiator, rule.from),
        Distance::ReplacedPort => replaced(rule, asked),
        Distance::PortOfService(_) | Distance::OtherPort(_) => {
            let port = port_name(asked);
            let has = ports(asked.ports(rule), asked.question.protocol);
            let mut words = format!("the rule has {has}, not {port}");
            if let Some(service) = documented_elsewhere(rule, asked) {
                write!(words, "; that is {service}").expect("a String takes everything");
            }
            words
        }
        Distance::OtherProtocol(_) => other_protocol(rule, asked),
    }
}

fn not_holding(rule: &RuleInfo, site: &SiteModel) -> String {
    let denied = rule.not_holding.iter().map(|id| {
        let place = site.conditions.get(id).map(|stated| stated.place);
        let place = place.map(|place| format!(" ({})", site.located(place)));
        format!("\"{id}\" does not hold{}", place.unwrap_or_default())
    });
    let denied: Vec<_> = denied.collect();
    format!("fits, but the site file says that {}", denied.join(", and "))
}

fn other_site(rule: &RuleInfo, asked: &Asked<'_>) -> String {
    let question = asked.question;
    let site = |address: Address| asked.compiled.class(address).site;
    let (Some(initiator), Some(responder)) = (site(question.initiator), site(question.responder)) else {
        return "fits, but not between these sites".to_owned();
    };
    let code = |site: SiteIndex| asked.site.code(site);
    let (here, there) = (code(initiator), code(responder));
    let address = IpAddr::from(question.responder);
    match rule.scope {
        Scope::SameSite => format!(
            "fits, but site {there}: {address} is in {there}, the initiator in {here}, and the rule holds inside a site"
        ),
        Scope::ParentChild => format!(
            "fits, but site {there}: {address} is in {there}, which is neither parent nor child of {here}"
        ),
        Scope::Hierarchy | Scope::Anywhere => format!(
            "fits, but site {there}: {address} is in {there}, which is in another hierarchy than {here}"
        ),
    }
}

fn lacks(asked: &Asked<'_>, address: Address, role: RoleId) -> String {
    let class = asked.compiled.class(address);
    let address = match asked.compiled.side_name(address) {
        Some(interface) => format!("a computer at {interface}"),
        None => IpAddr::from(address).to_string(),
    };
    let role = asked.compiled.role(role);
    match class.group {
        Some(Group::Broadcast) if !class.known => {
            return format!("{address} is a broadcast address, the rule needs \"{role}\"");
        }
        Some(_) if !class.known => {
            return format!("{address} is a multicast group, the rule needs \"{role}\"");
        }
        _ => {}
    }
    if !class.known {
        return format!("{address} holds no role, the rule needs \"{role}\"");
    }
    if class.named.is_empty() {
        return format!("{address} is a proxy server, the rule needs \"{role}\"");
    }
    let named = asked.compiled.role_names(class.named).join(", ");
    format!("{address} is {named}, the rule needs \"{role}\"")
}

fn replaced(rule: &RuleInfo, asked: &Asked<'_>) -> String {
    let has = asked.ports(rule).iter().map(PortRange::to_string);
    let has = has.collect::<Vec<_>>().join(" or ");
    let port = asked.question.port;
    let responder = asked.compiled.class(asked.question.responder);
    if responder.proxy_for.contains(rule.to) {
        return format!("port {port} is documented, the proxy is asked at {has}");
    }
    let setting = rule.setting.as_deref().unwrap_or("the documented port");
    format!("port {port} is {setting}, the site file says {has}")
}

fn other_protocol(rule: &RuleInfo, asked: &Asked<'_>) -> String {
    let at_responder = asked.all_ports(rule);
    let has = [protocol::TCP, protocol::UDP].map(|protocol| ports(at_responder.of(protocol), protocol));
    let mut has: Vec<_> = has.into_iter().filter(|ports| !ports.is_empty()).collect();
    if rule.icmp_echo {
        has.push("ICMP echo".to_owned());
    }
    format!("the rule has {}, not {}", has.join(" and "), port_name(asked))
}

/// `TCP 80 or 8530`, or nothing.
fn ports(ranges: &[PortRange], protocol: u8) -> String {
    let ports: Vec<_> = ranges.iter().map(PortRange::to_string).collect();
    if ports.is_empty() {
        return String::new();
    }
    format!("{} {}", name(protocol), ports.join(" or "))
}

fn name(protocol: u8) -> String {
    protocol_name(protocol).to_uppercase()
}

fn port_name(asked: &Asked<'_>) -> String {
    let question = asked.question;
    match question.protocol {
        protocol::TCP | protocol::UDP => format!("{} {}", name(question.protocol), question.port),
        protocol::ICMP | protocol::ICMPV6 if question.port == 0 => "ICMP echo".to_owned(),
        protocol::ICMP | protocol::ICMPV6 => format!("ICMP type {}", question.port),
        other => name(other),
    }
}

/// The setting whose port this is elsewhere, as in "8531 is wsus-https"; nothing where several have it.
fn documented_elsewhere<'a>(nearest: &RuleInfo, asked: &Asked<'a>) -> Option<&'a str> {
    let single = PortRange::single(asked.question.port);
    let holding = asked
        .compiled
        .rules
        .iter()
        .filter(|rule| asked.ports(rule).contains(&single));
    let settings: BTreeSet<Option<&str>> = holding.map(|rule| rule.setting.as_deref()).collect();
    match settings.into_iter().collect::<Vec<_>>()[..] {
        [only] if only != nearest.setting.as_deref() => only,
        _ => None,
    }
}
