//! The folder of the BPF file system that an instance's maps and links live in.

use std::ffi::CString;
use std::fs::{OpenOptions, Permissions};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use aya::programs::links::{FdLink, PinnedLink};

use super::KernelError;

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

    /// Whether an instance left pins here.
    #[must_use]
    pub fn exist(&self) -> bool {
        self.folder.is_dir()
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
        std::fs::create_dir_all(self.folder.join("links")).map_err(failed)
    }

    /// Where a map is pinned.
    pub(super) fn map(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Where an interface's link is pinned.
    pub(super) fn link(&self, interface: &str) -> PathBuf {
        self.folder.join("links").join(interface)
    }

    /// Ids of the programs whose links are pinned here.
    #[must_use]
    pub fn programs(&self) -> Vec<u32> {
        let Ok(links) = std::fs::read_dir(self.folder.join("links")) else {
            return Vec::new();
        };
        let links = links
            .flatten()
            .filter_map(|entry| PinnedLink::from_pin(entry.path()).ok());
        links
            .filter_map(|link| Some(FdLink::from(link).info().ok()?.program_id()))
            .collect()
    }

    /// Removes every pin. Programs and maps that nobody holds otherwise go with them.
    ///
    /// # Errors
    /// Where a file cannot be removed; a missing folder is no error.
    pub fn remove(&self) -> Result<(), KernelError> {
        match std::fs::remove_dir_all(&self.folder) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(KernelError::Pin {
                path: self.folder.clone(),
                source,
            }),
            _ => Ok(()),
        }
    }
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
