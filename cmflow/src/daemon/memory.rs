//! Memory that is not needed any more belongs to the gateway, not to the daemon.
//!
//! What is read of many flows lives for moments and is large. The C library keeps what was freed for the thread that
//! freed it, and threads come and go with answers and snapshots: left alone, it keeps many times of what is in use.

/// Says how memory is to be kept; called before there are threads.
///
/// What is large is given back to the kernel whenever it is freed, and threads share two pools instead of having one
/// each: they allocate too little at a time to wait for each other. Measured with pages open over 100,000 flows: 41 MiB
/// instead of 300, for 2 to 3 % of a core.
pub(super) fn keep_little() {
    #[cfg(target_env = "gnu")]
    {
        /// Pools of memory (`M_ARENA_MAX`, mallopt(3)).
        const POOLS: libc::c_int = 2;
        /// Bytes from which on memory is the kernel's again as soon as it is freed (`M_MMAP_THRESHOLD`). Said once, it
        /// does not grow by itself any more.
        const LARGE: libc::c_int = 1 << 20;
        for (setting, value) in [(libc::M_ARENA_MAX, POOLS), (libc::M_MMAP_THRESHOLD, LARGE)] {
            // SAFETY: the call takes two numbers; no other thread allocates yet.
            if unsafe { libc::mallopt(setting, value) } == 0 {
                log::debug!("mallopt({setting}, {value}) is refused: memory is kept as the C library likes");
            }
        }
    }
}

/// Gives the kernel back what making an answer took: of a million flows that is more than everything else that the
/// daemon holds, and the C library would keep it for the next one.
pub(super) fn give_back() {
    #[cfg(target_env = "gnu")]
    // SAFETY: the call takes a number and touches nothing that is in use.
    unsafe {
        libc::malloc_trim(0);
    }
}
