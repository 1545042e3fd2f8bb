//! Networks that ask as clients do, and that the site file does not name.

use std::collections::BTreeMap;

use ipnet::IpNet;

use super::judged::{At, Flow, Judged, address, candidates};
use super::seen::{network_of, networks, number, services, short, volume};
use super::{Cause, Piece, Suggestion};
use crate::explain::Book;

/// One suggestion for each network.
pub(super) fn suggest(book: &Book<'_>, judged: &Judged) -> Vec<(Suggestion, Cause)> {
    let Some(client) = book.catalogue.role("client") else {
        return Vec::new();
    };
    let mut by_network: BTreeMap<IpNet, Vec<Flow>> = BTreeMap::new();
    for flow in judged.unexplained.keys() {
        let is_unknown = !book.compiled.class(address(flow.initiator)).known;
        if is_unknown && opens_as_client_alone(book, judged, flow.initiator) {
            let network = network_of(flow.initiator);
            // A server of the file among them is no client.
            let network = if is_mixed(book, network) {
                flow.initiator
            } else {
                network
            };
            if candidates(book, flow, At::Initiator).contains(&client) {
                by_network.entry(network).or_default().push(*flow);
            }
        }
    }
    let all = by_network.into_iter().filter_map(|(network, flows)| {
        let did = judged.total(&flows)?;
        let asked = networks(flows.iter().map(|flow| flow.responder));
        let suggestion = Suggestion {
            seen: format!(
                "{} asks {asked} at {}, as clients do",
                short(network),
                services(&flows)
            ),
            remarks: vec![format!(
                "{}, from {} addresses at least",
                volume(&did),
                number(did.initiators)
            )],
            flows: did.flows,
            packets: did.packets,
            piece: Piece::Role {
                roles: vec!["client".to_owned()],
                addresses: vec![network],
            },
        };
        Some((suggestion, flows))
    });
    all.collect()
}

/// Whether a client would open all that somebody opens: who opens more is more.
pub(super) fn opens_as_client_alone(book: &Book<'_>, judged: &Judged, who: IpNet) -> bool {
    let Some(client) = book.catalogue.role("client") else {
        return false;
    };
    let opened = judged.unexplained.keys().filter(|flow| flow.initiator == who);
    let mut explicable = opened
        .map(|flow| candidates(book, flow, At::Initiator))
        .filter(|candidates| !candidates.is_empty())
        .peekable();
    explicable.peek().is_some() && explicable.all(|candidates| candidates.contains(&client))
}

/// Whether a network holds somebody whom the site file names by an address.
fn is_mixed(book: &Book<'_>, network: IpNet) -> bool {
    let given = book.site.statements.iter().filter(|one| one.given);
    let mut prefixes = given.filter_map(|one| match one.extent {
        crate::site::Extent::Prefix(prefix) => Some(prefix),
        _ => None,
    });
    prefixes.any(|prefix| prefix != network && network.contains(&prefix))
}
