//! The kernel side as user space sees it. Nothing outside this folder names aya or a system call of BPF.
//!
//! - [`Pins`]: the folder of the BPF file system that an instance's maps and links live in;
//! - [`survey`]: what lies there, and whether this version can go on with it;
//! - [`Maps`]: the maps of an instance: control word, flow table, counters, tables, the journal of freed slots;
//! - [`Program`]: the program of one interface, loaded with that interface's constants, attached or test-run;
//! - [`interface`]: what the machine says of an interface, and which hook suits it;
//! - [`mount_own`]: a BPF file system for daemons that do not run as root;
//! - [`features`], [`memory`]: what the running kernel has, and how much of it this process may take.

mod calls;
mod error;
pub mod features;
pub mod interface;
mod journal;
mod layout;
mod maps;
pub mod memory;
mod news;
mod own_mount;
mod part;
mod pins;
mod program;
mod salvage;
mod shared;
mod tables;

pub use error::KernelError;
pub use journal::Step;
pub use layout::{Found, survey};
pub use maps::{Counters, Maps};
pub use news::NewsRing;
pub use own_mount::{BpfFileSystem, OWN_MOUNT, bpf_file_system, has_own_mount, mount_own};
pub use part::Part;
pub use pins::Pins;
pub use program::{Constants, FrameLogger, Hook, Program, TestRun};
pub use salvage::salvage;
pub use tables::FilledTables;

/// The kernel program's object file, built by `build.rs`.
static OBJECT: &[u8] = aya::include_bytes_aligned!(concat!(env!("OUT_DIR"), "/cmflow-ebpf"));
