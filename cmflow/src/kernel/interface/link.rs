//! What the kernel says of its interfaces: rtnetlink, never `/sys`, which may show another network namespace.

use std::io;
use std::net::{IpAddr, Ipv4Addr};

use aya::programs::loaded_programs;
use netlink_sys::protocols::NETLINK_ROUTE;

use super::InterfaceError;
use super::ethtool::{Drivers, Offloads};
use super::native::{self, Native};
use super::netlink::{Attributes, Netlink, text};

// Numbers and layouts of linux/rtnetlink.h, linux/if_link.h and linux/if_addr.h.
const RTM_NEWLINK_FIXED: usize = 16;
const RTM_NEWADDR_FIXED: usize = 8;
const IFLA_IFNAME: u16 = 3;
const IFLA_MTU: u16 = 4;
const IFLA_LINK: u16 = 5;
const IFLA_MASTER: u16 = 10;
const IFLA_LINKINFO: u16 = 18;
const IFLA_INFO_KIND: u16 = 1;
const IFLA_STATS64: u16 = 23;
const IFLA_CARRIER: u16 = 33;
const IFLA_LINK_NETNSID: u16 = 37;
const IFLA_XDP: u16 = 43;
const IFLA_XDP_ATTACHED: u16 = 2;
const IFLA_XDP_PROG_ID: u16 = 4;
const IFLA_XDP_DRV_PROG_ID: u16 = 5;
const IFLA_XDP_SKB_PROG_ID: u16 = 6;
const IFLA_XDP_HW_PROG_ID: u16 = 7;
const IFLA_PROP_LIST: u16 = 52;
const IFLA_ALT_IFNAME: u16 = 53;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;

/// Names that are listed where a wrong one has no likeness to any.
const SHORT_LIST: usize = 12;

/// An XDP program that sits on an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    /// Where: `native`, `generic`, `offloaded`, or `more than one`.
    pub mode: &'static str,
    /// Number of the program.
    pub program: u32,
    /// Its name, where the rights suffice to ask for it.
    pub name: Option<String>,
}

/// What the machine says of an interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// Other names it answers to.
    pub other_names: Vec<String>,
    /// Its index.
    pub index: u32,
    /// Whether it was set up (`ip link set … up`).
    pub up: bool,
    /// Whether something answers at the other end; nothing where the driver cannot say.
    pub carrier: Option<bool>,
    /// Hardware type, an `ARPHRD_` number.
    pub hardware: u16,
    /// Longest packet, without the Ethernet header.
    pub mtu: u32,
    /// Name of the driver.
    pub driver: Option<String>,
    /// What the card does to received frames.
    pub offloads: Offloads,
    /// What the driver says of native XDP; nothing under kernels before 6.3.
    pub native: Option<Native>,
    /// Index of the bridge, bond or team that it is a port of.
    pub master: Option<u32>,
    /// Index of the interface of the same network namespace that it stands on. For a veth: its other end.
    pub parent: Option<u32>,
    /// What it is where it is no card: `veth`, `bridge`, `vlan`.
    pub kind: Option<String>,
    /// The XDP program that sits on it.
    pub attached: Option<Attached>,
    /// Packets received.
    pub rx_packets: u64,
    /// Bytes received.
    pub rx_bytes: u64,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
}

/// Every interface of the network namespace of this thread, by index.
///
/// # Errors
/// Where the kernel does not answer.
pub fn all() -> Result<Vec<Interface>, InterfaceError> {
    let asking = InterfaceError::asking("the list of interfaces");
    let mut netlink = Netlink::open(NETLINK_ROUTE).map_err(&asking)?;
    let links = netlink
        .list(libc::RTM_GETLINK, &[0; RTM_NEWLINK_FIXED])
        .map_err(&asking)?;
    let drivers = Drivers::open().map_err(&asking)?;
    let addresses = addresses()?;
    let native = native::all();
    let mut interfaces: Vec<_> = links.iter().filter_map(|link| read(link)).collect();
    for interface in &mut interfaces {
        interface.driver = drivers.driver(&interface.name);
        interface.offloads = drivers.offloads(&interface.name);
        interface.native = native.get(&interface.index).copied();
        let own = addresses.iter().filter(|(index, _)| *index == interface.index);
        interface.addresses = own.map(|(_, address)| *address).collect();
        if let Some(attached) = &mut interface.attached {
            attached.name = program_name(attached.program);
        }
    }
    interfaces.sort_by_key(|interface| interface.index);
    Ok(interfaces)
}

/// The interface of that name.
///
/// # Errors
/// Where there is none; the error names the nearest one.
pub fn find(name: &str) -> Result<Interface, InterfaceError> {
    named(name, &all()?).cloned()
}

/// The interface of that name among those.
pub(super) fn named<'a>(name: &str, among: &'a [Interface]) -> Result<&'a Interface, InterfaceError> {
    let has = |interface: &&Interface| {
        interface.name == name || interface.other_names.iter().any(|other| other == name)
    };
    among.iter().find(has).ok_or_else(|| InterfaceError::Missing {
        name: name.to_owned(),
        hint: nearest(name, among),
    })
}

/// What to say of a name that nothing has: the likeliest one, else all where they are few.
fn nearest(name: &str, among: &[Interface]) -> String {
    let closeness = |interface: &&Interface| {
        let shared = strsim::jaro_winkler(name, &interface.name);
        (shared * 1000.0) as u32
    };
    if let Some(best) = among.iter().max_by_key(closeness)
        && strsim::damerau_levenshtein(name, &best.name) <= 1 + name.len() / 5
    {
        return format!("; did you mean \"{}\"?", best.name);
    }
    if among.len() > SHORT_LIST {
        return "; 'ip link' lists what there is".to_owned();
    }
    let names: Vec<_> = among.iter().map(|interface| interface.name.as_str()).collect();
    format!("; there are: {}", names.join(", "))
}

/// Packets and bytes that an interface received, as the kernel counts them.
///
/// # Errors
/// Where the interface is gone.
pub fn counters(index: u32) -> Result<(u64, u64), InterfaceError> {
    let asking = InterfaceError::asking("the counters of an interface");
    let mut question = [0; RTM_NEWLINK_FIXED];
    question[4..8].copy_from_slice(&index.to_ne_bytes());
    let mut netlink = Netlink::open(NETLINK_ROUTE).map_err(&asking)?;
    let answer = netlink.get(libc::RTM_GETLINK, &question);
    let link = answer.map_err(|error| match error.raw_os_error() {
        Some(libc::ENODEV) => InterfaceError::Gone { index },
        _ => asking(error),
    })?;
    read(&link)
        .map(|interface| (interface.rx_packets, interface.rx_bytes))
        .ok_or_else(|| asking(io::ErrorKind::InvalidData.into()))
}

/// The addresses of this gateway, each with the index of its interface.
///
/// # Errors
/// Where the kernel does not answer.
pub fn addresses() -> Result<Vec<(u32, IpAddr)>, InterfaceError> {
    let own = own_addresses()?.into_iter();
    Ok(own.map(|own| (own.interface, own.address)).collect())
}

/// The broadcast addresses of the subnets that this gateway has an address in: the last address of each.
///
/// # Errors
/// Where the kernel does not answer.
pub fn broadcasts() -> Result<Vec<IpAddr>, InterfaceError> {
    let mut last: Vec<IpAddr> = own_addresses()?
        .iter()
        .filter_map(OwnAddress::broadcast)
        .collect();
    last.sort_unstable();
    last.dedup();
    Ok(last)
}

/// An address of this gateway.
#[derive(Clone, Copy, Debug)]
struct OwnAddress {
    interface: u32,
    address: IpAddr,
    prefix_length: u8,
}

impl OwnAddress {
    /// The last address of its subnet. A subnet of one or two addresses has no broadcast address (RFC 3021), IPv6 has
    /// none at all.
    fn broadcast(&self) -> Option<IpAddr> {
        let IpAddr::V4(address) = self.address else {
            return None;
        };
        let hosts = (self.prefix_length <= 30).then(|| u32::MAX.checked_shr(self.prefix_length.into()))?;
        let last = Ipv4Addr::from_bits(address.to_bits() | hosts?);
        (!address.is_loopback()).then_some(last.into())
    }
}

fn own_addresses() -> Result<Vec<OwnAddress>, InterfaceError> {
    let asking = InterfaceError::asking("the addresses of this machine");
    let mut netlink = Netlink::open(NETLINK_ROUTE).map_err(&asking)?;
    let answers = netlink
        .list(libc::RTM_GETADDR, &[0; RTM_NEWADDR_FIXED])
        .map_err(&asking)?;
    let address = |message: &Vec<u8>| {
        // Family, prefix length, flags, scope, index of the interface.
        let prefix_length = *message.get(1)?;
        let interface = u32::from_ne_bytes(message.get(4..8)?.try_into().ok()?);
        let attributes = Attributes::behind(message, RTM_NEWADDR_FIXED);
        // Between two ends of a link the plain address is the other end's, the local one our own.
        let address = attributes
            .address(IFA_LOCAL)
            .or_else(|| attributes.address(IFA_ADDRESS))?;
        Some(OwnAddress {
            interface,
            address,
            prefix_length,
        })
    };
    Ok(answers.iter().filter_map(address).collect())
}

/// An interface out of `RTM_NEWLINK`: family, padding, hardware type, index, flags, change mask, attributes.
pub(super) fn read(message: &[u8]) -> Option<Interface> {
    let word = |at: usize| Some(u32::from_ne_bytes(message.get(at..at + 4)?.try_into().ok()?));
    let hardware = u16::from_ne_bytes(message.get(2..4)?.try_into().ok()?);
    let attributes = Attributes::behind(message, RTM_NEWLINK_FIXED);
    let index = word(4)?;
    let up = word(8)? & libc::IFF_UP as u32 != 0;
    // A number of its own means that the index counts in another network namespace.
    let elsewhere = attributes.value(IFLA_LINK_NETNSID).is_some();
    let parent = attributes
        .u32(IFLA_LINK)
        .filter(|parent| !elsewhere && *parent != 0 && *parent != index);
    let other_names = attributes
        .inside(IFLA_PROP_LIST)
        .each()
        .filter(|(kind, _)| *kind == IFLA_ALT_IFNAME)
        .map(|(_, value)| text(value))
        .collect();
    let counter = |at: usize| {
        let bytes = attributes.value(IFLA_STATS64)?.get(at..at + 8)?;
        Some(u64::from_ne_bytes(bytes.try_into().ok()?))
    };
    Some(Interface {
        name: attributes.text(IFLA_IFNAME)?,
        other_names,
        index,
        up,
        // A device that is down has no carrier to speak of.
        carrier: attributes.u8(IFLA_CARRIER).map(|on| on != 0).filter(|_| up),
        hardware,
        mtu: attributes.u32(IFLA_MTU).unwrap_or_default(),
        driver: None,
        offloads: Offloads::default(),
        native: None,
        master: attributes.u32(IFLA_MASTER).filter(|master| *master != 0),
        parent,
        kind: attributes.inside(IFLA_LINKINFO).text(IFLA_INFO_KIND),
        attached: attached(attributes.inside(IFLA_XDP)),
        // rtnl_link_stats64 begins: rx_packets, tx_packets, rx_bytes.
        rx_packets: counter(0).unwrap_or_default(),
        rx_bytes: counter(16).unwrap_or_default(),
        addresses: Vec::new(),
    })
}

/// The XDP program, where there is one.
fn attached(xdp: Attributes<'_>) -> Option<Attached> {
    let (mode, number) = match xdp.u8(IFLA_XDP_ATTACHED)? {
        1 => ("native", IFLA_XDP_DRV_PROG_ID),
        2 => ("generic", IFLA_XDP_SKB_PROG_ID),
        3 => ("offloaded", IFLA_XDP_HW_PROG_ID),
        4 => ("more than one", IFLA_XDP_DRV_PROG_ID),
        _ => return None,
    };
    let program = xdp.u32(number).or_else(|| xdp.u32(IFLA_XDP_PROG_ID));
    Some(Attached {
        mode,
        program: program.unwrap_or_default(),
        name: None,
    })
}

/// Name of a loaded program; asking for it takes `CAP_SYS_ADMIN`.
fn program_name(number: u32) -> Option<String> {
    let program = loaded_programs()
        .map_while(Result::ok)
        .find(|program| program.id() == number)?;
    program
        .name_as_str()
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::OwnAddress;

    #[test]
    fn a_subnet_ends_at_its_broadcast_address() {
        for (own, last) in [
            ("10.10.4.1/24", Some("10.10.4.255")),
            ("10.10.4.1/16", Some("10.10.255.255")),
            ("10.10.4.129/25", Some("10.10.4.255")),
            ("10.10.4.1/30", Some("10.10.4.3")),
            ("0.0.0.1/0", Some("255.255.255.255")),
            ("10.10.4.1/31", None),
            ("10.10.4.1/32", None),
            ("127.0.0.1/8", None),
            ("fd00:10::1/64", None),
        ] {
            let prefix: ipnet::IpNet = own.parse().expect("an address with a length");
            let found = OwnAddress {
                interface: 1,
                address: prefix.addr(),
                prefix_length: prefix.prefix_len(),
            };
            let last = last.map(|text| text.parse().expect("an address"));
            assert_eq!(found.broadcast(), last, "{own}");
        }
    }
}
