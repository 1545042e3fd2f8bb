//! A daemon's pinned maps, mapped behind its back: what accidents and other versions do to them.

use std::ffi::CString;
use std::io;
use std::path::Path;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result, ensure};

/// An array in shared memory.
pub struct Pinned {
    start: NonNull<u8>,
    bytes: usize,
}

impl Pinned {
    /// Maps so many bytes of a map that is pinned in that process's BPF file system.
    ///
    /// # Errors
    /// Where there is no such map, or it is smaller.
    pub fn open(process: u32, instance: &str, map: &str, bytes: usize) -> Result<Self> {
        const BPF_OBJ_GET: libc::c_int = 7;
        let path = format!("/proc/{process}/root/sys/fs/bpf/cmflow/{instance}/{map}");
        ensure!(Path::new(&path).exists(), "{path} is missing");
        let name = CString::new(path.clone())?;
        let mut attributes = [0_u64; 8];
        attributes[0] = name.as_ptr() as u64;
        // SAFETY: the kernel reads the size that it is told, and the name outlives the call.
        let file = unsafe { libc::syscall(libc::SYS_bpf, BPF_OBJ_GET, attributes.as_mut_ptr(), 64) };
        ensure!(file >= 0, "{path}: {}", io::Error::last_os_error());
        let file = i32::try_from(file)?;
        let access = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a fresh mapping at an address of the kernel's choice; the result is checked.
        let start = unsafe { libc::mmap(std::ptr::null_mut(), bytes, access, libc::MAP_SHARED, file, 0) };
        let error = io::Error::last_os_error();
        // SAFETY: the descriptor was just made for this process; the mapping lives on without it.
        unsafe { libc::close(file) };
        ensure!(start != libc::MAP_FAILED, "{path}: {error}");
        Ok(Self {
            start: NonNull::new(start.cast()).context("a mapping is never at zero")?,
            bytes,
        })
    }

    /// The word at that offset.
    ///
    /// # Panics
    /// Where it is beyond the mapping, or not aligned.
    #[must_use]
    pub fn word(&self, offset: usize) -> &AtomicU64 {
        assert!(offset + 8 <= self.bytes && offset.is_multiple_of(8));
        // SAFETY: inside the mapping and aligned; shared as atomics only.
        unsafe { &*self.start.as_ptr().add(offset).cast::<AtomicU64>() }
    }

    /// Replaces the word at that offset.
    ///
    /// # Panics
    /// As [`Pinned::word`].
    pub fn set(&self, offset: usize, value: u64) {
        self.word(offset).store(value, Ordering::SeqCst);
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        // SAFETY: the mapping that `open` made, and nothing borrows from it any more.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.bytes) };
    }
}
