//! What was seen that the site file says otherwise: only what can be said with certainty.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use cmflow_common::verdict::VerdictKind;
use ipnet::IpNet;

use super::Gateways;
use super::entries::EntryIndex;
use super::hits::explains;
use super::unexplained::{ends, unexplained};
use super::words::{count, grouped, some};
use crate::answer::{Contradiction, protocol_name};
use crate::catalogue::{RoleId, RoleKind};
use crate::compile::{RuleInfo, RulePorts};
use crate::explain::Book;
use crate::history::RecordedConversation;
use crate::site::{Extent, Place};

/// Flows that somebody has to leave without an answer before it says something.
const ASKED: u64 = 3;
/// Computers that have to ask somebody without a role before it says something.
const ASKING: u64 = 5;
/// How many computers a sentence names.
const NAMED: usize = 4;
/// Days that have to be observed before it says something that a computer was never seen.
const UNSEEN_D: u64 = 7;

/// All of it: silent servers, servers without a role, ports that were not moved, computers that nobody saw.
pub(super) fn found(book: &Book<'_>, gateways: &Gateways<'_>) -> Vec<Contradiction> {
    let rules: HashMap<&str, &RuleInfo> = book
        .compiled
        .rules
        .iter()
        .map(|rule| (rule.id.as_str(), rule))
        .collect();
    let mut found = answering_nothing(book, gateways, &rules);
    found.extend(without_a_role(book, gateways));
    found.extend(at_the_default_port(book, gateways, &rules));
    found.extend(of_conditions(book, gateways));
    found.extend(never_seen(book, gateways));
    found
}

/// Where the file gives an address a role.
fn place_of(book: &Book<'_>, role: RoleId, prefix: IpNet) -> Option<Place> {
    let given = book
        .site
        .statements
        .iter()
        .filter(|one| one.given && one.role == role);
    let holding = given.filter_map(|one| match one.extent {
        Extent::Prefix(held) if held.contains(&prefix) => Some((held.prefix_len(), one.place)),
        _ => None,
    });
    holding.max_by_key(|(length, _)| *length).map(|(_, place)| place)
}

/// The role for which a rule asks somebody: one that the site file names for it, where there is one.
fn asked_role(book: &Book<'_>, rule: &RuleInfo, class: u16) -> Option<RoleId> {
    let class = &book.compiled.classes[usize::from(class)];
    let mut ends = [rule.to, rule.from].into_iter();
    ends.find(|role| class.named.contains(*role))
}

/// Computers that were asked in a role and answered nothing of it.
fn answering_nothing(
    book: &Book<'_>,
    gateways: &Gateways<'_>,
    rules: &HashMap<&str, &RuleInfo>,
) -> Vec<Contradiction> {
    #[derive(Default)]
    struct Asked {
        flows: u64,
        refused: u64,
        answered: u64,
        services: BTreeSet<String>,
    }
    let mut asked: BTreeMap<(EntryIndex, RoleId), Asked> = BTreeMap::new();
    for (info, conversation) in explained(gateways) {
        let total = &conversation.total;
        // What answers by another way, or never answers at all, says nothing.
        let telling = total.flows.saturating_sub(total.one_sided);
        let Some(entry) = gateways.entries.holding(conversation.key.responder) else {
            continue;
        };
        let held = gateways.entries.get(entry);
        if !held.known || held.group || held.prefix.prefix_len() != held.prefix.max_prefix_len() {
            continue;
        }
        let of_rules = info.rules.iter().filter_map(|id| rules.get(id.as_str()));
        let roles: BTreeSet<RoleId> = of_rules
            .filter_map(|rule| asked_role(book, rule, held.class))
            .collect();
        for role in roles {
            let asked = asked.entry((entry, role)).or_default();
            asked.flows += telling;
            asked.refused += total.refused;
            asked.answered += total.answered + total.one_sided;
            asked.services.insert(service(conversation));
        }
    }
    let silent = asked
        .into_iter()
        .filter(|(_, asked)| asked.answered == 0 && asked.flows >= ASKED);
    silent
        .map(|((entry, role), asked)| {
            let prefix = gateways.entries.get(entry).prefix;
            let services: Vec<_> = asked.services.into_iter().collect();
            let place = place_of(book, role, prefix);
            Contradiction {
                address: Some(prefix.addr()),
                what: format!(
                    "{} is {} in the site file, was asked {} at {} and answered nothing ({} refused)",
                    prefix.addr(),
                    book.compiled.role(role),
                    count(asked.flows, "time"),
                    some(&services, NAMED),
                    grouped(asked.refused)
                ),
                place: place.map(|place| book.site.located(place)),
            }
        })
        .collect()
}

/// Conversations in the window that a rule explains.
fn explained<'a>(
    gateways: &'a Gateways<'_>,
) -> impl Iterator<Item = (&'a crate::compile::VerdictInfo, &'a RecordedConversation)> {
    gateways.all.iter().flat_map(|gateway| {
        let evidence = gateway.evidence;
        let conversations = evidence.conversations.iter();
        conversations.filter_map(move |conversation| {
            let verdict = evidence.verdicts.get(conversation.key.verdict as usize)?;
            let hit = conversation.hit_in(evidence.from, evidence.to);
            (hit && explains(verdict.info.kind)).then_some((&verdict.info, conversation))
        })
    })
}

fn service(conversation: &RecordedConversation) -> String {
    let protocol = protocol_name(conversation.key.protocol);
    match (conversation.key.port, conversation.ports) {
        (0, (0, _)) => protocol,
        (0, (first, last)) => format!("{protocol}/{first}-{last}"),
        (port, _) => format!("{protocol}/{port}"),
    }
}

/// Internal computers that the site file gives no role and that answer many at a documented port of a site system.
fn without_a_role(book: &Book<'_>, gateways: &Gateways<'_>) -> Vec<Contradiction> {
    let mut asking: BTreeMap<(IpAddr, u8, u16), BTreeMap<IpNet, u32>> = BTreeMap::new();
    for gateway in &gateways.all {
        for conversation in &gateway.evidence.conversations {
            let key = &conversation.key;
            let [opens, answers] = ends(conversation).map(|end| book.compiled.class(end));
            let nobody =
                !answers.known && answers.named.is_empty() && !answers.local && answers.group.is_none();
            let foreign = gateway.evidence.verdicts.get(key.verdict as usize);
            let foreign = foreign.is_some_and(|verdict| verdict.info.kind == VerdictKind::Foreign);
            if nobody
                && foreign
                && opens.known
                && key.port != 0
                && conversation.total.answered > 0
                && conversation.hit_in(gateway.evidence.from, gateway.evidence.to)
                && key.responder.prefix_len() == key.responder.max_prefix_len()
            {
                let service = (key.responder.addr(), key.protocol, key.port);
                let who = asking
                    .entry(service)
                    .or_default()
                    .entry(key.initiator)
                    .or_default();
                *who = (*who).max(conversation.initiators.max(1));
            }
        }
    }
    let many = asking.into_iter().filter_map(|(service, who)| {
        let asking: u64 = who.values().map(|count| u64::from(*count)).sum();
        (asking >= ASKING).then_some((service, asking))
    });
    many.filter_map(|((address, protocol, port), asking)| {
        let roles = roles_at_port(book, protocol, port);
        (!roles.is_empty()).then(|| Contradiction {
            address: Some(address),
            what: format!(
                "{address} answers {}/{port} for {}, and the site file gives it no role; documented there: {}",
                protocol_name(protocol),
                count(asking, "computer"),
                some(&roles, NAMED)
            ),
            place: None,
        })
    })
    .collect()
}

/// Site systems that the page documents at a fixed port.
fn roles_at_port(book: &Book<'_>, protocol: u8, port: u16) -> Vec<String> {
    let profiles: BTreeSet<u16> = book.compiled.classes.iter().map(|class| class.profile).collect();
    let rules = book.compiled.rules.iter().filter(|rule| {
        let mut ports = profiles.iter().map(|profile| rule.ports(*profile));
        rule.kind == VerdictKind::Documented && !rule.dynamic && ports.any(|ports| has(ports, protocol, port))
    });
    let is_system = |role: &RoleId| {
        let role = book.catalogue.roles.get(usize::from(role.0));
        role.is_some_and(|role| role.kind == RoleKind::SiteSystem)
    };
    let roles: BTreeSet<RoleId> = rules.map(|rule| rule.to).filter(is_system).collect();
    roles
        .into_iter()
        .map(|role| book.compiled.role(role).to_owned())
        .collect()
}

fn has(ports: &RulePorts, protocol: u8, port: u16) -> bool {
    ports.of(protocol).iter().any(|range| range.contains(port))
}

/// Servers that answer at the documented port, while nobody uses the one that the site file moved it to.
fn at_the_default_port(
    book: &Book<'_>,
    gateways: &Gateways<'_>,
    rules: &HashMap<&str, &RuleInfo>,
) -> Vec<Contradiction> {
    let mut used: BTreeSet<(&str, IpNet)> = BTreeSet::new();
    for (info, conversation) in explained(gateways).filter(|(_, one)| one.total.answered > 0) {
        used.extend(
            info.rules
                .iter()
                .map(|rule| (rule.as_str(), conversation.key.responder)),
        );
    }
    let mut found: BTreeMap<(IpNet, u16), (String, u64)> = BTreeMap::new();
    for gateway in &gateways.all {
        for conversation in &gateway.evidence.conversations {
            let key = &conversation.key;
            let kind = unexplained(book, gateway.evidence, conversation);
            if kind != Some(VerdictKind::Undocumented) || conversation.total.answered == 0 {
                continue;
            }
            let [opens, answers] = ends(conversation).map(|end| book.compiled.class(end));
            let moved = rules.values().find(|rule| {
                let ports = rule.ports(answers.profile_from(opens));
                !rule.dynamic
                    && rule.setting.is_some()
                    && opens.as_initiator.contains(rule.from)
                    && answers.as_responder.contains(rule.to)
                    && has(&rule.documented, key.protocol, key.port)
                    && !has(ports, key.protocol, key.port)
                    && !used.contains(&(rule.id.as_str(), key.responder))
            });
            let Some(rule) = moved else { continue };
            let ports = rule.ports(answers.profile_from(opens)).of(key.protocol);
            let ports: Vec<String> = ports.iter().map(ToString::to_string).collect();
            let setting = rule.setting.as_deref().unwrap_or_default();
            let what = format!("{setting} is {} there", some(&ports, NAMED));
            let entry = found.entry((key.responder, key.port)).or_insert((what, 0));
            entry.1 += conversation.total.answered;
        }
    }
    let told = found.into_iter().map(|((who, port), (what, flows))| Contradiction {
        address: Some(who.addr()),
        what: format!(
            "{} answers at the documented port {port} ({}), and the site file says that {what}, which nobody uses",
            who.addr(),
            count(flows, "flow")
        ),
        place: None,
    });
    told.collect()
}

/// Conditions that the file says do not hold, although what they are for is seen.
fn of_conditions(book: &Book<'_>, gateways: &Gateways<'_>) -> Vec<Contradiction> {
    let left_out: Vec<_> = book
        .compiled
        .rules
        .iter()
        .filter(|rule| rule.is_left_out())
        .collect();
    if left_out.is_empty() {
        return Vec::new();
    }
    let mut hit: BTreeMap<&str, (BTreeSet<String>, u64)> = BTreeMap::new();
    for gateway in &gateways.all {
        for conversation in &gateway.evidence.conversations {
            let undocumented = unexplained(book, gateway.evidence, conversation);
            if undocumented.is_none() || conversation.total.answered == 0 {
                continue;
            }
            let key = &conversation.key;
            let [opens, answers] = ends(conversation).map(|end| book.compiled.class(end));
            let fits = |rule: &&&RuleInfo| {
                has(rule.ports(answers.profile_from(opens)), key.protocol, key.port)
                    && opens.as_initiator.contains(rule.from)
                    && answers.as_responder.contains(rule.to)
            };
            let rule = left_out.iter().find(fits);
            for condition in rule.into_iter().flat_map(|rule| &rule.not_holding) {
                let (ids, flows) = hit.entry(condition).or_default();
                ids.extend(rule.map(|rule| rule.id.clone()));
                *flows += conversation.total.answered;
            }
        }
    }
    let told = hit.into_iter().map(|(condition, (ids, flows))| {
        let ids: Vec<_> = ids.into_iter().collect();
        let stated = book.site.conditions.get(condition);
        Contradiction {
            address: None,
            what: format!(
                "the site file says that {condition} does not hold, and {} answered that only its rules would explain: {}",
                count(flows, "flow"),
                some(&ids, NAMED)
            ),
            place: stated.map(|stated| book.site.located(stated.place)),
        }
    });
    told.collect()
}

/// Computers and networks of the file of which nothing was ever seen, one line for each role.
fn never_seen(book: &Book<'_>, gateways: &Gateways<'_>) -> Vec<Contradiction> {
    let longest = gateways
        .all
        .iter()
        .map(|one| one.observed.seconds_s(one.evidence.from))
        .max();
    let seen_any = gateways.all.iter().any(|one| !one.evidence.sightings.is_empty());
    if longest.unwrap_or(0) < UNSEEN_D * 86_400 || !seen_any {
        return Vec::new();
    }
    let talking: BTreeSet<EntryIndex> = gateways
        .all
        .iter()
        .flat_map(|gateway| &gateway.evidence.conversations)
        .flat_map(|one| [one.key.initiator, one.key.responder])
        .filter_map(|end| gateways.entries.holding(end))
        .collect();
    let mut unseen: BTreeMap<RoleId, (Vec<String>, usize)> = BTreeMap::new();
    for (index, entry) in gateways
        .entries
        .all()
        .filter(|(_, entry)| entry.known && !entry.group)
    {
        let class = &book.compiled.classes[usize::from(entry.class)];
        let missing = !entry.standby && !gateways.map.was_seen(index) && !talking.contains(&index);
        for role in class.named.iter() {
            let (names, all) = unseen.entry(role).or_default();
            *all += 1;
            if missing {
                names.push(told(book, entry.prefix));
            }
        }
    }
    let told = unseen.into_iter().filter(|(_, (names, _))| !names.is_empty());
    told.map(|(role, (names, all))| {
        let one = |name: &String| name.parse::<IpAddr>().ok();
        let first = names[0].split(' ').next().unwrap_or_default().to_owned();
        let prefix = first
            .parse::<IpNet>()
            .ok()
            .or_else(|| one(&first).map(IpNet::from));
        Contradiction {
            address: one(&first).filter(|_| names.len() == 1),
            what: format!(
                "{} of {} that the site file gives {} were never seen here: {}",
                grouped(names.len() as u64),
                grouped(all as u64),
                book.compiled.role(role),
                some(&names, NAMED)
            ),
            place: prefix
                .and_then(|prefix| place_of(book, role, prefix))
                .map(|place| book.site.located(place)),
        }
    })
    .collect()
}

/// An address with the computer's name, or a prefix.
fn told(book: &Book<'_>, prefix: IpNet) -> String {
    if prefix.prefix_len() < prefix.max_prefix_len() {
        return prefix.to_string();
    }
    match book.site.host_at(prefix.addr()) {
        Some(host) => format!("{} ({})", prefix.addr(), host.name),
        None => prefix.addr().to_string(),
    }
}
