//! Who holds a role: computers by name, addresses, prefixes; of one site or of all.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{self, Write};
use std::net::IpAddr;

use ipnet::IpNet;
use serde::Serialize;

use crate::catalogue::RoleId;
use crate::compile::Compiled;
use crate::site::{Extent, SiteIndex, SiteModel};

/// How many are named before they are only counted.
const NAMED: usize = 4;

/// Who holds a role.
#[derive(Debug, Default, Serialize)]
pub(super) struct Holders<'a> {
    role: &'a str,
    /// Computers: one for each host, however many addresses it has, and one for each other single address.
    computers: usize,
    /// Names of hosts.
    hosts: Vec<&'a str>,
    /// Single addresses.
    addresses: Vec<String>,
    prefixes: Vec<String>,
    excluded: Vec<String>,
    /// `public` and `any-other`.
    words: Vec<&'static str>,
    /// The site file says that its flows prove nothing.
    proves_nothing: bool,
    /// Single addresses that are no host's.
    #[serde(skip)]
    nameless: Vec<String>,
    /// IPv4 addresses in the prefixes, overlaps counted as often as they are named.
    #[serde(skip)]
    ipv4_addresses: u64,
}

/// The statements of a site file, with the names of hosts.
pub(super) struct Holding<'a> {
    site: &'a SiteModel,
    compiled: &'a Compiled,
    /// Number of the host that has an address.
    hosts: HashMap<IpAddr, usize>,
}

impl<'a> Holding<'a> {
    pub(super) fn new(site: &'a SiteModel, compiled: &'a Compiled) -> Self {
        let addresses = |(number, host): (usize, &'a crate::site::Host)| {
            host.addresses.iter().map(move |address| (*address, number))
        };
        let hosts = site.hosts.iter().enumerate().flat_map(addresses).collect();
        Self {
            site,
            compiled,
            hosts,
        }
    }

    /// Who holds which role in the sites that `wanted` picks.
    pub(super) fn of(&self, wanted: impl Fn(Option<SiteIndex>) -> bool) -> Vec<Holders<'a>> {
        let mut by_role: BTreeMap<RoleId, Holders<'a>> = BTreeMap::new();
        let mut counted = HashSet::new();
        for statement in self.site.statements.iter().filter(|one| wanted(one.site)) {
            let holders = by_role.entry(statement.role).or_default();
            holders.role = self.compiled.role(statement.role);
            let custom = self
                .site
                .custom_roles
                .iter()
                .find(|custom| custom.id == holders.role);
            holders.proves_nothing = custom.is_some_and(|custom| !custom.evidence);
            match statement.extent {
                Extent::Public => holders.words.push("public"),
                Extent::AnyOther => holders.words.push("any-other"),
                Extent::Prefix(prefix) if !statement.given => holders.excluded.push(prefix.to_string()),
                Extent::Prefix(prefix) if prefix.prefix_len() == prefix.max_prefix_len() => {
                    let address = prefix.addr();
                    holders.addresses.push(address.to_string());
                    let host = self.hosts.get(&address).copied();
                    match host {
                        Some(host) if counted.insert((statement.role, host)) => {
                            holders.hosts.push(&self.site.hosts[host].name);
                        }
                        Some(_) => {}
                        None => holders.nameless.push(address.to_string()),
                    }
                    holders.computers = holders.hosts.len() + holders.nameless.len();
                }
                Extent::Prefix(prefix) => {
                    if let IpNet::V4(v4) = prefix {
                        holders.ipv4_addresses += 1 << (32 - v4.prefix_len());
                    }
                    holders.prefixes.push(prefix.to_string());
                }
            }
        }
        by_role.into_values().collect()
    }
}

impl Holders<'_> {
    fn words(&self) -> String {
        let mut parts: Vec<String> = self.words.iter().map(|word| (*word).to_owned()).collect();
        let lists = [
            ("", shortened(&self.hosts)),
            ("", shortened(&self.nameless)),
            ("", shortened(&self.prefixes)),
            ("not ", shortened(&self.excluded)),
        ];
        let named = lists.into_iter().filter(|(_, list)| !list.is_empty());
        parts.extend(named.map(|(what, list)| format!("{what}{list}")));
        let mut words = parts.join(", ");
        if self.computers > NAMED {
            words = format!("{} computers: {words}", self.computers);
        }
        if self.proves_nothing {
            words.push_str(" (its flows prove nothing)");
        }
        if self.ipv4_addresses > 0 {
            words.push_str(&format!(" ({} IPv4 addresses in prefixes)", self.ipv4_addresses));
        }
        words
    }
}

/// A few of many, and how many more there are.
pub(super) fn shortened<S: AsRef<str>>(all: &[S]) -> String {
    let join = |some: &[S]| some.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(", ");
    if all.len() <= NAMED {
        return join(all);
    }
    let shown = NAMED - 1;
    format!("{} and {} more", join(&all[..shown]), all.len() - shown)
}

/// One line a role.
pub(super) fn write(out: &mut impl Write, indent: &str, all: &[Holders<'_>]) -> io::Result<()> {
    let width = all.iter().map(|one| one.role.len()).max().unwrap_or(0);
    for holders in all {
        writeln!(out, "{indent}{:width$}  {}", holders.role, holders.words())?;
    }
    Ok(())
}
