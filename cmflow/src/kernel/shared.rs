//! Maps that kernel and user space share as memory (`BPF_F_MMAPABLE`).

use std::marker::PhantomData;
use std::os::fd::{AsRawFd as _, BorrowedFd};
use std::ptr::NonNull;
use std::sync::atomic::AtomicU64;

use super::KernelError;

/// An array map mapped into this process, for as long as the value lives.
#[derive(Debug)]
pub(super) struct Shared<T> {
    start: NonNull<u8>,
    bytes: usize,
    entries: usize,
    shape: PhantomData<*mut T>,
}

// SAFETY: the memory is the kernel's; it may be reached from any thread, and every access below is atomic or
// volatile.
unsafe impl<T> Send for Shared<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for Shared<T> {}

impl<T> Shared<T> {
    /// Maps an array of `entries` values. `T` has the size of a value, which is a multiple of eight bytes.
    pub(super) fn map(fd: BorrowedFd<'_>, entries: usize) -> Result<Self, KernelError> {
        const { assert!(size_of::<T>().is_multiple_of(8)) }
        let page = 4096;
        let bytes = (entries * size_of::<T>()).next_multiple_of(page);
        // SAFETY: a fresh mapping at an address of the kernel's choice; the result is checked.
        let start = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                bytes,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                fd.as_raw_fd(),
                0,
            )
        };
        if start == libc::MAP_FAILED {
            return Err(KernelError::last("mmap of a shared map"));
        }
        let start = NonNull::new(start.cast()).ok_or_else(|| KernelError::last("mmap of a shared map"))?;
        Ok(Self {
            start,
            bytes,
            entries,
            shape: PhantomData,
        })
    }

    /// How many values there are.
    pub(super) const fn len(&self) -> usize {
        self.entries
    }

    /// The word at a byte offset into the value at `index`.
    pub(super) fn word(&self, index: usize, offset: usize) -> &AtomicU64 {
        assert!(index < self.entries && offset + 8 <= size_of::<T>() && offset.is_multiple_of(8));
        // SAFETY: inside the mapping, aligned (mappings begin at a page), and shared as atomics only.
        unsafe {
            &*self
                .start
                .as_ptr()
                .add(index * size_of::<T>() + offset)
                .cast::<AtomicU64>()
        }
    }

    /// A copy of the value at `index`. Other processors may be writing to it.
    pub(super) fn copy(&self, index: usize) -> T
    where
        T: Copy,
    {
        assert!(index < self.entries);
        // SAFETY: inside the mapping and aligned; `T` is plain data that any bytes make.
        unsafe {
            self.start
                .as_ptr()
                .add(index * size_of::<T>())
                .cast::<T>()
                .read_volatile()
        }
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        // SAFETY: the mapping that `map` made, and nothing borrows from it any more.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.bytes) };
    }
}

/// Waits until every program that may have read an older control word has ended.
///
/// `MEMBARRIER_CMD_GLOBAL` is `synchronize_rcu` (kernel/sched/membarrier.c); 8 to 30 ms.
pub(super) fn grace_period() -> Result<(), KernelError> {
    const MEMBARRIER_CMD_GLOBAL: libc::c_int = 1;
    // SAFETY: the call takes numbers only.
    let done = unsafe { libc::syscall(libc::SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) };
    if done == 0 {
        Ok(())
    } else {
        Err(KernelError::last("membarrier"))
    }
}
