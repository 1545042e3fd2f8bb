//! What a frame begins with: Ethernet, what captures have instead of it, or nothing.

use super::{Announces, Frame, Layer};

/// An Ethernet address.
pub type MacAddress = [u8; 6];

/// Which byte of a number comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteOrder {
    /// The least significant.
    Little,
    /// The most significant.
    Big,
}

impl ByteOrder {
    /// A number's bytes.
    pub(super) const fn bytes(self, number: u32) -> [u8; 4] {
        match self {
            Self::Little => number.to_le_bytes(),
            Self::Big => number.to_be_bytes(),
        }
    }
}

/// A frame that begins with an Ethernet header.
#[must_use]
pub fn eth() -> Frame {
    ethernet([0x02, 0, 0, 0, 0, 0x0a], [0x02, 0, 0, 0, 0, 0x0b])
}

/// A frame that begins with an Ethernet header with those addresses.
#[must_use]
pub fn ethernet(from: MacAddress, to: MacAddress) -> Frame {
    Frame::default().layer(Layer {
        bytes: [&to[..], &from[..], &[0, 0]].concat(),
        announces: Announces::EtherType(12),
        ..Layer::default()
    })
}

/// A packet without Ethernet around it: what tunnels carry, ICMP errors quote, and captures of link type
/// RAW (101) hold.
#[must_use]
pub fn raw() -> Frame {
    Frame::default()
}

/// A frame that begins like those of a Linux "any" capture, link type LINUX_SLL (113): received, by Ethernet.
#[must_use]
pub fn sll() -> Frame {
    let mut bytes = vec![0, 0, 0, 1, 0, 6, 0x02, 0, 0, 0, 0, 0x0a];
    bytes.resize(16, 0);
    Frame::default().layer(Layer {
        bytes,
        announces: Announces::EtherType(14),
        ..Layer::default()
    })
}

/// The newer form of [`sll`], link type LINUX_SLL2 (276), on interface 2.
#[must_use]
pub fn sll2() -> Frame {
    let mut bytes = vec![0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 0x02, 0, 0, 0, 0, 0x0a];
    bytes.resize(20, 0);
    Frame::default().layer(Layer {
        bytes,
        announces: Announces::EtherType(0),
        ..Layer::default()
    })
}

/// A frame that begins like those of BSD loopback, link type NULL (0): an address family in the byte order of
/// the machine that captured. IPv6 is written as 30, macOS's number of it; [`Frame::family`] writes another.
#[must_use]
pub fn null(order: ByteOrder) -> Frame {
    Frame::default().layer(Layer {
        bytes: vec![0; 4],
        announces: Announces::Family(order),
        ..Layer::default()
    })
}

/// BSD's number of what has that Ethernet type.
pub(super) const fn family(ethertype: u16) -> Option<u32> {
    match ethertype {
        0x0800 => Some(2),
        0x86dd => Some(30),
        _ => None,
    }
}

impl Frame {
    /// That address family in a [`null`] header, whatever follows. BSDs have 24, 28 or 30 for IPv6.
    ///
    /// # Panics
    /// Where the frame did not begin with [`null`], or went on already.
    #[must_use]
    pub fn family(mut self, family: u32) -> Self {
        let layer = self.last();
        let Announces::Family(order) = layer.announces else {
            panic!("only a null header names an address family")
        };
        layer.announces = Announces::Nothing;
        self.write(0, &order.bytes(family))
    }
}

#[cfg(test)]
mod tests {
    use super::{ByteOrder, null, sll, sll2};

    #[test]
    fn every_start_announces_what_follows() {
        let ipv4 = |start: super::Frame| start.ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).build();
        let ipv6 = |start: super::Frame| start.ipv6("fd00::1", "fd00::2").udp(1, 2).build();
        assert_eq!(ipv4(sll())[14..17], [0x08, 0x00, 0x45]);
        assert_eq!(ipv6(sll().vlan(30))[14..20], [0x81, 0x00, 0, 30, 0x86, 0xdd]);
        assert_eq!(ipv6(sll2())[..2], [0x86, 0xdd]);
        assert_eq!(ipv6(sll2())[20], 0x60);
        assert_eq!(ipv4(null(ByteOrder::Little))[..5], [2, 0, 0, 0, 0x45]);
        assert_eq!(ipv4(null(ByteOrder::Big))[..5], [0, 0, 0, 2, 0x45]);
        assert_eq!(ipv6(null(ByteOrder::Big))[..5], [0, 0, 0, 30, 0x60]);
        assert_eq!(ipv6(null(ByteOrder::Little).family(24))[..5], [24, 0, 0, 0, 0x60]);
    }
}
