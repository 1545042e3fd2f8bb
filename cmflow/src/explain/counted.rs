//! What an end counts as in a rule, where the site file does not name that role for it.

use super::{Book, End};
use crate::catalogue::{RoleId, RoleKind};
use crate::compile::{ClassInfo, RuleInfo};

/// A sentence for each end that plays a role which the site file does not give it by its address.
pub(super) fn counted_as(book: &Book<'_>, rule: &RuleInfo, [initiator, responder]: [End; 2]) -> Vec<String> {
    let class = |end: End| book.compiled.class(end.address);
    let as_printed = class(initiator).as_initiator.contains(rule.from)
        && (is_mere_group(class(responder)) || class(responder).as_responder.contains(rule.to));
    let roles = if as_printed {
        [rule.from, rule.to]
    } else {
        [rule.to, rule.from]
    };
    let as_proxy = class(responder)
        .proxy_for
        .contains(roles[1])
        .then(|| as_proxy(book, responder, roles[1]));
    let ends = [initiator, responder].into_iter().zip(roles);
    let ends = ends.take(if as_proxy.is_some() { 1 } else { 2 });
    ends.filter_map(|(end, role)| one(book, end, role))
        .chain(as_proxy)
        .collect()
}

fn as_proxy(book: &Book<'_>, end: End, role: RoleId) -> String {
    let (id, address) = (book.compiled.role(role), end.shown);
    let place = book.proxy(address).map(|place| book.site.located(place));
    format!(
        "{address} counts as {id}: it is a proxy server ({})",
        place.unwrap_or_default()
    )
}

/// Whether nobody in particular has the address, and no line of the site file gives it a role.
const fn is_mere_group(class: &ClassInfo) -> bool {
    class.group.is_some() && !class.known
}

fn one(book: &Book<'_>, end: End, role: RoleId) -> Option<String> {
    let class = book.compiled.class(end.address);
    let (named, address) = (class.named, end.shown);
    let id = book.compiled.role(role);
    if is_mere_group(class) {
        return Some(format!("{address} reaches every {id} that listens"));
    }
    let kind = book
        .catalogue
        .roles
        .get(usize::from(role.0))
        .map(|role| role.kind);
    if named.contains(role) {
        let by_default = kind == Some(RoleKind::Public) && book.ground(address, role).is_none();
        return by_default.then(|| {
            format!("{address} counts as {id}: a public address, and the site file gives the role none")
        });
    }
    // Who is approved by address counts as nothing else.
    let by_address = book.site.address_set(book.catalogue.roles.len(), role).is_some();
    if kind == Some(RoleKind::Named) || by_address {
        return None;
    }
    let implying = named.iter().find(|held| {
        let held = book.catalogue.roles.get(usize::from(held.0));
        held.is_some_and(|held| held.implies.contains(&role))
    });
    Some(match implying {
        Some(held) => format!(
            "{address} counts as {id}, because it is {}",
            book.compiled.role(held)
        ),
        None => format!("{address} counts as {id}: a managed server is one too, where it opens"),
    })
}
