//! What a daemon may do: root at the start, then a user of its own with the one capability that later steps need.
//!
//! | step | takes |
//! |---|---|
//! | mounting a BPF file system, giving files away, becoming another user | root; only at the start |
//! | loading and attaching programs | CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON; only at the start |
//! | making tables for a reload and putting them in place | CAP_BPF |
//! | ticks, expiry, answers, news | nothing: the maps are open |
//! | attaching anew where an interface was deleted and made again | the three of the start: `--keep-net-admin` |

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, chown, lchown};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};

use super::account::Account;
use super::instance::{Instance, Lock};
use crate::kernel::{OWN_MOUNT, Pins, has_own_mount, mount_own};

/// Whom a daemon becomes, and what it keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demotion {
    /// The user and the group.
    pub account: Account,
    /// Whether it may attach programs later on.
    pub keep_net_admin: bool,
}

// Bits of linux/capability.h.
const CAP_NET_ADMIN: u32 = 12;
const CAP_PERFMON: u32 = 38;
const CAP_BPF: u32 = 39;
/// `_LINUX_CAPABILITY_VERSION_3`.
const VERSION: u32 = 0x2008_0522;

/// `struct __user_cap_header_struct`.
#[repr(C)]
struct Header {
    version: u32,
    thread: i32,
}

/// `struct __user_cap_data_struct`: 32 capabilities of each set.
#[repr(C)]
#[derive(Clone, Copy)]
struct Sets {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

/// Before anything is made: folders and a BPF file system that the user may write to.
///
/// # Errors
/// Where they cannot be made, or belong to somebody else.
pub fn prepare(demotion: &Demotion, instance: &Instance) -> anyhow::Result<()> {
    let Account { user, group, name } = &demotion.account;
    // SAFETY: the call takes nothing and cannot fail.
    let running = unsafe { libc::geteuid() };
    ensure!(
        running == 0 || running == *user,
        "--user {name}: only root can become another user, and this is user {running}"
    );
    let former = Pins::of(&instance.to_string());
    ensure!(
        !former.folder().is_dir(),
        "instance {instance} left pins under {}, where only root may go; remove them first: cmflow detach --instance \
         {instance}",
        former.folder().display()
    );
    for folder in Instance::folders() {
        give_folder(folder, *user, *group)?;
    }
    if running == 0 {
        mount_own(*user, *group)?;
    }
    ensure!(
        has_own_mount(),
        "no BPF file system is mounted at {OWN_MOUNT}; start this daemon as root, or mount it as root: mount -t bpf -o \
         mode=1750,uid={user},gid={group} bpf {OWN_MOUNT}"
    );
    Ok(())
}

/// Makes a folder, or takes one that is root's or already the user's own.
fn give_folder(folder: &Path, user: u32, group: u32) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let found = fs::symlink_metadata(folder).with_context(|| folder.display().to_string())?;
    ensure!(found.is_dir(), "{} is no folder", folder.display());
    if found.uid() == user {
        return Ok(());
    }
    ensure!(
        found.uid() == 0,
        "{} belongs to user {}; run all instances of this machine as the same --user",
        folder.display(),
        found.uid()
    );
    chown(folder, Some(user), Some(group)).with_context(|| format!("giving {} away", folder.display()))
}

/// When everything is loaded and attached: gives the pins and the lock to the user and the group, becomes the user,
/// and keeps no more than what later steps need. Nothing of it can be undone.
///
/// # Errors
/// Where a step is refused. The process must then end: it may have more rights than it should.
pub fn leave(demotion: &Demotion, pins: &Pins, lock: &Lock, files: &[PathBuf]) -> anyhow::Result<()> {
    let Account { user, group, name } = &demotion.account;
    // Capabilities belong to threads; those that start later take them over from this one.
    ensure!(
        threads()? == 1,
        "rights can be given up only while the process has one thread"
    );
    // SAFETY: the call takes nothing and cannot fail.
    let root = unsafe { libc::geteuid() } == 0;
    pins.hand_over(*user, *group)?;
    if root {
        lock.hand_over(*user, *group)?;
        for file in files {
            match lchown(file, Some(*user), Some(*group)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(error).with_context(|| format!("giving {} away", file.display()));
                }
                _ => {}
            }
        }
    }
    // Files that are made from now on are the user's alone; the socket and the pins say by themselves what is the
    // group's.
    // SAFETY: the call takes a number and cannot fail.
    unsafe { libc::umask(0o077) };
    let mut kept = vec![("CAP_BPF", CAP_BPF)];
    if demotion.keep_net_admin {
        kept.extend([("CAP_NET_ADMIN", CAP_NET_ADMIN), ("CAP_PERFMON", CAP_PERFMON)]);
    }
    let set = kept.iter().fold(0_u64, |set, (_, bit)| set | 1 << bit);
    bound(set)?;
    become_user(*user, *group).with_context(|| format!("becoming user {name}"))?;
    keep(set).context("giving up capabilities")?;
    let (effective, permitted) = (own_set("CapEff:")?, own_set("CapPrm:")?);
    ensure!(
        effective == set && permitted == set,
        "the kernel left this process the capabilities {permitted:x} instead of {set:x}"
    );
    let names: Vec<_> = kept.iter().map(|(name, _)| *name).collect();
    log::info!(
        "running as user {name} ({user}), group {group}, with {} alone",
        names.join(", ")
    );
    Ok(())
}

/// Takes what is not in `set` out of what any program started from here could get. Where this process may not say so
/// (it was not started as root), whoever started it has said it.
fn bound(set: u64) -> anyhow::Result<()> {
    for capability in 0..64_u32 {
        // SAFETY: numbers only.
        let known = unsafe { libc::prctl(libc::PR_CAPBSET_READ, capability, 0, 0, 0) };
        if known < 0 {
            break;
        }
        if known == 0 || set & (1 << capability) != 0 {
            continue;
        }
        // SAFETY: numbers only.
        if unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) } != 0 {
            match io::Error::last_os_error() {
                error if error.raw_os_error() == Some(libc::EPERM) => return Ok(()),
                error => return Err(error).context("bounding capabilities"),
            }
        }
    }
    Ok(())
}

/// Becomes that user and group for good, keeping permitted capabilities until [`keep`].
fn become_user(user: u32, group: u32) -> anyhow::Result<()> {
    // SAFETY: numbers only.
    done(unsafe { libc::prctl(libc::PR_SET_KEEPCAPS, 1, 0, 0, 0) })?;
    // SAFETY: the call takes nothing and cannot fail.
    if unsafe { libc::geteuid() } == 0 {
        // SAFETY: one number, and that there is one.
        done(unsafe { libc::setgroups(1, &raw const group) })?;
        // SAFETY: numbers only.
        done(unsafe { libc::setresgid(group, group, group) })?;
        // SAFETY: numbers only.
        done(unsafe { libc::setresuid(user, user, user) })?;
    }
    // SAFETY: numbers only.
    done(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) })?;
    // SAFETY: numbers only. Whoever is root no more must not become it again.
    if unsafe { libc::setuid(0) } == 0 {
        bail!("the kernel lets this process become root again");
    }
    Ok(())
}

/// Keeps these capabilities and no others, and hands none on to programs.
fn keep(set: u64) -> anyhow::Result<()> {
    // SAFETY: numbers only.
    done(unsafe { libc::prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) })?;
    let header = Header {
        version: VERSION,
        thread: 0,
    };
    let half = |bits: u32| Sets {
        effective: bits,
        permitted: bits,
        inheritable: 0,
    };
    let sets = [half(set as u32), half((set >> 32) as u32)];
    // SAFETY: a header and two halves of sets, in the layout that this version of the call has.
    let called = unsafe { libc::syscall(libc::SYS_capset, &raw const header, sets.as_ptr()) };
    done(called as i32)
}

fn done(result: i32) -> anyhow::Result<()> {
    if result == 0 {
        return Ok(());
    }
    Err(io::Error::last_os_error().into())
}

/// A set of capabilities of this thread.
fn own_set(which: &str) -> anyhow::Result<u64> {
    let text = own_status(which)?;
    u64::from_str_radix(&text, 16).with_context(|| format!("{which} {text} in /proc/thread-self/status"))
}

fn threads() -> anyhow::Result<u32> {
    Ok(own_status("Threads:")?.parse()?)
}

/// A line of this thread's `status`.
fn own_status(line: &str) -> anyhow::Result<String> {
    let path = "/proc/thread-self/status";
    let text = fs::read_to_string(path).context(path)?;
    let found = text.lines().find_map(|one| one.strip_prefix(line));
    found
        .map(|value| value.trim().to_owned())
        .with_context(|| format!("{path} has no line {line}"))
}
