//! How the approvals file is changed: one at a time, and at once or not at all.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Nobody else changes files of a folder in this way while it lives.
#[derive(Debug)]
pub struct Locked {
    /// The folder itself carries the lock, so that no file of a lock lies about where people look with git.
    _folder: File,
}

impl Locked {
    /// Waits until nobody else holds the lock.
    pub fn folder_of(path: &Path, patience: Patience) -> io::Result<Self> {
        let folder = File::open(folder(path))?;
        let tries = match patience {
            Patience::Endless => {
                folder.lock()?;
                return Ok(Self { _folder: folder });
            }
            Patience::Tries(tries) => tries,
        };
        for _ in 0..tries {
            match folder.try_lock() {
                Ok(()) => return Ok(Self { _folder: folder }),
                Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        Err(io::Error::new(
            io::ErrorKind::ResourceBusy,
            "another program changes files there; try again",
        ))
    }
}

/// How long somebody else is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Until they are done: a person can end the wait.
    Endless,
    /// So many times a tenth of a second: a daemon has to end when it is told to.
    Tries(u32),
}

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(100);

/// Puts a text in the place of what a file holds. Whoever reads it meets the old text or the new one; owner and rights
/// stay, and a link stays a link.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = folder(&path).join(format!(".{name}.new-{}", std::process::id()));
    let written = write(&path, &beside, text);
    if written.is_err() {
        // What is wrong was met already; the half is worth nothing.
        let _ = fs::remove_file(&beside);
    }
    written
}

fn write(path: &Path, beside: &Path, text: &str) -> io::Result<()> {
    let before = match fs::metadata(path) {
        Ok(before) => Some(before),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let mode = before
        .as_ref()
        .map_or(0o644, |before| before.permissions().mode() & 0o7777);
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(beside)?;
    if let Some(before) = before {
        // Only root may give a file away, and only root has to.
        let _ = fchown(&file, Some(before.uid()), Some(before.gid()));
        file.set_permissions(before.permissions())?;
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(beside, path)?;
    File::open(folder(path))?.sync_all()
}

/// The folder that a file lies in.
pub(super) fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}
