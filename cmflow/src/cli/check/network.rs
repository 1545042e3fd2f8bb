//! What the site file says of the network around the computers: proxies, instances of SQL Server, sides of interfaces,
//! translations, dynamic ports.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};

use serde::Serialize;

use super::holders::shortened;
use crate::compile::Compiled;
use crate::site::{RPC_LIFETIME, Rpc, SiteModel, Socket};

/// Everything of it.
#[derive(Debug, Serialize)]
pub(super) struct Network<'a> {
    rpc: Rpc,
    rpc_lifetime_minutes: u64,
    proxies: Vec<SocketAddr>,
    sql_instances: Vec<Instance<'a>>,
    interface_sides: Vec<Side<'a>>,
    translations: Vec<Translation<'a>>,
}

#[derive(Debug, Serialize)]
struct Instance<'a> {
    name: Option<&'a str>,
    addresses: &'a [IpAddr],
    port: u16,
    service_broker: Option<u16>,
}

#[derive(Debug, Serialize)]
struct Side<'a> {
    interface: &'a str,
    role: &'a str,
}

#[derive(Debug, Serialize)]
struct Translation<'a> {
    vips: Vec<String>,
    members: Vec<String>,
    #[serde(rename = "self")]
    own: &'a [IpAddr],
    hides: Option<u32>,
    roles: Vec<&'a str>,
}

impl<'a> Network<'a> {
    pub(super) fn of(site: &'a SiteModel, compiled: &'a Compiled) -> Self {
        let proxies = site
            .proxies
            .iter()
            .map(|proxy| SocketAddr::new(proxy.address, proxy.port));
        let instances = site.sql_instances.iter().map(|instance| Instance {
            name: instance.name.as_deref(),
            addresses: &instance.addresses,
            port: instance.port,
            service_broker: instance.broker,
        });
        let sides = site.interfaces.iter().map(|side| Side {
            interface: &side.name,
            role: compiled.role(side.role),
        });
        let translations = site.nats.iter().map(|nat| Translation {
            vips: sockets(&nat.vips),
            members: sockets(&nat.members),
            own: &nat.own,
            hides: nat.hides,
            roles: nat.roles.iter().map(|role| compiled.role(*role)).collect(),
        });
        Self {
            rpc: site.rpc,
            rpc_lifetime_minutes: site.rpc_lifetime.as_secs() / 60,
            proxies: proxies.collect(),
            sql_instances: instances.collect(),
            interface_sides: sides.collect(),
            translations: translations.collect(),
        }
    }

    /// What differs from a file that says nothing of it.
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        if self.rpc == Rpc::Strict {
            writeln!(
                out,
                "\nA flow to a dynamic port that nothing announced is undocumented"
            )?;
        }
        if self.rpc_lifetime_minutes != RPC_LIFETIME.as_secs() / 60 {
            let minutes = match self.rpc_lifetime_minutes {
                1 => "1 minute".to_owned(),
                minutes => format!("{minutes} minutes"),
            };
            writeln!(
                out,
                "\nA dynamic port that was announced counts as such for {minutes}"
            )?;
        }
        if !self.proxies.is_empty() {
            let proxies: Vec<_> = self.proxies.iter().map(SocketAddr::to_string).collect();
            writeln!(out, "\nThe internet is asked through {}", shortened(&proxies))?;
        }
        self.write_instances(out)?;
        if !self.interface_sides.is_empty() {
            writeln!(out, "\nWho has no address of its own counts by its interface")?;
        }
        let width = self.interface_sides.iter().map(|side| side.interface.len()).max();
        for side in &self.interface_sides {
            writeln!(out, "  {:1$}  {2}", side.interface, width.unwrap_or(0), side.role)?;
        }
        if !self.translations.is_empty() {
            writeln!(out, "\nTranslations")?;
        }
        for translation in &self.translations {
            writeln!(out, "  {}", translation.words())?;
        }
        Ok(())
    }

    /// One line an address, with all of its ports.
    fn write_instances(&self, out: &mut impl Write) -> io::Result<()> {
        let mut by_address: BTreeMap<IpAddr, Vec<String>> = BTreeMap::new();
        for instance in &self.sql_instances {
            for address in instance.addresses {
                by_address.entry(*address).or_default().push(instance.words());
            }
        }
        if !by_address.is_empty() {
            writeln!(out, "\nInstances of SQL Server")?;
        }
        let width = by_address.keys().map(|address| address.to_string().len()).max();
        for (address, instances) in &by_address {
            writeln!(
                out,
                "  {:1$}  {2}",
                address.to_string(),
                width.unwrap_or(0),
                instances.join(", ")
            )?;
        }
        Ok(())
    }
}

impl Instance<'_> {
    /// `1433 (INST1, broker 4022)`.
    fn words(&self) -> String {
        let name = self.name.map(str::to_owned);
        let broker = self.service_broker.map(|port| format!("broker {port}"));
        let beside: Vec<_> = name.into_iter().chain(broker).collect();
        match beside.is_empty() {
            true => self.port.to_string(),
            false => format!("{} ({})", self.port, beside.join(", ")),
        }
    }
}

impl Translation<'_> {
    /// `10.20.0.10:443 -> mp01, mp02; asked from 10.20.0.1 for 40 computers, client`.
    fn words(&self) -> String {
        let members = shortened(&self.members);
        let mut words = match self.vips.as_slice() {
            [] => format!("toward {members}"),
            vips => format!("{} -> {members}", shortened(vips)),
        };
        if !self.own.is_empty() {
            let own: Vec<_> = self.own.iter().map(IpAddr::to_string).collect();
            let hides = match self.hides {
                Some(1) => " for 1 computer".to_owned(),
                Some(hides) => format!(" for {hides} computers"),
                None => String::new(),
            };
            words.push_str(&format!(
                "; asked from {}{hides}, {}",
                shortened(&own),
                self.roles.join(", ")
            ));
        }
        words
    }
}

/// `10.20.0.10:443`, or the address where every port is meant.
fn sockets(sockets: &[Socket]) -> Vec<String> {
    let words = sockets.iter().map(|socket| match socket.port {
        Some(port) => SocketAddr::new(socket.address, port).to_string(),
        None => socket.address.to_string(),
    });
    words.collect()
}
