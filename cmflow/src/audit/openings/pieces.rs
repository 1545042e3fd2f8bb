//! The port table as stretches of ports that are judged alike.

use std::collections::HashMap;

use cmflow_common::gateway::{PortClass, port_index};
use cmflow_common::packet::protocol;

use crate::catalogue::PortRange;
use crate::compile::Compiled;

/// Neighbouring ports of one class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Piece {
    /// Number of the class.
    pub(super) class: u16,
    pub(super) protocol: u8,
    /// The ports; 0 for echo requests, which have none.
    pub(super) range: PortRange,
}

/// All stretches that a rule covers.
pub(super) struct Pieces {
    by_class: HashMap<u16, Vec<Piece>>,
}

impl Pieces {
    pub(super) fn of(compiled: &Compiled) -> Self {
        let class =
            |protocol: u8, port: u16| compiled.tables.ports[port_index(protocol, port)].0 & PortClass::NUMBER;
        let mut by_class: HashMap<u16, Vec<Piece>> = HashMap::new();
        for protocol in [protocol::TCP, protocol::UDP] {
            let mut first = 0;
            for port in 0..=u16::MAX {
                let here = class(protocol, port);
                if port < u16::MAX && class(protocol, port + 1) == here {
                    continue;
                }
                if here != 0 {
                    by_class.entry(here).or_default().push(Piece {
                        class: here,
                        protocol,
                        range: PortRange { first, last: port },
                    });
                }
                first = port.saturating_add(1);
            }
        }
        for protocol in [protocol::ICMP, protocol::ICMPV6] {
            let here = class(protocol, 0);
            if here != 0 {
                by_class.entry(here).or_default().push(Piece {
                    class: here,
                    protocol,
                    range: PortRange::single(0),
                });
            }
        }
        Self { by_class }
    }

    /// Stretches of a class.
    pub(super) fn of_class(&self, class: u16) -> &[Piece] {
        self.by_class.get(&class).map_or(&[], Vec::as_slice)
    }

    /// Stretches of a protocol that meet a range of ports.
    pub(super) fn meeting(&self, protocol: u8, range: PortRange) -> impl Iterator<Item = &Piece> {
        let all = self.by_class.values().flatten();
        all.filter(move |piece| {
            piece.protocol == protocol && piece.range.first <= range.last && range.first <= piece.range.last
        })
    }
}
