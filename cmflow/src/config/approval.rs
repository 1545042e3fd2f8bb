//! The approvals file: exceptions that somebody answers for, with the reason and the last day. One that has ended stays
//! in the file, as a record.

use ipnet::IpNet;

use super::draft::Draft;
use super::prefix;
use super::roles::warn_of_edition;
use super::rule::{Until, day, id, last_day, port_list, why};
use super::value::{Entry, Item, items, strings, unknown_key, wrong_type};
use crate::catalogue::{OpenedBy, RoleId};
use crate::compile::RoleSet;
use crate::site::{OwnRule, Place};

const KEYS: [&str; 12] = [
    "id",
    "by",
    "why",
    "until",
    "permanent",
    "from",
    "to",
    "tcp",
    "udp",
    "icmp-echo",
    "either",
    "made",
];

/// Reads an approvals file.
pub(super) fn read(draft: &mut Draft<'_>, sections: &[Entry<'_>]) {
    for section in sections {
        if section.key == "approval" {
            for item in items(&mut draft.report, section) {
                one(draft, &item);
            }
        } else {
            unknown_key(
                &mut draft.report,
                section,
                " in a file of approvals",
                &["approval"],
            );
        }
    }
}

fn one(draft: &mut Draft<'_>, item: &Item<'_>) {
    item.only(&mut draft.report, " in [[approval]]", &KEYS);
    let place = draft.report.place(&item.span);
    let id = id(draft, item, "approval", "dp-agent", place);
    let name = id.map_or_else(|| "an [[approval]]".to_owned(), |id| format!("approval \"{id}\""));
    let from = end(draft, item, &name, "from", place);
    let to = end(draft, item, &name, "to", place);
    let by = by(draft, item, &name, place);
    let why = why(draft, item, &name, place);
    let udp = port_list(draft, item, "udp");
    let tcp = port_list(draft, item, "tcp");
    let icmp_echo = item.flag(&mut draft.report, "icmp-echo").unwrap_or(false);
    let either = item.flag(&mut draft.report, "either").unwrap_or(false);
    if tcp.as_ref().is_some_and(Vec::is_empty) && udp.as_ref().is_some_and(Vec::is_empty) && !icmp_echo {
        let what = format!("{name} has no ports; write tcp = [8081], udp, or icmp-echo = true");
        draft.report.problem_at(place, what);
    }
    let made = day(draft, item, "made");
    let until = until(draft, item, &name, place);
    draft.used.extend(from.into_iter().chain(to));
    let (Some(id), Some(from), Some(to), Some(by), Some(why)) = (id, from, to, by, why) else {
        return;
    };
    let (Some(udp), Some(tcp)) = (udp, tcp) else {
        return;
    };
    let (until, holds) = match until {
        Until::Never => (None, true),
        Until::Holds(end) => (Some(end), true),
        Until::Ended(end) => (Some(end), false),
        Until::Wrong => return,
    };
    let approval = OwnRule {
        id: id.to_owned(),
        from,
        to,
        opened_by: if either { OpenedBy::Either } else { OpenedBy::From },
        udp,
        tcp,
        icmp_echo,
        why: why.to_owned(),
        by: Some(by.to_owned()),
        made,
        until,
        approval: true,
        place,
    };
    if holds {
        draft.model.rules.push(approval);
    } else {
        draft.model.ended.push(approval);
    }
}

fn by<'a>(draft: &mut Draft<'_>, item: &Item<'a>, name: &str, place: Place) -> Option<&'a str> {
    let entry = item.find("by");
    let by = item.text(&mut draft.report, "by", "A. Admin");
    if entry.is_none() || by == Some("") {
        let place = entry.map_or(place, |entry| draft.report.place(&entry.span));
        let what = format!("{name} does not say who answers for it; write by = \"A. Admin\"");
        draft.report.problem_at(place, what);
    }
    by
}

/// The last day: it has to be there, unless the approval says that it is permanent.
fn until(draft: &mut Draft<'_>, item: &Item<'_>, name: &str, place: Place) -> Until {
    let permanent = item.flag(&mut draft.report, "permanent").unwrap_or(false);
    let until = last_day(draft, item, name);
    match until {
        Until::Never if !permanent => {
            let what = format!("{name} has no end; write until = 2027-06-30, or permanent = true");
            draft.report.problem_at(place, what);
        }
        Until::Holds(_) | Until::Ended(_) if permanent => {
            let what = format!("{name} is permanent and has an end; remove one of permanent and until");
            draft.report.problem_at(place, what);
        }
        Until::Ended(end) => {
            let what = format!(
                "{name} ended on {end} and explains nothing any more; leave it as a record, or give it a later day"
            );
            let place = item
                .find("until")
                .map_or(place, |entry| draft.report.place(&entry.span));
            draft.report.warn_at(place, what);
        }
        Until::Never | Until::Holds(_) | Until::Wrong => {}
    }
    until
}

/// A role by its id, or addresses: one, or a list of them.
fn end(draft: &mut Draft<'_>, item: &Item<'_>, name: &str, key: &str, place: Place) -> Option<RoleId> {
    let Some(entry) = item.find(key) else {
        let what = format!(
            "{name} has no \"{key}\"; write {key} = \"management-point\", another role, or addresses as in \
             [\"10.20.0.40\"]"
        );
        draft.report.problem_at(place, what);
        return None;
    };
    let value = entry.value.get_ref();
    if let Some(text) = value.as_str() {
        let text = text.trim();
        if !looks_like_address(text) {
            let role = draft.role(text, &entry.value.span())?;
            let place = draft.report.place(&entry.span);
            if let Some(role) = draft.of_catalogue(role) {
                warn_of_edition(draft, role, place);
            }
            return Some(role);
        }
    } else if value.as_array().is_none() {
        let expected = "a role, as in \"management-point\", or a list of addresses, as in [\"10.20.0.40\"]";
        wrong_type(&mut draft.report, key, expected, entry.value);
        return None;
    }
    let texts = strings(&mut draft.report, key, entry.value);
    if texts.is_empty() {
        let what = format!("{key} of {name} names no address; write one, or a role");
        draft.report.problem(&entry.span, what);
    }
    let mut set: Vec<IpNet> = Vec::new();
    let count = texts.len();
    for (text, span) in texts {
        match prefix::prefix(text.trim()) {
            Ok(prefix) => set.push(prefix),
            Err(_) if draft.roles.contains_key(text) => {
                let what = format!(
                    "\"{text}\" is a role; a list holds addresses alone, so write {key} = \"{text}\""
                );
                draft.report.problem(&span, what);
            }
            Err(what) => draft.report.problem(&span, what),
        }
    }
    if set.len() < count || set.is_empty() {
        return None;
    }
    set.sort();
    set.dedup();
    numbered(draft, set, draft.report.place(&entry.span))
}

/// What stands for a set of addresses among the roles; the same for the same set.
fn numbered(draft: &mut Draft<'_>, set: Vec<IpNet>, place: Place) -> Option<RoleId> {
    let sets = &mut draft.model.address_sets;
    let known = sets.iter().position(|one| *one == set);
    let index = known.unwrap_or(sets.len());
    let number = draft.roles.len() + index;
    if number >= RoleSet::CAPACITY {
        let what = format!(
            "more than {} roles and sets of addresses; give these computers a role of their own under [custom-roles]",
            RoleSet::CAPACITY
        );
        draft.report.problem_at(place, what);
        return None;
    }
    if known.is_none() {
        sets.push(set);
    }
    u16::try_from(number).ok().map(RoleId)
}

/// Names of roles hold neither of these, and begin with a letter.
fn looks_like_address(text: &str) -> bool {
    text.starts_with(|letter: char| letter.is_ascii_digit()) || text.contains([':', '/', '.'])
}
