//! Builds the kernel program for the BPF target and leaves it in `OUT_DIR`.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Context as _;
use aya_build::{Package, Toolchain};

/// The toolchain that `cargo xtask setup` links where it can: Debian's compiler with a prebuilt BPF core.
const LINKED: &str = "cmflow-bpf";

fn main() -> anyhow::Result<()> {
    let package = Package {
        name: "cmflow-ebpf",
        root_dir: "../cmflow-ebpf",
        ..Package::default()
    };
    let toolchain = if has_bpf_core(LINKED) {
        Toolchain::Custom(LINKED)
    } else {
        Toolchain::Nightly
    };
    println!("cargo:rerun-if-changed=../cmflow-common/src");
    aya_build::build_ebpf([package], toolchain)
        .context("the kernel program did not build; `cargo xtask setup` brings what it needs")
}

/// Whether that rustup toolchain has the core library for BPF prebuilt.
fn has_bpf_core(toolchain: &str) -> bool {
    let sysroot = Command::new("rustup")
        .args(["run", toolchain, "rustc", "--print", "sysroot"])
        .output();
    let Ok(output) = sysroot else { return false };
    let sysroot = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    output.status.success() && sysroot.join("lib/rustlib/bpfel-unknown-none/lib").is_dir()
}
