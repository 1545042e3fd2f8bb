//! What a driver says of its interface (`SIOCETHTOOL`).

use std::io;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};

use super::netlink::text;

/// Longest name of an interface, with the zero that ends it.
const NAME: usize = 16;

// Commands and layouts of linux/ethtool.h.
const ETHTOOL_GDRVINFO: u32 = 0x03;
const ETHTOOL_GFLAGS: u32 = 0x25;
const ETH_FLAG_RXVLAN: u32 = 1 << 8;
const ETH_FLAG_LRO: u32 = 1 << 15;
const SIOCETHTOOL: u16 = 0x8946;

/// `struct ethtool_drvinfo` as far as the driver's name; the kernel fills all 196 bytes.
#[repr(C)]
struct DriverInfo {
    command: u32,
    driver: [u8; 32],
    rest: [u8; 160],
}

/// `struct ethtool_value`.
#[repr(C)]
struct Value {
    command: u32,
    data: u32,
}

/// `struct ifreq` with a pointer in it.
#[repr(C)]
struct Request<T> {
    name: [u8; NAME],
    data: *mut T,
    rest: [u8; 16],
}

/// What a card does to frames before anything in the kernel sees them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offloads {
    /// Merges received packets into large ones (LRO).
    pub merges: bool,
    /// Takes VLAN tags off.
    pub takes_tags: bool,
}

/// A socket to ask drivers over; it sees the network namespace of the thread that made it.
pub(super) struct Drivers(OwnedFd);

impl Drivers {
    /// Opens the socket.
    pub(super) fn open() -> io::Result<Self> {
        // SAFETY: the call takes numbers only.
        let socket = unsafe { libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0) };
        if socket < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: a descriptor that was just made and belongs to nobody else.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(socket) }))
    }

    /// Name of the driver; nothing where the interface has none (a bridge of some kernels, a tunnel).
    pub(super) fn driver(&self, interface: &str) -> Option<String> {
        let mut info = DriverInfo {
            command: ETHTOOL_GDRVINFO,
            driver: [0; 32],
            rest: [0; 160],
        };
        self.ask(interface, &mut info)?;
        let name = text(&info.driver);
        (!name.is_empty()).then_some(name)
    }

    /// What the card does to received frames, as far as its driver says.
    pub(super) fn offloads(&self, interface: &str) -> Offloads {
        let mut flags = Value {
            command: ETHTOOL_GFLAGS,
            data: 0,
        };
        if self.ask(interface, &mut flags).is_none() {
            return Offloads::default();
        }
        Offloads {
            merges: flags.data & ETH_FLAG_LRO != 0,
            takes_tags: flags.data & ETH_FLAG_RXVLAN != 0,
        }
    }

    /// Lets the kernel fill in an answer; nothing where it refuses.
    fn ask<T>(&self, interface: &str, answer: &mut T) -> Option<()> {
        let bytes = interface.as_bytes();
        let mut name = [0; NAME];
        name[..NAME - 1].get_mut(..bytes.len())?.copy_from_slice(bytes);
        let mut request = Request {
            name,
            data: answer,
            rest: [0; 16],
        };
        // SAFETY: the request has the layout and size of `struct ifreq`; its pointer leads to an answer of the
        // command's own layout, which lives until the call is over.
        let done = unsafe { libc::ioctl(self.0.as_raw_fd(), SIOCETHTOOL.into(), &raw mut request) };
        (done >= 0).then_some(())
    }
}
