//! Addresses that mean something by themselves: special-purpose ones, which nobody on the internet has, and
//! local ones, which do not cross a gateway.

use crate::catalogue::Group;

/// Ranges that are not public: the IANA special-purpose registries of both families (RFC 6890 and its
/// successors), and multicast.
pub(super) const SPECIAL_PURPOSE: &[&str] = &[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/128",
    "::1/128",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "100:0:0:1::/64",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "2620:4f:8000::/48",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "ff00::/8",
];

/// Where nobody in particular answers: multicast of both families, and the limited broadcast (RFC 919).
pub(super) const GROUPS: &[(&str, Group)] = &[
    ("224.0.0.0/4", Group::Multicast),
    ("ff00::/8", Group::Multicast),
    ("255.255.255.255/32", Group::Broadcast),
];

/// Where [`cmflow_common::address::Address::side`] has its addresses: no group is there.
pub(super) const SIDES: &str = "ffff:636d::/96";

/// Ranges that do not cross a gateway. A prefix of the site file that reaches beyond such a range says nothing
/// about it; one inside does.
pub(super) const LOCAL: &[&str] = &[
    "0.0.0.0/32",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "224.0.0.0/24",
    "239.255.255.250/32", // SSDP
    "255.255.255.255/32",
    "::/128",
    "::1/128",
    "fe80::/10",
    "ff01::/16",
    "ff02::/16",
    "ff00::c/128", // SSDP in its sixteen scopes
    "ff01::c/128",
    "ff02::c/128",
    "ff03::c/128",
    "ff04::c/128",
    "ff05::c/128",
    "ff06::c/128",
    "ff07::c/128",
    "ff08::c/128",
    "ff09::c/128",
    "ff0a::c/128",
    "ff0b::c/128",
    "ff0c::c/128",
    "ff0d::c/128",
    "ff0e::c/128",
    "ff0f::c/128",
];
