//! Addresses, roles and ports in a line.

use std::fmt::Display;

use crate::answer::Opening;
use crate::catalogue::PortRange;

/// Items with commas between them.
pub(super) fn listed<T: Display>(items: &[T]) -> String {
    let told: Vec<_> = items.iter().map(T::to_string).collect();
    told.join(", ")
}

/// Roles, or that there is none.
pub(super) fn roles(roles: &[String]) -> String {
    if roles.is_empty() {
        "not in the site file".to_owned()
    } else {
        listed(roles)
    }
}

/// An address without the length that says it is one.
pub(crate) fn end(prefix: &ipnet::IpNet) -> String {
    if prefix.prefix_len() == prefix.max_prefix_len() {
        prefix.addr().to_string()
    } else {
        prefix.to_string()
    }
}

/// Ports with commas between them.
pub(crate) fn ports(ranges: &[PortRange]) -> String {
    let told: Vec<_> = ranges.iter().map(PortRange::to_string).collect();
    told.join(",")
}

/// The service of an opening, `tcp/80,443`.
pub(super) fn service(opening: &Opening) -> String {
    if opening.ports.is_empty() {
        format!("{}/echo", opening.protocol)
    } else {
        format!("{}/{}", opening.protocol, ports(&opening.ports))
    }
}
