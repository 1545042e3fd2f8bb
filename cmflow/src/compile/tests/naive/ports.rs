//! At which ports one computer answers, read naively: one port, one rule, one statement after the other.

use std::collections::BTreeMap;
use std::net::IpAddr;

use cmflow_common::packet::protocol;
use cmflow_common::verdict::VerdictKind;

use super::{Computer, Naive};
use crate::catalogue::{PortRange, RoleKind, Rule};
use crate::site::SqlInstance;

/// What differs at one computer from the documented ports; read once, since flows ask for it again and again.
pub(super) struct PortsAt {
    /// What replaces the documented ports, by the key.
    changed: BTreeMap<String, Vec<PortRange>>,
    /// Ports of its as a proxy.
    proxy: Vec<u16>,
    /// Ports that it has in place of its members'.
    moved: Vec<(u16, Vec<u16>)>,
}

impl Naive<'_> {
    pub(super) fn ports_at(&self, at: IpAddr) -> PortsAt {
        let changed = self
            .keys()
            .filter_map(|key| Some((key.to_owned(), self.changed(at, key)?)));
        let proxies = self.site.proxies.iter().filter(|one| one.address == at);
        PortsAt {
            changed: changed.collect(),
            proxy: proxies.map(|one| one.port).collect(),
            moved: self
                .site
                .nats
                .iter()
                .flat_map(|nat| nat.moved_ports(at))
                .collect(),
        }
    }

    /// Those of a computer that no statement speaks of by an address.
    pub(super) fn ports_of_hierarchy(&self) -> PortsAt {
        PortsAt {
            changed: self.site.ports.clone(),
            proxy: vec![],
            moved: vec![],
        }
    }

    /// Whether a rule covers a TCP or UDP port of that computer.
    pub(super) fn covers(&self, rule: &Rule, kind: VerdictKind, at: &Computer, asked: u8, port: u16) -> bool {
        let at = &at.ports;
        let through_proxy = self.kind(rule.to) == Some(RoleKind::Public) && !at.proxy.is_empty();
        if asked == protocol::TCP && through_proxy && !rule.dynamic && !rule.tcp.is_empty() {
            return at.proxy.contains(&port);
        }
        let ranges = self.ranges(rule, kind, at, asked);
        let covered = |port: u16| ranges.iter().any(|range| range.contains(port));
        let by_address = self.site.address_set(self.catalogue.roles.len(), rule.to);
        if rule.dynamic || by_address.is_some() {
            return covered(port);
        }
        let leaves = at.moved.iter().any(|(from, _)| *from == port);
        let mut moved = at.moved.iter();
        let comes = moved.any(|(from, to)| to.contains(&port) && covered(*from));
        comes || !leaves && covered(port)
    }

    /// Ports of a rule, before a translation moves one.
    fn ranges(&self, rule: &Rule, kind: VerdictKind, at: &PortsAt, asked: u8) -> Vec<PortRange> {
        let key = rule.setting.as_deref().unwrap_or_default();
        let changed = at.changed.get(key).filter(|_| kind != VerdictKind::Approved);
        match (asked, changed) {
            (protocol::TCP, Some(changed)) if rule.dynamic || !rule.tcp.is_empty() => changed.clone(),
            (protocol::TCP, None) if rule.dynamic => {
                let setting = self.catalogue.setting(key);
                setting
                    .expect("dynamic rules of the test have one")
                    .default
                    .clone()
            }
            (protocol::TCP, _) => rule.tcp.clone(),
            (_, Some(changed)) if !rule.dynamic && !rule.udp.is_empty() => changed.clone(),
            _ => rule.udp.clone(),
        }
    }

    /// What replaces the documented ports of a key at an address.
    fn changed(&self, at: IpAddr, key: &str) -> Option<Vec<PortRange>> {
        if let Some(instances) = self.instances(at, key) {
            return Some(instances);
        }
        let host = self.site.host_at(at).and_then(|host| host.site);
        let of_site = |key: &str| self.by_site(host.or_else(|| self.site_said(at)), key);
        let of_its_own = self.keys().any(|key| self.outer(at, key) != of_site(key));
        let nats = self.site.nats.iter();
        let mut behind = nats
            .filter(|nat| nat.vips.iter().any(|vip| vip.address == at))
            .filter(|nat| {
                let members = || nat.members.iter().map(|member| member.address);
                let first = members().next();
                first.is_some_and(|first| {
                    self.keys().all(|key| {
                        members().all(|one| self.at_member(one, key) == self.at_member(first, key))
                    })
                })
            });
        match behind.next().filter(|_| !of_its_own) {
            Some(nat) => self.at_member(nat.members[0].address, key),
            None => self.outer(at, key),
        }
    }

    fn at_member(&self, at: IpAddr, key: &str) -> Option<Vec<PortRange>> {
        self.instances(at, key).or_else(|| self.outer(at, key))
    }

    fn instances(&self, at: IpAddr, key: &str) -> Option<Vec<PortRange>> {
        let here = self
            .site
            .sql_instances
            .iter()
            .filter(|one| one.addresses.contains(&at));
        let mut ports: Vec<_> = here
            .flat_map(SqlInstance::ports)
            .filter(|(set, _)| *set == key)
            .map(|(_, port)| PortRange::single(port))
            .collect();
        ports.sort();
        ports.dedup();
        (!ports.is_empty()).then_some(ports)
    }

    /// What the host says, else the site, else the hierarchy.
    fn outer(&self, at: IpAddr, key: &str) -> Option<Vec<PortRange>> {
        let host = self
            .site
            .host_at(at)
            .and_then(|host| host.ports.get(key).cloned());
        host.or_else(|| self.by_site(self.site_said(at), key))
    }

    fn by_site(&self, site: Option<crate::site::SiteIndex>, key: &str) -> Option<Vec<PortRange>> {
        let site = site.map(|site| &self.site.sites[usize::from(site.0)]);
        let of_site = site.and_then(|site| site.ports.get(key));
        of_site.or_else(|| self.site.ports.get(key)).cloned()
    }

    /// Every key that ports may be changed by.
    fn keys(&self) -> impl Iterator<Item = &str> {
        let settings = self.catalogue.settings.iter().map(|setting| setting.key.as_str());
        settings.chain(SqlInstance::KEYS)
    }
}
