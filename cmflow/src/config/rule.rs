//! `[[rule]]`: what the user approves, with the reason and, where it has one, the end.

use jiff::civil::Date;
use toml::de::DeValue;

use super::custom::is_plain;
use super::draft::Draft;
use super::ports;
use super::reading::Ended;
use super::value::{Entry, Item, items, wrong_type};
use crate::catalogue::{OpenedBy, PortRange, RoleId};
use crate::site::{OwnRule, Place};

const KEYS: [&str; 9] = ["id", "from", "to", "tcp", "udp", "icmp", "either", "why", "until"];

/// An end so many days ahead or fewer is warned of.
pub const SOON_DAYS: i32 = 30;

/// Reads the rules of a file.
pub(super) fn read(draft: &mut Draft<'_>, section: &Entry<'_>) {
    for item in items(&mut draft.report, section) {
        item.only(&mut draft.report, " in [[rule]]", &KEYS);
        let place = draft.report.place(&item.span);
        let id = id(draft, &item, "rule", "backup-agent", place);
        let name = id.map_or_else(|| "a [[rule]]".to_owned(), |id| format!("rule \"{id}\""));
        let from = role(draft, &item, &name, "from", place);
        let to = role(draft, &item, &name, "to", place);
        let why = why(draft, &item, &name, place);
        let udp = port_list(draft, &item, "udp");
        let tcp = port_list(draft, &item, "tcp");
        let icmp_echo = item.flag(&mut draft.report, "icmp").unwrap_or(false);
        let either = item.flag(&mut draft.report, "either").unwrap_or(false);
        if tcp.as_ref().is_some_and(Vec::is_empty) && udp.as_ref().is_some_and(Vec::is_empty) && !icmp_echo {
            let what = format!("{name} has no ports; write tcp = [10000], udp, or icmp = true");
            draft.report.problem_at(place, what);
        }
        let until = until(draft, &item, &name);
        draft.used.extend(from.into_iter().chain(to));
        let (Some(id), Some(from), Some(to), Some(why), Some(udp), Some(tcp)) = (id, from, to, why, udp, tcp)
        else {
            continue;
        };
        let rule = OwnRule {
            id: id.to_owned(),
            from,
            to,
            opened_by: if either { OpenedBy::Either } else { OpenedBy::From },
            udp,
            tcp,
            icmp_echo,
            why: why.to_owned(),
            by: None,
            made: None,
            until: match until {
                Until::Never | Until::Wrong => None,
                Until::Holds(end) | Until::Ended(end) => Some(end),
            },
            approval: false,
            place,
        };
        match until {
            Until::Never | Until::Holds(_) => draft.model.rules.push(rule),
            Until::Ended(_) => draft.model.ended.push(rule),
            Until::Wrong => {}
        }
    }
}

/// The id of a `[[rule]]` or an `[[approval]]`: no two of them have the same.
pub(super) fn id<'a>(
    draft: &mut Draft<'_>,
    item: &Item<'a>,
    kind: &str,
    such_as: &str,
    place: Place,
) -> Option<&'a str> {
    let Some(entry) = item.find("id") else {
        let article = if kind == "approval" { "an" } else { "a" };
        let what = format!("{article} [[{kind}]] has no id; write id = \"{such_as}\"");
        draft.report.problem_at(place, what);
        return None;
    };
    let id = item.text(&mut draft.report, "id", such_as)?;
    let place = draft.report.place(&entry.span);
    if !is_plain(id) {
        let article = if kind == "approval" { "an" } else { "a" };
        let what = format!("\"{id}\" is no id of {article} {kind}; use letters, digits and \"-\"");
        draft.report.problem_at(place, what);
        return None;
    }
    if let Some(there) = draft.rule_places.get(id) {
        let there = draft.report.seen_from(place, *there);
        let what = format!("two {kind}s have the id \"{id}\", here and in {there}; give one another id");
        draft.report.problem_at(place, what);
        return None;
    }
    draft.rule_places.insert(id.to_owned(), place);
    Some(id)
}

fn role(draft: &mut Draft<'_>, item: &Item<'_>, name: &str, key: &str, place: Place) -> Option<RoleId> {
    let Some(entry) = item.find(key) else {
        let what = format!("{name} has no \"{key}\"; write {key} = \"management-point\", or another role");
        draft.report.problem_at(place, what);
        return None;
    };
    let id = item.text(&mut draft.report, key, "management-point")?;
    draft.role(id, &entry.value.span())
}

/// The reason of a `[[rule]]` or an `[[approval]]`.
pub(super) fn why<'a>(draft: &mut Draft<'_>, item: &Item<'a>, name: &str, place: Place) -> Option<&'a str> {
    let entry = item.find("why");
    let why = item.text(&mut draft.report, "why", "CHG1234");
    if entry.is_none() || why == Some("") {
        let place = entry.map_or(place, |entry| draft.report.place(&entry.span));
        let what = format!("{name} does not say why; write why = \"CHG1234\", or a sentence");
        draft.report.problem_at(place, what);
    }
    why
}

/// The ports of a key, none where it is not there; nothing where something is wrong with it.
pub(super) fn port_list(draft: &mut Draft<'_>, item: &Item<'_>, key: &str) -> Option<Vec<PortRange>> {
    match item.find(key) {
        Some(entry) => ports::ranges(&mut draft.report, key, entry.value),
        None => Some(Vec::new()),
    }
}

/// What is said of the last day of a rule.
#[derive(Clone, Copy)]
pub(super) enum Until {
    /// There is none.
    Never,
    /// It has not passed.
    Holds(Date),
    /// It has.
    Ended(Date),
    /// It is no day, which was said.
    Wrong,
}

/// The last day of a rule; one that has passed is a mistake, or a warning where the file is read that way.
fn until(draft: &mut Draft<'_>, item: &Item<'_>, name: &str) -> Until {
    let until = last_day(draft, item, name);
    if let (Until::Ended(end), Some(entry)) = (until, item.find("until")) {
        let place = draft.report.place(&entry.span);
        match draft.reading.ended {
            Ended::Refused => {
                let what = format!("{name} ended on {end}; remove it, or give it a later day");
                draft.report.problem_at(place, what);
            }
            Ended::LeftOut => {
                let what =
                    format!("{name} ended on {end} and is left out; remove it, or give it a later day");
                draft.report.warn_at(place, what);
            }
        }
    }
    until
}

/// The last day under `until`; one that is near is warned of.
pub(super) fn last_day(draft: &mut Draft<'_>, item: &Item<'_>, name: &str) -> Until {
    if item.find("until").is_none() {
        return Until::Never;
    }
    let Some(end) = day(draft, item, "until") else {
        return Until::Wrong;
    };
    let today = draft.reading.today;
    if end < today {
        return Until::Ended(end);
    }
    let left = end.since(today).map_or(i32::MAX, |span| span.get_days());
    if left <= SOON_DAYS
        && let Some(entry) = item.find("until")
    {
        let days = match left {
            0 => "today".to_owned(),
            1 => "tomorrow".to_owned(),
            days => format!("in {days} days"),
        };
        let place = draft.report.place(&entry.span);
        draft
            .report
            .warn_at(place, format!("{name} ends on {end}, {days}"));
    }
    Until::Holds(end)
}

/// The day under a key; nothing where there is none or it is no day, and the latter is reported.
pub(super) fn day(draft: &mut Draft<'_>, item: &Item<'_>, key: &str) -> Option<Date> {
    let entry = item.find(key)?;
    let day = date(entry.value.get_ref());
    if day.is_none() {
        let expected = "a date such as 2027-06-30, without quotes and time";
        wrong_type(&mut draft.report, key, expected, entry.value);
    }
    day
}

fn date(value: &DeValue<'_>) -> Option<Date> {
    let written = value
        .as_datetime()
        .filter(|written| written.time.is_none())?
        .date?;
    let [month, day] = [written.month, written.day].map(|number| i8::try_from(number).ok());
    Date::new(i16::try_from(written.year).ok()?, month?, day?).ok()
}
