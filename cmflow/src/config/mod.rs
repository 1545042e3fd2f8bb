//! The site file: TOML in, a [`SiteModel`] out, or every problem of it with its line.
//!
//! `value` tells types apart, `prefix` reads addresses; `roles` and `ports` read the sections of these names.

mod ports;
mod prefix;
mod problem;
mod roles;
#[cfg(test)]
mod tests;
mod value;

use std::path::Path;

use ipnet::IpNet;
use toml::de::DeTable;

use crate::catalogue::{Catalogue, EditionId};
use crate::site::{Extent, SiteModel};

pub use problem::{Problem, Problems};
use problem::{Report, listed};

use crate::spelling::did_you_mean;
use value::{Entry, entries, strings, table, unknown_key, wrong_type};

/// The edition where the file does not say; the newest one where a user's catalogue has no such edition.
const DEFAULT_EDITION: &str = "current";

const KEYS: [&str; 5] = ["edition", "companions", "networks", "roles", "ports"];

/// A site file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteFile {
    /// What it means.
    pub model: SiteModel,
    /// What may be a mistake.
    pub warnings: Vec<Problem>,
}

/// Reads a site file.
pub fn read(catalogue: &Catalogue, path: &Path) -> Result<SiteFile, Problems> {
    let file = path.display().to_string();
    let whole = |what: String| {
        Problems(vec![Problem {
            file: file.clone(),
            line: None,
            what,
        }])
    };
    let bytes = std::fs::read(path).map_err(|error| whole(format!("cannot be read: {error}")))?;
    match String::from_utf8(bytes) {
        Ok(text) => parse(catalogue, &file, &text),
        Err(error) => {
            let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
            let what = "not UTF-8; save the file as UTF-8".to_owned();
            Err(Problems(vec![Problem {
                file,
                line: Some(line),
                what,
            }]))
        }
    }
}

/// Reads the text of a site file; `file` is what messages call it.
pub fn parse(catalogue: &Catalogue, file: &str, text: &str) -> Result<SiteFile, Problems> {
    let mut report = Report::new(file, text);
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        // A message is one line; toml says what it expected on lines of their own.
        let what = error.message().lines().collect::<Vec<_>>().join(", ");
        report.problem(&error.span().unwrap_or(0..0), format!("not TOML: {what}"));
    }
    if !errors.is_empty() {
        return Err(report.problems());
    }
    let model = model(&mut report, catalogue, &entries(document.get_ref()));
    let warnings = report.warnings()?;
    Ok(SiteFile { model, warnings })
}

fn model(report: &mut Report<'_>, catalogue: &Catalogue, top: &[Entry<'_>]) -> SiteModel {
    for entry in top.iter().filter(|entry| !KEYS.contains(&entry.key)) {
        match entry.key {
            "site" | "host" | "custom-roles" | "rule" | "include" => {
                let what = format!(
                    "\"{}\" belongs to the long form of the site file, which this version does not read; \
                     write addresses under [roles]",
                    entry.key
                );
                report.problem(&entry.span, what);
            }
            _ => unknown_key(report, entry, "", &KEYS),
        }
    }
    let find = |key: &str| top.iter().find(|entry| entry.key == key);
    let mut model = SiteModel::new(edition(report, catalogue, find("edition")));
    model.companions = companions(report, catalogue, find("companions"));
    model.internal = find("networks")
        .map(|entry| networks(report, entry))
        .unwrap_or_default();
    if let Some(entry) = find("roles") {
        model.statements = roles::read(report, catalogue, &model.edition, &model.internal, entry);
    }
    if let Some(entry) = find("ports") {
        model.ports = ports::read(report, catalogue, entry);
    }
    warn_of_gaps(report, catalogue, &model);
    model
}

fn edition(report: &mut Report<'_>, catalogue: &Catalogue, entry: Option<&Entry<'_>>) -> EditionId {
    let default = catalogue
        .editions
        .iter()
        .find(|edition| edition.id.0 == DEFAULT_EDITION);
    let default = default
        .or(catalogue.editions.last())
        .map(|edition| edition.id.clone());
    let default = default.unwrap_or_else(|| EditionId(DEFAULT_EDITION.to_owned()));
    let Some(entry) = entry else { return default };
    let Some(id) = entry.value.get_ref().as_str() else {
        wrong_type(report, "edition", "a string such as \"current\"", entry.value);
        return default;
    };
    let known = || catalogue.editions.iter().map(|edition| edition.id.0.as_str());
    if !known().any(|edition| edition == id) {
        let hint = match did_you_mean(id, known()) {
            none if none.is_empty() => format!("; there is {}", listed(known())),
            hint => hint,
        };
        report.problem(&entry.value.span(), format!("unknown edition \"{id}\"{hint}"));
        return default;
    }
    EditionId(id.to_owned())
}

fn companions(report: &mut Report<'_>, catalogue: &Catalogue, entry: Option<&Entry<'_>>) -> Vec<String> {
    let known = || catalogue.companions.iter().map(|companion| companion.id.as_str());
    let Some(entry) = entry else {
        let on = catalogue.companions.iter().filter(|companion| companion.default);
        return on.map(|companion| companion.id.clone()).collect();
    };
    let mut companions = Vec::new();
    for (name, span) in strings(report, entry.key, entry.value) {
        if known().any(|id| id == name) {
            companions.push(name.to_owned());
        } else {
            let hint = did_you_mean(name, known());
            report.problem(&span, format!("unknown companion \"{name}\"{hint}"));
        }
    }
    companions
}

fn networks(report: &mut Report<'_>, section: &Entry<'_>) -> Vec<IpNet> {
    let mut internal = Vec::new();
    for entry in table(report, section) {
        if entry.key != "internal" {
            unknown_key(report, &entry, " in [networks]", &["internal"]);
            continue;
        }
        for (text, span) in strings(report, entry.key, entry.value) {
            match prefix::prefix(text) {
                Ok(prefix) => internal.push(prefix),
                Err(what) => report.problem(&span, what),
            }
        }
    }
    internal
}

/// Warns where what is missing changes the meaning of the rest.
fn warn_of_gaps(report: &mut Report<'_>, catalogue: &Catalogue, model: &SiteModel) {
    if model.statements.iter().all(|statement| !statement.given) {
        report.warn(
            None,
            "no role has an address: nothing will be documented; fill [roles]".to_owned(),
        );
    }
    if model.internal.is_empty() {
        let what = "[networks] internal names no network: only special-purpose addresses count as internal";
        report.warn(None, what.to_owned());
        return;
    }
    let client = catalogue.role("client");
    for statement in &model.statements {
        let Extent::Prefix(prefix) = statement.extent else {
            continue;
        };
        let inside = model.internal.iter().any(|network| network.contains(&prefix));
        if Some(statement.role) == client && statement.given && !inside {
            let what = format!("client network \"{prefix}\" lies in none of [networks] internal");
            report.warn(Some(statement.line), what);
        }
    }
}
