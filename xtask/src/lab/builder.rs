//! How a lab is planned and wired.

use std::fmt::Write as _;
use std::net::IpAddr;

use anyhow::{Context, Result, ensure};
use ipnet::IpNet;

use super::{Lab, Netns, Tier, netns};

/// Longest name that the kernel gives an interface.
const INTERFACE_NAME_MAX: usize = 15;

/// What a tier will be: a name, the gateway's addresses toward it, and its computers' addresses.
#[derive(Clone, Debug)]
pub struct TierPlan {
    pub(super) name: String,
    pub(super) networks: Vec<IpNet>,
    addresses: Vec<IpAddr>,
}

impl TierPlan {
    /// A tier without networks; the gateway's interface toward it gets the name too.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            networks: Vec::new(),
            addresses: Vec::new(),
        }
    }

    /// Adds a network, given as the gateway's address in it: `10.10.0.1/16`.
    ///
    /// # Panics
    /// Where that is no address with a prefix length.
    #[must_use]
    pub fn network(mut self, gateway: &str) -> Self {
        self.networks.push(
            gateway
                .parse()
                .unwrap_or_else(|_| panic!("{gateway:?} is no ADDRESS/LENGTH")),
        );
        self
    }

    /// Adds a computer by its address, which one of the networks contains.
    ///
    /// # Panics
    /// Where that is no address.
    #[must_use]
    pub fn address(self, address: &str) -> Self {
        let address = address
            .parse()
            .unwrap_or_else(|_| panic!("{address:?} is no IP address"));
        self.addresses([address])
    }

    /// Adds several computers.
    #[must_use]
    pub fn addresses(mut self, addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        self.addresses.extend(addresses);
        self
    }
}

pub(super) fn build(plans: &[TierPlan]) -> Result<Lab> {
    let gateway = Netns::new("gateway")?;
    quiet_before_links(&gateway)?;
    let mut tiers = Vec::new();
    for plan in plans {
        let length = plan.name.len();
        ensure!(
            (1..=INTERFACE_NAME_MAX).contains(&length),
            "tier name {:?}: an interface is called like it, so 1 to {INTERFACE_NAME_MAX} bytes",
            plan.name
        );
        let netns = Netns::new(&plan.name)?;
        quiet_before_links(&netns)?;
        tiers.push(Tier {
            plan: plan.clone(),
            netns,
        });
    }
    netns::ip_batch(&wiring(&gateway, &tiers)).context("linking the tiers to the gateway")?;
    for tier in &tiers {
        configure(&gateway, tier)?;
    }
    gateway.set_sysctl("ipv4/ip_forward", "1")?;
    gateway.set_sysctl("ipv6/conf/all/forwarding", "1")?;
    Ok(Lab { tiers, gateway })
}

/// Links one tier to the gateway, with the addresses of both ends.
pub(super) fn link(gateway: &Netns, tier: &Tier) -> Result<()> {
    let line = wiring(gateway, std::slice::from_ref(tier));
    netns::ip_batch(&line).with_context(|| format!("linking tier {} to the gateway", tier.name()))?;
    configure(gateway, tier)
}

fn configure(gateway: &Netns, tier: &Tier) -> Result<()> {
    for side in [gateway, tier.netns()] {
        let lines = configuration(std::ptr::eq(side, gateway), &tier.plan)?;
        side.ip_batch(&lines)
            .with_context(|| format!("giving tier {} its addresses", tier.name()))?;
    }
    Ok(())
}

/// No duplicate address detection (an address is usable at once), no router solicitations, no redirects,
/// and no reverse path filter: what a test sends is what crosses.
fn quiet_before_links(netns: &Netns) -> Result<()> {
    for scope in ["all", "default"] {
        for (setting, value) in [
            ("accept_dad", "0"),
            ("dad_transmits", "0"),
            ("accept_ra", "0"),
            ("accept_redirects", "0"),
            ("router_solicitations", "0"),
        ] {
            netns.set_sysctl(&format!("ipv6/conf/{scope}/{setting}"), value)?;
        }
        for setting in ["rp_filter", "send_redirects", "accept_redirects"] {
            netns.set_sysctl(&format!("ipv4/conf/{scope}/{setting}"), "0")?;
        }
    }
    Ok(())
}

fn wiring(gateway: &Netns, tiers: &[Tier]) -> String {
    let mut lines = String::new();
    for tier in tiers {
        let (near, far) = (gateway.name(), tier.netns.name());
        let _ = writeln!(
            lines,
            "link add name {} netns {near} type veth peer name {} netns {far}",
            tier.name(),
            Tier::INTERFACE
        );
    }
    lines
}

fn configuration(gateway: bool, plan: &TierPlan) -> Result<String> {
    let interface = if gateway { &plan.name } else { Tier::INTERFACE };
    let mut lines = format!("link set dev lo up\nlink set dev {interface} up\n");
    let mut add = |address: IpAddr, length: u8| {
        let nodad = if address.is_ipv6() { " nodad" } else { "" };
        let _ = writeln!(lines, "addr add {address}/{length} dev {interface}{nodad}");
    };
    if gateway {
        for network in &plan.networks {
            add(network.addr(), network.prefix_len());
        }
        return Ok(lines);
    }
    for &address in &plan.addresses {
        let network = plan.networks.iter().find(|network| network.contains(&address));
        let network = network.with_context(|| format!("{address} is in no network of tier {}", plan.name))?;
        add(address, network.prefix_len());
    }
    for ipv6 in [false, true] {
        let has_computers = |network: &&IpNet| plan.addresses.iter().any(|address| network.contains(address));
        let of_family = |network: &&IpNet| network.addr().is_ipv6() == ipv6;
        if let Some(network) = plan.networks.iter().filter(of_family).find(has_computers) {
            let _ = writeln!(lines, "route add default via {}", network.addr());
        }
    }
    Ok(lines)
}
