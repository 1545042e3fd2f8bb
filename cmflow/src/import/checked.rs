//! What of a list can be taken over, and what not, with the reason.

use std::collections::{BTreeMap, HashMap};

use ipnet::IpNet;

use super::role_names::{RoleName, role_named};
use super::{List, Listed};
use crate::catalogue::{Catalogue, RoleKind};

/// A site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedSite {
    /// Its code.
    pub code: String,
    /// Code of the site above it.
    pub parent: Option<String>,
}

/// A computer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedHost {
    /// What to call it.
    pub name: String,
    /// Its addresses.
    pub addresses: Vec<IpNet>,
    /// Code of its site.
    pub site: Option<String>,
    /// Ids of its roles.
    pub roles: Vec<String>,
}

/// What comes of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Sites, as they were met.
    pub sites: Vec<ImportedSite>,
    /// Computers, as they were met.
    pub hosts: Vec<ImportedHost>,
    /// What was left out: where, what and why.
    pub left_out: Vec<String>,
}

/// Lines about the same computer, put together.
struct Computer {
    place: String,
    name: String,
    addresses: Vec<IpNet>,
    site: String,
    roles: Vec<String>,
}

/// Checks a list. What is wrong with an entry keeps that out and nothing else.
#[must_use]
pub fn checked(catalogue: &Catalogue, list: &List) -> Checked {
    let mut checked = Checked {
        left_out: list.broken.clone(),
        ..Checked::default()
    };
    let computers = computers(catalogue, list, &mut checked.left_out);
    checked.sites = sites(list, &mut checked.left_out);
    let mut held: HashMap<IpNet, String> = HashMap::new();
    for mut computer in computers {
        let who = format!("{} ({})", computer.place, computer.name);
        computer.addresses.retain(|address| match held.get(address) {
            Some(other) => {
                let shown = address.addr();
                checked
                    .left_out
                    .push(format!("{who}: {shown} is an address of {other} already"));
                false
            }
            None => true,
        });
        let site = Some(computer.site).filter(|site| checked.sites.iter().any(|known| known.code == *site));
        let of_a_site = |id: &String| {
            let role = catalogue.roles.iter().find(|role| role.id == *id);
            role.is_some_and(|role| matches!(role.kind, RoleKind::SiteSystem | RoleKind::EndPoint))
        };
        let why = if computer.addresses.is_empty() {
            Some("no address; nothing is looked up, so write it into the list")
        } else if computer.roles.is_empty() {
            Some("no role that is known")
        } else if site.is_none() && !checked.sites.is_empty() && computer.roles.iter().any(of_a_site) {
            Some("no site, where others have one")
        } else {
            None
        };
        if let Some(why) = why {
            checked.left_out.push(format!("{who}: {why}"));
            continue;
        }
        held.extend(
            computer
                .addresses
                .iter()
                .map(|address| (*address, computer.name.clone())),
        );
        checked.hosts.push(ImportedHost {
            name: computer.name,
            addresses: computer.addresses,
            site,
            roles: computer.roles,
        });
    }
    short_names(&mut checked.hosts);
    checked
}

fn computers(catalogue: &Catalogue, list: &List, left_out: &mut Vec<String>) -> Vec<Computer> {
    let mut computers: Vec<Computer> = Vec::new();
    for entry in &list.entries {
        if entry.name.is_empty() {
            left_out.push(format!("{}: no name", entry.place));
            continue;
        }
        let who = format!("{} ({})", entry.place, entry.name);
        let name = entry.name.to_lowercase();
        let known = computers.iter().position(|one| one.name == name);
        let index = known.unwrap_or(computers.len());
        if known.is_none() {
            computers.push(Computer {
                place: entry.place.clone(),
                name,
                addresses: Vec::new(),
                site: entry.site.to_ascii_uppercase(),
                roles: Vec::new(),
            });
        }
        let computer = &mut computers[index];
        if !entry.site.is_empty() && computer.site.is_empty() {
            computer.site = entry.site.to_ascii_uppercase();
        } else if !entry.site.is_empty() && !computer.site.eq_ignore_ascii_case(&entry.site) {
            let (site, place) = (&computer.site, &computer.place);
            left_out.push(format!(
                "{who}: site {} here and {site} in {place}; {site} is taken",
                entry.site
            ));
        }
        for address in addresses(entry, &who, left_out) {
            if !computer.addresses.contains(&address) {
                computer.addresses.push(address);
            }
        }
        for role in roles(catalogue, entry, &who, left_out) {
            if !computer.roles.contains(&role) {
                computer.roles.push(role);
            }
        }
    }
    computers
}

fn addresses(entry: &Listed, who: &str, left_out: &mut Vec<String>) -> Vec<IpNet> {
    let mut found = Vec::new();
    for text in &entry.addresses {
        match crate::config::read_prefix(text) {
            Ok(prefix) => {
                let address = prefix.addr();
                // What Windows gives an interface that has no address is nobody's in a company.
                if address.is_unspecified() || address.is_loopback() || is_link_local(address) {
                    left_out.push(format!(
                        "{who}: {text} is an address that does not cross a gateway"
                    ));
                } else {
                    found.push(prefix);
                }
            }
            Err(what) => left_out.push(format!("{who}: {what}")),
        }
    }
    found
}

fn is_link_local(address: std::net::IpAddr) -> bool {
    cmflow_common::address::Address::from(address).is_link_local()
}

/// Names of roles may have spaces in them, and may be parted by spaces.
fn roles(catalogue: &Catalogue, entry: &Listed, who: &str, left_out: &mut Vec<String>) -> Vec<String> {
    let mut found = Vec::new();
    for name in &entry.roles {
        match role_named(catalogue, name) {
            RoleName::Role(id) => found.push(id),
            RoleName::Everybodys => {}
            RoleName::Unknown(hint) => {
                let words: Vec<_> = name
                    .split_whitespace()
                    .map(|word| role_named(catalogue, word))
                    .collect();
                let all_known = words.iter().all(|word| !matches!(word, RoleName::Unknown(_)));
                if words.len() > 1 && all_known {
                    found.extend(words.into_iter().filter_map(|word| match word {
                        RoleName::Role(id) => Some(id),
                        RoleName::Everybodys | RoleName::Unknown(_) => None,
                    }));
                } else {
                    left_out.push(format!("{who}: unknown role \"{name}\"{hint}"));
                }
            }
        }
    }
    found
}

fn sites(list: &List, left_out: &mut Vec<String>) -> Vec<ImportedSite> {
    let mut parents: BTreeMap<String, (Option<String>, String)> = BTreeMap::new();
    let mut order: Vec<String> = Vec::new();
    for entry in list.entries.iter().filter(|entry| !entry.site.is_empty()) {
        let who = format!("{} ({})", entry.place, entry.name);
        let code = entry.site.to_ascii_uppercase();
        if code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            left_out.push(format!(
                "{who}: \"{code}\" is no site code; it has three letters or digits"
            ));
            continue;
        }
        // The top site is its own parent in some lists.
        let parent =
            Some(entry.parent.to_ascii_uppercase()).filter(|parent| !parent.is_empty() && *parent != code);
        if !order.contains(&code) {
            order.push(code.clone());
        }
        let known = parents.entry(code.clone()).or_insert_with(|| (None, who.clone()));
        match (&known.0, parent) {
            (None, Some(parent)) => *known = (Some(parent), who),
            (Some(before), Some(parent)) if *before != parent => {
                left_out.push(format!(
                    "{who}: the parent of {code} is {parent} here and {before} in {}",
                    known.1
                ));
            }
            _ => {}
        }
    }
    let mut sites: Vec<ImportedSite> = Vec::new();
    for code in &order {
        let (parent, who) = &parents[code];
        let parent = parent.clone().filter(|parent| {
            let known = order.contains(parent);
            if !known {
                left_out.push(format!(
                    "{who}: site {code} has the parent {parent}, and no computer is in that"
                ));
            }
            known
        });
        sites.push(ImportedSite {
            code: code.clone(),
            parent,
        });
    }
    without_rings(&mut sites, left_out);
    sites
}

/// Takes parents out that lead back.
fn without_rings(sites: &mut [ImportedSite], left_out: &mut Vec<String>) {
    for index in 0..sites.len() {
        let mut at = sites[index].parent.clone();
        for _ in 0..sites.len() {
            let Some(code) = at else { break };
            if code == sites[index].code {
                left_out.push(format!(
                    "the parents of site {code} lead back to it; its own is left out"
                ));
                sites[index].parent = None;
                break;
            }
            at = sites
                .iter()
                .find(|site| site.code == code)
                .and_then(|site| site.parent.clone());
        }
    }
}

/// Calls computers by the first part of their names, where that tells them apart.
fn short_names(hosts: &mut [ImportedHost]) {
    let first = |name: &str| name.split('.').next().unwrap_or(name).to_owned();
    let mut counts: HashMap<String, usize> = HashMap::new();
    for host in hosts.iter() {
        *counts.entry(first(&host.name)).or_default() += 1;
    }
    for host in hosts {
        let short = first(&host.name);
        if counts[&short] == 1 && !short.is_empty() && host.name.parse::<std::net::IpAddr>().is_err() {
            host.name = short;
        }
    }
}
