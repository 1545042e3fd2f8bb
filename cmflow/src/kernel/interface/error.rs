//! Why an interface, or the machine, is not taken: said before anything is attached.

use std::io;

/// A refusal, in words that say what to do.
#[derive(Debug, thiserror::Error)]
pub enum InterfaceError {
    /// No interface has that name.
    #[error("there is no interface \"{name}\"{hint}")]
    Missing {
        /// What was asked for.
        name: String,
        /// The nearest name, or the names there are.
        hint: String,
    },
    /// The interface is not up.
    #[error("{name} is down; set it up first: ip link set {name} up")]
    Down {
        /// The interface.
        name: String,
    },
    /// Another XDP program sits on the interface.
    #[error(
        "{name} already carries an XDP program ({by}id {program}, {mode} mode); detach it, or choose --mode tcx, which \
         lives beside it"
    )]
    Occupied {
        /// The interface.
        name: String,
        /// Name of the program, with a comma, where it is known.
        by: String,
        /// Where the program sits.
        mode: &'static str,
        /// Its number, as `bpftool prog show id` takes it.
        program: u32,
    },
    /// The same interface twice.
    #[error("{name} is named twice; name each interface once")]
    Twice {
        /// The interface.
        name: String,
    },
    /// Two interfaces see the same frames.
    #[error("{lower} and {upper} see the same frames twice: {how}; leave one of them out")]
    Stacked {
        /// The one that a frame meets first.
        lower: String,
        /// The one above it.
        upper: String,
        /// How one leads to the other.
        how: String,
    },
    /// More interfaces than there are counters for.
    #[error(
        "{count} interfaces are named; one instance looks at {limit} at most, start another with --instance"
    )]
    TooMany {
        /// How many were named.
        count: usize,
        /// How many there may be.
        limit: usize,
    },
    /// Frames of a kind that nothing here reads.
    #[error("{name} carries frames that are neither Ethernet nor bare IP (hardware type {hardware})")]
    Unreadable {
        /// The interface.
        name: String,
        /// `ARPHRD_` number.
        hardware: u16,
    },
    /// The mode that was asked for does not suit the interface.
    #[error("{name} cannot do {mode}: {why}; leave out --mode, or choose --mode {instead}")]
    Unsuited {
        /// The interface.
        name: String,
        /// The mode.
        mode: &'static str,
        /// Why not.
        why: String,
        /// What suits it.
        instead: &'static str,
    },
    /// Capabilities are missing.
    #[error("{missing} missing to load the kernel program; run as root, or grant what is missing")]
    NoRights {
        /// Which, with the verb: `CAP_BPF is`.
        missing: String,
    },
    /// The kernel is too old.
    #[error("kernel {release} is too old: {what} needs {needed} or newer")]
    OldKernel {
        /// What runs.
        release: String,
        /// What needs more.
        what: &'static str,
        /// The first release that has it.
        needed: String,
    },
    /// An interface went away while it was looked at.
    #[error("the interface with index {index} is gone")]
    Gone {
        /// Its index.
        index: u32,
    },
    /// The kernel did not answer.
    #[error("asking the kernel for {what} failed: {source}")]
    Asking {
        /// What was asked for.
        what: &'static str,
        /// Why.
        source: io::Error,
    },
}

impl InterfaceError {
    /// What turns a failed question into an error.
    pub(super) fn asking(what: &'static str) -> impl Fn(io::Error) -> Self {
        move |source| Self::Asking { what, source }
    }
}
