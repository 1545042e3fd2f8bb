//! The pieces of the BPF toolchain on this machine.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::step::{find_program, output, run};

const TOOLCHAIN: &str = "cmflow-bpf";
const TARGET: &str = "bpfel-unknown-none";
const LINKER_VERSION: &str = "0.13.0";
const LLVM_PREFIX: &str = "/usr/lib/llvm-22";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const PACKAGES: [&str; 6] = [
    "rustc-web",
    "cargo-web",
    "libstd-rust-web-dev-bpf",
    "llvm-22-dev",
    "libzstd-dev",
    "zlib1g-dev",
];

/// What is there already.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    /// `rustup` itself.
    pub(super) rustup: bool,
    /// The linked toolchain, with a `core` for BPF.
    pub(super) linked: bool,
    /// A nightly with the sources of `core`.
    pub(super) nightly: bool,
    /// Debian's compiler with a `core` for BPF, linked or not.
    pub(super) debian_core: bool,
    /// A `bpf-linker` that starts.
    pub(super) linker: bool,
    /// LLVM as `bpf-linker` needs it to be built, and a C++ compiler to link it with.
    pub(super) llvm: bool,
}

impl Found {
    pub(super) fn on_this_machine() -> Self {
        let linked = core_for_bpf(&[&format!("+{TOOLCHAIN}")], "rustc");
        Self {
            rustup: find_program("rustup").is_some(),
            linked,
            nightly: !linked && nightly_with_sources(),
            debian_core: linked || core_for_bpf(&[], DEBIAN_RUSTC),
            linker: output(Command::new("bpf-linker").arg("--version")).is_ok(),
            llvm: Path::new(LLVM_PREFIX).join("bin/llvm-config").exists() && find_program("c++").is_some(),
        }
    }

    pub(super) fn compiler(&self) -> bool {
        self.linked || self.nightly
    }

    pub(super) fn summary(&self) -> String {
        let compiler = match (self.linked, self.nightly) {
            (true, _) => "toolchain cmflow-bpf",
            (false, true) => "rustup nightly with rust-src",
            (false, false) => "no compiler for BPF yet",
        };
        format!(
            "{compiler}, {}",
            if self.linker {
                "bpf-linker"
            } else {
                "no bpf-linker yet"
            }
        )
    }
}

/// Whether that rustc brings a compiled `core` for the BPF target.
fn core_for_bpf(selection: &[&str], rustc: &str) -> bool {
    // Asking rustup for a toolchain that is not there must not make it download one.
    let mut ask = Command::new(rustc);
    ask.env("RUSTUP_AUTO_INSTALL", "0").args(selection).args([
        "--print",
        "target-libdir",
        "--target",
        TARGET,
    ]);
    output(&mut ask).is_ok_and(|folder| holds_core(Path::new(folder.trim())))
}

fn holds_core(folder: &Path) -> bool {
    let is_core = |name: &str| name.starts_with("libcore-") && name.ends_with(".rlib");
    fs::read_dir(folder).is_ok_and(|entries| {
        entries
            .flatten()
            .any(|entry| entry.file_name().to_str().is_some_and(is_core))
    })
}

fn nightly_with_sources() -> bool {
    let ask = |arguments: &[&str]| {
        output(
            Command::new("rustc")
                .env("RUSTUP_AUTO_INSTALL", "0")
                .arg("+nightly")
                .args(arguments),
        )
    };
    // A toolchain can be linked under that name without being one.
    ask(&["--version"]).is_ok_and(|version| version.contains("nightly"))
        && ask(&["--print", "sysroot"]).is_ok_and(|root| {
            Path::new(root.trim())
                .join("lib/rustlib/src/rust/library/core")
                .is_dir()
        })
}

/// The packages of the Debian way; a C++ compiler too where none is there to link LLVM.
pub(super) fn packages_to_install() -> Vec<&'static str> {
    let compiler = find_program("c++").is_none().then_some("g++");
    PACKAGES.into_iter().chain(compiler).collect()
}

pub(super) fn link_toolchain() -> Result<String> {
    if !core_for_bpf(&[], DEBIAN_RUSTC) {
        bail!(
            "{DEBIAN_RUSTC} has no compiled `core` for {TARGET}: libstd-rust-web-dev-bpf and rustc-web do not fit"
        );
    }
    output(Command::new("rustup").args(["toolchain", "link", TOOLCHAIN, "/usr"]))?;
    if !core_for_bpf(&[&format!("+{TOOLCHAIN}")], "rustc") {
        bail!("rustup linked {TOOLCHAIN}, but `rustc +{TOOLCHAIN}` does not find its `core` for {TARGET}");
    }
    Ok(format!("{TOOLCHAIN} -> /usr"))
}

pub(super) fn install_linker() -> Result<()> {
    let mut install = Command::new("cargo");
    // From a neutral folder: the workspace's own Cargo settings are not for other people's crates.
    install
        .current_dir("/")
        .env("LLVM_PREFIX", LLVM_PREFIX)
        .env_remove("RUSTC_BOOTSTRAP");
    install.args([
        "install",
        "--quiet",
        "--locked",
        "--force",
        "bpf-linker",
        "--version",
        LINKER_VERSION,
    ]);
    install.args(["--no-default-features", "--features", "llvm-22"]);
    run(&mut install)?;
    output(Command::new("bpf-linker").arg("--version"))
        .map(drop)
        .with_context(|| {
            format!(
                "bpf-linker was installed, but it does not start: is {} on PATH?",
                cargo_bin().display()
            )
        })
}

fn cargo_bin() -> PathBuf {
    let home = || env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo"));
    env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(home)
        .unwrap_or_default()
        .join("bin")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_a_compiled_core_does_not_count() -> Result<()> {
        let folder = tempfile::tempdir()?;
        assert!(!holds_core(folder.path()));
        fs::write(folder.path().join("libcore-1.rmeta"), "")?;
        assert!(!holds_core(folder.path()));
        fs::write(folder.path().join("libcore-1.rlib"), "")?;
        assert!(holds_core(folder.path()));
        Ok(())
    }

    #[test]
    fn a_compiler_that_is_not_there_does_not_count() {
        assert!(!core_for_bpf(&[], "/nonexistent/rustc"));
        assert!(!core_for_bpf(&["+no-such-toolchain"], "rustc"));
    }
}
