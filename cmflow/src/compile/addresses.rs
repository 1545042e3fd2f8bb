//! From statements about prefixes to one answer for every address: sort the prefixes, then walk them with a
//! stack of those that contain the current one.

use std::collections::{BTreeMap, HashMap};

use cmflow_common::address::Address;
use cmflow_common::gateway::Endpoint;
use cmflow_common::memory::{Prefixes, QuickMap};
use ipnet::IpNet;

use crate::site::{Extent, SiteIndex, SiteModel};

use super::ports::Profiles;
use super::role_set::{RoleBook, RoleSet};
use super::special::{LOCAL, SPECIAL_PURPOSE};
use super::{ClassInfo, CompileError, Machine};

/// What the addresses of a site file come to.
pub(super) struct Addresses {
    pub(super) hosts: QuickMap<Address, Endpoint>,
    pub(super) prefixes: Prefixes,
    pub(super) classes: Vec<ClassInfo>,
}

/// A prefix of either family: first address and length, IPv4 mapped into IPv6.
type Key = (u128, u8);

const MAPPED_V4: Key = (0xffff_0000_0000, 96);
const ALL_V6: Key = (0, 0);

/// What is said about one prefix itself.
#[derive(Default)]
struct Node {
    given: RoleSet,
    excluded: RoleSet,
    site: Option<SiteIndex>,
    profile: Option<u16>,
    site_server_initiates: bool,
    not_public: bool,
    local: bool,
}

/// What holds for the addresses of a prefix, all that contain it taken together.
#[derive(Clone, Copy, Default)]
struct State {
    /// Roles given by prefixes.
    roles: RoleSet,
    /// Roles that a prefix decided, either way: the words `public` and `any-other` say nothing about them.
    decided: RoleSet,
    site: Option<SiteIndex>,
    profile: Option<u16>,
    site_server_initiates: bool,
    not_public: bool,
    local: bool,
}

impl State {
    fn inside(mut self, node: &Node) -> Self {
        if node.local {
            // A client network says nothing about the gateway's own address in it.
            self = Self {
                not_public: self.not_public,
                local: true,
                ..Self::default()
            };
        }
        self.roles = self.roles.without(node.excluded).union(node.given);
        self.decided = self.decided.union(node.given).union(node.excluded);
        self.site = node.site.or(self.site);
        self.profile = node.profile.or(self.profile);
        self.site_server_initiates |= node.site_server_initiates;
        self.not_public |= node.not_public;
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
    profiles: &Profiles,
    machine: &Machine,
    serving_tftp: RoleSet,
) -> Result<Addresses, CompileError> {
    let words = words(site, book);
    let mut classes = Classes::serving(serving_tftp);
    let mut hosts = QuickMap::default();
    let mut prefixes = Prefixes::default();
    let mut stack: Vec<(Key, State, Endpoint)> = Vec::new();
    for (key, node) in nodes(site, profiles, machine) {
        while stack.last().is_some_and(|(outer, ..)| !contains(*outer, key)) {
            stack.pop();
        }
        // The mapped range is a tree of its own: `::/0` speaks of IPv6 only.
        let outer = stack.last().filter(|_| key != MAPPED_V4);
        let (outer, outside) = outer
            .map(|(_, state, endpoint)| (*state, Some(*endpoint)))
            .unwrap_or_default();
        let state = outer.inside(&node);
        let endpoint = classes.endpoint(state, &words, book, profiles)?;
        let address = Address::from_bytes(key.0.to_be_bytes());
        if key.1 == 128 {
            hosts.insert(address, endpoint);
        } else if outside != Some(endpoint) {
            prefixes.insert((address, key.1), endpoint);
        }
        stack.push((key, state, endpoint));
    }
    Ok(Addresses {
        hosts,
        prefixes,
        classes: classes.infos,
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
fn nodes(site: &SiteModel, profiles: &Profiles, machine: &Machine) -> BTreeMap<Key, Node> {
    let mut nodes = BTreeMap::from([(ALL_V6, Node::default()), (MAPPED_V4, Node::default())]);
    let mut node = |prefix: IpNet, change: &dyn Fn(&mut Node)| change(nodes.entry(key(prefix)).or_default());
    for prefix in registry(SPECIAL_PURPOSE).chain(site.internal.iter().copied()) {
        node(prefix, &|node| node.not_public = true);
    }
    for prefix in registry(LOCAL).chain(machine.addresses.iter().map(|address| IpNet::from(*address))) {
        node(prefix, &|node| node.local = true);
    }
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
    for prefix in &site.site_server_initiates {
        node(*prefix, &|node| node.site_server_initiates = true);
    }
    for (index, host) in site.hosts.iter().enumerate() {
        for address in &host.addresses {
            node(IpNet::from(*address), &|node| {
                node.site = host.site.or(node.site);
                node.profile = Some(profiles.of_host(index));
            });
        }
    }
    nodes
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
        words: &Words,
        book: &RoleBook,
        profiles: &Profiles,
    ) -> Result<Endpoint, CompileError> {
        let known = !state.roles.is_empty();
        if state.local && !known {
            return Ok(Endpoint::new(0, Endpoint::LOCAL));
        }
        let public = if state.not_public {
            RoleSet::default()
        } else {
            words.public
        };
        let named = state
            .roles
            .union(public.union(words.any_other).without(state.decided));
        if named.is_empty() {
            return Ok(Endpoint::default());
        }
        let (as_initiator, as_responder) = book.by_direction(named, known);
        let info = ClassInfo {
            named,
            as_initiator,
            as_responder,
            site: state.site,
            profile: state.profile.unwrap_or_else(|| profiles.of_site(state.site)),
            known,
            flagged_if_foreign: book.is_flagged_if_foreign(state.roles),
            site_server_initiates: state.site_server_initiates,
        };
        let mut flags = if info.known { Endpoint::KNOWN } else { 0 };
        flags |= if info.flagged_if_foreign {
            Endpoint::FLAGGED_IF_FOREIGN
        } else {
            0
        };
        flags |= if info.as_responder.intersection(self.serving_tftp).is_empty() {
            0
        } else {
            Endpoint::SERVES_TFTP
        };
        Ok(Endpoint::new(self.number(info)?, flags))
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
