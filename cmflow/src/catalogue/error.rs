//! What can be wrong with a catalogue, said in one line that names the place and the nearest right spelling.

use crate::spelling::did_you_mean;
use std::io;

use super::file::Place;

/// Why a catalogue, or something asked of it, is not usable.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// The file cannot be read.
    #[error("{file} cannot be read; give the path of a catalogue file")]
    Read {
        /// Path as the user gave it.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not what a catalogue file looks like.
    #[error("{file}:{line}: {what}")]
    Syntax {
        /// Name of the file.
        file: String,
        /// Line that it stands on, from 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// An entry contradicts another one, or names something that does not exist.
    #[error("{file}:{line}: {what}{hint}")]
    Entry {
        /// Name of the file.
        file: String,
        /// Line that the entry begins on, from 1.
        line: usize,
        /// What is wrong.
        what: String,
        /// Nearest right spelling, or what to do; may be empty.
        hint: String,
    },
    /// No such edition, rule, connection, role or companion.
    #[error("there is no {kind} \"{wanted}\"{hint}")]
    Missing {
        /// What kind of thing.
        kind: String,
        /// What was asked for.
        wanted: String,
        /// Nearest right spelling, or what there is.
        hint: String,
    },
}

impl CatalogueError {
    pub(super) fn missing(kind: &str, wanted: &str, hint: String) -> Self {
        Self::Missing {
            kind: kind.to_owned(),
            wanted: wanted.to_owned(),
            hint,
        }
    }

    pub(super) fn syntax(place: &Place, what: String) -> Self {
        Self::Syntax {
            file: place.file.clone(),
            line: place.line,
            what,
        }
    }

    pub(super) fn entry(place: &Place, what: impl Into<String>) -> Self {
        Self::Entry {
            file: place.file.clone(),
            line: place.line,
            what: what.into(),
            hint: String::new(),
        }
    }

    /// `kind` `wanted` does not exist; `known` are the right spellings.
    pub(super) fn unknown<'a>(
        place: &Place,
        kind: &str,
        wanted: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let hint = did_you_mean(wanted, known);
        let what = format!("there is no {kind} \"{wanted}\"");
        Self::Entry {
            file: place.file.clone(),
            line: place.line,
            what,
            hint,
        }
    }
}
