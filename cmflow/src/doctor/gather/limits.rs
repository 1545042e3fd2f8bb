//! What the kernel says of processes, memory and its clock.

use std::fs;

use crate::doctor::{clock, memory, rights};
use crate::kernel;

/// What a daemon may, by its process.
pub(super) fn rights(process: u32) -> Option<rights::DaemonRights> {
    let text = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
    Some(rights::DaemonRights {
        // Real, effective, saved, for files.
        user: line("Uid:")?.split_whitespace().nth(1)?.parse().ok()?,
        effective: u64::from_str_radix(line("CapEff:")?.trim(), 16).ok()?,
    })
}

/// Limits of a daemon's process, else of this one; slots are the caller's to know.
pub(super) fn memory(process: Option<u32>) -> memory::Facts {
    let process = process.map_or_else(|| "self".to_owned(), |process| process.to_string());
    memory::Facts {
        slots: 0,
        running: false,
        limit: kernel::memory::limit_of(&process),
        available: fs::read_to_string("/proc/meminfo")
            .ok()
            .and_then(|text| available(&text)),
        files: fs::read_to_string(format!("/proc/{process}/limits"))
            .ok()
            .and_then(|text| open_files(&text))
            // Without the right to look nothing is wrong.
            .unwrap_or(u64::MAX),
    }
}

/// `MemAvailable: 1234 kB` in bytes.
fn available(text: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = value.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib << 10)
}

/// The soft one of `Max open files 1024 4096 files`.
fn open_files(text: &str) -> Option<u64> {
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    match value.split_whitespace().next()? {
        "unlimited" => Some(u64::MAX),
        number => number.parse().ok(),
    }
}

/// What the kernel says of its clock.
pub(super) fn clock() -> clock::Facts {
    // SAFETY: plain numbers, for which zeros are a value; `modes` of zero changes nothing.
    let mut asked: libc::timex = unsafe { std::mem::zeroed() };
    // SAFETY: a struct to read and write.
    let state = unsafe { libc::adjtimex(&raw mut asked) };
    clock::Facts {
        synchronised: (state >= 0)
            .then_some(state != libc::TIME_ERROR && asked.status & libc::STA_UNSYNC == 0),
        error_us: asked.maxerror,
    }
}

#[cfg(test)]
mod tests {
    use super::{available, open_files};

    #[test]
    fn numbers_are_read_from_the_kernels_tables() {
        let text = "MemTotal:  8 kB\nMemAvailable:    2048 kB\n";
        assert_eq!(available(text), Some(2 << 20));
        assert_eq!(available("MemTotal: 8 kB\n"), None);
        let text = "Limit  Soft Limit  Hard Limit  Units\nMax open files   1024   524288   files\n";
        assert_eq!(open_files(text), Some(1024));
        assert_eq!(
            open_files("Max open files  unlimited unlimited files"),
            Some(u64::MAX)
        );
    }
}
