//! Values of the site file by their type; a wrong type becomes a problem with its line.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Report, listed};
use crate::spelling::did_you_mean;

/// A value with its place.
pub(super) type Value<'i> = Spanned<DeValue<'i>>;

/// A key with its place, and its value.
pub(super) struct Entry<'a> {
    pub(super) key: &'a str,
    pub(super) span: Range<usize>,
    pub(super) value: &'a Value<'a>,
}

/// The entries of a table, in the order of the file.
pub(super) fn entries<'a>(table: &'a DeTable<'a>) -> Vec<Entry<'a>> {
    let entries = table.iter().map(|(key, value)| Entry {
        key: key.get_ref(),
        span: key.span(),
        value,
    });
    let mut entries: Vec<_> = entries.collect();
    entries.sort_by_key(|entry| entry.span.start);
    entries
}

/// A type as TOML calls it, with its article.
fn type_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// Reports a value of the wrong type.
pub(super) fn wrong_type(report: &mut Report<'_>, name: &str, expected: &str, value: &Value<'_>) {
    let is = type_of(value.get_ref());
    report.problem(&value.span(), format!("{name} is {is}; it must be {expected}"));
}

/// Reports a key that nobody knows.
pub(super) fn unknown_key(report: &mut Report<'_>, entry: &Entry<'_>, place: &str, known: &[&str]) {
    let hint = match did_you_mean(entry.key, known.iter().copied()) {
        none if none.is_empty() => format!("; there is {}", listed(known.iter().copied())),
        hint => hint,
    };
    report.problem(&entry.span, format!("unknown key \"{}\"{place}{hint}", entry.key));
}

/// The table of a section such as `[roles]`.
pub(super) fn table<'a>(report: &mut Report<'_>, entry: &Entry<'a>) -> Vec<Entry<'a>> {
    if let Some(table) = entry.value.get_ref().as_table() {
        return entries(table);
    }
    wrong_type(
        report,
        entry.key,
        &format!("a table, as in [{}]", entry.key),
        entry.value,
    );
    Vec::new()
}

/// The strings of a list, or of a single string.
pub(super) fn strings<'a>(
    report: &mut Report<'_>,
    name: &str,
    value: &'a Value<'a>,
) -> Vec<(&'a str, Range<usize>)> {
    let items = match value.get_ref() {
        DeValue::Array(items) => items.iter().collect(),
        _ => vec![value],
    };
    let mut strings = Vec::new();
    for item in items {
        match item.get_ref().as_str() {
            Some(text) => strings.push((text, item.span())),
            None => {
                let name = if std::ptr::eq(item, value) {
                    name.to_owned()
                } else {
                    format!("an entry of {name}")
                };
                wrong_type(report, &name, "a string or a list of strings", item);
            }
        }
    }
    strings
}
