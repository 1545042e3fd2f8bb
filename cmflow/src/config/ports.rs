//! `[ports]`: what replaces the documented ports.

use toml::de::DeValue;

use super::problem::Report;
use super::value::{Entry, Value, table, wrong_type};
use crate::catalogue::{Catalogue, PortRange, Setting};
use crate::site::PortChanges;
use crate::spelling::did_you_mean;

/// Reads the section.
pub(super) fn read(report: &mut Report<'_>, catalogue: &Catalogue, section: &Entry<'_>) -> PortChanges {
    let mut changes = PortChanges::new();
    for entry in table(report, section) {
        let Some(setting) = catalogue.setting(entry.key) else {
            let known = catalogue.settings.iter().map(|setting| setting.key.as_str());
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
        if !setting.configurable && ranges != setting.default {
            let line = report.line(&entry.span);
            let what = format!(
                "the page calls the port of \"{}\" fixed; it is changed here",
                setting.key
            );
            report.warn(Some(line), what);
        }
        changes.insert(setting.key.clone(), ranges);
    }
    changes
}

/// The ports of a value; nothing where something is wrong with it, which is then reported.
fn value(report: &mut Report<'_>, setting: &Setting, value: &Value<'_>) -> Option<Vec<PortRange>> {
    let items = match value.get_ref() {
        DeValue::Array(items) => items.iter().collect(),
        _ => vec![value],
    };
    let key = &setting.key;
    let read: Vec<_> = items.iter().map(|item| range(report, key, item)).collect();
    let ranges: Vec<_> = read.into_iter().collect::<Option<_>>()?;
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

fn range(report: &mut Report<'_>, key: &str, value: &Value<'_>) -> Option<PortRange> {
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

fn port(number: i64) -> Result<u16, String> {
    u16::try_from(number)
        .ok()
        .filter(|port| *port > 0)
        .ok_or_else(|| outside(&number.to_string()))
}

fn outside(number: &str) -> String {
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
