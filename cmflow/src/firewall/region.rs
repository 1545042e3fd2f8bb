//! What a line speaks of: who opens, who answers, to what.

use ipnet::{IpNet, Ipv4Subnets, Ipv6Subnets};

use super::ranges::{Range, Ranges, overlap};
use crate::answer::protocol_name;

/// Highest number of a port; what has no ports has all of them.
const PORTS: u128 = 0xffff;

/// Who opens, who answers, to what: everything of the one with everything of the others, in each family.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Region {
    /// Who opens, IPv4 and IPv6.
    pub sources: [Ranges; 2],
    /// Who answers.
    pub destinations: [Ranges; 2],
    /// Protocol and port as one number, see [`service`].
    pub services: Ranges,
}

/// A part of a region without gaps: sources, destinations, services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// 0 for IPv4, 1 for IPv6.
    pub family: usize,
    /// Its three sides.
    pub sides: [Range; 3],
}

/// Ports of a protocol.
#[must_use]
pub fn service(protocol: u8, first: u16, last: u16) -> Range {
    let base = u128::from(protocol) << 16;
    (base | u128::from(first), base | u128::from(last))
}

/// All of a protocol.
#[must_use]
pub fn whole(protocol: u8) -> Range {
    service(protocol, 0, u16::MAX)
}

/// Everything that can be asked.
#[must_use]
pub fn every_service() -> Ranges {
    Ranges::of([(0, whole(u8::MAX).1)])
}

/// All addresses of each family.
#[must_use]
pub fn everybody() -> [Ranges; 2] {
    [
        Ranges::of([(0, u128::from(u32::MAX))]),
        Ranges::of([(0, u128::MAX)]),
    ]
}

/// Family and range of a prefix.
#[must_use]
pub fn prefix(net: &IpNet) -> (usize, Range) {
    match net {
        IpNet::V4(net) => (
            0,
            (u32::from(net.network()).into(), u32::from(net.broadcast()).into()),
        ),
        IpNet::V6(net) => (1, (net.network().into(), net.broadcast().into())),
    }
}

/// Prefixes by family.
#[must_use]
pub fn prefixes<'a>(nets: impl IntoIterator<Item = &'a IpNet>) -> [Ranges; 2] {
    let mut both = [Vec::new(), Vec::new()];
    for net in nets {
        let (family, range) = prefix(net);
        both[family].push(range);
    }
    both.map(Ranges::of)
}

impl Region {
    /// Everything.
    #[must_use]
    pub fn everything() -> Self {
        Self {
            sources: everybody(),
            destinations: everybody(),
            services: every_service(),
        }
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.services.is_empty()
            || (0..2).all(|family| self.sources[family].is_empty() || self.destinations[family].is_empty())
    }

    /// Its parts.
    pub fn blocks(&self) -> impl Iterator<Item = Block> {
        (0..2).flat_map(move |family| {
            self.sources[family].iter().flat_map(move |source| {
                self.destinations[family].iter().flat_map(move |destination| {
                    self.services.iter().map(move |service| Block {
                        family,
                        sides: [source, destination, service],
                    })
                })
            })
        })
    }

    /// What of a block is in it.
    #[must_use]
    pub fn both(&self, block: &Block) -> Vec<Block> {
        let within = |ranges: &Ranges, side: Range| -> Vec<Range> { ranges.within(side).collect() };
        let family = block.family;
        let sources = within(&self.sources[family], block.sides[0]);
        if sources.is_empty() {
            return Vec::new();
        }
        let destinations = within(&self.destinations[family], block.sides[1]);
        if destinations.is_empty() {
            return Vec::new();
        }
        let services = within(&self.services, block.sides[2]);
        let mut parts = Vec::new();
        for &source in &sources {
            for &destination in &destinations {
                parts.extend(services.iter().map(|&service| Block {
                    family,
                    sides: [source, destination, service],
                }));
            }
        }
        parts
    }

    /// The least region that has all of these blocks: each side is that of all of them, whatever the others are.
    #[must_use]
    pub fn around(blocks: &[Block]) -> Self {
        let side = |family: Option<usize>, side: usize| {
            let of_family = blocks
                .iter()
                .filter(|block| family.is_none_or(|family| block.family == family));
            Ranges::of(of_family.map(|block| block.sides[side]))
        };
        Self {
            sources: [0, 1].map(|family| side(Some(family), 0)),
            destinations: [0, 1].map(|family| side(Some(family), 1)),
            services: side(None, 2),
        }
    }
}

impl Block {
    /// Ports of its services.
    #[must_use]
    pub fn ports(&self) -> (u16, u16) {
        let port = |number: u128| u16::try_from(number & PORTS).unwrap_or(u16::MAX);
        (port(self.sides[2].0), port(self.sides[2].1))
    }

    /// What is left of it without another one.
    #[must_use]
    pub fn minus(self, part: &Self) -> Vec<Self> {
        let meets = |side: usize| overlap(self.sides[side], part.sides[side]).is_some();
        if self.family != part.family || !(0..self.sides.len()).all(meets) {
            return vec![self];
        }
        let mut rest = Vec::new();
        let mut core = self;
        for side in 0..core.sides.len() {
            let ((first, last), (begin, end)) = (core.sides[side], part.sides[side]);
            if first < begin {
                let mut below = core;
                below.sides[side] = (first, begin - 1);
                rest.push(below);
            }
            if end < last {
                let mut above = core;
                above.sides[side] = (end + 1, last);
                rest.push(above);
            }
            core.sides[side] = (first.max(begin), last.min(end));
        }
        rest
    }
}

/// Addresses of both families, as prefixes.
#[must_use]
pub fn addresses(both: &[Ranges; 2]) -> Vec<IpNet> {
    let v4 = both[0].iter().flat_map(|(first, last)| {
        let address = |number: u128| u32::try_from(number).unwrap_or(u32::MAX).into();
        Ipv4Subnets::new(address(first), address(last), 0).map(IpNet::V4)
    });
    let v6 = both[1]
        .iter()
        .flat_map(|(first, last)| Ipv6Subnets::new(first.into(), last.into(), 0).map(IpNet::V6));
    v4.chain(v6).collect()
}

/// Services as people write them: `tcp/443`, `udp/67-68`, `esp`; `any` for everything.
#[must_use]
pub fn services(ranges: &Ranges) -> Vec<String> {
    if *ranges == every_service() {
        return vec!["any".to_owned()];
    }
    let mut said = Vec::new();
    for (first, last) in ranges.iter() {
        for protocol in first >> 16..=last >> 16 {
            let base = protocol << 16;
            let (from, to) = (first.max(base) - base, last.min(base | PORTS) - base);
            let name = protocol_name(u8::try_from(protocol).unwrap_or(u8::MAX));
            said.push(match (from, to) {
                (0, PORTS) => name,
                (from, to) if from == to => format!("{name}/{from}"),
                (from, to) => format!("{name}/{from}-{to}"),
            });
        }
    }
    said
}
