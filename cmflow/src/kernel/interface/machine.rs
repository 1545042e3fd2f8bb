//! What the machine must have before anything is loaded: rights, and a kernel that is new enough.

use std::ffi::CStr;
use std::fmt;
use std::fs;
use std::io;

use super::InterfaceError;

/// Release of a kernel, by its first two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Release {
    pub major: u32,
    pub minor: u32,
}

impl Release {
    /// XDP programs that see frames in several pieces (`xdp.frags`) came with 5.18.
    pub(super) const FLOOR: Self = Self { major: 5, minor: 18 };
    /// tcx came with 6.6.
    pub(super) const TCX: Self = Self { major: 6, minor: 6 };

    /// The kernel that runs.
    pub(super) fn running() -> Result<Self, InterfaceError> {
        let text = release().map_err(InterfaceError::asking("its release"))?;
        Self::read(&text).ok_or_else(|| InterfaceError::Asking {
            what: "its release",
            source: io::Error::other(format!("'{text}' is no release number")),
        })
    }

    /// The first two numbers of a release such as `6.18.44-1-amd64`.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut numbers = text.split(|c: char| !c.is_ascii_digit());
        Some(Self {
            major: numbers.next()?.parse().ok()?,
            minor: numbers.next()?.parse().ok()?,
        })
    }

    /// Whether it has the tcx hook.
    pub(super) fn has_tcx(self) -> bool {
        self >= Self::TCX
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// What `uname -r` prints.
fn release() -> io::Result<String> {
    // SAFETY: plain arrays of bytes, for which zeros are a value.
    let mut name: libc::utsname = unsafe { std::mem::zeroed() };
    // SAFETY: the call fills the structure it is given.
    if unsafe { libc::uname(&raw mut name) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel ends each text with a zero inside its array, which lives until the end of this function.
    let release = unsafe { CStr::from_ptr(name.release.as_ptr()) };
    Ok(release.to_string_lossy().into_owned())
}

/// The kernel that runs, and whether it has tcx.
///
/// # Errors
/// Where it is too old, or its release cannot be told.
pub fn running() -> Result<(String, bool), InterfaceError> {
    let release = Release::running()?;
    new_enough(release)?;
    Ok((release.to_string(), release.has_tcx()))
}

/// Whether the kernel is new enough.
///
/// # Errors
/// Where it is not; the error says for what.
pub fn kernel() -> Result<(), InterfaceError> {
    new_enough(Release::running()?)
}

/// Whether that kernel is new enough.
pub(super) fn new_enough(release: Release) -> Result<(), InterfaceError> {
    if release >= Release::FLOOR {
        return Ok(());
    }
    Err(InterfaceError::OldKernel {
        release: release.to_string(),
        what: "an XDP program that sees frames in several pieces",
        needed: Release::FLOOR.to_string(),
    })
}

/// Capabilities that loading and attaching take, and their bits (linux/capability.h).
const NEEDED: [(&str, u32); 3] = [("CAP_BPF", 39), ("CAP_NET_ADMIN", 12), ("CAP_PERFMON", 38)];
/// The older capability that covers the two of BPF.
const CAP_SYS_ADMIN: u32 = 21;

/// Whether this process may load and attach programs.
///
/// # Errors
/// Where a capability is missing; the error names it.
pub fn privileges() -> Result<(), InterfaceError> {
    let asking = InterfaceError::asking("the capabilities of this process");
    let status = fs::read_to_string("/proc/thread-self/status").map_err(&asking)?;
    let effective = effective(&status).ok_or_else(|| asking(io::ErrorKind::InvalidData.into()))?;
    enough(effective)
}

/// The effective set in a `status` file.
pub(super) fn effective(status: &str) -> Option<u64> {
    let set = status.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
    u64::from_str_radix(set.trim(), 16).ok()
}

/// Whether that set suffices.
pub(super) fn enough(effective: u64) -> Result<(), InterfaceError> {
    let has = |bit: u32| effective & (1 << bit) != 0;
    let covered = |name: &str| name != "CAP_NET_ADMIN" && has(CAP_SYS_ADMIN);
    let missing: Vec<_> = NEEDED
        .iter()
        .filter(|(name, bit)| !has(*bit) && !covered(name))
        .map(|(name, _)| *name)
        .collect();
    let verb = match missing.len() {
        0 => return Ok(()),
        1 => "is",
        _ => "are",
    };
    Err(InterfaceError::NoRights {
        missing: format!("{} {verb}", missing.join(", ")),
    })
}
