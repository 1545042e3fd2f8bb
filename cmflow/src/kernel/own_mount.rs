//! A BPF file system of cmflow's own, for daemons that do not run as root.
//!
//! Distributions mount /sys/fs/bpf for root alone (mode 0700). Whoever may open a pin may also read and change what it
//! holds, so opening that folder to others is no answer: cmflow's pins get a file system that holds nothing else.

use std::ffi::CString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::KernelError;
use super::pins::{ROOT, is_bpf_file_system};

/// Where it is mounted: beside the folder of sockets, which the daemon's user may write to, because root mounts here
/// and must not be led elsewhere.
pub const OWN_MOUNT: &str = "/run/cmflow.bpf";

/// Whether it is mounted.
#[must_use]
pub fn has_own_mount() -> bool {
    is_bpf_file_system(Path::new(OWN_MOUNT))
}

/// A BPF file system, mounted or not.
#[derive(Clone, Debug)]
pub struct BpfFileSystem {
    /// Where it is or would be mounted.
    pub path: PathBuf,
    /// Whether it is mounted there.
    pub is_mounted: bool,
}

/// The BPF file system that a folder of pins belongs to.
#[must_use]
pub fn bpf_file_system(folder: &Path) -> BpfFileSystem {
    let own = Path::new(OWN_MOUNT);
    let path = if folder.starts_with(own) {
        own
    } else {
        Path::new(ROOT)
    };
    BpfFileSystem {
        path: path.to_owned(),
        is_mounted: is_bpf_file_system(path),
    }
}

/// Mounts it for that user and group where it is not mounted; takes `CAP_SYS_ADMIN`. One that is there stays as it is:
/// an earlier run, or a mount unit, put it there.
///
/// # Errors
/// Where it cannot be mounted.
pub fn mount_own(user: u32, group: u32) -> Result<(), KernelError> {
    let path = Path::new(OWN_MOUNT);
    if has_own_mount() {
        return Ok(());
    }
    // Sticky: who may make folders here may not rename those of others.
    let options = format!("mode=1750,uid={user},gid={group}");
    fs::create_dir_all(path)
        .and_then(|()| mount(path, &options))
        .map_err(|source| KernelError::NoBpfFileSystem {
            path: path.to_owned(),
            options: format!("-o {options} "),
            source,
        })
}

fn mount(path: &Path, options: &str) -> io::Result<()> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    let options = CString::new(options)?;
    // SAFETY: strings that end in zero and live until the call is over.
    let done = unsafe {
        libc::mount(
            c"bpf".as_ptr(),
            path.as_ptr(),
            c"bpf".as_ptr(),
            libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC,
            options.as_ptr().cast(),
        )
    };
    if done == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}
