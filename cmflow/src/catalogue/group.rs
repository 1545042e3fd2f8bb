//! Addresses that nobody in particular answers for, as rows of the catalogue name them.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Whom a packet reaches that is not sent to one computer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Every computer of a subnet: `255.255.255.255`, or the last address of the subnet (RFC 919).
    Broadcast,
    /// Any multicast group: `224.0.0.0/4`, `ff00::/8`.
    Multicast,
    /// One multicast group, such as `ff02::1:2`, the relay agents and servers of DHCPv6 (RFC 8415 section 7.1).
    Address(IpAddr),
}

impl Group {
    /// Whether whoever may send to this one may send to the other.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self == other || self == Self::Multicast && other != Self::Broadcast
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broadcast => f.write_str("broadcast"),
            Self::Multicast => f.write_str("multicast"),
            Self::Address(address) => address.fmt(f),
        }
    }
}

impl FromStr for Group {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.parse::<IpAddr>()) {
            ("broadcast", _) => Ok(Self::Broadcast),
            ("multicast", _) => Ok(Self::Multicast),
            (_, Ok(address)) if address.is_multicast() => Ok(Self::Address(address)),
            (_, Ok(address)) => Err(format!(
                "{address} is no multicast address; a group is one, or \"broadcast\" or \"multicast\""
            )),
            _ => Err(format!(
                "\"{text}\" is no group; write \"broadcast\", \"multicast\" or a multicast address"
            )),
        }
    }
}

impl Serialize for Group {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Group {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::Group;

    #[test]
    fn a_group_reads_as_it_is_written() {
        for text in ["broadcast", "multicast", "ff02::1:2", "239.1.1.1"] {
            let group: Group = text.parse().unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(group.to_string(), text);
        }
        for (text, told) in [
            ("10.0.0.1", "10.0.0.1 is no multicast address"),
            ("brodcast", "\"brodcast\" is no group; write \"broadcast\""),
        ] {
            let error = text.parse::<Group>().expect_err(text);
            assert!(error.starts_with(told), "{error}");
        }
    }

    #[test]
    fn multicast_is_every_group_but_broadcast() {
        let dhcp: Group = "ff02::1:2".parse().expect("a group");
        let other: Group = "ff02::1:3".parse().expect("a group");
        for (wide, narrow, holds) in [
            (Group::Multicast, Group::Multicast, true),
            (Group::Multicast, dhcp, true),
            (Group::Multicast, Group::Broadcast, false),
            (Group::Broadcast, Group::Broadcast, true),
            (Group::Broadcast, Group::Multicast, false),
            (dhcp, dhcp, true),
            (dhcp, other, false),
            (dhcp, Group::Multicast, false),
        ] {
            assert_eq!(wide.contains(narrow), holds, "{wide} {narrow}");
        }
    }
}
