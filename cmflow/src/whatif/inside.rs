//! A prefix of clients, taken apart into the addresses that tables tell apart; ports of a range likewise.

use std::net::IpAddr;

use cmflow_common::address::Address;
use cmflow_common::gateway::{PortClass, Tables, port_index};
use cmflow_common::packet::protocol;
use ipnet::IpNet;

use crate::compile::Compiled;

/// Addresses at which what tables say may change, in their order: each begins a stretch that is judged alike.
#[derive(Debug)]
pub(super) struct Stretches(Vec<u128>);

impl Stretches {
    /// Those of all the tables together.
    pub(super) fn of(tables: &[&Compiled]) -> Self {
        let mut begins = Vec::new();
        for compiled in tables {
            let hosts = compiled.tables.hosts.keys().map(|address| (*address, 128));
            let prefixes = compiled.tables.prefixes.iter().map(|(prefix, _)| *prefix);
            for (address, length) in hosts.chain(prefixes) {
                let first = u128::from_be_bytes(address.bytes());
                let size = 1_u128.checked_shl(128 - u32::from(length));
                begins.push(first);
                begins.extend(size.and_then(|size| first.checked_add(size)));
            }
        }
        begins.sort_unstable();
        begins.dedup();
        Self(begins)
    }

    /// An address of each stretch inside the prefix; for a single address, itself.
    pub(super) fn within(&self, prefix: IpNet) -> Vec<IpAddr> {
        let bits = |address: IpAddr| u128::from_be_bytes(Address::from(address).bytes());
        let (first, last) = (bits(prefix.network()), bits(prefix.broadcast()));
        let from = self.0.partition_point(|begin| *begin <= first);
        let to = self.0.partition_point(|begin| *begin <= last);
        let inside = self.0[from..to].iter().copied();
        std::iter::once(first)
            .chain(inside)
            .map(|bits| Address::from_bytes(bits.to_be_bytes()).into())
            .collect()
    }
}

/// Ports at which what tables say may change, by protocol.
#[derive(Debug)]
pub(super) struct PortStretches {
    tcp: Vec<u16>,
    udp: Vec<u16>,
}

impl PortStretches {
    pub(super) fn of(tables: &[&Compiled]) -> Self {
        let begins = |protocol: u8| {
            let class = |port: u16| -> Vec<PortClass> {
                let of = |compiled: &&Compiled| (&compiled.tables).port_class(port_index(protocol, port));
                tables.iter().map(of).collect()
            };
            let mut before = class(0);
            let changes = (1..=u16::MAX).filter(|port| {
                let now = class(*port);
                let changes = now != before;
                before = now;
                changes
            });
            changes.collect()
        };
        Self {
            tcp: begins(protocol::TCP),
            udp: begins(protocol::UDP),
        }
    }

    /// Ports after the first and before the last one at which a stretch begins.
    pub(super) fn between(&self, protocol: u8, (first, last): (u16, u16)) -> &[u16] {
        let begins = match protocol {
            protocol::TCP => &self.tcp,
            protocol::UDP => &self.udp,
            _ => return &[],
        };
        let from = begins.partition_point(|begin| *begin <= first);
        let to = begins.partition_point(|begin| *begin < last);
        begins.get(from..to).unwrap_or_default()
    }
}
