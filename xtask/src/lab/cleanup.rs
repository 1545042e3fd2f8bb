//! What must not stay behind: namespaces, the processes in them, scratch directories.
//!
//! Values remove their own when dropped. For what drops nothing, signals, everything is registered here
//! as well; and after SIGKILL, which leaves no chance, the next lab removes what belongs to no living
//! process.

use std::collections::BTreeSet;
use std::ffi::CString;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::time::{Duration, Instant};
use std::{fs, process, thread};

use anyhow::{Context, Result};
use rustix::io::Errno;
use rustix::mount::{UnmountFlags, unmount};
use rustix::process::{Pid, Signal, geteuid, kill_process, test_kill_process};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// Where `ip netns` keeps the namespaces that have names.
pub(super) const NAMESPACES: &str = "/run/netns";
const PREFIX: &str = "cmflow-";

struct Leftovers {
    namespaces: BTreeSet<String>,
    directories: BTreeSet<PathBuf>,
}

static LEFTOVERS: Mutex<Leftovers> = Mutex::new(Leftovers {
    namespaces: BTreeSet::new(),
    directories: BTreeSet::new(),
});
static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static POLITE: AtomicBool = AtomicBool::new(false);

fn leftovers() -> MutexGuard<'static, Leftovers> {
    LEFTOVERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets a program stop by itself at the first SIGINT, SIGTERM or SIGHUP: it polls
/// [`Signals::interrupted`]. Without a value of this type, and at the second signal, the lab is removed
/// and the process ends at once.
#[derive(Debug)]
pub struct Signals(());

impl Signals {
    /// From now on the first signal only sets the flag.
    #[must_use]
    pub fn stop_politely() -> Self {
        prepare();
        POLITE.store(true, Ordering::SeqCst);
        Self(())
    }

    /// Whether somebody asked the program to stop.
    pub fn interrupted(&self) -> bool {
        INTERRUPTED.load(Ordering::SeqCst)
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        POLITE.store(false, Ordering::SeqCst);
    }
}

/// Watches for signals and removes what dead processes left; once a process.
pub(super) fn prepare() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        remove_orphans();
        let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP]) else {
            eprintln!("xtask: cannot watch for signals; an interrupted lab stays until the next one is made");
            return;
        };
        thread::spawn(move || {
            for signal in signals.forever() {
                if POLITE.load(Ordering::SeqCst) && !INTERRUPTED.swap(true, Ordering::SeqCst) {
                    continue;
                }
                remove_everything();
                let _ = signal_hook::low_level::emulate_default_handler(signal);
                process::exit(130);
            }
        });
    });
}

/// `cmflow-PID-SERIAL-LABEL`
pub(super) fn namespace_name(serial: u32, label: &str) -> String {
    format!("{PREFIX}{}-{serial}-{label}", process::id())
}

fn owner(name: &str) -> Option<Pid> {
    let (pid, _) = name.strip_prefix(PREFIX)?.split_once('-')?;
    Pid::from_raw(pid.parse().ok()?)
}

fn remove_orphans() {
    for name in names_in(Path::new(NAMESPACES)).filter(|name| is_orphan(name)) {
        remove_namespace(&name);
    }
    let scratch = std::env::temp_dir();
    for name in names_in(&scratch).filter(|name| is_orphan(name)) {
        let directory = scratch.join(name);
        // Anybody can make a directory of that name there; only our own are ours to remove.
        let ours =
            fs::symlink_metadata(&directory).is_ok_and(|it| it.is_dir() && it.uid() == geteuid().as_raw());
        if ours {
            let _ = fs::remove_dir_all(&directory);
        }
    }
}

fn names_in(folder: &Path) -> impl Iterator<Item = String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok())
}

/// Whether the process that made what has this name is gone.
fn is_orphan(name: &str) -> bool {
    owner(name).is_some_and(|owner| test_kill_process(owner) == Err(Errno::SRCH))
}

fn remove_everything() {
    let (namespaces, directories) = {
        let mut left = leftovers();
        (
            std::mem::take(&mut left.namespaces),
            std::mem::take(&mut left.directories),
        )
    };
    for name in &namespaces {
        remove_namespace(name);
    }
    for directory in &directories {
        let _ = fs::remove_dir_all(directory);
    }
}

pub(super) fn register_namespace(name: &str) {
    leftovers().namespaces.insert(name.into());
}

/// Ends every process inside, then takes the name away; the kernel frees the rest.
pub(super) fn remove_namespace(name: &str) {
    let path = Path::new(NAMESPACES).join(name);
    if let Ok(namespace) = fs::metadata(&path) {
        let deadline = Instant::now() + Duration::from_secs(3);
        while end_processes_inside(namespace.dev(), namespace.ino()) && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(5));
        }
    }
    if let Ok(target) = CString::new(path.as_os_str().as_encoded_bytes()) {
        let _ = unmount(target.as_c_str(), UnmountFlags::DETACH);
    }
    let _ = fs::remove_file(&path);
    leftovers().namespaces.remove(name);
}

/// Kills what runs in the namespace with this identity; whether there was anything.
fn end_processes_inside(device: u64, inode: u64) -> bool {
    let Ok(entries) = fs::read_dir("/proc") else {
        return false;
    };
    let mut found = false;
    for entry in entries.flatten() {
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse::<i32>().ok())
        else {
            continue;
        };
        let inside = fs::metadata(entry.path().join("ns/net"))
            .is_ok_and(|namespace| (namespace.dev(), namespace.ino()) == (device, inode));
        if let (true, Some(pid)) = (inside && pid.unsigned_abs() != process::id(), Pid::from_raw(pid)) {
            found = true;
            let _ = kill_process(pid, Signal::KILL);
        }
    }
    found
}

/// A directory for one run's files, removed when dropped and when the process is interrupted.
#[derive(Debug)]
pub struct ScratchDir {
    path: PathBuf,
}

impl ScratchDir {
    /// Makes one below the system's directory for temporary files. Others may enter it, because servers
    /// in a lab may give up root before they read their files.
    pub fn new(label: &str) -> Result<Self> {
        use std::os::unix::fs::PermissionsExt as _;
        prepare();
        let path = tempfile::Builder::new()
            .prefix(&format!("{PREFIX}{}-{label}-", process::id()))
            .permissions(fs::Permissions::from_mode(0o755))
            .tempdir()
            .context("making a directory for temporary files")?
            .keep();
        leftovers().directories.insert(path.clone());
        Ok(Self { path })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for ScratchDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
        leftovers().directories.remove(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_its_owner() {
        let name = namespace_name(7, "client");
        assert_eq!(
            owner(&name).map(|pid| pid.as_raw_nonzero().get().unsigned_abs()),
            Some(process::id())
        );
        assert_eq!(owner("cmflow-x-1-client"), None);
        assert_eq!(owner("somebody-elses"), None);
    }
}
