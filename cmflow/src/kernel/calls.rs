//! Calls of `bpf(2)` that aya keeps to itself: opening a pin as what it is, where a link hangs, and putting
//! another program behind it.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use aya_obj::generated::{bpf_cmd, bpf_link_info};

/// Long enough for the fields that are used here; the kernel takes shorter ones than its own.
type Attributes = [u64; 8];

fn call(command: bpf_cmd, attributes: &mut Attributes) -> io::Result<i64> {
    // SAFETY: the kernel reads and writes within the size that it is told, and each caller puts addresses of
    // memory that outlives the call into it.
    let got = unsafe {
        libc::syscall(
            libc::SYS_bpf,
            command as libc::c_int,
            attributes.as_mut_ptr(),
            size_of::<Attributes>(),
        )
    };
    if got < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(got)
    }
}

/// What a descriptor of the BPF system call is one of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Object {
    Map,
    Program,
    Link,
}

/// Opens what is pinned at a path.
pub(super) fn open(path: &Path) -> io::Result<(Object, OwnedFd)> {
    let name = CString::new(path.as_os_str().as_bytes())?;
    let mut attributes = Attributes::default();
    attributes[0] = name.as_ptr() as u64;
    let number = call(bpf_cmd::BPF_OBJ_GET, &mut attributes)?;
    let number = i32::try_from(number).map_err(io::Error::other)?;
    // SAFETY: the kernel just made the descriptor for this process.
    let descriptor = unsafe { OwnedFd::from_raw_fd(number) };
    // The kernel names what is behind it: bpf-map, bpf-prog, bpf_link.
    let behind = std::fs::read_link(format!("/proc/self/fd/{number}"))?;
    let behind = behind.to_string_lossy();
    let object = match &*behind {
        it if it.ends_with("bpf-map") => Object::Map,
        it if it.ends_with("bpf-prog") => Object::Program,
        it if it.ends_with("bpf_link") || it.ends_with("bpf-link") => Object::Link,
        other => return Err(io::Error::other(format!("it is a {other}"))),
    };
    Ok((object, descriptor))
}

/// What the kernel says of a link on an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hanging {
    /// Number of its program.
    pub(super) program: u32,
    /// Index of its interface; 0 where that is gone.
    pub(super) interface: u32,
    /// Whether it hangs at a traffic-control hook (else at XDP).
    pub(super) tcx: bool,
}

/// Where a link hangs; nothing for a link of another kind.
pub(super) fn hanging(link: BorrowedFd<'_>) -> io::Result<Option<Hanging>> {
    const XDP: u32 = aya_obj::generated::bpf_link_type::BPF_LINK_TYPE_XDP as u32;
    const TCX: u32 = aya_obj::generated::bpf_link_type::BPF_LINK_TYPE_TCX as u32;
    // SAFETY: plain numbers, for which zeros are a value.
    let mut info: bpf_link_info = unsafe { std::mem::zeroed() };
    let mut attributes = Attributes::default();
    attributes[0] = link.as_raw_fd() as u32 as u64 | (size_of::<bpf_link_info>() as u64) << 32;
    attributes[1] = (&raw mut info) as u64;
    call(bpf_cmd::BPF_OBJ_GET_INFO_BY_FD, &mut attributes)?;
    let tcx = info.type_ == TCX;
    if !tcx && info.type_ != XDP {
        return Ok(None);
    }
    // SAFETY: the type says which of the union was filled, and both are numbers.
    let interface = unsafe {
        if tcx {
            info.__bindgen_anon_1.tcx.ifindex
        } else {
            info.__bindgen_anon_1.xdp.ifindex
        }
    };
    Ok(Some(Hanging {
        program: info.prog_id,
        interface,
        tcx,
    }))
}

/// Puts another program behind a link, between two packets.
pub(super) fn exchange(link: BorrowedFd<'_>, program: BorrowedFd<'_>) -> io::Result<()> {
    let mut attributes = Attributes::default();
    attributes[0] = link.as_raw_fd() as u32 as u64 | (program.as_raw_fd() as u32 as u64) << 32;
    call(bpf_cmd::BPF_LINK_UPDATE, &mut attributes).map(drop)
}
