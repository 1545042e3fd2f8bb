//! From statements about prefixes and single addresses to one answer for every address: sort the prefixes, then walk
//! them with a stack of those that contain the current one.

use std::collections::{BTreeMap, HashMap};

use cmflow_common::address::Address;
use cmflow_common::gateway::Endpoint;
use cmflow_common::memory::{Prefixes, QuickMap};
use ipnet::IpNet;

use crate::catalogue::{Group, PortRange};
use crate::site::{Extent, PortChanges, SiteIndex, SiteModel};

use super::ports::{Profile, Profiles};
use super::role_set::{RoleBook, RoleSet};
use super::special::{LOCAL, SIDES, SPECIAL_PURPOSE};
use super::{ClassInfo, CompileError, Machine};

/// What the addresses of a site file come to.
pub(super) struct Addresses {
    pub(super) hosts: QuickMap<Address, Endpoint>,
    pub(super) prefixes: Prefixes,
    pub(super) classes: Vec<ClassInfo>,
    pub(super) sides: Vec<(String, u32)>,
}

/// A prefix of either family: first address and length, IPv4 mapped into IPv6.
type Key = (u128, u8);

const MAPPED_V4: Key = (0xffff_0000_0000, 96);
const ALL_V6: Key = (0, 0);

/// What is said about one prefix itself.
#[derive(Default)]
struct Node {
    given: RoleSet,
    /// Sets of addresses that approvals name.
    approved: RoleSet,
    excluded: RoleSet,
    site: Option<SiteIndex>,
    profile: Option<u16>,
    site_server_initiates: bool,
    not_public: bool,
    local: bool,
    group: Option<Group>,
    /// No packet has such an address.
    unused: bool,
    /// What single addresses alone have.
    single: Option<Box<Single>>,
}

/// What is said about the ports of one address, beside those of its host and its site.
#[derive(Clone, Default)]
struct Single {
    /// Ports that a virtual address has from its members, in place of its site's.
    members: Option<PortChanges>,
    /// Ports of instances of SQL Server.
    instances: PortChanges,
    /// Ports of a proxy.
    proxy: Vec<PortRange>,
    /// See [`Profile::moved`].
    moved: Vec<(u16, Vec<u16>)>,
}

/// What holds for the addresses of a prefix, all that contain it taken together.
#[derive(Clone, Copy, Default)]
struct State {
    /// Roles given by prefixes.
    roles: RoleSet,
    /// Sets of addresses that approvals name: ends of approvals, and no roles.
    approved: RoleSet,
    /// Roles that a prefix decided, either way: the words `public` and `any-other` say nothing about them.
    decided: RoleSet,
    site: Option<SiteIndex>,
    profile: Option<u16>,
    site_server_initiates: bool,
    not_public: bool,
    local: bool,
    group: Option<Group>,
    unused: bool,
    /// It stands for computers whose address does not cross the gateway.
    side: bool,
}

impl State {
    fn inside(mut self, node: &Node) -> Self {
        if node.local {
            // A client network says nothing about the gateway's own address in it.
            self = Self {
                not_public: self.not_public,
                local: true,
                group: self.group,
                ..Self::default()
            };
        }
        self.roles = self.roles.without(node.excluded).union(node.given);
        self.approved = self.approved.union(node.approved);
        self.decided = self.decided.union(node.given).union(node.excluded);
        self.site = node.site.or(self.site);
        self.profile = node.profile.or(self.profile);
        self.site_server_initiates |= node.site_server_initiates;
        self.not_public |= node.not_public;
        self.group = node.group.or(self.group);
        self.unused |= node.unused;
        self
    }
}

/// Roles that words give rather than prefixes.
#[derive(Default)]
struct Words {
    public: RoleSet,
    any_other: RoleSet,
}

/// Resolves every address that the site file, the registries and the gateway speak of.
pub(super) fn resolve(
    site: &SiteModel,
    book: &RoleBook,
    profiles: &mut Profiles,
    machine: &Machine,
    groups: &[(IpNet, Group)],
    serving_tftp: RoleSet,
) -> Result<Addresses, CompileError> {
    let words = words(site, book);
    let mut classes = Classes::serving(serving_tftp);
    let mut hosts = QuickMap::default();
    let mut prefixes = Prefixes::default();
    let mut stack: Vec<(Key, State, Endpoint)> = Vec::new();
    for (key, node) in nodes(site, book, profiles, machine, groups) {
        while stack.last().is_some_and(|(outer, ..)| !contains(*outer, key)) {
            stack.pop();
        }
        // The mapped range is a tree of its own: `::/0` speaks of IPv6 only.
        let outer = stack.last().filter(|_| key != MAPPED_V4);
        let (outer, outside) = outer
            .map(|(_, state, endpoint)| (*state, Some(*endpoint)))
            .unwrap_or_default();
        let state = outer.inside(&node);
        let profile = profile(&state, node.single.as_deref(), profiles)?;
        let is_proxy = node.single.is_some_and(|single| !single.proxy.is_empty());
        let endpoint = classes.endpoint(state, profile, is_proxy, &words, book)?;
        let address = Address::from_bytes(key.0.to_be_bytes());
        if key.1 == 128 {
            hosts.insert(address, endpoint);
        } else if outside != Some(endpoint) {
            prefixes.insert((address, key.1), endpoint);
        }
        stack.push((key, state, endpoint));
    }
    let mut sides = Vec::new();
    for side in &site.interfaces {
        let Some((_, number)) = machine.interfaces.iter().find(|(name, _)| *name == side.name) else {
            continue;
        };
        let state = State {
            roles: RoleSet::of(side.role),
            not_public: true,
            side: true,
            ..State::default()
        };
        let profile = profile(&state, None, profiles)?;
        let endpoint = classes.endpoint(state, profile, false, &words, book)?;
        hosts.insert(Address::side(*number), endpoint);
        sides.push((side.name.clone(), *number));
    }
    Ok(Addresses {
        hosts,
        prefixes,
        classes: classes.infos,
        sides,
    })
}

fn words(site: &SiteModel, book: &RoleBook) -> Words {
    let given = |wanted: fn(Extent) -> bool| -> RoleSet {
        let statements = site.statements.iter().filter(|s| s.given && wanted(s.extent));
        statements.map(|s| s.role).collect()
    };
    let addressed = given(|_| true);
    Words {
        public: given(|extent| extent == Extent::Public).union(book.public.without(addressed)),
        any_other: given(|extent| extent == Extent::AnyOther),
    }
}

/// Every prefix that something is said about, outer ones before inner ones.
fn nodes(
    site: &SiteModel,
    book: &RoleBook,
    profiles: &Profiles,
    machine: &Machine,
    groups: &[(IpNet, Group)],
) -> BTreeMap<Key, Node> {
    let mut nodes = BTreeMap::from([(ALL_V6, Node::default()), (MAPPED_V4, Node::default())]);
    let mut node = |prefix: IpNet, change: &dyn Fn(&mut Node)| change(nodes.entry(key(prefix)).or_default());
    for prefix in registry(SPECIAL_PURPOSE).chain(site.internal.iter().copied()) {
        node(prefix, &|node| node.not_public = true);
    }
    // The gateway forwards no broadcast of its own subnets.
    let own = machine.addresses.iter().chain(&machine.broadcasts);
    for prefix in registry(LOCAL).chain(own.map(|address| IpNet::from(*address))) {
        node(prefix, &|node| node.local = true);
    }
    for (prefix, group) in groups {
        node(*prefix, &|node| node.group = Some(*group));
    }
    node(SIDES.parse().expect("a prefix"), &|node| node.unused = true);
    for statement in &site.statements {
        let Extent::Prefix(prefix) = statement.extent else {
            continue;
        };
        let role = RoleSet::of(statement.role);
        node(prefix, &|node| {
            if statement.given {
                node.given = node.given.union(role);
                node.site = statement.site.or(node.site);
            } else {
                node.excluded = node.excluded.union(role);
            }
        });
    }
    for (set, role) in site.address_sets.iter().zip(book.address_sets()) {
        for prefix in set {
            node(*prefix, &|node| {
                node.approved = node.approved.union(RoleSet::of(role))
            });
        }
    }
    for prefix in &site.site_server_initiates {
        node(*prefix, &|node| node.site_server_initiates = true);
    }
    let single = |node: &mut Node, change: &dyn Fn(&mut Single)| change(node.single.get_or_insert_default());
    for proxy in &site.proxies {
        node(IpNet::from(proxy.address), &|node| {
            single(node, &|single| single.proxy.push(PortRange::single(proxy.port)));
        });
    }
    for instance in &site.sql_instances {
        for address in &instance.addresses {
            node(IpNet::from(*address), &|node| {
                single(node, &|single| {
                    for (key, port) in instance.ports() {
                        let ports = single.instances.entry(key.to_owned()).or_default();
                        ports.push(PortRange::single(port));
                        ports.sort();
                        ports.dedup();
                    }
                });
            });
        }
    }
    for (index, host) in site.hosts.iter().enumerate() {
        for address in &host.addresses {
            node(IpNet::from(*address), &|node| {
                node.site = host.site.or(node.site);
                node.profile = Some(profiles.of_host(index));
            });
        }
    }
    virtual_addresses(site, profiles, &mut nodes);
    nodes
}

/// Gives virtual addresses the ports of their members, where these agree.
fn virtual_addresses(site: &SiteModel, profiles: &Profiles, nodes: &mut BTreeMap<Key, Node>) {
    let mut found: Vec<(Key, Single)> = Vec::new();
    for nat in &site.nats {
        let mut of_members = nat
            .members
            .iter()
            .map(|member| changes_at(nodes, profiles, key(IpNet::from(member.address))));
        let first = of_members.next();
        let agreed = first.filter(|first| of_members.all(|other| other == *first));
        for vip in &nat.vips {
            let key = key(IpNet::from(vip.address));
            let known = found.iter().position(|(known, _)| *known == key);
            let index = known.unwrap_or(found.len());
            if known.is_none() {
                found.push((key, Single::default()));
            }
            let single = &mut found[index].1;
            single.members = single.members.take().or_else(|| agreed.clone());
            for moved in nat.moved_ports(vip.address) {
                if !single.moved.contains(&moved) {
                    single.moved.push(moved);
                }
            }
        }
    }
    for (key, from_members) in found {
        let node = nodes.entry(key).or_default();
        let single = node.single.get_or_insert_default();
        single.members = from_members.members;
        single.moved = from_members.moved;
    }
}

/// The ports that differ at one address.
fn changes_at(nodes: &BTreeMap<Key, Node>, profiles: &Profiles, address: Key) -> PortChanges {
    let first_length = if contains(MAPPED_V4, address) {
        MAPPED_V4.1
    } else {
        0
    };
    let containing = (first_length..=128).filter_map(|length| {
        let kept = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
        nodes.get(&(address.0 & kept, length))
    });
    let state = containing.fold(State::default(), State::inside);
    let base = state.profile.unwrap_or_else(|| profiles.of_site(state.site));
    let mut changes = profiles.profile(base).changes.clone();
    let single = nodes.get(&address).and_then(|node| node.single.as_ref());
    changes.extend(single.map(|single| single.instances.clone()).unwrap_or_default());
    changes
}

/// Number of the ports that hold in that state, at a single address with what is said of it alone.
fn profile(state: &State, single: Option<&Single>, profiles: &mut Profiles) -> Result<u16, CompileError> {
    let base = state.profile.unwrap_or_else(|| profiles.of_site(state.site));
    let Some(single) = single else { return Ok(base) };
    // A host with ports of its own has them also where it is a virtual address.
    let of_its_own = base != profiles.of_site(state.site);
    let members = single.members.clone().filter(|_| !of_its_own);
    let mut changes = members.unwrap_or_else(|| profiles.profile(base).changes.clone());
    changes.extend(single.instances.clone());
    profiles.number(Profile {
        changes,
        proxy: single.proxy.clone(),
        moved: single.moved.clone(),
    })
}

/// A set of addresses, as it is shown where a role would stand.
pub(super) fn in_words(set: &[IpNet]) -> String {
    const SHOWN: usize = 3;
    let short = |prefix: &IpNet| {
        if prefix.prefix_len() == prefix.max_prefix_len() {
            prefix.addr().to_string()
        } else {
            prefix.to_string()
        }
    };
    let shown = if set.len() > SHOWN { SHOWN - 1 } else { set.len() };
    let mut words = set[..shown].iter().map(short).collect::<Vec<_>>().join(", ");
    if shown < set.len() {
        words.push_str(&format!(" and {} more", set.len() - shown));
    }
    words
}

fn registry(prefixes: &'static [&'static str]) -> impl Iterator<Item = IpNet> {
    prefixes
        .iter()
        .map(|prefix| prefix.parse().expect("the registries hold prefixes"))
}

fn key(prefix: IpNet) -> Key {
    match prefix {
        IpNet::V4(v4) => (
            MAPPED_V4.0 | u128::from(v4.network().to_bits()),
            MAPPED_V4.1 + v4.prefix_len(),
        ),
        IpNet::V6(v6) => (v6.network().to_bits(), v6.prefix_len()),
    }
}

fn contains(outer: Key, inner: Key) -> bool {
    let differing = outer.0 ^ inner.0;
    outer.1 <= inner.1 && differing.leading_zeros() >= u32::from(outer.1)
}

/// Numbers the distinct classes in the order in which they are met.
struct Classes {
    numbers: HashMap<ClassInfo, u16>,
    infos: Vec<ClassInfo>,
    serving_tftp: RoleSet,
}

impl Classes {
    /// No class but the one that holds nothing. Holders of those roles answer TFTP requests.
    fn serving(serving_tftp: RoleSet) -> Self {
        let nothing = ClassInfo::default();
        Self {
            serving_tftp,
            numbers: HashMap::from([(nothing.clone(), 0)]),
            infos: vec![nothing],
        }
    }

    fn endpoint(
        &mut self,
        state: State,
        profile: u16,
        is_proxy: bool,
        words: &Words,
        book: &RoleBook,
    ) -> Result<Endpoint, CompileError> {
        let known = !state.roles.is_empty() || is_proxy;
        if state.unused {
            return Ok(Endpoint::default());
        }
        if state.local && !known {
            let info = ClassInfo {
                group: state.group,
                local: state.group.is_some(),
                ..ClassInfo::approved(state.approved)
            };
            return self.unnamed(info, Endpoint::LOCAL);
        }
        let public = if state.not_public {
            RoleSet::default()
        } else {
            words.public
        };
        let mut by_word = public.union(words.any_other).without(state.decided);
        let mut proxy_for = RoleSet::default();
        if is_proxy {
            // It is nobody on the internet; it stands for those who are, but not for roles that nobody there holds.
            by_word = by_word.without(book.public);
            proxy_for = book.public.without(state.decided.without(state.roles));
        }
        let named = state.roles.union(by_word);
        if named.is_empty() && !known {
            let info = ClassInfo {
                group: state.group,
                ..ClassInfo::approved(state.approved)
            };
            return self.unnamed(info, 0);
        }
        let (as_initiator, _) = book.by_direction(named, known);
        let (_, as_responder) = book.by_direction(named.union(proxy_for), known);
        let info = ClassInfo {
            named,
            as_initiator: as_initiator.union(state.approved),
            as_responder: as_responder.union(state.approved),
            proxy_for,
            site: state.site,
            profile,
            known,
            flagged_if_foreign: book.is_flagged_if_foreign(state.roles, known),
            site_server_initiates: state.site_server_initiates,
            group: state.group,
            local: state.side,
        };
        let flags = info.flags() | self.tftp_flag(&info);
        Ok(Endpoint::new(self.number(info)?, flags))
    }

    /// Somebody whom the site file does not name: approvals may.
    fn unnamed(&mut self, info: ClassInfo, flags: u32) -> Result<Endpoint, CompileError> {
        let flags = flags | self.tftp_flag(&info);
        Ok(Endpoint::new(self.number(info)?, flags))
    }

    fn tftp_flag(&self, info: &ClassInfo) -> u32 {
        let serves_tftp = !info.as_responder.intersection(self.serving_tftp).is_empty();
        if serves_tftp { Endpoint::SERVES_TFTP } else { 0 }
    }

    fn number(&mut self, info: ClassInfo) -> Result<u16, CompileError> {
        if let Some(number) = self.numbers.get(&info) {
            return Ok(*number);
        }
        let number = u16::try_from(self.infos.len()).map_err(|_| CompileError::TooManyClasses)?;
        self.infos.push(info.clone());
        self.numbers.insert(info, number);
        Ok(number)
    }
}
