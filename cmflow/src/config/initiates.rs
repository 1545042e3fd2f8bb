//! `site-server-initiates` under `[options]`: site systems toward which the site server alone initiates (note 5).

use std::ops::Range;

use ipnet::IpNet;

use super::draft::Draft;
use super::prefix;
use super::statements::short;
use super::value::{Entry, strings};
use crate::catalogue::RoleKind;
use crate::site::{Extent, Place};
use crate::spelling::did_you_mean;

/// Its key.
pub(super) const KEY: &str = "site-server-initiates";

/// Reads the list of one file; what several files say adds up.
pub(super) fn read(draft: &mut Draft<'_>, entry: &Entry<'_>) {
    for (text, span) in strings(&mut draft.report, entry.key, entry.value) {
        let place = draft.report.place(&span);
        for prefix in addresses(draft, text, &span) {
            warn_of_roles(draft, prefix, place);
            draft.model.site_server_initiates.push(prefix);
        }
    }
}

/// An address, a prefix, or all addresses of a named computer; none where it is neither, which is then reported.
pub(super) fn addresses(draft: &mut Draft<'_>, text: &str, span: &Range<usize>) -> Vec<IpNet> {
    let what = match prefix::prefix(text) {
        Ok(prefix) => return vec![prefix],
        Err(what) => what,
    };
    let hosts = draft.hosts_at.iter();
    let named = hosts.filter(|(_, (name, _))| name.eq_ignore_ascii_case(text));
    let mut named: Vec<IpNet> = named.map(|(prefix, _)| *prefix).collect();
    named.sort();
    if !named.is_empty() {
        return named;
    }
    if text.contains(['/', ':']) || !text.contains(|letter: char| letter.is_ascii_alphabetic()) {
        draft.report.problem(span, what);
    } else if draft.complete {
        let hosts = draft.model.hosts.iter().map(|host| host.name.as_str());
        let hint = did_you_mean(text, hosts);
        let what = format!("\"{text}\" is neither an address, a prefix nor the name of a [[host]]{hint}");
        draft.report.problem(span, what);
    }
    Vec::new()
}

/// Says where nobody there is a site system: the option then changes nothing.
fn warn_of_roles(draft: &mut Draft<'_>, prefix: IpNet, place: Place) {
    let site_server = draft.catalogue.role("site-server");
    let is_system = |statement: &&crate::site::Statement| {
        let role = draft.of_catalogue(statement.role);
        let system = role.is_some_and(|role| role.kind == RoleKind::SiteSystem || role.id == "site-system");
        statement.given && system && Some(statement.role) != site_server
    };
    let meets = |extent: Extent| match extent {
        Extent::Prefix(held) => held.contains(&prefix) || prefix.contains(&held),
        Extent::Public | Extent::AnyOther => false,
    };
    let mut systems = draft.model.statements.iter().filter(is_system);
    if !systems.any(|statement| meets(statement.extent)) {
        let what = format!(
            "\"{}\" holds no role of a site system; {KEY} changes nothing there",
            short(prefix)
        );
        draft.report.warn_at(place, what);
    }
}
