//! Builds the kernel program for the BPF target and leaves it in `OUT_DIR`.
//!
//! A cargo of its own, because the target needs another toolchain than the workspace. Not `aya-build`: it
//! leaves no room for the code generator's options.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

/// The toolchain that `cargo xtask setup` links where it can: Debian's compiler with a prebuilt BPF core.
const LINKED: &str = "cmflow-bpf";

/// Code generator's options. `v3`: 32-bit arithmetic and the larger set of jumps, kernel 5.1. Misaligned
/// access: headers lie at any address, and processors that XDP matters on load from there at once; without it
/// each field is put together from bytes. The verifier allows it where the processor does.
const CODE: [&str; 2] = [
    "-Ctarget-cpu=v3",
    "-Ctarget-feature=+alu32,+allows-misaligned-mem-access",
];

fn main() -> anyhow::Result<()> {
    for path in ["../cmflow-ebpf", "../cmflow-common"] {
        println!("cargo:rerun-if-changed={path}/src");
        println!("cargo:rerun-if-changed={path}/Cargo.toml");
    }
    let out = PathBuf::from(std::env::var_os("OUT_DIR").context("cargo sets OUT_DIR")?);
    let endian = if std::env::var("CARGO_CFG_TARGET_ENDIAN").is_ok_and(|endian| endian == "big") {
        "eb"
    } else {
        "el"
    };
    let arch = std::env::var("CARGO_CFG_TARGET_ARCH").context("cargo sets the target's architecture")?;
    let target = format!("bpf{endian}-unknown-none");
    let built = build(&out.join("bpf"), &target, &arch)
        .context("the kernel program did not build; `cargo xtask setup` brings what it needs")?;
    std::fs::copy(&built, out.join("cmflow-ebpf")).with_context(|| format!("copying {}", built.display()))?;
    Ok(())
}

/// Runs the other cargo; gives the object file.
fn build(target_dir: &Path, target: &str, arch: &str) -> anyhow::Result<PathBuf> {
    let linked = has_bpf_core(LINKED, target);
    let toolchain = if linked { LINKED } else { "nightly" };
    let arch_cfg = format!("--cfg=bpf_target_arch=\"{arch}\"");
    let flags = [
        &[arch_cfg.as_str(), "-Cdebuginfo=2", "-Clink-arg=--btf"],
        CODE.as_slice(),
    ]
    .concat();
    let mut cargo = Command::new("rustup");
    cargo.args([
        "run",
        toolchain,
        "cargo",
        "build",
        "--package",
        "cmflow-ebpf",
        "--bins",
        "--release",
    ]);
    cargo.args(["--target", target, "--target-dir"]).arg(target_dir);
    if !linked {
        cargo.arg("-Zbuild-std=core");
    }
    // A stable compiler lets the crates named here, and only them, use what the BPF target needs.
    cargo.env("RUSTC_BOOTSTRAP", "aya_ebpf,cmflow_ebpf");
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
    // What the outer cargo set for its own compiler would be taken for this one's.
    for variable in ["RUSTC", "RUSTC_WORKSPACE_WRAPPER", "RUSTUP_TOOLCHAIN"] {
        cargo.env_remove(variable);
    }
    let output = cargo.output().context("rustup did not start")?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(target_dir.join(target).join("release/cmflow-ebpf"))
}

/// Whether that rustup toolchain has the core library of the target prebuilt.
fn has_bpf_core(toolchain: &str, target: &str) -> bool {
    let sysroot = Command::new("rustup")
        .args(["run", toolchain, "rustc", "--print", "sysroot"])
        .output();
    let Ok(output) = sysroot else { return false };
    let sysroot = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    output.status.success() && sysroot.join("lib/rustlib").join(target).join("lib").is_dir()
}
