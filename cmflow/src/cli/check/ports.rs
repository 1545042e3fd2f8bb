//! Ports that differ from the documented ones, and where.

use std::io::{self, Write};

use serde::Serialize;

use super::holders::shortened;
use crate::catalogue::PortRange;
use crate::site::{PortChanges, SiteModel};

/// A changed port.
#[derive(Debug, Serialize)]
pub(super) struct PortChange<'a> {
    key: &'a str,
    ports: &'a [PortRange],
    /// Code of the site that it is changed for.
    site: Option<&'a str>,
    /// Name of the host that it is changed on.
    host: Option<&'a str>,
}

/// Every change: those of the hierarchy, those of sites, those of hosts.
pub(super) fn changes(site: &SiteModel) -> Vec<PortChange<'_>> {
    fn of<'a>(
        ports: &'a PortChanges,
        site: Option<&'a str>,
        host: Option<&'a str>,
    ) -> impl Iterator<Item = PortChange<'a>> {
        ports.iter().map(move |(key, ports)| PortChange {
            key,
            ports,
            site,
            host,
        })
    }
    let sites = site
        .sites
        .iter()
        .flat_map(|one| of(&one.ports, Some(&one.code), None));
    let hosts = site
        .hosts
        .iter()
        .flat_map(|host| of(&host.ports, None, Some(&host.name)));
    of(&site.ports, None, None).chain(sites).chain(hosts).collect()
}

/// One line a key and value, with all the places that have it.
pub(super) fn write(out: &mut impl Write, changes: &[PortChange<'_>]) -> io::Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nPorts that the site file sets")?;
    let width = changes.iter().map(|one| one.key.len()).max().unwrap_or(0);
    let mut sorted: Vec<_> = changes.iter().collect();
    sorted.sort_by_key(|one| (one.key, one.site.is_some(), one.host.is_some()));
    for same in sorted.chunk_by(|a, b| {
        (a.key, a.ports, a.site.is_some(), a.host.is_some())
            == (b.key, b.ports, b.site.is_some(), b.host.is_some())
    }) {
        let ports: Vec<_> = same[0].ports.iter().map(PortRange::to_string).collect();
        let sites: Vec<_> = same.iter().filter_map(|one| one.site).collect();
        let hosts: Vec<_> = same.iter().filter_map(|one| one.host).collect();
        let place = match (sites.is_empty(), hosts.is_empty()) {
            (false, _) => format!(" in site {}", shortened(&sites)),
            (_, false) => format!(" on {}", shortened(&hosts)),
            _ => String::new(),
        };
        writeln!(out, "  {:width$}  {}{place}", same[0].key, ports.join(", "))?;
    }
    Ok(())
}
