//! What belongs to one instance on a machine: its socket, its lock, its pins.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, fchown};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use jiff::Timestamp;

use crate::kernel::{OWN_MOUNT, Pins, has_own_mount};

/// Where sockets and locks live.
const RUN: &str = "/run/cmflow";
/// Where daemons keep what the next one needs.
const KEPT: &str = "/var/lib/cmflow";

/// The name of an instance, checked to be a file name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance(String);

impl std::str::FromStr for Instance {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if name.is_empty() || name.len() > 60 || !name.chars().all(plain) {
            return Err(format!(
                "\"{name}\" is no instance name; use up to 60 letters, digits, - and _"
            ));
        }
        Ok(Self(name.to_owned()))
    }
}

impl std::fmt::Display for Instance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Instance {
    /// Path of its socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        Path::new(RUN).join(format!("{self}.sock"))
    }

    /// Path of what it keeps for the next daemon, beside what the kernel keeps.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        Path::new(KEPT).join(format!("{self}.state"))
    }

    /// Path of its history.
    #[must_use]
    pub fn history(&self) -> PathBuf {
        Path::new(KEPT).join(format!("{self}.db"))
    }

    /// Path of what it remembers of alerts.
    #[must_use]
    pub fn alerts(&self) -> PathBuf {
        Path::new(KEPT).join(format!("{self}.alerts.json"))
    }

    /// Every file that a daemon writes to as long as it runs; some may be missing.
    #[must_use]
    pub fn files(&self) -> [PathBuf; 5] {
        let beside = |end: &str| Path::new(KEPT).join(format!("{self}.db{end}"));
        [
            self.state(),
            self.alerts(),
            beside(""),
            beside("-wal"),
            beside("-shm"),
        ]
    }

    /// Path for counters that cannot be gone on with.
    #[must_use]
    pub fn saved(&self, at: Timestamp) -> PathBuf {
        let at = at.strftime("%Y%m%dT%H%M%SZ");
        Path::new(KEPT).join(format!("{self}-{at}.json"))
    }

    /// Removes what it keeps for the next daemon.
    ///
    /// # Errors
    /// Where that cannot be removed; it may be missing.
    pub fn forget(&self) -> anyhow::Result<()> {
        let path = self.state();
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("removing {}", path.display()))
            }
            _ => Ok(()),
        }
    }

    /// Path of its lock.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        Path::new(RUN).join(format!("{self}.lock"))
    }

    /// Folders that daemons write to.
    #[must_use]
    pub fn folders() -> [&'static Path; 2] {
        [Path::new(RUN), Path::new("/var/lib/cmflow")]
    }

    /// Its pins: in cmflow's own BPF file system where one is mounted and root left none in the common one.
    #[must_use]
    pub fn pins(&self) -> Pins {
        let common = Pins::of(&self.0);
        if has_own_mount() && !common.folder().is_dir() {
            return Pins::at(Path::new(OWN_MOUNT).join(&self.0));
        }
        common
    }
}

/// Held by the one daemon of an instance; the kernel takes it back when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock.
    ///
    /// # Errors
    /// Where another daemon holds it, or the folder cannot be made.
    pub fn take(instance: &Instance) -> anyhow::Result<Self> {
        let path = instance.lock();
        fs::create_dir_all(RUN).with_context(|| format!("making {RUN}"))?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            // The folder may be another user's.
            .custom_flags(libc::O_NOFOLLOW)
            .open(&path)
            .with_context(|| format!("opening {}", path.display()))?;
        // SAFETY: the descriptor is the open file's.
        if unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } != 0 {
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::WouldBlock {
                return Err(error).with_context(|| format!("locking {}", path.display()));
            }
            let mut pid = String::new();
            let _ = file.read_to_string(&mut pid);
            bail!(
                "instance {instance} is already running (process {}); stop it, or give this one another --instance",
                pid.trim()
            );
        }
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "{}", std::process::id())?;
        Ok(Self { file })
    }

    /// Gives the lock's file to a user and a group.
    ///
    /// # Errors
    /// Where that is refused.
    pub fn hand_over(&self, user: u32, group: u32) -> io::Result<()> {
        // Another name of it could be a file of root's that somebody put there.
        if self.file.metadata()?.nlink() != 1 {
            return Err(io::Error::other("the lock's file has another name; remove both"));
        }
        fchown(&self.file, Some(user), Some(group))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // The file stays: removing it would let two daemons lock two files of one name.
        let _ = self.file.set_len(0);
    }
}

#[cfg(test)]
mod tests {
    use super::Instance;

    #[test]
    fn names_are_file_names() {
        for good in ["default", "gw-1", "a_b", "X"] {
            assert!(good.parse::<Instance>().is_ok(), "{good}");
        }
        for bad in ["", "a/b", "..", "a b", "ä", &"x".repeat(61)] {
            assert!(bad.parse::<Instance>().is_err(), "{bad}");
        }
    }
}
