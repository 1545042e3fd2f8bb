//! Which hook suits an interface, and what its copy of the program must know.

use std::fmt;

use clap::ValueEnum;

use super::machine::Release;
use super::{Interface, InterfaceError};
use crate::kernel::{Constants, Hook};

/// The mode that a user asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Native XDP where the driver has it and keeps its link up, else tcx, else generic XDP
    #[default]
    Auto,
    /// XDP in the driver
    Native,
    /// Traffic control at ingress; lives beside other XDP programs (kernel 6.6)
    Tcx,
    /// XDP in the kernel's stack; packets are merged packets
    Generic,
}

impl Mode {
    /// The name that options and JSON use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Native => "native",
            Self::Tcx => "tcx",
            Self::Generic => "generic",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The hooks to try, and why these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// In the order to try; the next one where the kernel says that there is no such hook here.
    pub hooks: Vec<Hook>,
    /// Why, for people.
    pub why: String,
}

/// Longest packet that surely lies in one piece at the native hook: a page of 4096 bytes less headroom (256),
/// what the kernel keeps at the end (320, `skb_shared_info`), an Ethernet header (14) and two VLAN tags (8).
pub(super) const ONE_PIECE_MTU: u32 = 3498;

/// What the frames of an interface begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// An Ethernet header.
    Ethernet,
    /// An IP header.
    RawIp,
    /// Something that nothing here reads.
    Unreadable,
}

impl Interface {
    /// What its frames begin with (`ARPHRD_` numbers of linux/if_arp.h).
    pub(super) fn shape(&self) -> Shape {
        const ARPHRD_RAWIP: u16 = 519;
        const ARPHRD_IP6GRE: u16 = 823;
        match self.hardware {
            libc::ARPHRD_ETHER | libc::ARPHRD_LOOPBACK => Shape::Ethernet,
            libc::ARPHRD_NONE
            | libc::ARPHRD_PPP
            | libc::ARPHRD_TUNNEL
            | libc::ARPHRD_TUNNEL6
            | libc::ARPHRD_SIT
            | libc::ARPHRD_IPGRE
            | ARPHRD_RAWIP
            | ARPHRD_IP6GRE => Shape::RawIp,
            _ => Shape::Unreadable,
        }
    }

    /// Why its driver will refuse native XDP, as far as it tells beforehand.
    ///
    /// A driver from outside the kernel may know native XDP and not say so: native XDP is tried all the same.
    pub(super) fn lacks_native(&self) -> Option<String> {
        let native = self.native?;
        let driver = self.driver.as_ref();
        let driver = driver.map_or_else(|| "its driver".to_owned(), |name| format!("driver {name}"));
        if !native.present {
            Some(format!("{driver} has no native XDP"))
        } else if !native.pieces && self.mtu > ONE_PIECE_MTU {
            let mtu = self.mtu;
            Some(format!("{driver} has no native XDP for an MTU of {mtu}"))
        } else {
            None
        }
    }

    /// Whether it passes frames on to others as they are: a bridge of any kind.
    fn is_bridge(&self) -> bool {
        let bridge = |name: &Option<String>| matches!(name.as_deref(), Some("bridge" | "openvswitch"));
        bridge(&self.kind) || bridge(&self.driver)
    }

    /// Whether several interfaces are one link behind it.
    fn is_aggregate(&self) -> bool {
        let kind = self.kind.as_deref().or(self.driver.as_deref());
        matches!(kind, Some("bond" | "bonding" | "team"))
    }
}

/// The hooks to try on an interface.
///
/// # Errors
/// Where the kernel's release cannot be told.
pub fn plan(interface: &Interface, mode: Mode) -> Result<Plan, InterfaceError> {
    Ok(plan_for(interface, mode, Release::running()?))
}

/// The hooks to try on an interface under that kernel.
pub(super) fn plan_for(interface: &Interface, mode: Mode, kernel: Release) -> Plan {
    let asked = |hook: Hook| Plan {
        hooks: vec![hook],
        why: "asked for by --mode".to_owned(),
    };
    match mode {
        Mode::Native => return asked(Hook::Native),
        Mode::Tcx => return asked(Hook::Tcx),
        Mode::Generic => return asked(Hook::Generic),
        Mode::Auto => {}
    }
    let not_native = if interface.shape() == Shape::RawIp {
        Some("its frames have no Ethernet header".to_owned())
    } else {
        let driver = interface.driver.as_deref().unwrap_or_default();
        interface
            .resets_link()
            .then(|| format!("driver {driver} takes its link down to attach native XDP"))
    };
    let tcx = kernel.has_tcx();
    let mut hooks = Vec::new();
    if not_native.is_none() {
        hooks.push(Hook::Native);
    }
    if tcx {
        hooks.push(Hook::Tcx);
    }
    hooks.push(Hook::Generic);
    let mut why =
        not_native.unwrap_or_else(|| "native XDP counts each frame as it was on the wire".to_owned());
    if !tcx {
        why += &format!("; tcx needs kernel {} and this is {kernel}", Release::TCX);
    }
    if hooks.first() == Some(&Hook::Generic) {
        why += "; packets are merged packets";
    }
    Plan { hooks, why }
}

/// What an interface's copy of the program must know. `slot` is its place among the outcome counters, `all` what
/// the machine has (its bridge is looked up there).
#[must_use]
pub fn constants(interface: &Interface, slot: u32, hook: Hook, all: &[Interface]) -> Constants {
    let mut link = interface;
    let mut bridged = false;
    // A port of a bond in a bridge is two steps below it; the bound holds where masters were read in a circle.
    for _ in 0..all.len() {
        let above = link
            .master
            .and_then(|master| all.iter().find(|other| other.index == master));
        match above {
            Some(above) if above.is_bridge() || above.is_aggregate() => {
                bridged |= above.is_bridge();
                link = above;
            }
            _ => break,
        }
    }
    Constants {
        interface: interface.index,
        interface_slot: slot,
        link: link.index,
        tags_apart: bridged,
        raw_ip: interface.shape() == Shape::RawIp,
        in_pieces: hook == Hook::Generic || interface.mtu > ONE_PIECE_MTU,
        debug: false,
    }
}
