//! Why nothing was approved.

use std::io;
use std::path::PathBuf;

use super::file::folder;
use crate::config::Problems;

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// It is not written as it should be.
    #[error("{0}")]
    Wrong(String),
    /// It is written well and cannot be: no such role, a day that has passed.
    #[error("{0}")]
    Impossible(String),
    /// It is so already.
    #[error("{0}")]
    Already(String),
    /// The site file names no approvals file.
    #[error(
        "{site} names no approvals file; add this line above its first section{or}: approvals = \"{name}\""
    )]
    NoFile {
        /// The site file.
        site: String,
        /// What else can be done, where there is something.
        or: &'static str,
        /// What the file would be called.
        name: String,
    },
    /// The files have problems as they are.
    #[error(transparent)]
    Files(#[from] Problems),
    /// A file cannot be read.
    #[error("{} cannot be read: {error}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A file cannot be written.
    #[error("{} cannot be written; nothing was changed in it: {error}", path.display())]
    Unwritable {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Somebody else changes files of the folder.
    #[error("the folder of {} cannot be locked: {error}", path.display())]
    Unlocked {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The tables cannot be made.
    #[error(transparent)]
    Other(anyhow::Error),
}

impl Refusal {
    /// Whether whoever asks has no right to write there, or nobody has.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        let Self::Unwritable { error, .. } = self else {
            return false;
        };
        matches!(
            error.kind(),
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
        )
    }

    /// The folder that has to be writable, where that is what is wrong.
    #[must_use]
    pub fn folder(&self) -> Option<PathBuf> {
        match self {
            Self::Unwritable { path, .. } => Some(folder(path)),
            _ => None,
        }
    }
}
