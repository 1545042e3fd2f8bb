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
pub(super) fn wrong_type(report: &mut Report, name: &str, expected: &str, value: &Value<'_>) {
    let is = type_of(value.get_ref());
    report.problem(&value.span(), format!("{name} is {is}; it must be {expected}"));
}

/// Reports a key that nobody knows.
pub(super) fn unknown_key(report: &mut Report, entry: &Entry<'_>, place: &str, known: &[&str]) {
    let hint = match did_you_mean(entry.key, known.iter().copied()) {
        none if none.is_empty() => format!("; there is {}", listed(known.iter().copied())),
        hint => hint,
    };
    report.problem(&entry.span, format!("unknown key \"{}\"{place}{hint}", entry.key));
}

/// One of a few words; nothing where the value is none of them, which is then reported.
pub(super) fn choice<T: Copy>(
    report: &mut Report,
    entry: &Entry<'_>,
    choices: &[T],
    name: impl Fn(T) -> &'static str,
) -> Option<T> {
    let words = || choices.iter().map(|choice| name(*choice));
    let Some(word) = entry.value.get_ref().as_str() else {
        let such_as = words().next().unwrap_or_default();
        wrong_type(
            report,
            entry.key,
            &format!("a string such as \"{such_as}\""),
            entry.value,
        );
        return None;
    };
    let chosen = choices.iter().copied().find(|choice| name(*choice) == word);
    if chosen.is_none() {
        let hint = match did_you_mean(word, words()) {
            none if none.is_empty() => format!("; there is {}", listed(words())),
            hint => hint,
        };
        report.problem(
            &entry.value.span(),
            format!("{} has no choice \"{word}\"{hint}", entry.key),
        );
    }
    chosen
}

/// A whole number from `least` to `most`; nothing where the value is none, which is then reported.
pub(super) fn number(report: &mut Report, entry: &Entry<'_>, least: u32, most: u32) -> Option<u32> {
    let Some(integer) = entry.value.get_ref().as_integer() else {
        wrong_type(report, entry.key, "a whole number", entry.value);
        return None;
    };
    // What does not fit 64 bits is outside too.
    let number = i64::from_str_radix(integer.as_str(), integer.radix()).ok();
    let number = number
        .and_then(|number| u32::try_from(number).ok())
        .filter(|number| (least..=most).contains(number));
    if number.is_none() {
        let range = if most == u32::MAX {
            format!("it must be {least} or more")
        } else {
            format!("it must be {least} to {most}")
        };
        report.problem(
            &entry.value.span(),
            format!("{} is {}; {range}", entry.key, integer.as_str()),
        );
    }
    number
}

/// The table of a section such as `[roles]`.
pub(super) fn table<'a>(report: &mut Report, entry: &Entry<'a>) -> Vec<Entry<'a>> {
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
    report: &mut Report,
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

/// A table of a list such as `[[site]]`, or an inline table.
pub(super) struct Item<'a> {
    pub(super) span: Range<usize>,
    pub(super) entries: Vec<Entry<'a>>,
}

impl<'a> Item<'a> {
    /// The table of a value; nothing where it is none, which is then reported.
    pub(super) fn of(report: &mut Report, name: &str, expected: &str, value: &'a Value<'a>) -> Option<Self> {
        let Some(table) = value.get_ref().as_table() else {
            wrong_type(report, name, expected, value);
            return None;
        };
        Some(Self {
            span: value.span(),
            entries: entries(table),
        })
    }

    /// The entry with that key.
    pub(super) fn find(&self, key: &str) -> Option<&Entry<'a>> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// Reports the keys that are not among `known`.
    pub(super) fn only(&self, report: &mut Report, place: &str, known: &[&str]) {
        for entry in self.entries.iter().filter(|entry| !known.contains(&entry.key)) {
            unknown_key(report, entry, place, known);
        }
    }

    /// The text of a key; nothing where there is none or it is no text, and the latter is reported.
    pub(super) fn text(&self, report: &mut Report, key: &str, such_as: &str) -> Option<&'a str> {
        let entry = self.find(key)?;
        let text = entry.value.get_ref().as_str();
        if text.is_none() {
            wrong_type(
                report,
                key,
                &format!("a string such as \"{such_as}\""),
                entry.value,
            );
        }
        text.map(str::trim)
    }

    /// Whether a key says true; nothing where it is not there.
    pub(super) fn flag(&self, report: &mut Report, key: &str) -> Option<bool> {
        let entry = self.find(key)?;
        let flag = entry.value.get_ref().as_bool();
        if flag.is_none() {
            wrong_type(report, key, "true or false", entry.value);
        }
        flag
    }
}

/// The tables of a list such as `[[site]]`.
pub(super) fn items<'a>(report: &mut Report, entry: &Entry<'a>) -> Vec<Item<'a>> {
    let expected = format!("a list of tables, each begun by [[{}]]", entry.key);
    let Some(list) = entry.value.get_ref().as_array() else {
        wrong_type(report, entry.key, &expected, entry.value);
        return Vec::new();
    };
    let name = format!("an entry of {}", entry.key);
    list.iter()
        .filter_map(|item| Item::of(report, &name, "a table", item))
        .collect()
}
