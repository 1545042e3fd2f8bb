//! `proxy` under `[options]`: proxy servers that the traffic toward the internet goes through (note 1).

use std::collections::HashSet;

use super::draft::Draft;
use super::socket;
use super::statements::{client_at, short};
use super::value::{Entry, strings};
use crate::site::{Proxy, Socket};

/// Its key.
pub(super) const KEY: &str = "proxy";

/// What a message writes where a port is missing.
const SUCH_AS: u16 = 8080;

/// Reads the list of one file; what several files say adds up.
pub(super) fn read(draft: &mut Draft<'_>, entry: &Entry<'_>) {
    for (text, span) in strings(&mut draft.report, entry.key, entry.value) {
        let place = draft.report.place(&span);
        for Socket { address, port } in socket::read(draft, text, &span) {
            let Some(port) = port else {
                let right = socket::with_port(text, SUCH_AS);
                let what = format!("the proxy \"{text}\" has no port; write it like \"{right}\"");
                draft.report.problem(&span, what);
                break;
            };
            let mut known = draft.model.proxies.iter();
            if let Some(before) = known.find(|one| (one.address, one.port) == (address, port)) {
                let there = draft.report.seen_from(place, before.place);
                let what = format!("\"{text}\" is a proxy twice, here and in {there}; remove one");
                draft.report.problem(&span, what);
                continue;
            }
            draft.model.proxies.push(Proxy { address, port, place });
        }
    }
}

/// Reports proxies that are clients, once everything is read: what a client asks it would then count as what a proxy
/// asks.
pub(super) fn check(draft: &mut Draft<'_>) {
    let mut told = HashSet::new();
    for Proxy { address, place, .. } in draft.model.proxies.clone() {
        let Some((prefix, there)) = client_at(draft, address).filter(|_| told.insert(address)) else {
            continue;
        };
        let there = draft.report.seen_from(place, there);
        let prefix = short(prefix);
        let mend = if prefix == address.to_string() {
            "remove one".to_owned()
        } else {
            format!("write \"!{address}\" beside that prefix, or remove the proxy")
        };
        let what = format!("\"{address}\" is a proxy here and a client by \"{prefix}\" ({there}); {mend}");
        draft.report.problem_at(place, what);
    }
}
