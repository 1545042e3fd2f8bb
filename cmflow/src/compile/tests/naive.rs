//! The naive reading: every statement, every rule, one after the other, for one flow.

mod ports;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use cmflow_common::packet::protocol;
use cmflow_common::verdict::VerdictKind;
use ipnet::IpNet;

use ports::PortsAt;

use crate::catalogue::{Cadence, Catalogue, OpenedBy, RoleId, RoleKind, Rule, Scope};
use crate::compile::Basis;
use crate::compile::special::{LOCAL, SPECIAL_PURPOSE};
use crate::site::{Extent, FlagForeign, OwnRule, SiteIndex, SiteModel};

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
    pub(super) catalogue: &'a Catalogue,
    pub(super) site: &'a SiteModel,
    pub(super) gateway: &'a [IpAddr],
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

impl Naive<'_> {
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
            ports: self.ports_at(address),
        }
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
        let straight = self.credited(from, to, protocol, port, |rule| {
            as_printed(rule) && !self.is_taken(rule, rule.from, from)
                || rule.opened_by == OpenedBy::Either && turned(rule) && !self.is_taken(rule, rule.to, from)
        });
        let turned = self.credited(from, to, protocol, port, |rule| {
            turned(rule) || as_printed(rule) && self.is_taken(rule, rule.from, from)
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
        rule.opened_by == OpenedBy::Either
            && rule.notes.contains(&5)
            && ends.contains(&site_server)
            && ends.iter().any(|end| *end != site_server)
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
        roles_fit: impl Fn(&Rule) -> bool,
    ) -> Option<(VerdictKind, Vec<String>, Basis)> {
        let icmp = protocol == protocol::ICMP || protocol == protocol::ICMPV6;
        let mut fitting: BTreeMap<(VerdictKind, Basis), BTreeSet<String>> = BTreeMap::new();
        for (kind, rule) in self.rules() {
            let denied = |id: &String| self.site.conditions.get(id).is_some_and(|stated| !stated.holds);
            if rule.conditions.iter().any(denied) {
                continue;
            }
            if !roles_fit(&rule) || !self.site.in_scope(rule.scope, from.site, to.site) {
                continue;
            }
            let fits = match protocol {
                protocol::TCP | protocol::UDP => self.covers(&rule, kind, to, protocol, port),
                _ => icmp && rule.icmp_echo,
            };
            let basis = match protocol {
                _ if icmp => Basis::Icmp,
                protocol::TCP if rule.dynamic => Basis::Range,
                _ => Basis::Port,
            };
            if fits {
                fitting.entry((kind, basis)).or_default().insert(rule.id);
            }
        }
        let ((kind, basis), rules) = fitting.into_iter().next()?;
        Some((kind, rules.into_iter().collect(), basis))
    }

    /// Rules of the page, of the companions that are on, and the user's own.
    fn rules(&self) -> Vec<(VerdictKind, Rule)> {
        let page = self.catalogue.page(&self.site.edition).expect("the edition");
        let mut rules: Vec<_> = page
            .rules()
            .map(|rule| (VerdictKind::Documented, rule.clone()))
            .collect();
        for companion in &self.catalogue.companions {
            if self.site.companions.contains(&companion.id) {
                rules.extend(
                    companion
                        .rules
                        .iter()
                        .map(|rule| (VerdictKind::Baseline, rule.clone())),
                );
            }
        }
        rules.extend(
            self.site
                .rules
                .iter()
                .map(|own| (VerdictKind::Approved, as_rule(own))),
        );
        rules
    }

    /// Length of the longest local range around an address: shorter prefixes say nothing about it.
    fn local_length(&self, address: IpAddr) -> Option<u8> {
        let ranges = LOCAL
            .iter()
            .map(|text| prefix(text))
            .chain(self.gateway.iter().map(|own| IpNet::from(*own)));
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
        let count = self.catalogue.roles.len() + self.site.custom_roles.len();
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

    fn opens(&self, address: IpAddr, role: RoleId) -> bool {
        self.implied(address, role)
            || self.kind(role) == Some(RoleKind::Named) && self.known(address)
            || Some(role) == self.catalogue.role("client") && self.is_site_system(address)
    }

    fn answers(&self, address: IpAddr, role: RoleId) -> bool {
        self.kind(role) == Some(RoleKind::Named) && self.known(address)
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
