//! Network namespaces around a gateway.
//!
//! ```text
//! tier "client"   eth0 ---- client  \
//! tier "site"     eth0 ---- site     gateway, forwarding IPv4 and IPv6
//! tier "data"     eth0 ---- data    /
//! ```
//!
//! A [`Lab`] owns its namespaces: they go when it is dropped, on panic, and on SIGINT or SIGTERM. Their
//! names carry the process id, so any number of labs live side by side, and what a killed process left
//! behind is removed by the next one. Making a lab needs root and `ip` of iproute2; [`unavailable`] says
//! in words why one cannot be made here.
//!
//! Two things to know:
//! - a child started by [`Netns::start`] dies with the *thread* that started it (`PR_SET_PDEATHSIG`):
//!   start what has to live on from a thread that lives on;
//! - namespaces are entered by `setns`, never by `ip netns exec`, which mounts another /sys and so hides
//!   bpffs. A program that needs a /sys of its namespace gets one by [`Netns::command_with_sys`].

mod builder;
mod cleanup;
mod counters;
mod frame_socket;
mod mount_space;
mod netns;
mod probe;
mod running;
mod service;
mod sockets;
mod wait;

use std::net::IpAddr;

use anyhow::{Context, Result};
use ipnet::IpNet;

pub use builder::TierPlan;
pub use cleanup::{ScratchDir, Signals};
pub use counters::InterfaceCounters;
pub use frame_socket::FrameSocket;
pub use netns::Netns;
pub use probe::cannot_observe;
pub use running::Running;
pub use service::Service;
pub use sockets::any_port;
pub use wait::{eventually, wait_until};

/// A gateway and the tiers around it.
#[derive(Debug)]
pub struct Lab {
    // Tiers first: their ends of the veth pairs go before the gateway does.
    tiers: Vec<Tier>,
    gateway: Netns,
}

/// Computers behind one interface of the gateway: a namespace with their addresses.
#[derive(Debug)]
pub struct Tier {
    plan: TierPlan,
    netns: Netns,
}

impl Lab {
    /// Makes the gateway and the tiers; every address answers when this returns.
    pub fn new(tiers: &[TierPlan]) -> Result<Self> {
        builder::build(tiers)
    }

    /// The namespace that all traffic crosses; its interfaces have the names of the tiers.
    pub fn gateway(&self) -> &Netns {
        &self.gateway
    }

    /// The tiers, in the order in which they were planned.
    pub fn tiers(&self) -> &[Tier] {
        &self.tiers
    }

    /// The tier of that name.
    ///
    /// # Panics
    /// Where none was planned with it.
    pub fn tier(&self, name: &str) -> &Tier {
        self.tiers
            .iter()
            .find(|tier| tier.name() == name)
            .unwrap_or_else(|| panic!("the lab has no tier {name:?}"))
    }

    /// Names of the gateway's interfaces, one for each tier.
    pub fn gateway_interfaces(&self) -> Vec<String> {
        self.tiers.iter().map(|tier| tier.name().to_owned()).collect()
    }

    /// Counters of the gateway's interface toward the tier of that name.
    pub fn gateway_counters(&self, tier: &str) -> Result<InterfaceCounters> {
        self.gateway.counters(tier)
    }

    /// Deletes the gateway's interface toward the tier of that name; its other end goes with it.
    pub fn unlink(&self, tier: &str) -> Result<()> {
        self.gateway.ip(&format!("link del dev {tier}"))
    }

    /// Makes again what [`Lab::unlink`] deleted, under the same name and with the addresses that were planned.
    pub fn link_again(&self, tier: &str) -> Result<()> {
        builder::link(&self.gateway, self.tier(tier))
    }
}

impl Tier {
    /// Its interface, the only one beside `lo`.
    pub const INTERFACE: &str = "eth0";

    /// Name as planned; the gateway's interface toward it is called the same.
    pub fn name(&self) -> &str {
        &self.plan.name
    }

    /// The namespace of its computers.
    pub fn netns(&self) -> &Netns {
        &self.netns
    }

    /// Its networks, each with the gateway's address in it.
    pub fn networks(&self) -> &[IpNet] {
        &self.plan.networks
    }

    /// Whether an address belongs to one of its networks.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.networks().iter().any(|network| network.contains(&address))
    }

    /// Adds one more computer.
    pub fn add_address(&self, address: IpAddr) -> Result<()> {
        let network = self
            .networks()
            .iter()
            .find(|network| network.contains(&address))
            .with_context(|| format!("{address} is in no network of tier {}", self.name()))?;
        let nodad = if address.is_ipv6() { " nodad" } else { "" };
        self.netns.ip(&format!(
            "addr add {address}/{}{nodad} dev {}",
            network.prefix_len(),
            Self::INTERFACE
        ))
    }

    /// Sets the largest packet of the tier's interface (not of the gateway's end of it).
    pub fn set_mtu(&self, bytes: u32) -> Result<()> {
        self.netns
            .ip(&format!("link set dev {} mtu {bytes}", Self::INTERFACE))
    }
}

/// Why no lab can be made here, in words for whoever reads the test's output; none where one can.
pub fn unavailable() -> Option<String> {
    if !rustix::process::geteuid().is_root() {
        return Some("network namespaces need root; run this as root or with sudo".into());
    }
    netns::ip_program().err().map(|error| format!("{error:#}"))
}
