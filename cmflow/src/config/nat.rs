//! `[[nat]]`: translations that the network does, by load balancers, DNAT and source NAT.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use ipnet::IpNet;

use super::Sections;
use super::draft::Draft;
use super::prefix::Written;
use super::socket;
use super::statements::{client_at, short, state};
use super::value::{Entry, Item, items, number, strings};
use crate::catalogue::RoleId;
use crate::site::{Extent, Nat, Place, Socket};

const KEYS: [&str; 5] = ["vip", "members", "self", "hides", "roles"];

/// Keys that speak of what stands behind `self`.
const OF_SELF: [&str; 2] = ["hides", "roles"];

/// Something that is written somewhere.
type Placed<T> = (T, Place);

/// A `[[nat]]` as it is written.
struct Declared {
    vips: Vec<Placed<Socket>>,
    members: Vec<Placed<Socket>>,
    own: Vec<Placed<IpAddr>>,
    hides: Option<u32>,
    roles: Vec<RoleId>,
    place: Place,
}

/// Reads the translations of all files, once all computers have their names: what is asked by way of one holds the
/// roles of those that answer.
pub(super) fn read(draft: &mut Draft<'_>, sections: &Sections<'_>) {
    let mut all = Vec::new();
    sections.each(draft, "nat", |draft, section| {
        let declared: Vec<_> = items(&mut draft.report, section)
            .iter()
            .filter_map(|item| declare(draft, item))
            .collect();
        all.extend(declared);
    });
    report_vips(draft, &all);
    for nat in &all {
        report_ports(draft, nat);
        hold_own(draft, nat);
    }
    for nat in &all {
        hold_vips(draft, nat);
    }
    let nats = all.into_iter().map(|nat| Nat {
        vips: without_places(nat.vips),
        members: without_places(nat.members),
        own: without_places(nat.own),
        hides: nat.hides,
        roles: nat.roles,
        place: nat.place,
    });
    draft.model.nats = nats.collect();
}

fn without_places<T>(placed: Vec<Placed<T>>) -> Vec<T> {
    placed.into_iter().map(|(one, _)| one).collect()
}

fn declare(draft: &mut Draft<'_>, item: &Item<'_>) -> Option<Declared> {
    item.only(&mut draft.report, " in [[nat]]", &KEYS);
    let place = draft.report.place(&item.span);
    let vips = placed(draft, item.find("vip"), socket::read);
    let members = placed(draft, item.find("members"), socket::read);
    let own = placed(draft, item.find("self"), socket::addresses);
    let mut sound = true;
    if item.find("members").is_none() {
        let what = "a [[nat]] has no members; write members = [\"10.20.0.11\", \"10.20.0.12\"]".to_owned();
        draft.report.problem_at(place, what);
        sound = false;
    }
    if item.find("vip").is_none() && item.find("self").is_none() {
        let what = "a [[nat]] has neither vip nor self; write vip = \"10.20.0.10\", or self for a source NAT"
            .to_owned();
        draft.report.problem_at(place, what);
        sound = false;
    }
    for entry in OF_SELF.into_iter().filter_map(|key| item.find(key)) {
        if item.find("self").is_none() {
            let what = format!(
                "{} speaks of what is behind self, and this [[nat]] has none; write self = \"10.20.0.1\", or remove it",
                entry.key
            );
            draft.report.problem(&entry.span, what);
            sound = false;
        }
    }
    let hides = item
        .find("hides")
        .map(|entry| number(&mut draft.report, entry, 1, u32::MAX));
    let roles = roles(draft, item);
    sound.then_some(Declared {
        vips,
        members,
        own,
        hides: hides.flatten(),
        roles,
        place,
    })
}

/// What each text of a list names, with its place.
fn placed<T>(
    draft: &mut Draft<'_>,
    entry: Option<&Entry<'_>>,
    read: fn(&mut Draft<'_>, &str, &std::ops::Range<usize>) -> Vec<T>,
) -> Vec<Placed<T>> {
    let mut placed = Vec::new();
    for (text, span) in entry
        .map(|entry| strings(&mut draft.report, entry.key, entry.value))
        .unwrap_or_default()
    {
        let place = draft.report.place(&span);
        placed.extend(read(draft, text, &span).into_iter().map(|one| (one, place)));
    }
    placed
}

/// Roles of the computers behind `self`: clients where nothing is written.
fn roles(draft: &mut Draft<'_>, item: &Item<'_>) -> Vec<RoleId> {
    if let Some(entry) = item.find("roles") {
        let ids = strings(&mut draft.report, "roles", entry.value);
        return ids
            .into_iter()
            .filter_map(|(id, span)| draft.role(id, &span))
            .collect();
    }
    let own = item.find("self");
    own.and_then(|_| draft.catalogue.role("client"))
        .into_iter()
        .collect()
}

/// Reports virtual addresses that are something else too.
fn report_vips(draft: &mut Draft<'_>, all: &[Declared]) {
    let members: HashMap<IpAddr, Place> = places(all.iter().flat_map(|nat| &nat.members));
    let mut known: Vec<Placed<Socket>> = Vec::new();
    let mut vips: HashMap<IpAddr, Place> = HashMap::new();
    for (vip, place) in all.iter().flat_map(|nat| &nat.vips) {
        let address = vip.address;
        let mut say = |there: Place, words: &str| {
            let there = draft.report.seen_from(*place, there);
            let what = format!("\"{address}\" is a vip here {words} ({there}); remove one");
            draft.report.problem_at(*place, what);
        };
        let same = |one: &&Placed<Socket>| {
            one.0.address == address && (one.0.port == vip.port || one.0.port.is_none() || vip.port.is_none())
        };
        if let Some((_, there)) = known.iter().find(same) {
            say(*there, "and a vip already");
        }
        known.push((*vip, *place));
        if vips.contains_key(&address) {
            // What follows was said of its first port.
            continue;
        }
        vips.insert(address, *place);
        if let Some(there) = members.get(&address) {
            say(*there, "and a member of a [[nat]]");
        }
        if let Some((prefix, there)) = client_at(draft, address) {
            let there = draft.report.seen_from(*place, there);
            let prefix = short(prefix);
            let mend = if prefix == address.to_string() {
                "remove one".to_owned()
            } else {
                format!("write \"!{address}\" beside that prefix")
            };
            let what = format!("\"{address}\" is a vip here and a client by \"{prefix}\" ({there}); {mend}");
            draft.report.problem_at(*place, what);
        }
    }
    for (own, place) in all.iter().flat_map(|nat| &nat.own) {
        if let Some(there) = vips.get(own) {
            let there = draft.report.seen_from(*place, *there);
            let what = format!("\"{own}\" is self here and a vip ({there}); remove one");
            draft.report.problem_at(*place, what);
        }
    }
}

/// The first place of each address.
fn places<'a>(sockets: impl Iterator<Item = &'a Placed<Socket>>) -> HashMap<IpAddr, Place> {
    let mut places = HashMap::new();
    for (socket, place) in sockets {
        places.entry(socket.address).or_insert(*place);
    }
    places
}

/// Reports ports of a virtual address of which nobody can say which member's port each stands for.
fn report_ports(draft: &mut Draft<'_>, nat: &Declared) {
    let members: BTreeSet<u16> = nat.members.iter().filter_map(|(one, _)| one.port).collect();
    let mut vips: BTreeMap<IpAddr, (BTreeSet<u16>, Place)> = BTreeMap::new();
    for (vip, place) in &nat.vips {
        let (ports, _) = vips
            .entry(vip.address)
            .or_insert_with(|| (BTreeSet::new(), *place));
        ports.extend(vip.port);
    }
    for (address, (ports, place)) in vips {
        if ports.len() > 1 && members.len() > 1 && ports != members {
            let what = format!(
                "nobody can say which port of the members each port of the vip \"{address}\" stands for; write a \
                 [[nat]] for each port"
            );
            draft.report.problem_at(place, what);
        }
    }
}

/// Gives the translator's own addresses the roles of those behind them.
fn hold_own(draft: &mut Draft<'_>, nat: &Declared) {
    for (address, place) in &nat.own {
        for role in &nat.roles {
            hold(draft, *role, *address, None, *place);
        }
    }
}

/// Gives virtual addresses the roles of the members, and their site where they agree on one.
fn hold_vips(draft: &mut Draft<'_>, nat: &Declared) {
    let mut held = BTreeSet::new();
    let mut sites = BTreeSet::new();
    let places = places(nat.members.iter());
    let mut members: Vec<_> = places.into_iter().collect();
    members.sort();
    for (address, place) in members {
        let decisive = draft.model.decisive(address);
        let roles: Vec<_> = decisive
            .iter()
            .filter(|(_, one)| one.given)
            .map(|(role, _)| *role)
            .collect();
        if roles.is_empty() {
            let for_whom = if nat.vips.is_empty() {
                "nothing that is asked there is documented"
            } else {
                "the vip gets none from it"
            };
            let what = format!("the member \"{address}\" holds no role; {for_whom}");
            draft.report.warn_at(place, what);
        }
        held.extend(roles);
        sites.insert(draft.model.site_at(address));
    }
    let site = match sites.into_iter().collect::<Vec<_>>()[..] {
        [only] => only,
        _ => None,
    };
    let mut addresses = BTreeSet::new();
    for (vip, place) in &nat.vips {
        if !addresses.insert(vip.address) {
            continue;
        }
        for role in &held {
            hold(draft, *role, vip.address, site, *place);
        }
    }
}

fn hold(
    draft: &mut Draft<'_>,
    role: RoleId,
    address: IpAddr,
    site: Option<crate::site::SiteIndex>,
    place: Place,
) {
    let written = Written::Given(Extent::Prefix(IpNet::from(address)));
    state(draft, role, written, site, place);
}
