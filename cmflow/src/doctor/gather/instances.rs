//! Instances of which a lock, a socket or pins are there, and which of them run.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::daemon::Instance;
use crate::doctor::leftovers::Trace;
use crate::kernel::Pins;

/// Every instance of which something is there, by name.
pub(super) fn traces() -> Vec<Trace> {
    let mut traces = BTreeMap::new();
    let [run, _] = Instance::folders();
    for name in names(run) {
        let Some((instance, kind)) = name.rsplit_once('.') else {
            continue;
        };
        if !matches!(kind, "lock" | "sock") {
            continue;
        }
        let trace = trace(&mut traces, instance);
        if kind == "sock" {
            trace.socket = Some(run.join(&name).display().to_string());
        }
    }
    for root in Pins::roots() {
        for name in names(&root) {
            let folder = root.join(&name);
            let pins = Pins::at(folder.clone());
            let trace = trace(&mut traces, &name);
            trace.pins = Some(folder.display().to_string());
            trace.attached = pins.programs().len();
        }
    }
    traces.into_values().collect()
}

fn trace<'a>(traces: &'a mut BTreeMap<String, Trace>, instance: &str) -> &'a mut Trace {
    traces.entry(instance.to_owned()).or_insert_with(|| Trace {
        instance: instance.to_owned(),
        runs: instance
            .parse::<Instance>()
            .is_ok_and(|instance| is_held(&instance.lock())),
        ..Trace::default()
    })
}

/// Names in a folder; none where it cannot be read.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

/// The process that holds a lock, where one does and says so.
pub(super) fn holder(lock: &Path) -> Option<u32> {
    if !is_held(lock) {
        return None;
    }
    fs::read_to_string(lock).ok()?.trim().parse().ok()
}

/// Whether somebody holds a lock. Taking it to find out could be what a daemon that just starts runs into.
fn is_held(lock: &Path) -> bool {
    let Ok(found) = fs::metadata(lock) else {
        return false;
    };
    let locks = fs::read_to_string("/proc/locks").unwrap_or_default();
    is_listed(&locks, found.ino())
}

/// Whether the kernel's list has such a lock on the file: `1: FLOCK ADVISORY WRITE 812 fe:00:5392730 0 EOF`.
fn is_listed(locks: &str, inode: u64) -> bool {
    locks.lines().any(|line| {
        let words: Vec<_> = line.split_whitespace().collect();
        let file = words.iter().find(|word| word.matches(':').count() == 2);
        let number = file.and_then(|file| file.rsplit(':').next()?.parse::<u64>().ok());
        words.contains(&"FLOCK") && words.contains(&"WRITE") && number == Some(inode)
    })
}

#[cfg(test)]
mod tests {
    use super::is_listed;

    #[test]
    fn a_lock_is_found_in_the_kernels_list() {
        let locks = "1: FLOCK  ADVISORY  WRITE 11845 fe:00:5392730 0 EOF\n\
                     2: POSIX  ADVISORY  WRITE 11845 fe:00:77 0 EOF\n\
                     3: FLOCK  ADVISORY  READ 11845 fe:00:78 0 EOF\n";
        for (inode, listed) in [(5_392_730, true), (77, false), (78, false), (730, false)] {
            assert_eq!(is_listed(locks, inode), listed, "{inode}");
        }
    }
}
