//! What a routed gateway forwards: not what is meant for one link only.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::answer::Opening;
use crate::firewall::{Ranges, addresses, prefixes};

/// Addresses of one side of an opening.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Crossing {
    v4: Vec<Ipv4Net>,
    v6: Vec<Ipv6Net>,
    /// Why some stay on their link.
    pub(super) stays: Vec<String>,
}

/// Ranges that a router does not forward, and why.
const STAY: [(&str, &str); 8] = [
    (
        "255.255.255.255/32",
        "the limited broadcast stays on its link: a relay (ip helper) sends it on from its own address to the server",
    ),
    (
        "0.0.0.0/32",
        "a computer without an address is heard on its link only: a relay (ip helper) asks in its stead",
    ),
    (
        "::/128",
        "a computer without an address is heard on its link only",
    ),
    ("127.0.0.0/8", "loopback addresses stay on their computer"),
    ("169.254.0.0/16", "link-local addresses stay on their link"),
    ("fe80::/10", "link-local addresses stay on their link"),
    ("224.0.0.0/24", "link-local multicast stays on its link"),
    (
        "ff02::/16",
        "link-local multicast stays on its link: a DHCPv6 relay sends it on from its own address",
    ),
];

const MULTICAST: &str = "multicast crosses only where this gateway routes multicast";

fn why_it_stays(address: &IpNet) -> Option<&'static str> {
    let mut ranges = STAY.iter();
    let found = ranges.find(|(range, _)| {
        let range: IpNet = range.parse().expect("a constant prefix");
        range.contains(address)
    });
    found.map(|(_, why)| *why)
}

/// Sources and destinations of an opening, as far as a router forwards between them.
#[must_use]
pub fn routed(opening: &Opening) -> [Vec<IpNet>; 2] {
    ends(opening).map(|end| {
        let v4 = end.v4.into_iter().map(IpNet::V4);
        v4.chain(end.v6.into_iter().map(IpNet::V6)).collect()
    })
}

/// The same, with why some stay on their link.
pub(super) fn ends(opening: &Opening) -> [Crossing; 2] {
    let mut destinations = split(&opening.destinations, false);
    let roles = &opening.destination_roles;
    if !roles.is_empty() && roles.iter().all(|role| is_public(role)) {
        destinations.leave_public();
    }
    [split(&opening.sources, true), destinations]
}

/// Tells apart what a router forwards and what it does not.
fn split(addresses: &[IpNet], source: bool) -> Crossing {
    let mut crossing = Crossing::default();
    for address in addresses {
        let stay = why_it_stays(address);
        match (stay, address) {
            (Some(why), _) => crossing.stays.push(why.to_owned()),
            (None, IpNet::V4(address)) => crossing.v4.push(*address),
            (None, IpNet::V6(address)) => crossing.v6.push(*address),
        }
    }
    // Nobody sends from a group, so that it needs no word where it is a source.
    if source {
        crossing.v4.retain(|address| !address.addr().is_multicast());
        crossing.v6.retain(|address| !address.addr().is_multicast());
    }
    crossing.stays.sort();
    crossing.stays.dedup();
    crossing
}

/// Roles that mean whoever is on the internet, where the site file gives them no addresses.
const PUBLIC: [&str; 3] = ["internet", "microsoft", "exchange-online"];
const PUBLIC_KINDS: [&str; 4] = ["azure-", "cloud-", "cmg-", "microsoft-"];

/// Ranges of IPv4 that nobody on the internet has (RFC 6890), but for small ones that no network uses.
const NOT_PUBLIC: [&str; 9] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/3",
];

/// What IPv6 has on the internet (RFC 4291).
const PUBLIC_V6: &str = "2000::/3";

/// Whether a role means whoever is on the internet.
fn is_public(role: &str) -> bool {
    PUBLIC.contains(&role) || PUBLIC_KINDS.iter().any(|kind| role.starts_with(kind))
}

impl Crossing {
    /// Everybody becomes everybody on the internet: a line toward it must not open the own networks.
    fn leave_public(&mut self) {
        if self.v4.iter().any(|address| address.prefix_len() == 0) {
            let everybody = prefixes([&Ipv4Net::default().into()]);
            let ours: Vec<IpNet> = NOT_PUBLIC
                .map(|range| range.parse().expect("a constant prefix"))
                .to_vec();
            let [all, _] = everybody;
            let [ours, _] = prefixes(&ours);
            let public = addresses(&[all.without(&ours), Ranges::default()]);
            self.v4 = public
                .into_iter()
                .filter_map(|address| match address {
                    IpNet::V4(address) => Some(address),
                    IpNet::V6(_) => None,
                })
                .collect();
        }
        if self.v6.iter().any(|address| address.prefix_len() == 0) {
            self.v6 = vec![PUBLIC_V6.parse().expect("a constant prefix")];
        }
    }

    /// Those of a family, the fewest prefixes that say the same, with what a person has to look at; nothing where there
    /// is none.
    pub(super) fn of(&self, ipv6: bool) -> Option<(Vec<IpNet>, Vec<String>)> {
        let found: Vec<IpNet> = if ipv6 {
            Ipv6Net::aggregate(&self.v6).into_iter().map(IpNet::V6).collect()
        } else {
            Ipv4Net::aggregate(&self.v4).into_iter().map(IpNet::V4).collect()
        };
        let group = found.iter().any(|address| address.addr().is_multicast());
        let review = if group {
            vec![MULTICAST.to_owned()]
        } else {
            Vec::new()
        };
        (!found.is_empty()).then_some((found, review))
    }
}
