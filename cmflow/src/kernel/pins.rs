//! The folder of the BPF file system that an instance's maps and links live in.

use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use aya::programs::links::{FdLink, PinnedLink};

use super::KernelError;

/// Where BPF file systems are found.
const ROOT: &str = "/sys/fs/bpf";

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
        if !is_bpf_file_system(root) {
            mount(root).map_err(|source| KernelError::NoBpfFileSystem {
                path: root.to_owned(),
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

fn is_bpf_file_system(path: &Path) -> bool {
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
