//! `[[sql-instance]]`: instances of SQL Server, each with a port of its own.

use std::collections::HashMap;
use std::net::IpAddr;

use super::draft::Draft;
use super::ports;
use super::socket;
use super::value::{Entry, Item, items, strings};
use crate::catalogue::{PortRange, RoleId};
use crate::site::{Place, SqlInstance};

const KEYS: [&str; 4] = ["name", "address", "port", "service-broker"];

/// Reads the instances of a file, once all computers have their names.
pub(super) fn read(draft: &mut Draft<'_>, section: &Entry<'_>) {
    for item in items(&mut draft.report, section) {
        item.only(&mut draft.report, " in [[sql-instance]]", &KEYS);
        let place = draft.report.place(&item.span);
        let name = item.text(&mut draft.report, "name", "INST1").map(str::to_owned);
        let addresses = addresses(draft, &item, place);
        let port = item
            .find("port")
            .map(|entry| ports::single(&mut draft.report, "port", entry.value));
        if port.is_none() {
            let what = "a [[sql-instance]] has no port; write port = 1433".to_owned();
            draft.report.problem_at(place, what);
        }
        let broker = item
            .find("service-broker")
            .map(|entry| ports::single(&mut draft.report, "service-broker", entry.value));
        let (Some(Some(port)), true) = (port, broker != Some(None)) else {
            continue;
        };
        draft.model.sql_instances.push(SqlInstance {
            name,
            addresses,
            port,
            broker: broker.flatten(),
            place,
        });
    }
}

fn addresses(draft: &mut Draft<'_>, item: &Item<'_>, place: Place) -> Vec<IpAddr> {
    let Some(entry) = item.find("address") else {
        let what = "a [[sql-instance]] has no address; write address = \"10.30.0.6\"".to_owned();
        draft.report.problem_at(place, what);
        return Vec::new();
    };
    let mut addresses = Vec::new();
    for (text, span) in strings(&mut draft.report, "address", entry.value) {
        addresses.extend(socket::addresses(draft, text, &span));
    }
    addresses
}

/// Checks the instances against each other and against what holds at their computers, once everything is read.
pub(super) fn check(draft: &mut Draft<'_>) {
    let instances = draft.model.sql_instances.clone();
    report_taken(draft, &instances);
    let servers = servers(draft);
    for instance in &instances {
        for address in &instance.addresses {
            report_host_ports(draft, instance, *address);
            warn_of_roles(draft, &servers, instance, *address);
            warn_of_dynamic(draft, instance, *address);
        }
    }
}

/// Two instances cannot listen at one port of an address.
fn report_taken(draft: &mut Draft<'_>, instances: &[SqlInstance]) {
    let mut taken: HashMap<(IpAddr, u16), Place> = HashMap::new();
    for instance in instances {
        for address in &instance.addresses {
            for port in [Some(instance.port), instance.broker].into_iter().flatten() {
                if let Some(there) = taken.insert((*address, port), instance.place) {
                    let there = draft.report.seen_from(instance.place, there);
                    let what = format!(
                        "port {port} of {address} is given twice, here and in {there}; each instance has one of its own"
                    );
                    draft.report.problem_at(instance.place, what);
                }
            }
        }
    }
}

/// A host that has ports for SQL Server of its own says the same thing twice.
fn report_host_ports(draft: &mut Draft<'_>, instance: &SqlInstance, address: IpAddr) {
    let numbered = draft.model.hosts.iter().enumerate();
    let at = numbered.filter(|(_, host)| host.addresses.contains(&address));
    let mut found = Vec::new();
    for (number, host) in at {
        for key in instance.keys() {
            if let Some(there) = draft.host_port_places.get(&(number, key.to_owned())) {
                found.push((host.name.clone(), key, *there));
            }
        }
    }
    for (name, key, there) in found {
        let there = draft.report.seen_from(instance.place, there);
        let what = format!(
            "host \"{name}\" has ports = {{ {key} = ... }} ({there}) and an instance here; write each port as an \
             instance, or none"
        );
        draft.report.problem_at(instance.place, what);
    }
}

/// Roles at which the edition has rules with the ports that an instance sets.
fn servers(draft: &Draft<'_>) -> Vec<RoleId> {
    let page = draft.catalogue.page(&draft.model.edition);
    let rules = page.into_iter().flat_map(|page| page.rules());
    let set = rules.filter(|rule| {
        let setting = rule.setting.as_deref();
        setting.is_some_and(|key| SqlInstance::KEYS.contains(&key))
    });
    let mut servers: Vec<_> = set.map(|rule| rule.to).collect();
    servers.sort();
    servers.dedup();
    servers
}

fn warn_of_roles(draft: &mut Draft<'_>, servers: &[RoleId], instance: &SqlInstance, address: IpAddr) {
    let implies = |held: RoleId| {
        let role = draft.of_catalogue(held);
        servers.contains(&held)
            || role.is_some_and(|role| role.implies.iter().any(|one| servers.contains(one)))
    };
    let decisive = draft.model.decisive(address);
    if !decisive.iter().any(|(role, one)| one.given && implies(*role)) {
        let what = format!("{address} is no \"sql-server\"; the instance changes no port there");
        draft.report.warn_at(instance.place, what);
    }
}

fn warn_of_dynamic(draft: &mut Draft<'_>, instance: &SqlInstance, address: IpAddr) {
    const KEY: &str = "rpc-dynamic";
    let model = &draft.model;
    let host = model.host_at(address).map(|host| &host.ports);
    let site = model
        .site_at(address)
        .map(|site| &model.sites[usize::from(site.0)].ports);
    let changed = [host, site, Some(&model.ports)];
    let changed = changed.into_iter().flatten().find_map(|ports| ports.get(KEY));
    let default = || draft.catalogue.setting(KEY).map(|setting| &setting.default);
    let ranges: Vec<PortRange> = changed.or_else(default).cloned().unwrap_or_default();
    if let Some(range) = ranges.iter().find(|range| range.contains(instance.port)) {
        let what = format!(
            "port {} lies in {range}, the dynamic ports of {address}: the page wants a fixed port for each instance, \
             and another program may take this one",
            instance.port
        );
        draft.report.warn_at(instance.place, what);
    }
}
