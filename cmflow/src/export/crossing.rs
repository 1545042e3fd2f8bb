//! What a routed gateway forwards: not what is meant for one link only.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

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

/// Whether no router forwards what is sent from or to it.
#[must_use]
pub fn stays_on_its_link(address: &IpNet) -> bool {
    why_it_stays(address).is_some()
}

fn why_it_stays(address: &IpNet) -> Option<&'static str> {
    let mut ranges = STAY.iter();
    let found = ranges.find(|(range, _)| {
        let range: IpNet = range.parse().expect("a constant prefix");
        range.contains(address)
    });
    found.map(|(_, why)| *why)
}

/// Tells apart what a router forwards and what it does not.
pub(super) fn split(addresses: &[IpNet], source: bool) -> Crossing {
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

impl Crossing {
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
