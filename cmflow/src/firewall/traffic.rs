//! What crossed, as regions.

use cmflow_common::packet::protocol;
use cmflow_common::verdict::VerdictKind;
use jiff::Timestamp;

use super::ranges::{Range, Ranges};
use super::region::{Region, prefixes, service, whole};
use super::service::{has_ports, protocol_number};
use crate::answer::{Audit, Opening, protocol_name};
use crate::history::{Evidence, RecordedConversation};

/// Traffic of one kind.
#[derive(Clone, Debug)]
pub struct Traffic {
    /// Between whom, to what.
    pub region: Region,
    /// Its verdict.
    pub verdict: String,
    /// Whether a document, an approval or a companion explains it.
    pub explained: bool,
    /// Rules that do.
    pub rules: Vec<String>,
    /// Packets.
    pub packets: u64,
    /// Flows.
    pub flows: u64,
    /// Those that were answered.
    pub answered_flows: u64,
    /// Last packet.
    pub last_seen: Option<Timestamp>,
}

/// What histories recorded, conversation by conversation.
#[must_use]
pub fn of_evidence(evidence: &[Evidence]) -> Vec<Traffic> {
    let each = evidence.iter().flat_map(|evidence| {
        let conversations = evidence.conversations.iter();
        let in_time = conversations.filter(|one| one.hit_in(evidence.from, evidence.to));
        in_time.filter_map(|one| {
            let info = &evidence
                .verdicts
                .get(usize::try_from(one.key.verdict).ok()?)?
                .info;
            let explained = matches!(
                info.kind,
                VerdictKind::Documented | VerdictKind::Approved | VerdictKind::Baseline
            );
            // What does not cross is no matter of a firewall between networks, and what hides its ports none of documents.
            if matches!(info.kind, VerdictKind::Local | VerdictKind::Opaque) {
                return None;
            }
            Some(Traffic {
                region: region_of(one),
                verdict: info.kind.name().to_owned(),
                explained,
                rules: info.rules.iter().map(ToString::to_string).collect(),
                packets: one.total.packets,
                flows: one.total.flows,
                answered_flows: one.total.answered,
                last_seen: Some(one.last_seen),
            })
        })
    });
    each.collect()
}

/// Between whom a conversation was, and to what.
#[must_use]
pub fn region_of(conversation: &RecordedConversation) -> Region {
    let key = &conversation.key;
    let services = match key.protocol {
        number if !has_ports(number) => whole(number),
        number if key.port == 0 => service(number, conversation.ports.0, conversation.ports.1),
        number => service(number, key.port, key.port),
    };
    Region {
        sources: prefixes([&key.initiator]),
        destinations: prefixes([&key.responder]),
        services: Ranges::of([services]),
    }
}

/// What an audit says of it: openings as a whole, and of what nothing explains the examples that it names.
#[must_use]
pub fn of_audit(audit: &Audit) -> Vec<Traffic> {
    let openings = audit.openings.iter().filter(|opening| opening.packets > 0);
    let explained = openings.filter_map(|opening| {
        Some(Traffic {
            region: of_opening(opening)?,
            verdict: opening.verdict.clone(),
            explained: true,
            rules: opening.rules.clone(),
            packets: opening.packets,
            flows: opening.flows,
            answered_flows: opening.answered_flows,
            last_seen: opening.last_seen,
        })
    });
    let unexplained = audit.unexplained.iter().flat_map(|group| {
        group.examples.iter().filter_map(|[initiator, responder]| {
            Some(Traffic {
                region: Region {
                    sources: prefixes([initiator]),
                    destinations: prefixes([responder]),
                    services: Ranges::of([one_service(&group.protocol, group.port)?]),
                },
                verdict: group.verdict.clone(),
                explained: false,
                rules: Vec::new(),
                packets: group.packets,
                flows: group.flows,
                answered_flows: group.answered_flows,
                last_seen: Some(group.last_seen),
            })
        })
    });
    explained.chain(unexplained).collect()
}

fn one_service(name: &str, port: u16) -> Option<Range> {
    let number = number_of(name)?;
    Some(if has_ports(number) {
        service(number, port, port)
    } else {
        whole(number)
    })
}

/// Number of a protocol by the name that answers use.
fn number_of(name: &str) -> Option<u8> {
    (0..=u8::MAX)
        .find(|number| protocol_name(*number) == name)
        .or_else(|| protocol_number(name).ok())
}

/// What an opening opens; nothing where its protocol is none that a firewall knows.
#[must_use]
pub fn of_opening(opening: &Opening) -> Option<Region> {
    let number = number_of(&opening.protocol)?;
    if number == protocol::FRAGMENT {
        return None;
    }
    let ranges = opening
        .ports
        .iter()
        .map(|range| service(number, range.first, range.last));
    let services = if opening.ports.is_empty() || !has_ports(number) {
        Ranges::of([whole(number)])
    } else {
        Ranges::of(ranges)
    };
    let [mut sources, destinations] = crate::export::routed(opening);
    // Each family has an ICMP of its own.
    match number {
        protocol::ICMP => sources.retain(|net| net.addr().is_ipv4()),
        protocol::ICMPV6 => sources.retain(|net| net.addr().is_ipv6()),
        _ => {}
    }
    Some(Region {
        sources: prefixes(&sources),
        destinations: prefixes(&destinations),
        services,
    })
}
