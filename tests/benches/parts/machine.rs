//! What the numbers were measured on, and staying on one processor of it.

use std::path::Path;

use anyhow::Context as _;
use serde_json::{Value, json};

/// Processor, kernel, and what else the machine does.
pub fn describe() -> Value {
    let read = |path: &str| std::fs::read_to_string(Path::new(path)).unwrap_or_default();
    let cpuinfo = read("/proc/cpuinfo");
    let model = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = cpuinfo
        .lines()
        .filter(|line| line.starts_with("processor"))
        .count();
    json!({
        "cpu": model.map_or(std::env::consts::ARCH, |(_, name)| name),
        "cores": cores,
        "kernel": read("/proc/sys/kernel/osrelease").trim(),
        "load": read("/proc/loadavg").split(' ').take(3).collect::<Vec<_>>().join(" "),
    })
}

/// Keeps this thread, and those that it starts, on the processor that it runs on.
pub fn stay_on_one_processor() -> anyhow::Result<()> {
    // SAFETY: the call takes nothing.
    let processor = usize::try_from(unsafe { libc::sched_getcpu() }).context("which processor is this?")?;
    stay_on(&[processor])
}

/// Lets this thread, and those that it starts, run on every processor again.
pub fn go_anywhere() -> anyhow::Result<()> {
    stay_on(&(0..libc::CPU_SETSIZE as usize).collect::<Vec<_>>())
}

fn stay_on(processors: &[usize]) -> anyhow::Result<()> {
    // SAFETY: all-zero is an empty set.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    for processor in processors {
        // SAFETY: the kernel's processor numbers fit its set.
        unsafe { libc::CPU_SET(*processor, &mut set) };
    }
    // SAFETY: a set and its size.
    let done = unsafe { libc::sched_setaffinity(0, size_of_val(&set), &raw const set) };
    if done != 0 {
        return Err(std::io::Error::last_os_error()).context("choosing processors");
    }
    Ok(())
}
