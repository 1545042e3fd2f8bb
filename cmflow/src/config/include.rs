//! `include`: from what the file says to the paths of files, and the nearest name where there is none.

use std::path::{Component, Path, PathBuf};

use super::problem::listed;
use crate::spelling::did_you_mean;

/// How many names of a folder a message lists.
const LISTED: usize = 3;

/// What a file may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Toml,
    Csv,
    Approvals,
}

impl Kind {
    /// By the end of the name; the error is what is wrong, in words.
    pub(super) fn of(path: &Path) -> Result<Self, String> {
        let extension = path.extension().map(|extension| extension.to_ascii_lowercase());
        match extension.as_deref().and_then(|extension| extension.to_str()) {
            Some("toml") => Ok(Self::Toml),
            Some("csv") => Ok(Self::Csv),
            _ => Err(format!("\"{}\" is neither .toml nor .csv", path.display())),
        }
    }
}

/// The files that an entry of `include` in a file of that folder means, sorted; the error is what is wrong.
pub(super) fn paths(folder: &Path, written: &str) -> Result<Vec<PathBuf>, String> {
    if written.trim().is_empty() {
        return Err("\"\" names no file; write one, or remove it".to_owned());
    }
    if !is_pattern(written) {
        let path = folder.join(written);
        return if path.exists() {
            Ok(vec![path])
        } else {
            let hint = nearest(folder, written);
            Err(format!("\"{written}\" does not exist{hint}"))
        };
    }
    // The folder is no pattern, whatever letters its name has.
    let mut pattern = glob::Pattern::escape(&folder.to_string_lossy());
    if Path::new(written).is_absolute() {
        pattern.clear();
    } else if !pattern.is_empty() {
        pattern.push('/');
    }
    pattern.push_str(written);
    let options = glob::MatchOptions {
        require_literal_leading_dot: true,
        ..glob::MatchOptions::new()
    };
    let found = glob::glob_with(&pattern, options)
        .map_err(|error| format!("\"{written}\" is no pattern: {}", error.msg))?;
    let mut paths = found
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| format!("\"{written}\": {error}"))?;
    if paths.is_empty() {
        return Err(format!(
            "\"{written}\" matches no file{}",
            nearest(folder, written)
        ));
    }
    paths.sort();
    Ok(paths)
}

/// The one file that a name in a file of that folder means; the error is what is wrong.
pub(super) fn file(folder: &Path, written: &str) -> Result<PathBuf, String> {
    if written.trim().is_empty() {
        return Err("\"\" names no file; write one, or remove the line".to_owned());
    }
    if is_pattern(written) {
        return Err(format!("\"{written}\" is a pattern; approvals are one file"));
    }
    let mut found = paths(folder, written)?;
    Ok(found.remove(0))
}

fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// A hint: the name nearest to the first part of the path that is not there.
fn nearest(folder: &Path, written: &str) -> String {
    let mut folder = folder.to_owned();
    for part in Path::new(written).components() {
        let name = part.as_os_str().to_string_lossy();
        let is_name = matches!(part, Component::Normal(_));
        if is_name && (is_pattern(&name) || !folder.join(part).exists()) {
            let shown = if folder.as_os_str().is_empty() {
                Path::new(".")
            } else {
                &folder
            };
            let entries = std::fs::read_dir(shown).into_iter().flatten().flatten();
            let mut names: Vec<_> = entries
                .map(|entry| entry.file_name().to_string_lossy().into_owned())
                .collect();
            // Folders list their files in any order.
            names.sort();
            let names = || names.iter().map(String::as_str);
            return match did_you_mean(&name, names()) {
                // A pattern is near to no name; what is there says more.
                none if none.is_empty() && is_pattern(&name) => {
                    format!("; there is {}", listed(names().take(LISTED)))
                }
                hint => hint,
            };
        }
        folder.push(part);
    }
    String::new()
}
