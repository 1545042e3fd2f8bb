//! The naive reading: every statement, every rule, one after the other, for one flow.

mod ports;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use cmflow_common::address::Address;
use cmflow_common::packet::protocol;
use cmflow_common::verdict::VerdictKind;
use ipnet::IpNet;

use ports::PortsAt;

use crate::catalogue::{Cadence, Catalogue, Delivery, Group, OpenedBy, RoleId, RoleKind, Rule, Scope};
use crate::compile::special::{LOCAL, SPECIAL_PURPOSE};
use crate::compile::{Basis, Machine};
use crate::site::{Extent, FlagForeign, OwnRule, SiteIndex, SiteModel, Statement};

/// What the statements say of one address, read one after the other.
pub(super) struct Computer {
    pub(super) address: IpAddr,
    known: bool,
    flagged_if_foreign: bool,
    site_server_initiates: bool,
    local: bool,
    pub(super) opens: Vec<bool>,
    pub(super) answers: Vec<bool>,
    site: Option<SiteIndex>,
    group: Option<Group>,
    ports: PortsAt,
}

/// What the tables should say.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) kind: VerdictKind,
    pub(super) rules: Vec<String>,
    pub(super) basis: Option<Basis>,
    pub(super) flagged: bool,
}

pub(super) struct Naive<'a> {
    catalogue: &'a Catalogue,
    site: &'a SiteModel,
    machine: &'a Machine,
    rules: Vec<(VerdictKind, Rule)>,
}

/// One of the user's own rules, as the page would print it.
fn as_rule(own: &OwnRule) -> Rule {
    Rule {
        id: own.id.clone(),
        section: String::new(),
        listed: false,
        service: own.id.clone(),
        from: own.from,
        to: own.to,
        opened_by: own.opened_by,
        udp: own.udp.clone(),
        tcp: own.tcp.clone(),
        icmp_echo: own.icmp_echo,
        delivery: Delivery::default(),
        dynamic: false,
        either: false,
        alternate: false,
        notes: vec![],
        setting: None,
        scope: Scope::Anywhere,
        cadence: Cadence::OnDemand,
        conditions: vec![],
        anchor: None,
        errata: vec![],
        remarks: vec![],
    }
}

fn prefix(text: &str) -> IpNet {
    text.parse().expect("a prefix")
}

/// Rules of the page, of the companions that are on, and the user's own.
fn rules(catalogue: &Catalogue, site: &SiteModel) -> Vec<(VerdictKind, Rule)> {
    let page = catalogue.page(&site.edition).expect("the edition");
    let documented = page.rules().map(|rule| (VerdictKind::Documented, rule.clone()));
    let mut rules: Vec<_> = documented.collect();
    for companion in &catalogue.companions {
        if site.companions.contains(&companion.id) {
            let baseline = companion.rules.iter();
            rules.extend(baseline.map(|rule| (VerdictKind::Baseline, rule.clone())));
        }
    }
    let own = site.rules.iter();
    rules.extend(own.map(|own| (VerdictKind::Approved, as_rule(own))));
    rules
}

impl<'a> Naive<'a> {
    pub(super) fn new(catalogue: &'a Catalogue, site: &'a SiteModel, machine: &'a Machine) -> Self {
        Self {
            catalogue,
            site,
            machine,
            rules: rules(catalogue, site),
        }
    }

    pub(super) fn computer(&self, address: IpAddr) -> Computer {
        Computer {
            address,
            known: self.known(address),
            flagged_if_foreign: match self.site.flag_foreign {
                FlagForeign::SiteSystems => self.is_more_than_client(address),
                FlagForeign::All => self.known(address),
                FlagForeign::None => false,
            },
            site_server_initiates: self.site_server_initiates(address),
            local: self.is_local(address),
            opens: self.roles().map(|role| self.opens(address, role)).collect(),
            answers: self.roles().map(|role| self.answers(address, role)).collect(),
            site: self.site_of(address),
            group: self.group(address),
            ports: self.ports_at(address),
        }
    }

    /// Whoever is at an interface that the site file calls a side.
    pub(super) fn at_side(&self, name: &str, role: RoleId) -> Option<Computer> {
        let (_, number) = self.machine.interfaces.iter().find(|(known, _)| known == name)?;
        let any_other = |role: RoleId| {
            let mut said = self.site.statements.iter();
            said.any(|s| s.role == role && s.given && s.extent == Extent::AnyOther)
        };
        let held: Vec<RoleId> = self
            .roles()
            .filter(|one| *one == role || any_other(*one))
            .collect();
        let site_system = self.catalogue.role("site-system");
        let is_system = held
            .iter()
            .any(|held| Some(*held) == site_system || self.implies(*held, site_system));
        let client = self.catalogue.role("client");
        let holds = |role: RoleId| {
            self.kind(role) == Some(RoleKind::Named)
                || held
                    .iter()
                    .any(|held| *held == role || self.implies(*held, Some(role)))
        };
        let is_client = |role: RoleId| Some(role) == client && is_system;
        let everybodys = [RoleKind::EndPoint, RoleKind::Public, RoleKind::Named].map(Some);
        Some(Computer {
            address: Address::side(*number).into(),
            known: true,
            flagged_if_foreign: match self.site.flag_foreign {
                FlagForeign::SiteSystems => !everybodys.contains(&self.kind(role)),
                FlagForeign::All => true,
                FlagForeign::None => false,
            },
            site_server_initiates: false,
            local: true,
            opens: self.roles().map(|role| holds(role) || is_client(role)).collect(),
            answers: self.roles().map(|role| holds(role) && !is_client(role)).collect(),
            site: None,
            group: None,
            ports: self.ports_of_hierarchy(),
        })
    }

    fn implies(&self, held: RoleId, role: Option<RoleId>) -> bool {
        let held = self.catalogue.roles.get(usize::from(held.0));
        held.is_some_and(|held| role.is_some_and(|role| held.implies.contains(&role)))
    }

    /// Broadcast where the gateway has a subnet that ends there or a client network does, a group by its name where a
    /// rule names it.
    fn group(&self, address: IpAddr) -> Option<Group> {
        let client = self.catalogue.role("client");
        let ends_there = |statement: &Statement| match statement.extent {
            Extent::Prefix(prefix) if Some(statement.role) == client && statement.given => {
                prefix.addr().is_ipv4() && prefix.prefix_len() < 31 && prefix.broadcast() == address
            }
            _ => false,
        };
        if self.machine.broadcasts.contains(&address)
            || address.to_string() == "255.255.255.255"
            || self.site.statements.iter().any(ends_there)
        {
            return Some(Group::Broadcast);
        }
        let named = Group::Address(address);
        let is_named = self
            .rules
            .iter()
            .any(|(_, rule)| rule.delivery.groups.contains(&named));
        match (is_named, address.is_multicast()) {
            (true, _) => Some(named),
            (false, true) => Some(Group::Multicast),
            (false, false) => None,
        }
    }

    /// Whether the site file names somebody who holds that role where it is asked.
    fn is_heard(&self, role: RoleId) -> bool {
        let statements = self.site.statements.iter().filter(|one| one.given);
        let prefixes = statements.filter(|one| matches!(one.extent, Extent::Prefix(_)));
        let mut roles = prefixes
            .map(|one| one.role)
            .chain(self.site.interfaces.iter().map(|side| side.role));
        let site_system = self.catalogue.role("site-system");
        roles.any(|held| {
            let is_system = Some(held) == site_system || self.implies(held, site_system);
            let holds =
                held == role || self.implies(held, Some(role)) || self.kind(role) == Some(RoleKind::Named);
            holds && !(Some(role) == self.catalogue.role("client") && is_system)
        })
    }

    /// Whether a computer sends to a group under a rule.
    fn sends(&self, rule: &Rule, from: &Computer, group: Option<Group>) -> bool {
        let Some(group) = group else { return false };
        let may_send = |role: RoleId, listening: RoleId| {
            from.opens[usize::from(role.0)] && !self.is_taken(rule, role, from) && self.is_heard(listening)
        };
        let reaches = rule.delivery.groups.iter().any(|own| match own {
            Group::Multicast => group != Group::Broadcast,
            own => *own == group,
        });
        reaches
            && (may_send(rule.from, rule.to)
                || rule.delivery.group_senders == OpenedBy::Either && may_send(rule.to, rule.from))
    }

    pub(super) fn answer(
        &self,
        from: &Computer,
        to: &Computer,
        protocol: u8,
        port: u16,
        seen: bool,
    ) -> Answer {
        let as_printed =
            |rule: &Rule| from.opens[usize::from(rule.from.0)] && to.answers[usize::from(rule.to.0)];
        let turned = |rule: &Rule| from.opens[usize::from(rule.to.0)] && to.answers[usize::from(rule.from.0)];
        let straight = self.credited(from, to, protocol, port, true, |rule| {
            as_printed(rule) && !self.is_taken(rule, rule.from, from)
                || rule.opened_by == OpenedBy::Either && turned(rule) && !self.is_taken(rule, rule.to, from)
                || self.sends(rule, from, to.group)
        });
        let is_approval = |rule: &Rule| {
            let mut own = self.site.rules.iter();
            own.any(|own| own.approval && own.id == rule.id)
        };
        let turned = self.credited(from, to, protocol, port, false, |rule| {
            !is_approval(rule) && turned(rule) || as_printed(rule) && self.is_taken(rule, rule.from, from)
        });
        let hides = match protocol {
            protocol::TCP | protocol::ICMP | protocol::ICMPV6 => false,
            protocol::UDP => [500, 4500, 4789, 8472, 6081, 1701].contains(&port),
            _ => true,
        };
        let plain = |kind, flagged| Answer {
            kind,
            rules: vec![],
            basis: None,
            flagged,
        };
        if let Some((kind, rules, basis)) = straight {
            Answer {
                kind,
                rules,
                basis: Some(basis),
                flagged: false,
            }
        } else if from.known && to.known && hides {
            plain(VerdictKind::Opaque, false)
        } else if from.local || to.local {
            plain(VerdictKind::Local, false)
        } else if let Some((_, rules, basis)) = turned.filter(|_| seen) {
            Answer {
                kind: VerdictKind::Reversed,
                rules,
                basis: Some(basis),
                flagged: false,
            }
        } else if from.known && to.known {
            plain(VerdictKind::Undocumented, false)
        } else if from.known || to.known {
            plain(
                VerdictKind::Foreign,
                from.flagged_if_foreign || to.flagged_if_foreign,
            )
        } else {
            plain(VerdictKind::OutOfScope, false)
        }
    }

    /// Note 5: whether the option takes the opening at the end of that role from that computer.
    fn is_taken(&self, rule: &Rule, role: RoleId, initiator: &Computer) -> bool {
        let site_server = self.catalogue.role("site-server").expect("the role");
        let ends = [rule.from, rule.to];
        !rule.section.is_empty()
            && (rule.opened_by == OpenedBy::Either || role == rule.from)
            && self.kind(role) == Some(RoleKind::SiteSystem)
            && ends.contains(&site_server)
            && role != site_server
            && initiator.site_server_initiates
    }

    fn site_server_initiates(&self, address: IpAddr) -> bool {
        let least = self.local_length(address).unwrap_or(0);
        let listed = self.site.site_server_initiates.iter();
        listed
            .filter(|prefix| prefix.prefix_len() >= least)
            .any(|prefix| prefix.contains(&address))
    }

    fn credited(
        &self,
        from: &Computer,
        to: &Computer,
        protocol: u8,
        port: u16,
        answering: bool,
        roles_fit: impl Fn(&Rule) -> bool,
    ) -> Option<(VerdictKind, Vec<String>, Basis)> {
        let icmp = protocol == protocol::ICMP || protocol == protocol::ICMPV6;
        let mut fitting: BTreeMap<(VerdictKind, Basis), BTreeSet<String>> = BTreeMap::new();
        for (kind, rule) in &self.rules {
            let denied = |id: &String| self.site.conditions.get(id).is_some_and(|stated| !stated.holds);
            if rule.conditions.iter().any(denied) {
                continue;
            }
            if !self.site.in_scope(rule.scope, from.site, to.site) {
                continue;
            }
            let asked = if to.group.is_some() && !to.known { from } else { to };
            let at_left_end = protocol == protocol::UDP
                && from.opens[usize::from(rule.to.0)]
                && !self.is_taken(rule, rule.to, from)
                && to.answers[usize::from(rule.from.0)]
                && rule.delivery.udp_at_from.iter().any(|range| range.contains(port));
            let fits = match protocol {
                _ if answering && at_left_end => true,
                _ if !roles_fit(rule) => false,
                protocol::TCP | protocol::UDP => self.covers(rule, *kind, asked, protocol, port),
                _ => icmp && rule.icmp_echo,
            };
            let basis = match protocol {
                _ if icmp => Basis::Icmp,
                protocol::TCP if rule.dynamic => Basis::Range,
                _ => Basis::Port,
            };
            if fits {
                fitting.entry((*kind, basis)).or_default().insert(rule.id.clone());
            }
        }
        let ((kind, basis), rules) = fitting.into_iter().next()?;
        Some((kind, rules.into_iter().collect(), basis))
    }

    /// The gateway's own addresses, and those that it does not forward to.
    fn own(&self) -> impl Iterator<Item = IpAddr> {
        let own = self.machine.addresses.iter().chain(&self.machine.broadcasts);
        own.copied()
    }

    /// Length of the longest local range around an address: shorter prefixes say nothing about it.
    fn local_length(&self, address: IpAddr) -> Option<u8> {
        let ranges = LOCAL
            .iter()
            .map(|text| prefix(text))
            .chain(self.own().map(IpNet::from));
        ranges
            .filter(|range| range.contains(&address))
            .map(|range| range.prefix_len())
            .max()
    }

    fn is_local(&self, address: IpAddr) -> bool {
        self.local_length(address).is_some() && !self.known(address)
    }

    fn is_public(&self, address: IpAddr) -> bool {
        let special = SPECIAL_PURPOSE.iter().map(|text| prefix(text));
        !special
            .chain(self.site.internal.iter().copied())
            .any(|range| range.contains(&address))
    }

    /// What prefixes say of a role at an address: held, excluded, or nothing.
    fn by_prefix(&self, address: IpAddr, role: RoleId) -> Option<bool> {
        let least = self.local_length(address).unwrap_or(0);
        let statements = self
            .site
            .statements
            .iter()
            .filter(|statement| statement.role == role);
        let lengths = statements.filter_map(|statement| match statement.extent {
            Extent::Prefix(prefix) if prefix.contains(&address) && prefix.prefix_len() >= least => {
                Some((prefix.prefix_len(), statement.given))
            }
            _ => None,
        });
        lengths.max().map(|(_, given)| given)
    }

    fn roles(&self) -> impl Iterator<Item = RoleId> {
        let roles = self.catalogue.roles.len() + self.site.custom_roles.len();
        let count = roles + self.site.address_sets.len();
        (0..u16::try_from(count).expect("few roles")).map(RoleId)
    }

    fn kind(&self, role: RoleId) -> Option<RoleKind> {
        self.catalogue
            .roles
            .get(usize::from(role.0))
            .map(|role| role.kind)
    }

    fn known(&self, address: IpAddr) -> bool {
        self.is_proxy(address)
            || self
                .roles()
                .any(|role| self.by_prefix(address, role) == Some(true))
    }

    fn is_proxy(&self, address: IpAddr) -> bool {
        self.site.proxies.iter().any(|proxy| proxy.address == address)
    }

    /// Note 1: whether a proxy stands for a role of the internet.
    fn stands_for(&self, address: IpAddr, role: RoleId) -> bool {
        self.is_proxy(address)
            && self.kind(role) == Some(RoleKind::Public)
            && self.by_prefix(address, role) != Some(false)
    }

    fn is_more_than_client(&self, address: IpAddr) -> bool {
        self.roles().any(|role| {
            self.by_prefix(address, role) == Some(true)
                && !matches!(
                    self.kind(role),
                    Some(RoleKind::EndPoint | RoleKind::Public | RoleKind::Named)
                )
        })
    }

    fn named(&self, address: IpAddr, role: RoleId) -> bool {
        if let Some(decided) = self.by_prefix(address, role) {
            return decided;
        }
        if self.is_proxy(address) && self.kind(role) == Some(RoleKind::Public) {
            return false;
        }
        let says = |extent: Extent| {
            self.site
                .statements
                .iter()
                .any(|s| s.role == role && s.given && s.extent == extent)
        };
        let unsaid = !self.site.statements.iter().any(|s| s.role == role && s.given);
        let by_default = unsaid && self.kind(role) == Some(RoleKind::Public);
        self.local_length(address).is_none_or(|_| self.known(address))
            && (says(Extent::AnyOther) || (by_default || says(Extent::Public)) && self.is_public(address))
    }

    fn implied(&self, address: IpAddr, role: RoleId) -> bool {
        self.roles().any(|held| {
            self.named(address, held)
                && (held == role
                    || self
                        .catalogue
                        .roles
                        .get(usize::from(held.0))
                        .is_some_and(|held| held.implies.contains(&role)))
        })
    }

    fn is_site_system(&self, address: IpAddr) -> bool {
        self.catalogue
            .role("site-system")
            .is_some_and(|role| self.implied(address, role))
    }

    /// Whether an approval names the address where that stands for a role.
    fn in_set(&self, address: IpAddr, role: RoleId) -> bool {
        let least = self.local_length(address).unwrap_or(0);
        let set = self.site.address_set(self.catalogue.roles.len(), role);
        let mut prefixes = set.into_iter().flatten();
        prefixes.any(|prefix| prefix.prefix_len() >= least && prefix.contains(&address))
    }

    fn opens(&self, address: IpAddr, role: RoleId) -> bool {
        self.in_set(address, role)
            || self.implied(address, role)
            || self.kind(role) == Some(RoleKind::Named) && self.known(address)
            || Some(role) == self.catalogue.role("client") && self.is_site_system(address)
    }

    fn answers(&self, address: IpAddr, role: RoleId) -> bool {
        self.in_set(address, role)
            || self.kind(role) == Some(RoleKind::Named) && self.known(address)
            || self.stands_for(address, role)
            || self.implied(address, role)
                && !(Some(role) == self.catalogue.role("client") && self.is_site_system(address))
    }

    fn site_of(&self, address: IpAddr) -> Option<SiteIndex> {
        self.site_said(address).filter(|_| !self.is_nobody(address))
    }

    /// The site that hosts and statements put an address into, whoever is there.
    fn site_said(&self, address: IpAddr) -> Option<SiteIndex> {
        if let Some(host) = self
            .site
            .hosts
            .iter()
            .rev()
            .find(|host| host.addresses.contains(&address))
        {
            return host.site;
        }
        let least = self.local_length(address).unwrap_or(0);
        let sites = self
            .site
            .statements
            .iter()
            .filter_map(|statement| match statement.extent {
                Extent::Prefix(prefix) if statement.given && prefix.contains(&address) => {
                    Some((prefix.prefix_len(), statement.site?)).filter(|(length, _)| *length >= least)
                }
                _ => None,
            });
        sites.max_by_key(|(length, _)| *length).map(|(_, site)| site)
    }

    fn is_nobody(&self, address: IpAddr) -> bool {
        !self.known(address) && !self.roles().any(|role| self.named(address, role))
    }
}
