//! Which ports were changed where, and the partition of all ports by the rules that cover them.

use std::collections::{BTreeSet, HashMap};

use cmflow_common::expectation::ENDPOINT_MAPPER;
use cmflow_common::gateway::{ICMP_OTHER, PORT_TABLE, PortClass, port_index};
use cmflow_common::packet::protocol;

use crate::catalogue::PortRange;
use crate::site::{PortChanges, SiteIndex, SiteModel};

use super::CompileError;
use super::rules::EffectiveRule;

/// UDP ports at which a protocol answers that hides those of what it carries, and its name.
pub const HIDING_UDP: [(u16, &str); 6] = [
    // RFC 7296 and RFC 3948.
    (500, "ike"),
    (4500, "ike-nat-t"),
    // RFC 7348; 8472 is what Linux took before that port was assigned, and many overlays still do.
    (4789, "vxlan"),
    (8472, "vxlan"),
    // RFC 8926.
    (6081, "geneve"),
    // RFC 2661.
    (1701, "l2tp"),
];

/// What differs at a computer from the documented ports.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Profile {
    /// Ports that replace documented ones.
    pub(super) changes: PortChanges,
    /// Ports of a proxy: what is asked of it in place of the internet is asked there (note 1).
    pub(super) proxy: Vec<PortRange>,
    /// A member's port, and those that a virtual address has in its place.
    pub(super) moved: Vec<(u16, Vec<u16>)>,
}

/// The distinct profiles. Number 0 is the hierarchy's own.
pub(super) struct Profiles {
    all: Vec<Profile>,
    of_sites: Vec<u16>,
    of_hosts: Vec<u16>,
}

impl Profiles {
    pub(super) fn new(site: &SiteModel) -> Result<Self, CompileError> {
        let hierarchy = Profile {
            changes: site.ports.clone(),
            ..Profile::default()
        };
        let mut profiles = Self {
            all: vec![hierarchy],
            of_sites: vec![],
            of_hosts: vec![],
        };
        for one in &site.sites {
            let number = profiles.changed(0, &one.ports)?;
            profiles.of_sites.push(number);
        }
        for host in &site.hosts {
            let number = profiles.changed(profiles.of_site(host.site), &host.ports)?;
            profiles.of_hosts.push(number);
        }
        Ok(profiles)
    }

    /// Number of what holds where `changes` are laid over an outer profile.
    pub(super) fn changed(&mut self, outer: u16, changes: &PortChanges) -> Result<u16, CompileError> {
        let mut profile = self.profile(outer).clone();
        profile.changes.extend(changes.clone());
        self.number(profile)
    }

    /// Number of a profile.
    pub(super) fn number(&mut self, profile: Profile) -> Result<u16, CompileError> {
        let known = self.all.iter().position(|one| *one == profile);
        let number = known.unwrap_or(self.all.len());
        if known.is_none() {
            self.all.push(profile);
        }
        u16::try_from(number).map_err(|_| CompileError::TooManyClasses)
    }

    /// The profile of that number.
    pub(super) fn profile(&self, number: u16) -> &Profile {
        &self.all[usize::from(number)]
    }

    pub(super) fn of_site(&self, site: Option<SiteIndex>) -> u16 {
        site.and_then(|site| self.of_sites.get(usize::from(site.0)).copied())
            .unwrap_or(0)
    }

    pub(super) fn of_host(&self, host: usize) -> u16 {
        self.of_hosts[host]
    }

    /// Every profile, by its number.
    pub(super) fn all(&self) -> &[Profile] {
        &self.all
    }
}

/// Ports of one rule in one profile, as ranges of indices into the port table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct PortSet {
    /// The operating system picks one out of them.
    pub(super) dynamic: bool,
    /// They are those of who asks, and answers go there: the port at the other end is the service.
    pub(super) answers: bool,
    pub(super) ranges: Vec<(usize, usize)>,
}

impl PortSet {
    pub(super) fn dynamic(tcp: &[PortRange]) -> Self {
        Self {
            dynamic: true,
            answers: false,
            ranges: Self::indices(protocol::TCP, tcp).collect(),
        }
    }

    pub(super) fn fixed(udp: &[PortRange], tcp: &[PortRange]) -> Self {
        let ports = Self::indices(protocol::TCP, tcp).chain(Self::indices(protocol::UDP, udp));
        Self {
            dynamic: false,
            answers: false,
            ranges: ports.collect(),
        }
    }

    /// The entries of both ICMPs. A set of its own beside ports: its basis is another one.
    pub(super) fn echo() -> Self {
        let entries = [protocol::ICMP, protocol::ICMPV6].map(|protocol| port_index(protocol, 0));
        Self {
            dynamic: false,
            answers: false,
            ranges: entries.map(|index| (index, index)).to_vec(),
        }
    }

    /// Whether the endpoint mapper's port is in it.
    pub(super) fn is_endpoint_mapper(&self) -> bool {
        !self.dynamic
            && [protocol::TCP, protocol::UDP]
                .into_iter()
                .any(|protocol| self.contains(port_index(protocol, ENDPOINT_MAPPER)))
    }

    fn indices(protocol: u8, ranges: &[PortRange]) -> impl Iterator<Item = (usize, usize)> {
        ranges.iter().map(move |range| {
            (
                port_index(protocol, range.first),
                port_index(protocol, range.last),
            )
        })
    }

    /// Whether a fixed port at the other end of a flow is likelier the service.
    const fn is_less_likely(&self) -> bool {
        self.dynamic || self.answers
    }

    fn contains(&self, index: usize) -> bool {
        self.ranges
            .iter()
            .any(|(first, last)| (first..=last).contains(&&index))
    }
}

/// The partition of the port table.
pub(super) struct PortClasses {
    /// Class by port index.
    pub(super) table: Vec<PortClass>,
    /// Classes of the dynamic ports, by profile.
    pub(super) dynamic: Vec<Vec<PortClass>>,
    /// Classes that a set of ports is made of.
    pub(super) of_set: HashMap<PortSet, Vec<PortClass>>,
}

/// Two ports are in one class where the same sets cover them and their flags are the same.
pub(super) fn classes(
    rules: &[EffectiveRule],
    dynamic: &[Vec<PortRange>],
) -> Result<PortClasses, CompileError> {
    let mut of_set: HashMap<PortSet, Vec<PortClass>> = HashMap::new();
    for set in rules.iter().flat_map(|rule| rule.ports.iter().flatten()) {
        of_set.entry(set.clone()).or_default();
    }
    let dynamic: Vec<_> = dynamic.iter().map(|ranges| PortSet::dynamic(ranges)).collect();
    for set in &dynamic {
        of_set.entry(set.clone()).or_default();
    }
    let mut sets: Vec<_> = of_set.into_iter().collect();
    sets.sort_by(|(a, _), (b, _)| (a.dynamic, a.answers, &a.ranges).cmp(&(b.dynamic, b.answers, &b.ranges)));
    let mut table = vec![PortClass::default(); PORT_TABLE];
    let mut numbers: HashMap<(Vec<usize>, u16), PortClass> = HashMap::new();
    for (first, next) in segments(sets.iter().map(|(set, _)| set)) {
        let covering: Vec<usize> = (0..sets.len())
            .filter(|set| sets[*set].0.contains(first))
            .collect();
        let mut flags = hides(first);
        if !covering.is_empty() && covering.iter().all(|set| sets[*set].0.is_less_likely()) {
            flags |= PortClass::DYNAMIC;
        }
        let number = if covering.is_empty() { 0 } else { numbers.len() + 1 };
        let number = u16::try_from(number)
            .ok()
            .filter(|number| number & !PortClass::NUMBER == 0);
        let new = PortClass(number.ok_or(CompileError::TooManyPortClasses)? | flags);
        let class = if covering.is_empty() {
            new
        } else {
            *numbers.entry((covering.clone(), flags)).or_insert_with(|| {
                for set in &covering {
                    sets[*set].1.push(new);
                }
                new
            })
        };
        table[first..next].fill(class);
    }
    let of_set: HashMap<PortSet, Vec<PortClass>> = sets.into_iter().collect();
    Ok(PortClasses {
        table,
        dynamic: dynamic.iter().map(|set| of_set[set].clone()).collect(),
        of_set,
    })
}

/// Stretches of the port table inside which nothing begins or ends.
fn segments<'a>(sets: impl Iterator<Item = &'a PortSet>) -> Vec<(usize, usize)> {
    let mut edges = BTreeSet::from([0, PORT_TABLE]);
    edges.extend(
        sets.flat_map(|set| &set.ranges)
            .flat_map(|(first, last)| [*first, last + 1]),
    );
    let hiding = (0..PORT_TABLE).filter(|index| hides(*index) != hides(index.saturating_sub(1)));
    edges.extend(hiding);
    let edges: Vec<_> = edges.into_iter().collect();
    edges.windows(2).map(|pair| (pair[0], pair[1])).collect()
}

/// [`PortClass::HIDES`] for the UDP ports of tunnels and of IKE, and for every IP protocol but those whose ports or types
/// the parser reads.
fn hides(index: usize) -> u16 {
    const UDP: usize = port_index(protocol::UDP, 0);
    const PROTOCOLS: usize = port_index(0, 0);
    const READ: [usize; 5] = [
        PROTOCOLS + protocol::TCP as usize,
        PROTOCOLS + protocol::UDP as usize,
        PROTOCOLS + protocol::ICMP as usize,
        PROTOCOLS + protocol::ICMPV6 as usize,
        ICMP_OTHER,
    ];
    let tunnel = HIDING_UDP
        .iter()
        .any(|(port, _)| UDP + usize::from(*port) == index);
    let hidden = tunnel || index >= PROTOCOLS && !READ.contains(&index);
    if hidden { PortClass::HIDES } else { 0 }
}
