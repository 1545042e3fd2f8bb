//! Which addresses are groups: by their range, by name in the catalogue, and as last address of a subnet.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use crate::catalogue::{Catalogue, Group, Page};
use crate::site::{Extent, SiteModel};

use super::Machine;
use super::rules::of_companions;
use super::special::GROUPS;

/// A subnet with a longer prefix has no broadcast address (RFC 3021).
const LONGEST_WITH_BROADCAST: u8 = 30;

/// Prefixes that are groups, outer ones before inner ones.
pub(super) fn nodes(
    catalogue: &Catalogue,
    page: &Page,
    site: &SiteModel,
    machine: &Machine,
) -> Vec<(IpNet, Group)> {
    let ranges = GROUPS.iter().map(|(prefix, group)| {
        let prefix = prefix.parse().expect("the table holds prefixes");
        (prefix, *group)
    });
    let rules = page.rules().chain(of_companions(catalogue, site));
    let named = rules.flat_map(|rule| &rule.delivery.groups);
    let named = named.filter_map(|group| match group {
        Group::Address(address) => Some((IpNet::from(*address), *group)),
        Group::Broadcast | Group::Multicast => None,
    });
    let subnets = machine.broadcasts.iter().copied();
    let broadcasts = subnets.chain(of_clients(catalogue, site));
    let broadcasts = broadcasts.map(|address| (IpNet::from(address), Group::Broadcast));
    ranges.chain(named).chain(broadcasts).collect()
}

/// Last addresses of the client networks: what wakes up computers of a subnet that is not the gateway's own. Whether a
/// prefix is one subnet or many, its last address is the broadcast address of one.
fn of_clients(catalogue: &Catalogue, site: &SiteModel) -> impl Iterator<Item = IpAddr> {
    let client = catalogue.role("client");
    let given = site
        .statements
        .iter()
        .filter(move |one| one.given && Some(one.role) == client);
    given.filter_map(|statement| match statement.extent {
        Extent::Prefix(IpNet::V4(prefix)) if prefix.prefix_len() <= LONGEST_WITH_BROADCAST => {
            Some(IpAddr::from(Ipv4Addr::from_bits(prefix.broadcast().to_bits())))
        }
        _ => None,
    })
}
