//! Ports that differ from those of the site file, where the computers are the right ones.

use std::collections::{BTreeMap, BTreeSet};

use cmflow_common::packet::protocol;
use ipnet::IpNet;

use super::judged::{Flow, Judged, address};
use super::seen::{networks, number, services, short, volume};
use super::{Cause, Piece, Suggestion};
use crate::catalogue::{OpenedBy, PortRange};
use crate::compile::RuleInfo;
use crate::explain::Book;

/// How a port came to be taken for that of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Ground {
    /// It is what the page prints, and the site file replaced it.
    Printed,
    /// It ends as the page's does, and nobody uses the one that holds: 8443 for 443.
    Alike,
}

/// A port at which computers answer in place of a setting's.
#[derive(Debug, Default)]
struct Other {
    flows: Vec<Flow>,
    /// Other settings that it may be.
    or: BTreeSet<String>,
}

/// One suggestion for each setting and port.
pub(super) fn suggest(book: &Book<'_>, judged: &Judged) -> Vec<(Suggestion, Cause)> {
    let mut found: BTreeMap<(String, u16), Other> = BTreeMap::new();
    for flow in judged.unexplained.keys() {
        let mut settings = settings(book, judged, flow);
        settings.sort();
        let Some((ground, first)) = settings.first().cloned() else {
            continue;
        };
        let or = settings.into_iter().skip(1).filter(|(other, _)| *other == ground);
        let other = found.entry((first, flow.port)).or_default();
        other.flows.push(*flow);
        other.or.extend(or.map(|(_, key)| key));
    }
    let all = found
        .into_iter()
        .filter_map(|((key, port), other)| suggestion(book, judged, &key, port, other));
    all.collect()
}

/// Settings whose port a flow's may be, with what speaks for it.
fn settings(book: &Book<'_>, judged: &Judged, flow: &Flow) -> Vec<(Ground, String)> {
    let [initiator, responder] =
        [flow.initiator, flow.responder].map(|end| book.compiled.class(address(end)));
    let mut found = Vec::new();
    for rule in book
        .compiled
        .rules
        .iter()
        .filter(|rule| !rule.is_left_out() && !rule.dynamic)
    {
        let Some(key) = &rule.setting else { continue };
        let as_printed =
            initiator.as_initiator.contains(rule.from) && responder.as_responder.contains(rule.to);
        let turned = rule.opened_by == OpenedBy::Either
            && initiator.as_initiator.contains(rule.to)
            && responder.as_responder.contains(rule.from);
        let holding = rule.ports(responder.profile_from(initiator)).of(flow.protocol);
        if !(as_printed || turned) || holding.is_empty() {
            continue;
        }
        let printed = rule.documented.of(flow.protocol);
        let ground = if printed.iter().any(|range| range.contains(flow.port)) {
            Ground::Printed
        } else if printed.iter().any(|range| is_alike(range.first, flow.port))
            && !is_used(judged, flow, holding)
        {
            Ground::Alike
        } else {
            continue;
        };
        if !found.contains(&(ground, key.clone())) {
            found.push((ground, key.clone()));
        }
    }
    found
}

/// Whether people who move one port to the other would remember it.
const fn is_alike(printed: u16, seen: u16) -> bool {
    let digits: u16 = if printed < 100 {
        100
    } else if printed < 1000 {
        1000
    } else {
        return seen / 10 == printed || seen / 100 == printed || seen % 10_000 == printed % 10_000;
    };
    seen % digits == printed % digits || printed >= 100 && seen % 100 == printed % 100 && seen > 1000
}

/// Whether anybody asks the same computer at a port that the site file says.
fn is_used(judged: &Judged, flow: &Flow, holding: &[PortRange]) -> bool {
    // Whoever asks there: a client that the file does not name yet is one.
    judged.answered().any(|other| {
        other.responder == flow.responder
            && other.protocol == flow.protocol
            && holding.iter().any(|range| range.contains(other.port))
    })
}

fn suggestion(
    book: &Book<'_>,
    judged: &Judged,
    key: &str,
    port: u16,
    other: Other,
) -> Option<(Suggestion, Cause)> {
    let did = judged.total(&other.flows)?;
    let responders: BTreeSet<IpNet> = other.flows.iter().map(|flow| flow.responder).collect();
    let holding = holding(book, key, &other.flows);
    let asked = networks(responders.iter().copied());
    let mut remarks = vec![volume(&did)];
    if !other.or.is_empty() {
        let or: Vec<_> = other.or.iter().map(String::as_str).collect();
        remarks.push(format!(
            "{key} or {}: their rules have both ends",
            or.join(" or ")
        ));
    }
    if !has_other(judged, book, key, &responders) {
        remarks.push(format!(
            "nobody was answered at {holding}, which the site file and the page make of {key}"
        ));
    }
    let piece = piece(book, judged, key, port, &responders);
    let seen = format!(
        "{asked} {} {} for {} who ask, where {key} is {holding}",
        if responders.len() == 1 {
            "answers"
        } else {
            "answer"
        },
        services(&other.flows),
        number(did.initiators)
    );
    let suggestion = Suggestion {
        seen,
        remarks,
        flows: did.flows,
        packets: did.packets,
        piece,
    };
    Some((suggestion, other.flows))
}

/// The ports that hold for a setting at those who answer, in words.
fn holding(book: &Book<'_>, key: &str, flows: &[Flow]) -> String {
    let mut all: Vec<String> = Vec::new();
    for flow in flows {
        let [initiator, responder] =
            [flow.initiator, flow.responder].map(|end| book.compiled.class(address(end)));
        let rule = with_key(book, key).find(|rule| !rule.documented.of(flow.protocol).is_empty());
        let ports = rule.map(|rule| rule.ports(responder.profile_from(initiator)).of(flow.protocol));
        all.extend(ports.into_iter().flatten().map(PortRange::to_string));
    }
    all.sort();
    all.dedup();
    all.join(" or ")
}

fn with_key<'a>(book: &Book<'a>, key: &str) -> impl Iterator<Item = &'a RuleInfo> {
    let rules = book.compiled.rules.iter();
    rules.filter(move |rule| rule.setting.as_deref() == Some(key))
}

/// Whether other computers, or these, are asked at the port that holds.
fn has_other(judged: &Judged, book: &Book<'_>, key: &str, responders: &BTreeSet<IpNet>) -> bool {
    judged.answered().any(|flow| {
        let class = book.compiled.class(address(flow.responder));
        let mut rules = with_key(book, key).filter(|rule| class.as_responder.contains(rule.to));
        let mut ports = rules
            .by_ref()
            .flat_map(|rule| rule.ports(class.profile).of(protocol::TCP).iter());
        !responders.contains(&flow.responder) && ports.any(|range| range.contains(flow.port))
    })
}

/// Where the change belongs: with the computer or the site whose port it is, else in `[ports]`.
fn piece(book: &Book<'_>, judged: &Judged, key: &str, port: u16, responders: &BTreeSet<IpNet>) -> Piece {
    let site = book.site;
    let edit = |at: String, value: String| Piece::Edit {
        at,
        key: key.to_owned(),
        value: Some(value),
    };
    let hosts: BTreeSet<&str> = responders
        .iter()
        .filter_map(|net| site.host_at(net.addr()))
        .filter(|host| host.ports.contains_key(key))
        .map(|host| host.name.as_str())
        .collect();
    if let [host] = hosts.iter().copied().collect::<Vec<_>>()[..] {
        return edit(format!("the ports of [[host]] {host}"), port.to_string());
    }
    let sites: BTreeSet<_> = responders
        .iter()
        .filter_map(|net| site.site_at(net.addr()))
        .collect();
    if let [one] = sites.into_iter().collect::<Vec<_>>()[..]
        && site.sites[usize::from(one.0)].ports.contains_key(key)
    {
        return edit(
            format!("the ports of [[site]] {}", site.code(one)),
            port.to_string(),
        );
    }
    if site.ports.contains_key(key) {
        return edit("[ports]".to_owned(), port.to_string());
    }
    if has_other(judged, book, key, responders) {
        let named: Vec<_> = responders
            .iter()
            .filter_map(|net| site.host_at(net.addr()))
            .collect();
        if let [host] = named[..] {
            return edit(format!("the ports of [[host]] {}", host.name), port.to_string());
        }
        let all: Vec<_> = responders.iter().map(|net| short(*net)).collect();
        return edit(
            format!("the ports of a [[host]] for {}", all.join(", ")),
            port.to_string(),
        );
    }
    Piece::Port {
        key: key.to_owned(),
        ports: vec![PortRange::single(port)],
    }
}
