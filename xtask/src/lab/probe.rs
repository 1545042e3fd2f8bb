//! Whether this kernel lets its root make namespaces and load XDP programs: containers often do not.

use std::io;
use std::os::fd::{FromRawFd as _, OwnedFd};
use std::thread;

use rustix::thread::{UnshareFlags, unshare_unsafe};

/// Why root cannot make namespaces and watch them by XDP here, in words; nothing where it can.
pub fn cannot_observe() -> Option<String> {
    if let Err(error) = namespaces() {
        return Some(format!(
            "this kernel, or the container around us, lets nobody make network namespaces ({error})"
        ));
    }
    xdp_program().err().map(|error| {
        format!("this kernel, or the container around us, lets nobody load XDP programs ({error})")
    })
}

/// Moves a thread that ends at once into namespaces of its own.
fn namespaces() -> io::Result<()> {
    let unshared = thread::spawn(|| {
        // SAFETY: the descriptors stay shared (no CLONE_FILES), and the thread ends here.
        unsafe { unshare_unsafe(UnshareFlags::NEWNET | UnshareFlags::NEWNS) }
    });
    Ok(unshared.join().expect("a system call does not panic")?)
}

/// The part of `union bpf_attr` that `BPF_PROG_LOAD` needs; the kernel takes what is missing as zero.
#[repr(C)]
struct ProgramLoad {
    kind: u32,
    instruction_count: u32,
    instructions: u64,
    license: u64,
    log_level: u32,
    log_size: u32,
    log: u64,
    kernel_version: u32,
    flags: u32,
}

/// Loads a program that passes every frame, and lets it go again.
fn xdp_program() -> io::Result<()> {
    const BPF_PROG_LOAD: libc::c_int = 5;
    const BPF_PROG_TYPE_XDP: u32 = 6;
    // r0 = XDP_PASS; exit
    static PASS: [u64; 2] = [u64::from_ne_bytes(MOVE), u64::from_ne_bytes(EXIT)];
    const MOVE: [u8; 8] = if cfg!(target_endian = "little") {
        [0xb7, 0, 0, 0, 2, 0, 0, 0]
    } else {
        [0xb7, 0, 0, 0, 0, 0, 0, 2]
    };
    const EXIT: [u8; 8] = [0x95, 0, 0, 0, 0, 0, 0, 0];
    let load = ProgramLoad {
        kind: BPF_PROG_TYPE_XDP,
        instruction_count: 2,
        instructions: PASS.as_ptr() as u64,
        license: c"GPL".as_ptr() as u64,
        log_level: 0,
        log_size: 0,
        log: 0,
        kernel_version: 0,
        flags: 0,
    };
    // SAFETY: the attributes live until the call returns, have the size that is given, and point to constants.
    let made = unsafe { libc::syscall(libc::SYS_bpf, BPF_PROG_LOAD, &raw const load, size_of_val(&load)) };
    let descriptor = libc::c_int::try_from(made).map_err(io::Error::other)?;
    if descriptor < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel made this descriptor for us, and nobody else has it.
    drop(unsafe { OwnedFd::from_raw_fd(descriptor) });
    Ok(())
}
