//! Lists as JSON: a list of objects.

use serde_json::{Map, Value};

use super::field::{Field, parts};
use super::{List, Listed};

/// Reads a list; the error is why it is none.
pub(super) fn read(text: &str) -> Result<List, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))?;
    let entries =
        match value {
            Value::Array(entries) => entries,
            // A script that finds one computer writes it without a list.
            Value::Object(_) => vec![value],
            _ => return Err(
                "a list of objects was expected, each with FullQualifiedDomainName, IPAddress and RoleList"
                    .to_owned(),
            ),
        };
    let mut list = List::default();
    for (number, entry) in (1..).zip(entries) {
        let place = format!("entry {number}");
        match entry {
            Value::Object(object) => match one(&place, &object, &mut list.ignored) {
                Ok(entry) => list.entries.push(entry),
                Err(what) => list.broken.push(format!("{place}: {what}")),
            },
            _ => list.broken.push(format!(
                "{place}: no object; write {{ \"FullQualifiedDomainName\": … }}"
            )),
        }
    }
    Ok(list)
}

fn one(place: &str, object: &Map<String, Value>, ignored: &mut Vec<String>) -> Result<Listed, String> {
    let mut entry = Listed {
        place: place.to_owned(),
        ..Listed::default()
    };
    for (key, value) in object {
        let Some(field) = Field::named(key) else {
            if !ignored.contains(key) {
                ignored.push(key.clone());
            }
            continue;
        };
        let words = words(field, key, value)?;
        match field {
            Field::Name if entry.name.is_empty() => entry.name = words.into_iter().next().unwrap_or_default(),
            Field::Name => {}
            Field::Address => entry.addresses.extend(words),
            Field::Roles => entry.roles.extend(words),
            Field::Site => entry.site = words.into_iter().next().unwrap_or_default(),
            Field::Parent => entry.parent = words.into_iter().next().unwrap_or_default(),
        }
    }
    Ok(entry)
}

fn words(field: Field, key: &str, value: &Value) -> Result<Vec<String>, String> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::String(text) if matches!(field, Field::Address | Field::Roles) => Ok(parts(field, text)),
        Value::String(text) => Ok(vec![text.trim().to_owned()]),
        Value::Array(items) => {
            let all = items.iter().map(|item| words(field, key, item));
            Ok(all
                .collect::<Result<Vec<_>, _>>()?
                .into_iter()
                .flatten()
                .collect())
        }
        // A role as an object that has its name, and lists that PowerShell wraps.
        Value::Object(object) => {
            let inner = object.iter().find(|(inner, _)| {
                inner.eq_ignore_ascii_case("value")
                    || Field::named(inner) == Some(field)
                    || Field::named(inner) == Some(Field::Name)
            });
            match inner {
                Some((_, value)) => words(field, key, value),
                None => Err(format!(
                    "{key} is an object; it must be a string or a list of strings"
                )),
            }
        }
        Value::Bool(_) | Value::Number(_) => Err(format!(
            "{key} is {value}; it must be a string or a list of strings"
        )),
    }
}
