//! `[[host]]`: computers by name, with their addresses, site, roles and ports.

use std::ops::Range;

use super::draft::Draft;
use super::ports;
use super::prefix::{self, Written};
use super::problem::listed;
use super::roles::warn_of_edition;
use super::statements::{short, state};
use super::value::{Entry, Item, items, strings};
use crate::catalogue::{Level, RoleId};
use crate::site::{Extent, Host, Place, PortChanges, SiteIndex};

const KEYS: [&str; 6] = ["name", "address", "site", "roles", "ports", "standby"];

/// A text with its place.
pub(super) type Word<'a> = (&'a str, Range<usize>);

/// What a table or a line of a CSV file says of a computer.
pub(super) struct Described<'a> {
    pub(super) name: &'a str,
    pub(super) place: Place,
    pub(super) addresses: Vec<Word<'a>>,
    pub(super) roles: Vec<Word<'a>>,
    pub(super) site: Option<Word<'a>>,
}

/// Reads the hosts of a file.
pub(super) fn read(draft: &mut Draft<'_>, section: &Entry<'_>) {
    for item in items(&mut draft.report, section) {
        item.only(&mut draft.report, " in [[host]]", &KEYS);
        let place = draft.report.place(&item.span);
        let words = |draft: &mut Draft<'_>, key: &str| match item.find(key) {
            Some(entry) => strings(&mut draft.report, key, entry.value),
            None => Vec::new(),
        };
        let report = &mut draft.report;
        let name = item.text(report, "name", "mp01");
        let site = item.text(report, "site", "PR1");
        if item.find("name").is_none() || name == Some("") {
            report.problem_at(place, "a [[host]] has no name; write name = \"mp01\"".to_owned());
        }
        let missing = ["address", "roles"].map(|key| (key, item.find(key).is_none()));
        for (key, _) in missing.into_iter().filter(|(_, missing)| *missing) {
            let form = if key == "roles" {
                "[\"management-point\"]"
            } else {
                "\"10.20.0.11\""
            };
            let what = format!(
                "host \"{}\" has no {key}; write {key} = {form}",
                name.unwrap_or("?")
            );
            draft.report.problem_at(place, what);
        }
        if missing.iter().any(|(_, missing)| *missing) {
            continue;
        }
        let described = Described {
            name: name.unwrap_or_default(),
            place,
            addresses: words(draft, "address"),
            roles: words(draft, "roles"),
            site: site.zip(item.find("site").map(|entry| entry.value.span())),
        };
        add(draft, &described, &item);
    }
}

/// Takes a computer into the model. `item` is its table, where it has one.
fn add(draft: &mut Draft<'_>, described: &Described<'_>, item: &Item<'_>) {
    let Some(index) = describe(draft, described) else {
        return;
    };
    if item.flag(&mut draft.report, "standby") == Some(true) {
        let named = described.addresses.iter().map(|(text, _)| prefix::prefix(text));
        draft.model.standby.extend(named.flatten());
    }
    let Some(section) = item.find("ports") else { return };
    let host = &draft.model.hosts[index];
    let outer = outer_ports(draft, host.site);
    let (ports, places) = ports::inner(draft, section, Level::Host, &outer);
    let several = |text: &str| prefix::prefix(text).is_ok_and(|one| one.prefix_len() < one.max_prefix_len());
    if described.addresses.iter().any(|(text, _)| several(text)) {
        let what = "ports of its own are for single addresses; write them one by one".to_owned();
        draft.report.problem(&section.span, what);
    }
    let places = places.into_iter().map(|(key, place)| ((index, key), place));
    draft.host_port_places.extend(places);
    draft.model.hosts[index].ports = ports;
}

/// The ports that hold where a host of that site says nothing.
fn outer_ports(draft: &Draft<'_>, site: Option<SiteIndex>) -> PortChanges {
    let mut outer = draft.model.ports.clone();
    if let Some(site) = site {
        outer.extend(draft.model.sites[usize::from(site.0)].ports.clone());
    }
    outer
}

/// Takes a computer into the model and gives its number there.
pub(super) fn describe(draft: &mut Draft<'_>, described: &Described<'_>) -> Option<usize> {
    warn_of_name(draft, described);
    let roles: Vec<RoleId> = described
        .roles
        .iter()
        .filter_map(|(id, span)| draft.role(id, span))
        .collect();
    for role in &roles {
        if let Some(role) = draft.of_catalogue(*role) {
            warn_of_edition(draft, role, described.place);
        }
    }
    if described.roles.is_empty() {
        let what = format!("host \"{}\" has no roles; name one, or remove it", described.name);
        draft.report.problem_at(described.place, what);
    }
    if described.addresses.is_empty() {
        let what = format!("host \"{}\" has no address", described.name);
        draft.report.problem_at(described.place, what);
    }
    let site = site(draft, described, &roles)?;
    let mut addresses = Vec::new();
    for (text, span) in &described.addresses {
        let place = draft.report.place(span);
        let Some(extent) = address(draft, described.name, text, place) else {
            continue;
        };
        for role in &roles {
            state(draft, *role, Written::Given(Extent::Prefix(extent)), site, place);
        }
        if extent.prefix_len() == extent.max_prefix_len() {
            addresses.push(extent.addr());
        }
    }
    draft.model.hosts.push(Host {
        name: described.name.to_owned(),
        addresses,
        site,
        ports: PortChanges::new(),
    });
    Some(draft.model.hosts.len() - 1)
}

fn warn_of_name(draft: &mut Draft<'_>, described: &Described<'_>) {
    // Names of computers know no capitals.
    let key = described.name.to_lowercase();
    if key.is_empty() {
        return;
    }
    if let Some(there) = draft.hosts_named.insert(key, described.place) {
        let there = draft.report.seen_from(described.place, there);
        let what = format!("two hosts are called \"{}\", here and in {there}", described.name);
        draft.report.warn_at(described.place, what);
    }
}

/// The site of a host; nothing where it should have one that can be found and has not.
fn site(draft: &mut Draft<'_>, described: &Described<'_>, roles: &[RoleId]) -> Option<Option<SiteIndex>> {
    if let Some((code, span)) = described.site.as_ref().filter(|(code, _)| !code.is_empty()) {
        return draft.site(code, span).map(Some);
    }
    // A domain controller serves all sites; a management point is part of one.
    if !draft.model.sites.is_empty() && roles.iter().any(|role| draft.is_of_a_site(*role)) {
        let codes = listed(draft.model.sites.iter().map(|site| site.code.as_str()));
        let what = format!("host \"{}\" is in no site; there is {codes}", described.name);
        draft.report.problem_at(described.place, what);
        return None;
    }
    Some(None)
}

/// An address or a prefix of a host; nothing where something is wrong with it, which is then reported.
fn address(draft: &mut Draft<'_>, name: &str, text: &str, place: Place) -> Option<ipnet::IpNet> {
    let read = match text.strip_prefix('!') {
        Some(_) => Err(format!(
            "\"{text}\" excludes something; a host has the addresses that it names"
        )),
        None => prefix::prefix(text),
    };
    let extent = read.map_err(|what| draft.report.problem_at(place, what)).ok()?;
    if let Some((other, there)) = draft.hosts_at.insert(extent, (name.to_owned(), place)) {
        let there = draft.report.seen_from(place, there);
        let what = if other == name {
            format!(
                "\"{}\" is an address of \"{name}\" twice, here and in {there}; remove one",
                short(extent)
            )
        } else {
            format!(
                "two hosts have the address \"{}\", \"{name}\" here and \"{other}\" in {there}",
                short(extent)
            )
        };
        draft.report.problem_at(place, what);
        return None;
    }
    Some(extent)
}
