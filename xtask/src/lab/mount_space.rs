//! A mount namespace with a /sys that tells of one network namespace.
//!
//! A sysfs shows the interfaces of the namespace in which it was *mounted*. A program that looks into
//! /sys/class/net from inside a network namespace therefore needs a sysfs mounted there. bpffs lives
//! below /sys and is mounted anew as well, so pins made inside vanish with the namespace.

use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use anyhow::{Context, Result};
use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_change};
use rustix::process::fchdir;
use rustix::thread::{LinkNameSpaceType, UnshareFlags, move_into_link_name_space, unshare_unsafe};

#[derive(Debug)]
pub(super) struct MountSpace {
    handle: File,
}

impl MountSpace {
    /// Makes one for the network namespace; a descriptor keeps it alive, no process has to.
    pub(super) fn new(network: BorrowedFd<'_>) -> Result<Self> {
        std::thread::scope(|scope| {
            scope
                .spawn(|| Self::on_this_thread(network))
                .join()
                .expect("mounting does not panic")
        })
        .context("mounting a /sys for a network namespace (needs root and CAP_SYS_ADMIN)")
    }

    fn on_this_thread(network: BorrowedFd<'_>) -> io::Result<Self> {
        move_into_link_name_space(network, Some(LinkNameSpaceType::Network))?;
        // SAFETY: only this short-lived thread stops sharing its working directory and mounts; no
        // descriptor table is unshared, so no descriptor changes its meaning.
        unsafe { unshare_unsafe(UnshareFlags::FS | UnshareFlags::NEWNS) }?;
        // Downstream: unmounts on the host still reach this space, its own mounts do not get out.
        mount_change(
            c"/",
            MountPropagationFlags::REC | MountPropagationFlags::DOWNSTREAM,
        )?;
        let none: Option<&CStr> = None;
        mount(c"sysfs", c"/sys", c"sysfs", MountFlags::empty(), none)?;
        mount(c"bpf", c"/sys/fs/bpf", c"bpf", MountFlags::empty(), none)?;
        Ok(Self {
            handle: File::open("/proc/thread-self/ns/mnt")?,
        })
    }

    /// Moves the calling process into it, keeping its working directory. Makes system calls only.
    pub(super) fn enter(&self) -> io::Result<()> {
        let here = rustix::fs::open(
            c".",
            rustix::fs::OFlags::PATH | rustix::fs::OFlags::CLOEXEC,
            rustix::fs::Mode::empty(),
        )?;
        move_into_link_name_space(self.handle.as_fd(), Some(LinkNameSpaceType::Mount))?;
        // Entering sets the working directory to the root. The old descriptor still names the same
        // directory, though by way of the host's mounts.
        Ok(fchdir(here)?)
    }
}
