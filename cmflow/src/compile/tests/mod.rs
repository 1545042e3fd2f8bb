mod companions;
mod conditions;
mod drawn;
mod groups;
mod initiates;
mod instances;
mod meaning;
mod naive;
mod property;
mod proxies;
mod stability;
mod translations;
mod wsus;

use std::net::IpAddr;

use cmflow_common::address::Address;
use cmflow_common::flow::state;
use cmflow_common::gateway::{Endpoint, PortClass, Tables, View};
use cmflow_common::judge::judge;
use cmflow_common::packet::{Packet, protocol};
use cmflow_common::verdict::{Judgement, VerdictId};

use super::{Compiled, Machine, compile};
use crate::catalogue::Catalogue;
use crate::config;

/// Compiles the text of a site file with the built-in catalogue; the gateway has 10.10.0.1.
fn compile_text(text: &str) -> Compiled {
    let catalogue = Catalogue::embedded().expect("the built-in catalogue");
    let site = config::parse(&catalogue, "site.toml", text).expect("a sound site file");
    let gateway = address("10.10.0.1");
    let machine = Machine {
        addresses: vec![gateway],
        ..Machine::default()
    };
    compile(&catalogue, &site.model, &machine, &[]).expect("it compiles")
}

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address in the test")
}

/// Two computers, looked up once: a lookup in memory tries all 129 lengths of a prefix.
struct Pair<'a> {
    compiled: &'a Compiled,
    ends: [(Address, Endpoint); 2],
}

impl<'a> Pair<'a> {
    fn new(compiled: &'a Compiled, from: IpAddr, to: IpAddr) -> Self {
        let ends = [from, to].map(Address::from);
        Self {
            compiled,
            ends: ends.map(|end| (end, compiled.endpoint(end))),
        }
    }

    /// What the kernel's decision says of a flow from the first to the second, whose initiator was seen or
    /// inferred.
    fn judged(&self, protocol: u8, port: u16, seen: bool) -> VerdictId {
        let [(source, _), (destination, _)] = self.ends;
        let packet = Packet {
            source,
            destination,
            source_port: if protocol == protocol::ICMP { 0 } else { 61_000 },
            destination_port: port,
            protocol,
            signs: 0,
            tags: 0,
            detail: 0,
        };
        // The sender is the low end here, and it asked.
        judge(
            self,
            &View::NOWHERE,
            &packet,
            true,
            if seen { state::INITIATOR_SEEN } else { 0 },
        )
    }
}

impl Tables for Pair<'_> {
    fn endpoint(&self, address: Address) -> Endpoint {
        let [from, to] = self.ends;
        if address == from.0 { from.1 } else { to.1 }
    }

    fn port_class(&self, index: usize) -> PortClass {
        (&self.compiled.tables).port_class(index)
    }

    fn judgement(&self, initiator: u16, responder: u16, port: PortClass) -> Option<Judgement> {
        (&self.compiled.tables).judgement(initiator, responder, port)
    }
}
