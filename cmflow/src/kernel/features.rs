//! What the running kernel can do, found out by trying.

use aya::maps::{Array, MapData, MapType};
use aya::programs::ProgramType;
use aya::sys::{is_map_supported, is_program_supported};

/// `BPF_F_MMAPABLE` of linux/bpf.h.
const BPF_F_MMAPABLE: u32 = 1 << 10;

/// Names of what the kernel program needs, and whether the kernel has it; nothing where this process may not try.
#[must_use]
pub fn tried() -> Vec<(&'static str, Option<bool>)> {
    vec![
        ("XDP programs", is_program_supported(ProgramType::Xdp).ok()),
        ("ring buffer", is_map_supported(MapType::RingBuf).ok()),
        ("tables in tables", is_map_supported(MapType::ArrayOfMaps).ok()),
        ("prefix tables", is_map_supported(MapType::LpmTrie).ok()),
        ("arrays in shared memory", shared_array()),
    ]
}

fn shared_array() -> Option<bool> {
    match Array::<MapData, u64>::create(1, BPF_F_MMAPABLE) {
        Ok(_) => Some(true),
        Err(aya::maps::MapError::CreateError { io_error, .. })
            if io_error.raw_os_error() == Some(libc::EINVAL) =>
        {
            Some(false)
        }
        Err(_) => None,
    }
}
