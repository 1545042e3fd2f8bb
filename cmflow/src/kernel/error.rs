//! What can go wrong between user space and the kernel, in words that say what to do.

use std::io;
use std::path::PathBuf;

/// A refusal of the kernel, or of a folder of the BPF file system.
#[derive(Debug, thiserror::Error)]
pub enum KernelError {
    /// Loading needs more rights.
    #[error(
        "loading the kernel program was refused ({0}); run as root, or with CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON"
    )]
    NoRights(io::Error),
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
        "{path} is no BPF file system and could not be made one ({source}); mount it with: mount -t bpf bpf {path}"
    )]
    NoBpfFileSystem {
        /// Where it was looked for.
        path: PathBuf,
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

    /// What an error of aya means to a person.
    pub(super) fn refused(what: &str, error: &(dyn std::error::Error + 'static)) -> Self {
        let mut causes = Some(error);
        let mut why = String::new();
        while let Some(cause) = causes {
            if let Some(io) = cause.downcast_ref::<io::Error>()
                && io.raw_os_error() == Some(libc::EPERM)
            {
                return Self::NoRights(io::Error::from_raw_os_error(libc::EPERM));
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
