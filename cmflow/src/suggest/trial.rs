//! Suggestions laid over the site file, to see that they explain what they are for.

use ipnet::IpNet;

use super::judged::{is_explained, kind};
use super::{Cause, Piece, Suggestion};
use crate::catalogue::{PortRange, RoleId};
use crate::compile::{Machine, compile};
use crate::explain::Book;
use crate::site::{Extent, Host, Place, PortChanges, SiteModel, Statement};

/// Those under which all flows that they are for are explained. What stands in the file for others to change stays.
pub(super) fn kept(book: &Book<'_>, all: Vec<(Suggestion, Cause)>) -> Vec<(Suggestion, Cause)> {
    let mut site = book.site.clone();
    let sound: Vec<_> = all
        .into_iter()
        .filter(|(one, _)| apply(book, &mut site, &one.piece))
        .collect();
    let Ok(compiled) = compile(book.catalogue, &site, &Machine::default(), &[]) else {
        return Vec::new();
    };
    let explains = |cause: &Cause| cause.iter().all(|flow| is_explained(kind(&compiled, flow)));
    sound.into_iter().filter(|(_, cause)| explains(cause)).collect()
}

/// Changes the model as the lines would; false where the file says the opposite already.
fn apply(book: &Book<'_>, site: &mut SiteModel, piece: &Piece) -> bool {
    match piece {
        Piece::Host {
            name,
            address,
            site: code,
            roles,
        } => {
            let code = code.as_ref();
            let index = code.and_then(|code| site.sites.iter().position(|site| site.code == *code));
            let index = index
                .and_then(|index| u16::try_from(index).ok())
                .map(crate::site::SiteIndex);
            site.hosts.push(Host {
                name: name.clone(),
                addresses: vec![*address],
                site: index,
                ports: PortChanges::new(),
            });
            give(book, site, roles, &[IpNet::from(*address)], index)
        }
        Piece::Role { roles, addresses } => give(book, site, roles, addresses, None),
        Piece::Port { key, ports } => {
            site.ports.insert(key.clone(), ports.clone());
            true
        }
        Piece::Edit { at, key, value } => {
            let port = value.as_deref().and_then(|value| value.parse().ok());
            let ports = port.map(|port| vec![PortRange::single(port)]);
            let changes = place(site, at);
            match (changes, ports) {
                (Some(changes), Some(ports)) => {
                    changes.insert(key.clone(), ports);
                    true
                }
                _ => false,
            }
        }
        Piece::Nothing => true,
    }
}

/// The ports that an edit is about.
fn place<'a>(site: &'a mut SiteModel, at: &str) -> Option<&'a mut PortChanges> {
    if at == "[ports]" {
        return Some(&mut site.ports);
    }
    if let Some(name) = at.strip_prefix("the ports of [[host]] ") {
        let host = site.hosts.iter_mut().find(|host| host.name == name);
        return host.map(|host| &mut host.ports);
    }
    let code = at.strip_prefix("the ports of [[site]] ")?;
    let site = site.sites.iter_mut().find(|site| site.code == code);
    site.map(|site| &mut site.ports)
}

fn give(
    book: &Book<'_>,
    site: &mut SiteModel,
    roles: &[String],
    addresses: &[IpNet],
    of: Option<crate::site::SiteIndex>,
) -> bool {
    let roles: Vec<RoleId> = roles
        .iter()
        .filter_map(|role| book.catalogue.role(role))
        .collect();
    for prefix in addresses {
        for role in &roles {
            let extent = Extent::Prefix(*prefix);
            let excluded = |one: &Statement| !one.given && one.role == *role && one.extent == extent;
            if site.statements.iter().any(excluded) {
                return false;
            }
            site.statements.push(Statement {
                role: *role,
                extent,
                given: true,
                site: of,
                place: Place::default(),
            });
        }
    }
    true
}
