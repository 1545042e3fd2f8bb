//! Groups of addresses that more than one line names.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;

use super::lines::Line;
use super::plain;

/// From so many addresses on a group has a name, whoever else needs it.
const MANY: usize = 8;

/// Longest name that old kernels take is 31 bytes; a number may follow.
const LENGTH: usize = 24;

/// Groups with names.
#[derive(Clone, Debug, Default)]
pub(super) struct Sets {
    names: BTreeMap<Vec<IpNet>, String>,
}

impl Sets {
    /// Those of all lines.
    pub(super) fn of(lines: &[Line]) -> Self {
        let ends = lines.iter().flat_map(|line| {
            [
                (&line.sources, &line.source_roles),
                (&line.destinations, &line.destination_roles),
            ]
            .map(|(addresses, roles)| (addresses, roles, line.ipv6))
        });
        let mut uses: BTreeMap<&Vec<IpNet>, usize> = BTreeMap::new();
        for (addresses, ..) in ends.clone() {
            *uses.entry(addresses).or_default() += 1;
        }
        let mut names = BTreeMap::new();
        let mut taken = BTreeSet::new();
        for (addresses, roles, ipv6) in ends {
            let many = addresses.len() > 1 && uses[addresses] > 1 || addresses.len() > MANY;
            if !many || is_all(addresses) || names.contains_key(addresses) {
                continue;
            }
            let family = if ipv6 { "v6" } else { "v4" };
            let role = roles.first().map_or("anybody", String::as_str);
            let stem = format!("{}_{family}", plain::name(role, LENGTH));
            let numbered = (2..).map(|number| format!("{stem}_{number}"));
            let name = std::iter::once(stem.clone())
                .chain(numbered)
                .find(|name| !taken.contains(name))
                .expect("numbers do not end");
            taken.insert(name.clone());
            names.insert(addresses.clone(), name);
        }
        Self { names }
    }

    /// Name of a group, where it has one.
    pub(super) fn name(&self, addresses: &[IpNet]) -> Option<&str> {
        self.names.get(addresses).map(String::as_str)
    }

    /// Every group with its name, by name.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &[IpNet])> {
        let by_name: BTreeMap<_, _> = self.names.iter().map(|(group, name)| (name, group)).collect();
        by_name
            .into_iter()
            .map(|(name, group)| (name.as_str(), group.as_slice()))
    }
}

/// Whether everybody of the family is meant.
pub(super) fn is_all(addresses: &[IpNet]) -> bool {
    addresses.iter().any(|address| address.prefix_len() == 0)
}

/// A prefix, or the address where it is one.
pub(super) fn shown(prefix: &IpNet) -> String {
    if prefix.prefix_len() == prefix.max_prefix_len() {
        prefix.addr().to_string()
    } else {
        prefix.trunc().to_string()
    }
}
