//! What can go wrong between user space and the kernel, in words that say what to do.

use std::io;
use std::path::PathBuf;

/// A refusal of the kernel, or of a folder of the BPF file system.
#[derive(Debug, thiserror::Error)]
pub enum KernelError {
    /// Loading needs more rights.
    #[error("the kernel refused {what} ({EPERM}): {remedy}", EPERM = io::Error::from_raw_os_error(libc::EPERM))]
    NoRights {
        /// What was asked for.
        what: String,
        /// Which capability is missing, or what else refuses.
        remedy: String,
    },
    /// The kernel found no memory, or the control group may have no more of it.
    #[error(
        "the kernel has no memory for {what}{}; give fewer --flows (128 bytes each), or raise the limit of the control \
         group (memory.max; MemoryMax= of the unit)",
        limit.map_or_else(String::new, |limit| format!(" (this process may have {} MiB)", limit >> 20))
    )]
    NoMemory {
        /// What was asked for.
        what: String,
        /// Bytes that the control group may have, where it is limited.
        limit: Option<u64>,
    },
    /// The program or a map of it was refused.
    #[error("the kernel refused {what}: {why}")]
    Refused {
        /// What was asked for.
        what: String,
        /// Why, as far as the kernel says.
        why: String,
    },
    /// The BPF file system is not there and could not be mounted.
    #[error(
        "{path} is no BPF file system and could not be made one ({source}); mount it with: mount -t bpf {options}bpf {path}"
    )]
    NoBpfFileSystem {
        /// Where it was looked for.
        path: PathBuf,
        /// Options of the mount, with a blank behind them.
        options: String,
        /// Why mounting failed.
        source: io::Error,
    },
    /// A file or folder below the BPF file system could not be used.
    #[error("{path}: {source}")]
    Pin {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another XDP program sits on the interface.
    #[error(
        "{interface} already carries an XDP program ({by}); detach it, or choose --mode tcx, which lives beside it"
    )]
    Busy {
        /// The interface.
        interface: String,
        /// What is known of the other program.
        by: String,
    },
    /// The driver cannot do what was asked.
    #[error("{interface} cannot do {mode}: {why}")]
    NoSuchMode {
        /// The interface.
        interface: String,
        /// The mode.
        mode: String,
        /// Why.
        why: String,
    },
    /// A call to the kernel failed.
    #[error("{call} failed: {source}")]
    Call {
        /// The call.
        call: &'static str,
        /// Why.
        source: io::Error,
    },
}

impl KernelError {
    /// The last operating system error of a call.
    pub(super) fn last(call: &'static str) -> Self {
        Self::Call {
            call,
            source: io::Error::last_os_error(),
        }
    }

    /// A refusal for want of rights: says which capability is missing.
    fn no_rights(what: &str) -> Self {
        let remedy = match super::interface::privileges() {
            Err(missing) => missing.to_string(),
            Ok(()) => {
                "no capability is missing, so a security module, kernel lockdown or a filter of system calls \
                       (SystemCallFilter= of the unit needs bpf) stands in the way"
                    .to_owned()
            }
        };
        Self::NoRights {
            what: what.to_owned(),
            remedy,
        }
    }

    /// What an error of aya means to a person.
    pub(super) fn refused(what: &str, error: &(dyn std::error::Error + 'static)) -> Self {
        let mut causes = Some(error);
        let mut why = String::new();
        while let Some(cause) = causes {
            let number = cause
                .downcast_ref::<io::Error>()
                .and_then(io::Error::raw_os_error);
            match number {
                Some(libc::EPERM) => return Self::no_rights(what),
                Some(libc::ENOMEM) => {
                    return Self::NoMemory {
                        what: what.to_owned(),
                        limit: super::memory::limit(),
                    };
                }
                _ => {}
            }
            let text = cause.to_string();
            if !why.contains(&text) {
                if !why.is_empty() {
                    why.push_str(": ");
                }
                why.push_str(&text);
            }
            causes = cause.source();
        }
        Self::Refused {
            what: what.to_owned(),
            why,
        }
    }
}
