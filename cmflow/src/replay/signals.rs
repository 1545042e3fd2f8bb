//! A moment in which nobody ends this process half way.

use std::mem::MaybeUninit;

/// While it lives, signals that ask this process to end wait.
pub(super) struct Deferred {
    before: libc::sigset_t,
}

impl Deferred {
    /// From here on they wait.
    pub(super) fn begin() -> Self {
        let mut asked = MaybeUninit::<libc::sigset_t>::uninit();
        let mut before = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: `sigemptyset` makes a set of the memory, `pthread_sigmask` writes the former one; neither can
        // fail with these arguments.
        unsafe {
            libc::sigemptyset(asked.as_mut_ptr());
            for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGQUIT] {
                libc::sigaddset(asked.as_mut_ptr(), signal);
            }
            libc::pthread_sigmask(libc::SIG_BLOCK, asked.as_ptr(), before.as_mut_ptr());
            Self {
                before: before.assume_init(),
            }
        }
    }
}

impl Drop for Deferred {
    fn drop(&mut self) {
        // SAFETY: the set that was in force before.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.before, std::ptr::null_mut()) };
    }
}
