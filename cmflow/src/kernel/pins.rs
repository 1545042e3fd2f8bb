//! The folder of the BPF file system that an instance's maps and links live in.

use std::ffi::CString;
use std::fs::{OpenOptions, Permissions};
use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use super::KernelError;
use super::calls::{self, Hanging, Object};
use super::layout::{JOURNAL, LINKS, SHARED, STAMP, stamp};

/// Where BPF file systems are found.
pub(super) const ROOT: &str = "/sys/fs/bpf";

/// The pins of one instance.
#[derive(Clone, Debug)]
pub struct Pins {
    folder: PathBuf,
}

impl Pins {
    /// The folder for an instance of that name; nothing is touched yet.
    #[must_use]
    pub fn of(instance: &str) -> Self {
        Self {
            folder: Path::new(ROOT).join("cmflow").join(instance),
        }
    }

    /// Where folders of instances may lie.
    #[must_use]
    pub fn roots() -> [PathBuf; 2] {
        [Path::new(ROOT).join("cmflow"), super::OWN_MOUNT.into()]
    }

    /// Pins at a folder of a BPF file system, wherever that is mounted.
    #[must_use]
    pub const fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Gives every pin to a user and a group, which may then read and change what they hold: permissions of pins are
    /// the boundary that the kernel keeps.
    ///
    /// # Errors
    /// Where a pin cannot be given away.
    pub fn hand_over(&self, user: u32, group: u32) -> Result<(), KernelError> {
        hand_over(&self.folder, user, group)
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes the folder, mounting the BPF file system where it is missing.
    ///
    /// # Errors
    /// Where neither works.
    pub fn create(&self) -> Result<(), KernelError> {
        let root = Path::new(ROOT);
        let elsewhere = !self.folder.starts_with(root);
        if !elsewhere && !is_bpf_file_system(root) {
            mount(root).map_err(|source| KernelError::NoBpfFileSystem {
                path: root.to_owned(),
                options: String::new(),
                source,
            })?;
        }
        let failed = |source| KernelError::Pin {
            path: self.folder.clone(),
            source,
        };
        std::fs::create_dir_all(self.folder.join(LINKS)).map_err(failed)
    }

    /// Where a map is pinned.
    pub(super) fn map(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Where an interface's link is pinned.
    pub(super) fn link(&self, interface: &str) -> PathBuf {
        self.folder.join(LINKS).join(interface)
    }

    fn failed(&self, path: &Path) -> impl Fn(io::Error) -> KernelError {
        let path = path.to_owned();
        move |source| KernelError::Pin {
            path: path.clone(),
            source,
        }
    }

    /// Names of what lies in the folder, sorted; none where it is not there, or holds an empty folder of links only.
    pub(super) fn names(&self) -> Result<Vec<String>, KernelError> {
        let mut names = list(&self.folder).map_err(self.failed(&self.folder))?;
        if names == [LINKS] && self.links()?.is_empty() {
            names.clear();
        }
        Ok(names)
    }

    /// The pinned links: names of their interfaces, and paths.
    pub(super) fn links(&self) -> Result<Vec<(String, PathBuf)>, KernelError> {
        let folder = self.folder.join(LINKS);
        let names = list(&folder).map_err(self.failed(&folder))?;
        let with_path = |name: String| {
            let path = folder.join(&name);
            (name, path)
        };
        Ok(names.into_iter().map(with_path).collect())
    }

    /// An interface's pinned link and where it hangs, where there is one.
    pub(super) fn pinned_link(&self, interface: &str) -> Option<(OwnedFd, Hanging)> {
        let (object, link) = calls::open(&self.link(interface)).ok()?;
        if object != Object::Link {
            return None;
        }
        let hanging = calls::hanging(link.as_fd()).ok()??;
        Some((link, hanging))
    }

    /// Names of the interfaces whose links are pinned here.
    ///
    /// # Errors
    /// Where the folder cannot be read.
    pub fn interfaces(&self) -> Result<Vec<String>, KernelError> {
        Ok(self.links()?.into_iter().map(|(name, _)| name).collect())
    }

    /// Takes an interface's link away: nothing of it is counted from then on.
    ///
    /// # Errors
    /// Where the pin cannot be removed; a missing one is no error.
    pub fn unlink(&self, interface: &str) -> Result<(), KernelError> {
        remove(&self.link(interface))
    }

    /// Ids of the programs whose links are pinned here.
    #[must_use]
    pub fn programs(&self) -> Vec<u32> {
        let names = self.interfaces().unwrap_or_default();
        let links = names.iter().filter_map(|name| self.pinned_link(name));
        links.map(|(_, hanging)| hanging.program).collect()
    }

    /// Removes every pin of cmflow's. Programs and maps that nobody holds otherwise go with them. Gives what it left
    /// alone because it is not cmflow's.
    ///
    /// # Errors
    /// Where a file cannot be removed; a missing folder is no error.
    pub fn remove(&self) -> Result<Vec<PathBuf>, KernelError> {
        let names = self.names()?;
        // Another version may have had other maps; what stands beside its stamp is its own.
        let stamped = stamp(self).is_ok_and(|found| found.is_some());
        let ours = |name: &str| SHARED.contains(&name) || [STAMP, JOURNAL].contains(&name);
        let mut left = Vec::new();
        for (_, path) in self.links()? {
            match calls::open(&path) {
                Ok((Object::Link, _)) => remove(&path)?,
                _ => left.push(path),
            }
        }
        // The stamp goes last, so that a removal that was broken off can be gone on with.
        let last = names.iter().filter(|name| *name == STAMP);
        let first = names.iter().filter(|name| *name != STAMP && *name != LINKS);
        for name in first.chain(last) {
            let path = self.map(name);
            match calls::open(&path) {
                Ok((Object::Map, _)) if stamped || ours(name) => remove(&path)?,
                _ => left.push(path),
            }
        }
        if left.is_empty() {
            for folder in [self.folder.join(LINKS), self.folder.clone()] {
                match std::fs::remove_dir(&folder) {
                    Err(source) if source.kind() != io::ErrorKind::NotFound => {
                        return Err(KernelError::Pin { path: folder, source });
                    }
                    _ => {}
                }
            }
        }
        Ok(left)
    }
}

/// Removes a file that may be gone.
fn remove(path: &Path) -> Result<(), KernelError> {
    match std::fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(KernelError::Pin {
            path: path.to_owned(),
            source,
        }),
        _ => Ok(()),
    }
}

/// Names in a folder, sorted; none where it is not there.
fn list(folder: &Path) -> io::Result<Vec<String>> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// Gives a file, or a folder and what is in it, to a user and a group. Nothing is followed: the files lie in a folder
/// that an earlier daemon without root's rights could write to.
fn hand_over(path: &Path, user: u32, group: u32) -> Result<(), KernelError> {
    let failed = |source| KernelError::Pin {
        path: path.to_owned(),
        source,
    };
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_PATH | libc::O_NOFOLLOW)
        .open(path)
        .map_err(failed)?;
    let found = file.metadata().map_err(failed)?;
    let kind = found.file_type();
    let mode = if kind.is_dir() {
        for entry in std::fs::read_dir(path).map_err(failed)? {
            hand_over(&entry.map_err(failed)?.path(), user, group)?;
        }
        0o750
    } else if kind.is_file() {
        0o660
    } else {
        return Ok(());
    };
    // By way of the descriptor, so that it is the file that was looked at.
    let opened = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
    // Who made it as that user may not be allowed the call at all.
    if (found.uid(), found.gid()) != (user, group) {
        chown(&opened, Some(user), Some(group)).map_err(failed)?;
    }
    std::fs::set_permissions(&opened, Permissions::from_mode(mode)).map_err(failed)
}

pub(super) fn is_bpf_file_system(path: &Path) -> bool {
    const BPF_FS_MAGIC: i64 = 0xcafe_4a11;
    let Ok(path) = CString::new(path.as_os_str().as_bytes()) else {
        return false;
    };
    // SAFETY: all-zero is a value of this plain struct.
    let mut found: libc::statfs = unsafe { std::mem::zeroed() };
    // SAFETY: a string that ends in zero, and a struct to write into.
    let done = unsafe { libc::statfs(path.as_ptr(), &raw mut found) };
    done == 0 && found.f_type as i64 == BPF_FS_MAGIC
}

fn mount(path: &Path) -> io::Result<()> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    // SAFETY: strings that end in zero; no data.
    let done = unsafe {
        libc::mount(
            c"bpf".as_ptr(),
            path.as_ptr(),
            c"bpf".as_ptr(),
            0,
            std::ptr::null(),
        )
    };
    if done == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}
