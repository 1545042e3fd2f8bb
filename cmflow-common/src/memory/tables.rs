//! Compiled tables in ordinary memory.

use std::collections::HashMap;

use rustc_hash::FxBuildHasher;

use crate::address::Address;
use crate::gateway::{Endpoint, PORT_TABLE, PortClass, Tables};
use crate::verdict::Judgement;

/// A map with a hash that is quick and that nobody needs to be kept from aiming at: its keys come from the
/// site file, and packets only look them up.
pub type QuickMap<K, V> = HashMap<K, V, FxBuildHasher>;

/// Compiled tables, as the compiler makes them and the loader writes them into the kernel's maps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryTables {
    /// Single addresses and what is known of them.
    pub hosts: QuickMap<Address, Endpoint>,
    /// What is known of addresses by prefix; [`MemoryTables::hosts`] goes before.
    pub prefixes: Prefixes,
    /// Classes of ports by [`crate::gateway::port_index`].
    pub ports: Vec<PortClass>,
    /// Judgements by class of the initiator, class of the responder, number of the port class.
    pub judgements: QuickMap<(u16, u16, u16), Judgement>,
}

impl Default for MemoryTables {
    fn default() -> Self {
        Self {
            hosts: QuickMap::default(),
            prefixes: Prefixes::default(),
            ports: vec![PortClass::default(); PORT_TABLE],
            judgements: QuickMap::default(),
        }
    }
}

impl Tables for &MemoryTables {
    fn endpoint(&self, address: Address) -> Endpoint {
        let host = self.hosts.get(&address).copied();
        host.or_else(|| self.prefixes.longest(address))
            .unwrap_or_default()
    }

    fn port_class(&self, index: usize) -> PortClass {
        self.ports[index]
    }

    fn judgement(&self, initiator: u16, responder: u16, port: PortClass) -> Option<Judgement> {
        self.judgements
            .get(&(initiator, responder, port.0 & PortClass::NUMBER))
            .copied()
    }
}

/// Prefixes, mapped into IPv6: address, length in bits out of 128, what is known of addresses inside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prefixes {
    known: QuickMap<(Address, u8), Endpoint>,
    /// Lengths that occur, longest first: a site has a handful, and each costs a lookup.
    lengths: Vec<u8>,
}

impl Prefixes {
    /// Takes a prefix; what was known of it before.
    pub fn insert(&mut self, prefix: (Address, u8), endpoint: Endpoint) -> Option<Endpoint> {
        if let Err(place) = self.lengths.binary_search_by(|length| prefix.1.cmp(length)) {
            self.lengths.insert(place, prefix.1);
        }
        self.known.insert(prefix, endpoint)
    }

    /// What is known of the longest prefix that holds an address.
    #[must_use]
    pub fn longest(&self, address: Address) -> Option<Endpoint> {
        let bits = u128::from_be_bytes(address.bytes());
        let of = |length: &u8| {
            let mask = u128::MAX.checked_shl(128 - u32::from(*length)).unwrap_or(0);
            let network = Address::from_bytes((bits & mask).to_be_bytes());
            self.known.get(&(network, *length)).copied()
        };
        self.lengths.iter().find_map(of)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// All of them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&(Address, u8), &Endpoint)> {
        self.known.iter()
    }
}

impl FromIterator<((Address, u8), Endpoint)> for Prefixes {
    fn from_iter<I: IntoIterator<Item = ((Address, u8), Endpoint)>>(prefixes: I) -> Self {
        let mut all = Self::default();
        for (prefix, endpoint) in prefixes {
            all.insert(prefix, endpoint);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_speaks_whatever_the_order_they_came_in() {
        let mut prefixes = [
            ("::", 0, 1),
            ("10.0.0.0", 96 + 8, 2),
            ("10.1.0.0", 96 + 16, 3),
            ("10.1.2.3", 128, 4),
            ("fd00::", 8, 5),
        ]
        .map(|(text, length, class)| ((address(text), length), Endpoint::new(class, 0)));
        for _ in 0..prefixes.len() {
            prefixes.rotate_left(1);
            let table: Prefixes = prefixes.into_iter().collect();
            for (text, class) in [
                ("10.1.2.3", 4),
                ("10.1.2.4", 3),
                ("10.2.0.1", 2),
                ("fd12::1", 5),
                ("192.0.2.1", 1),
            ] {
                let found = table.longest(address(text)).map(Endpoint::class);
                assert_eq!(found, Some(class), "{text}");
            }
        }
        assert_eq!(Prefixes::default().longest(address("10.1.2.3")), None);
    }

    fn address(text: &str) -> Address {
        text.parse::<std::net::IpAddr>().expect("an address").into()
    }
}
