//! Computers of a role of which nothing was ever seen: they are gone, elsewhere, or written down wrongly.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;

use super::judged::single;
use super::seen::{several, short};
use super::{Piece, Suggestion};
use crate::catalogue::RoleId;
use crate::explain::Book;
use crate::history::Evidence;
use crate::site::Extent;

/// One suggestion for each role that has such computers.
pub(super) fn suggest(book: &Book<'_>, evidence: &[Evidence]) -> Vec<Suggestion> {
    if evidence.iter().all(|one| one.conversations.is_empty()) {
        return Vec::new();
    }
    let conversations = evidence.iter().flat_map(|one| &one.conversations);
    let ends = conversations.flat_map(|one| [one.key.initiator, one.key.responder]);
    let sighted = evidence.iter().flat_map(|one| &one.sightings).map(|one| one.who);
    let seen: BTreeSet<IpNet> = ends.chain(sighted).collect();
    let is_seen = |address: IpAddr| seen.contains(&IpNet::from(address));
    let mut silent: BTreeMap<RoleId, (Vec<IpNet>, usize)> = BTreeMap::new();
    for statement in book.site.statements.iter().filter(|one| one.given) {
        let Extent::Prefix(prefix) = statement.extent else {
            continue;
        };
        let Some(address) = single(prefix) else { continue };
        // One that stands by is silent rightly; of one with several addresses any will do.
        let stands_by = book.site.standby.iter().any(|standby| standby.contains(&address));
        let host = book.site.host_at(address);
        let other = host.is_some_and(|host| host.addresses.iter().any(|address| is_seen(*address)));
        let entry = silent.entry(statement.role).or_default();
        entry.1 += 1;
        if !(stands_by || other || is_seen(address)) {
            entry.0.push(prefix);
        }
    }
    let all = silent.into_iter().filter(|(_, (silent, _))| !silent.is_empty());
    let all = all.map(|(role, (silent, count))| {
        let role = book.compiled.role(role);
        let who = several(&silent.iter().map(|net| short(*net)).collect::<Vec<_>>());
        let (verb, pronoun) = if silent.len() == 1 {
            ("holds", "it")
        } else {
            ("hold", "them")
        };
        let whole = if silent.len() == count {
            ": nobody with that role was"
        } else {
            ""
        };
        Suggestion {
            seen: format!("{who} {verb} {role}, and nothing was seen of {pronoun}{whole}"),
            remarks: vec!["a wrong address, another gateway's, or one that is gone".to_owned()],
            flows: 0,
            packets: 0,
            piece: Piece::Nothing,
        }
    });
    all.collect()
}
