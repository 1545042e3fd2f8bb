//! Lists of addresses and roles in a line.

use std::fmt::Display;

use crate::answer::Opening;

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
pub(super) fn end(prefix: &ipnet::IpNet) -> String {
    if prefix.prefix_len() == prefix.max_prefix_len() {
        prefix.addr().to_string()
    } else {
        prefix.to_string()
    }
}

/// The service of an opening, `tcp/80,443`.
pub(super) fn service(opening: &Opening) -> String {
    if opening.ports.is_empty() {
        format!("{}/echo", opening.protocol)
    } else {
        let ports: Vec<_> = opening.ports.iter().map(ToString::to_string).collect();
        format!("{}/{}", opening.protocol, ports.join(","))
    }
}
