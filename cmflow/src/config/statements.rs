//! Who holds what, wherever the file says it: one way into the model for roles, sites, hosts and CSV.

use std::net::IpAddr;

use ipnet::IpNet;

use super::draft::Draft;
use super::prefix::Written;
use crate::catalogue::{RoleId, RoleKind};
use crate::site::{Extent, Place, SiteIndex, Statement};

/// Takes a statement into the model, or reports what is wrong with it.
pub(super) fn state(
    draft: &mut Draft<'_>,
    role: RoleId,
    written: Written,
    site: Option<SiteIndex>,
    place: Place,
) {
    match written {
        Written::Given(extent) => add(draft, role, extent, true, site, place),
        Written::Excluded(prefix) => add(draft, role, Extent::Prefix(prefix), false, site, place),
        Written::Internal if draft.model.internal.is_empty() => {
            let what = "\"internal\" is empty: [networks] internal names no network";
            draft.report.warn_at(place, what.to_owned());
        }
        Written::Internal => {
            for prefix in draft.model.internal.clone() {
                add(draft, role, Extent::Prefix(prefix), true, site, place);
            }
        }
    }
}

fn add(
    draft: &mut Draft<'_>,
    role: RoleId,
    extent: Extent,
    given: bool,
    site: Option<SiteIndex>,
    place: Place,
) {
    if is_sound(draft, role, extent, given, site, place) {
        draft.model.statements.push(Statement {
            role,
            extent,
            given,
            site,
            place,
        });
    }
}

/// Reports a word that does not go with the role, a prefix that is both given and excluded, and one that is put
/// into two sites.
fn is_sound(
    draft: &mut Draft<'_>,
    role: RoleId,
    extent: Extent,
    given: bool,
    site: Option<SiteIndex>,
    place: Place,
) -> bool {
    let kind = draft.of_catalogue(role).map(|role| role.kind);
    match extent {
        Extent::Public | Extent::AnyOther if site.is_some() => {
            let what = "a site has no such word; give it addresses and prefixes".to_owned();
            draft.report.problem_at(place, what);
            false
        }
        Extent::Public => true,
        Extent::AnyOther if kind == Some(RoleKind::Public) => {
            let id = draft.role_id(role);
            let what =
                format!("\"any-other\" gives \"{id}\" to every address: unknown computers stay hidden");
            draft.report.warn_at(place, what);
            true
        }
        Extent::AnyOther => {
            let id = draft.role_id(role);
            let what = format!("\"any-other\" is for roles on the internet only; give \"{id}\" addresses");
            draft.report.problem_at(place, what);
            false
        }
        Extent::Prefix(prefix) => {
            if let Some((before, there)) = draft.said.insert((role, prefix), (given, place))
                && before != given
            {
                let there = draft.report.seen_from(place, there);
                let id = draft.role_id(role);
                let what = format!(
                    "\"{}\" is both given to \"{id}\" and excluded from it ({there}); remove one",
                    short(prefix)
                );
                draft.report.problem_at(place, what);
                return false;
            }
            let Some(site) = site.filter(|_| given) else {
                return true;
            };
            match draft.site_of.insert(prefix, (site, place)) {
                Some((other, there)) if other != site => {
                    let there = draft.report.seen_from(place, there);
                    let what = format!(
                        "\"{}\" is in site \"{}\" here and in site \"{}\" ({there}); remove one",
                        short(prefix),
                        draft.model.code(site),
                        draft.model.code(other)
                    );
                    draft.report.problem_at(place, what);
                    false
                }
                _ => true,
            }
        }
    }
}

/// The prefix that makes an address a client's, and where it is written; nothing where the most specific one does not.
pub(super) fn client_at(draft: &Draft<'_>, address: IpAddr) -> Option<(IpNet, Place)> {
    let client = draft.catalogue.role("client")?;
    let decisive = draft.model.decisive(address);
    let statement = decisive.get(&client).filter(|statement| statement.given)?;
    match statement.extent {
        Extent::Prefix(prefix) => Some((prefix, statement.place)),
        Extent::Public | Extent::AnyOther => None,
    }
}

/// A prefix of full length as the address that it is.
pub(super) fn short(prefix: IpNet) -> String {
    if prefix.prefix_len() == prefix.max_prefix_len() {
        prefix.addr().to_string()
    } else {
        prefix.to_string()
    }
}
