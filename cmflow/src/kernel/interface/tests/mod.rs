//! Interfaces that no machine has: planning, what a program is told, and what is refused, as tables.

use super::Interface;
use super::machine::Release;

mod planning;
mod refusals;

const NEW: Release = Release { major: 6, minor: 18 };
const OLD: Release = Release { major: 6, minor: 1 };

const ETHERNET: u16 = libc::ARPHRD_ETHER;
const BARE: u16 = libc::ARPHRD_NONE;

/// A card that is up.
fn card(name: &str, index: u32, driver: &str) -> Interface {
    Interface {
        name: name.to_owned(),
        index,
        up: true,
        hardware: ETHERNET,
        mtu: 1500,
        driver: Some(driver.to_owned()),
        ..Interface::default()
    }
}

/// A device of some kind, standing on another one.
fn device(name: &str, index: u32, kind: &str, parent: Option<u32>) -> Interface {
    Interface {
        kind: Some(kind.to_owned()),
        parent,
        ..card(name, index, kind)
    }
}

/// The same as a port of another one.
fn port_of(master: u32, interface: Interface) -> Interface {
    Interface {
        master: Some(master),
        ..interface
    }
}
