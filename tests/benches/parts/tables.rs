//! Tables that the paths are measured with: a small site, and the same among 10,000 rules, 10,000 prefixes of
//! clients, 40,000 other prefixes and 50,000 single addresses.

use std::net::Ipv4Addr;

use cmflow_common::address::Address;
use cmflow_common::gateway::{Endpoint, PortClass, Tables as _, port_index};
use cmflow_common::memory::MemoryTables;
use cmflow_common::packet::protocol;
use cmflow_common::verdict::{Judgement, VerdictId};
use cmflow_tests::small_site::{self, MANAGEMENT_POINT};

/// A client whose neighbours, up to 16 bits away, are clients too.
pub const CLIENT: &str = "10.10.16.5";
/// Class of the port of the endpoint mapper; the small site has none for it.
const MAPPER: u16 = 40;
/// Classes of endpoints and ports that only fill tables begin here.
const OTHERS: u16 = 1000;

/// The small site, with an endpoint mapper on the management point and dynamic ports behind it.
pub fn small() -> MemoryTables {
    let mut tables = small_site::tables();
    let [client, server] = [CLIENT, MANAGEMENT_POINT].map(|text| (&tables).endpoint(address(text)).class());
    let [https, dynamic] = [443, 50_000].map(|port| (&tables).port_class(port_index(protocol::TCP, port)));
    let documented = (&tables).judgement(client, server, https);
    let documented = documented.expect("the small site documents HTTPS").seen;
    tables.ports[port_index(protocol::TCP, 135)] = PortClass(MAPPER);
    let rule = Judgement::new(documented, documented);
    tables.judgements.insert((client, server, MAPPER), rule);
    let by_mapper = Judgement {
        expected: documented,
        ..rule
    };
    let dynamic = dynamic.0 & PortClass::NUMBER;
    tables.judgements.insert((client, server, dynamic), by_mapper);
    tables
}

/// The small site among many others.
pub fn large() -> MemoryTables {
    let mut tables = small();
    let client = (&tables).endpoint(address(CLIENT));
    // 10.10.0.0/16 in 10,000 prefixes: the first 6,384 of 8 addresses, the others of 4.
    let base = Ipv4Addr::new(10, 10, 0, 0).to_bits();
    let mut first = base;
    for number in 0..10_000_u32 {
        let (length, addresses) = if number < 6384 { (29, 8) } else { (30, 4) };
        tables.prefixes.insert((v4(first), 96 + length), client);
        first += addresses;
    }
    assert_eq!(first, base + (1 << 16), "they cover the clients exactly");
    for number in 0..40_000_u32 {
        let class = Endpoint::new(OTHERS + (number % 200) as u16, Endpoint::KNOWN);
        let network = Ipv4Addr::new(11, 0, 0, 0).to_bits() + (number << 8);
        tables
            .prefixes
            .insert((v4(network), 96 + 24 + (number % 4) as u8), class);
    }
    for number in 0..50_000_u32 {
        let class = Endpoint::new(OTHERS + (number % 200) as u16, Endpoint::KNOWN);
        let host = Ipv4Addr::new(172, 16, 0, 0).to_bits() + number;
        tables.hosts.insert(v4(host), class);
    }
    let explained = VerdictId(VerdictId::FIRST_COMPILED.0 + 3);
    for number in 0..10_000_u16 {
        let (from, to) = (OTHERS + number % 200, OTHERS + number / 200);
        let rule = Judgement::new(explained, explained);
        tables.judgements.insert((from, to, 50 + number % 50), rule);
    }
    tables
}

fn address(text: &str) -> Address {
    let address: std::net::IpAddr = text.parse().expect("an address");
    address.into()
}

fn v4(bits: u32) -> Address {
    Address::from_v4(bits.to_be_bytes())
}
