//! How much of an address the history keeps: whole for servers and for what nothing explains, by prefix for the computers
//! of people, whose movements are nobody's business.

use std::collections::HashSet;
use std::net::IpAddr;

use cmflow_common::address::Address;
use ipnet::IpNet;

use super::ClientDetail;
use crate::catalogue::{Catalogue, RoleId, RoleKind};
use crate::compile::{ClassInfo, RoleSet};
use crate::site::{Extent, SiteModel};

/// Which end of a conversation an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// It opens.
    Initiator,
    /// It answers.
    Responder,
}

/// What decides how much of an address is kept.
#[derive(Clone, Debug)]
pub struct Privacy {
    /// Roles of servers: their holders are nobody's own computer.
    servers: RoleSet,
    clients: ClientDetail,
    /// Prefixes of the site file that are longer than the common length and shorter than an address, and their lengths.
    longer: HashSet<IpNet>,
    lengths: Vec<u8>,
    /// Computers that the site file itself names one by one as more than a client, such as a console.
    named: HashSet<IpAddr>,
}

impl Privacy {
    const V4: u8 = 24;
    const V6: u8 = 64;

    /// What a site file asks for.
    #[must_use]
    pub fn new(catalogue: &Catalogue, site: &SiteModel) -> Self {
        let own = |role: &RoleKind| matches!(role, RoleKind::EndPoint | RoleKind::Public | RoleKind::Named);
        let of_catalogue = (0_u16..).zip(&catalogue.roles);
        let of_catalogue = of_catalogue.filter(|(_, role)| !own(&role.kind));
        let first = u16::try_from(catalogue.roles.len()).unwrap_or(u16::MAX);
        let custom = (first..).take(site.custom_roles.len());
        let servers = of_catalogue.map(|(number, _)| number).chain(custom);
        let prefixes = site
            .statements
            .iter()
            .filter_map(|statement| match statement.extent {
                Extent::Prefix(prefix) => Some(prefix),
                _ => None,
            });
        let longer: HashSet<_> = prefixes
            .filter(|prefix| {
                let common = Self::common(prefix.addr());
                (common + 1..prefix.max_prefix_len()).contains(&prefix.prefix_len())
            })
            .map(|prefix| prefix.trunc())
            .collect();
        let client = catalogue.role("client");
        let one_by_one = site
            .statements
            .iter()
            .filter(|one| one.given && Some(one.role) != client);
        let named = one_by_one.filter_map(|statement| match statement.extent {
            Extent::Prefix(prefix) if prefix.prefix_len() == prefix.max_prefix_len() => Some(prefix.addr()),
            _ => None,
        });
        let named = named.collect();
        let mut lengths: Vec<_> = longer.iter().map(IpNet::prefix_len).collect();
        lengths.sort_unstable();
        lengths.dedup();
        lengths.reverse();
        Self {
            servers: servers.map(RoleId).collect(),
            clients: site.history.clients,
            longer,
            lengths,
            named,
        }
    }

    const fn common(address: IpAddr) -> u8 {
        match address {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        }
    }

    /// What is kept of an address of that class.
    #[must_use]
    pub fn kept(&self, address: Address, class: &ClassInfo, place: Place, unexplained: bool) -> IpNet {
        let ip = IpAddr::from(address);
        let is_server = !class.named.intersection(self.servers).is_empty() || !class.proxy_for.is_empty();
        // Whoever answers without being a client of the site file is a service, and no person.
        let answers = place == Place::Responder && class.named.is_empty();
        let nobody = class.group.is_some() || ip.is_unspecified() || ip.is_loopback();
        let is_named = self.named.contains(&ip);
        if unexplained || is_named || is_server || answers || nobody || self.clients == ClientDetail::Address
        {
            return IpNet::from(ip);
        }
        self.prefix(ip)
    }

    /// The prefix that stands for an address.
    #[must_use]
    pub fn prefix(&self, ip: IpAddr) -> IpNet {
        let cut = |length: u8| IpNet::new(ip, length).ok().map(|net| net.trunc());
        let longer = self.lengths.iter().filter_map(|length| cut(*length));
        longer
            .into_iter()
            .find(|net| self.longer.contains(net))
            .or_else(|| cut(Self::common(ip)))
            .unwrap_or_else(|| IpNet::from(ip))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::{Machine, compile};
    use crate::config::parse;

    #[test]
    fn people_are_kept_by_prefix_and_servers_whole() {
        let site = |clients: &str| {
            format!(
                "{clients}\n[roles]\nclient = [\"10.10.0.0/16\", \"10.11.4.0/26\", \"fd00:10::/48\"]\nmanagement-point = [\"10.20.0.11\"]\n\
                 configuration-manager-console = [\"10.10.7.7\"]\n\
                 domain-controller = [\"10.40.0.2\"]\n[custom-roles]\nbackup = {{ addresses = [\"10.9.9.10\"] }}\n"
            )
        };
        let catalogue = Catalogue::load(None).expect("the built-in catalogue");
        let mut read = parse(&catalogue, "site.toml", &site("")).expect("a site file");
        let compiled = compile(&catalogue, &read.model, &Machine::default(), &[]).expect("tables");
        let kept = |privacy: &Privacy, address: &str, place: Place, unexplained: bool| {
            let address = Address::from(address.parse::<IpAddr>().expect("an address"));
            privacy
                .kept(address, compiled.class(address), place, unexplained)
                .to_string()
        };
        let privacy = Privacy::new(&catalogue, &read.model);
        for (address, place, unexplained, wanted) in [
            ("10.10.4.7", Place::Initiator, false, "10.10.4.0/24"),
            ("10.10.4.7", Place::Responder, false, "10.10.4.0/24"),
            ("10.10.4.7", Place::Initiator, true, "10.10.4.7/32"),
            ("10.11.4.7", Place::Initiator, false, "10.11.4.0/26"),
            ("10.10.7.7", Place::Initiator, false, "10.10.7.7/32"),
            ("fd00:10::7", Place::Initiator, false, "fd00:10::/64"),
            ("10.20.0.11", Place::Initiator, false, "10.20.0.11/32"),
            ("10.40.0.2", Place::Responder, false, "10.40.0.2/32"),
            ("10.9.9.10", Place::Initiator, false, "10.9.9.10/32"),
            ("10.99.0.1", Place::Responder, false, "10.99.0.1/32"),
            ("10.99.0.1", Place::Initiator, false, "10.99.0.0/24"),
            ("8.8.8.8", Place::Responder, false, "8.8.8.0/24"),
        ] {
            assert_eq!(
                kept(&privacy, address, place, unexplained),
                wanted,
                "{address} {place:?}"
            );
        }
        read.model.history.clients = ClientDetail::Address;
        let privacy = Privacy::new(&catalogue, &read.model);
        assert_eq!(
            kept(&privacy, "10.10.4.7", Place::Initiator, false),
            "10.10.4.7/32"
        );
    }
}
