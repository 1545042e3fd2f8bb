//! Ports that replace the documented ones, for the hierarchy, a site or a host.

use std::collections::HashMap;

use toml::de::DeValue;

use super::draft::Draft;
use super::general::once;
use super::problem::Report;
use super::swallowed;
use super::value::{Entry, Value, table, wrong_type};
use super::wsus;
use crate::catalogue::{Level, PortRange, Setting};
use crate::site::{Place, PortChanges};
use crate::spelling::did_you_mean;

/// Reads `[ports]` of one file; what several files say adds up.
pub(super) fn hierarchy(draft: &mut Draft<'_>, section: &Entry<'_>) {
    let mut places = std::mem::take(&mut draft.port_places);
    let changes = read(draft, section, Level::Hierarchy, &mut places);
    draft.port_places = places;
    draft.model.ports.extend(changes);
}

/// Checks the ports of the hierarchy, once all files are read.
pub(super) fn check_hierarchy(draft: &mut Draft<'_>) {
    let (mut changes, places) = (draft.model.ports.clone(), draft.port_places.clone());
    check(draft, &PortChanges::new(), &mut changes, &places);
    draft.model.ports = changes;
}

/// Checks the ports that hold where `changes` are laid over `outer`.
fn check(
    draft: &mut Draft<'_>,
    outer: &PortChanges,
    changes: &mut PortChanges,
    places: &HashMap<String, Place>,
) {
    wsus::check(draft, outer, changes, places);
    swallowed::warn(draft, outer, changes, places);
}

/// Reads the ports of a site or a host, where `outer` are those that hold around it; and where each is written.
pub(super) fn inner(
    draft: &mut Draft<'_>,
    section: &Entry<'_>,
    level: Level,
    outer: &PortChanges,
) -> (PortChanges, HashMap<String, Place>) {
    let mut places = HashMap::new();
    let mut changes = read(draft, section, level, &mut places);
    check(draft, outer, &mut changes, &places);
    (changes, places)
}

fn read(
    draft: &mut Draft<'_>,
    section: &Entry<'_>,
    level: Level,
    places: &mut HashMap<String, Place>,
) -> PortChanges {
    let report = &mut draft.report;
    let mut changes = PortChanges::new();
    for entry in table(report, section) {
        let Some(setting) = draft.catalogue.setting(entry.key) else {
            let known = draft
                .catalogue
                .settings
                .iter()
                .map(|setting| setting.key.as_str());
            let hint = did_you_mean(entry.key, known);
            report.problem(
                &entry.span,
                format!("unknown key \"{}\" in [ports]{hint}", entry.key),
            );
            continue;
        };
        let Some(ranges) = value(report, setting, entry.value) else {
            continue;
        };
        if !once(report, places, entry.key, &entry) {
            continue;
        }
        let place = report.place(&entry.span);
        if !setting.configurable && ranges != setting.default {
            let what = format!(
                "the page calls the port of \"{}\" fixed; it is changed here",
                setting.key
            );
            report.warn_at(place, what);
        }
        if level > setting.level {
            report.warn_at(place, too_fine(setting));
        }
        changes.insert(setting.key.clone(), ranges);
    }
    changes
}

/// A setting is changed where it cannot differ.
fn too_fine(setting: &Setting) -> String {
    let key = &setting.key;
    match setting.level {
        Level::Hierarchy => {
            format!("\"{key}\" is the same in the whole hierarchy; write it under [ports] of the file")
        }
        Level::Site | Level::Host => {
            format!(
                "\"{key}\" may differ from site to site, not from host to host; write it under the ports of the [[site]]"
            )
        }
    }
}

/// The ports of a value; nothing where something is wrong with it, which is then reported.
fn value(report: &mut Report, setting: &Setting, value: &Value<'_>) -> Option<Vec<PortRange>> {
    let key = &setting.key;
    let ranges = ranges(report, key, value)?;
    let single = matches!(ranges.as_slice(), [one] if one.first == one.last);
    if ranges.is_empty() {
        report.problem(
            &value.span(),
            format!("\"{key}\" has no port; write one, or remove the line"),
        );
    } else if !setting.ranges && !single {
        report.problem(
            &value.span(),
            format!("\"{key}\" takes one port, not a range or a list"),
        );
    } else {
        return Some(ranges);
    }
    None
}

/// The ports and ranges of a list, or of a single one; nothing where something is wrong with one of them.
pub(super) fn ranges(report: &mut Report, key: &str, value: &Value<'_>) -> Option<Vec<PortRange>> {
    let items = match value.get_ref() {
        DeValue::Array(items) => items.iter().collect(),
        _ => vec![value],
    };
    let read: Vec<_> = items.iter().map(|item| range(report, key, item)).collect();
    read.into_iter().collect()
}

/// One port; nothing where it is none, which is then reported.
pub(super) fn single(report: &mut Report, key: &str, value: &Value<'_>) -> Option<u16> {
    let ranges = ranges(report, key, value)?;
    match ranges.as_slice() {
        [one] if one.first == one.last => Some(one.first),
        _ => {
            let what = format!("\"{key}\" takes one port, not a range or a list");
            report.problem(&value.span(), what);
            None
        }
    }
}

fn range(report: &mut Report, key: &str, value: &Value<'_>) -> Option<PortRange> {
    let read = match value.get_ref() {
        DeValue::Integer(integer) => {
            // What does not fit 64 bits is no port either.
            let number = i64::from_str_radix(integer.as_str(), integer.radix());
            number
                .map_err(|_| outside(integer.as_str()))
                .and_then(port)
                .map(PortRange::single)
        }
        DeValue::String(text) => text_range(text),
        _ => {
            wrong_type(
                report,
                key,
                "a port, a range as in \"49152-65535\", or a list of them",
                value,
            );
            return None;
        }
    };
    read.map_err(|what| report.problem(&value.span(), what)).ok()
}

/// A number as a port; the error says what is wrong.
pub(super) fn port(number: i64) -> Result<u16, String> {
    u16::try_from(number)
        .ok()
        .filter(|port| *port > 0)
        .ok_or_else(|| outside(&number.to_string()))
}

/// That a number is no port.
pub(super) fn outside(number: &str) -> String {
    format!("port {number} is outside 1 to 65535")
}

fn text_range(text: &str) -> Result<PortRange, String> {
    let number = |part: &str| -> Result<u16, String> {
        let part = part.trim();
        if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(format!(
                "\"{text}\" is neither a port nor a range such as \"49152-65535\""
            ));
        }
        part.parse().map_err(|_| outside(part)).and_then(port)
    };
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (number(first)?, number(last)?);
    if first > last {
        return Err(format!(
            "the range \"{text}\" ends before it begins; did you mean \"{last}-{first}\"?"
        ));
    }
    Ok(PortRange { first, last })
}
