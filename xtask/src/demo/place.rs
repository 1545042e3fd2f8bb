//! The computers of the demo: which tier they stand in, their addresses, and the roles they hold.

use std::net::IpAddr;

use crate::lab::TierPlan;

/// One computer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) name: &'static str,
    pub(super) tier: &'static str,
    ipv4: &'static str,
    ipv6: Option<&'static str>,
    /// Role id; none for a computer that the site file does not know.
    pub(super) role: Option<&'static str>,
}

/// The gateway's addresses in each tier.
const TIERS: [(&str, &[&str]); 4] = [
    ("clients", &["10.10.0.1/16", "fd00:10::1/64", "10.99.0.1/24"]),
    ("site", &["10.20.0.1/16", "fd00:20::1/64"]),
    ("data", &["10.30.0.1/16", "fd00:30::1/64"]),
    (
        "beyond",
        &["10.11.0.1/16", "fd00:11::1/64", "10.50.0.1/24", "203.0.113.1/24"],
    ),
];

/// The first of a tier is the one from whose address programs speak that cannot be told which to use:
/// smbclient, rpcclient, tftp, and dnsmasq when it answers DHCP.
#[rustfmt::skip] // one computer a line
pub(super) const PLACES: [Place; 16] = [
    place("laptop", "clients", "10.10.0.11", Some("fd00:10::11"), Some("client")),
    place("desktop", "clients", "10.10.0.12", Some("fd00:10::12"), Some("client")),
    place("voip-pc", "clients", "10.10.0.13", None, Some("client")),
    place("console", "clients", "10.10.0.20", None, Some("configuration-manager-console")),
    place("stranger", "clients", "10.99.0.9", None, None),
    place("pxe", "site", "10.20.0.14", None, Some("distribution-point-pxe")),
    place("mp", "site", "10.20.0.11", Some("fd00:20::11"), Some("management-point")),
    place("dp", "site", "10.20.0.12", Some("fd00:20::12"), Some("distribution-point")),
    place("sup", "site", "10.20.0.13", Some("fd00:20::13"), Some("software-update-point")),
    place("smp", "site", "10.20.0.15", None, Some("state-migration-point")),
    place("site-server", "data", "10.30.0.5", None, Some("site-server")),
    place("sql", "data", "10.30.0.6", Some("fd00:30::6"), Some("sql-server")),
    place("dc", "data", "10.30.0.2", Some("fd00:30::2"), Some("domain-controller")),
    place("branch-pc", "beyond", "10.11.0.31", Some("fd00:11::31"), Some("client")),
    place("parent-sql", "beyond", "10.50.0.6", None, Some("sql-server")),
    place("microsoft", "beyond", "203.0.113.80", None, Some("internet")),
];

const fn place(
    name: &'static str,
    tier: &'static str,
    ipv4: &'static str,
    ipv6: Option<&'static str>,
    role: Option<&'static str>,
) -> Place {
    Place {
        name,
        tier,
        ipv4,
        ipv6,
        role,
    }
}

impl Place {
    /// Its addresses, IPv4 first.
    pub(super) fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        let parse = |address: &str| address.parse().expect("the table holds addresses only");
        [Some(self.ipv4), self.ipv6].into_iter().flatten().map(parse)
    }

    /// Its address of one family.
    ///
    /// # Panics
    /// Where it has none; the test of the table of conversations sees to that.
    pub(super) fn address(&self, ipv6: bool) -> IpAddr {
        self.addresses()
            .find(|address| address.is_ipv6() == ipv6)
            .expect("a conversation uses addresses that exist")
    }
}

/// The computer of that name.
///
/// # Panics
/// Where there is none.
pub(super) fn named(name: &str) -> &'static Place {
    PLACES
        .iter()
        .find(|place| place.name == name)
        .unwrap_or_else(|| panic!("no computer is called {name:?}"))
}

/// The computer with that address.
pub(super) fn at(address: IpAddr) -> Option<&'static Place> {
    PLACES
        .iter()
        .find(|place| place.addresses().any(|its| its == address))
}

/// Tiers for the lab.
pub(super) fn tiers() -> Vec<TierPlan> {
    let plan = |&(name, gateways): &(&'static str, &[&str])| {
        let empty = gateways
            .iter()
            .fold(TierPlan::new(name), |tier, gateway| tier.network(gateway));
        empty.addresses(
            PLACES
                .iter()
                .filter(|place| place.tier == name)
                .flat_map(Place::addresses),
        )
    };
    TIERS.iter().map(plan).collect()
}
