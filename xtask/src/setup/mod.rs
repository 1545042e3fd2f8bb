//! What the BPF build needs, found or installed.
//!
//! Two ways lead there: Debian's Rust compiler with a prebuilt `core` for BPF, linked into rustup as
//! `cmflow-bpf`, which this command installs; or a rustup nightly with `rust-src`, which it accepts.
//! Both need `bpf-linker`. [`plan`] decides from what was found, and touches nothing.

mod administrator;
mod bpf;
pub mod programs;

use std::fmt;

use administrator::Administrator;
use anyhow::Result;
use bpf::Found;

use crate::step::{loud_step, step};

/// The machine cannot be served; the words say what its owner can do.
#[derive(Debug)]
pub struct CannotServe(String);

impl CannotServe {
    /// One that says why, and what to do.
    pub fn because(words: impl Into<String>) -> Self {
        Self(words.into())
    }
}

impl fmt::Display for CannotServe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CannotServe {}

/// Something that set-up has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    InstallPackages,
    LinkToolchain,
    InstallLinker,
}

const OTHER_WAY: &str = "Either install these by hand:
    Debian 12:  apt-get install rustc-web cargo-web libstd-rust-web-dev-bpf llvm-22-dev libzstd-dev zlib1g-dev g++
                LLVM_PREFIX=/usr/lib/llvm-22 cargo install bpf-linker --version 0.13.0 --no-default-features --features llvm-22
                rustup toolchain link cmflow-bpf /usr
    elsewhere:  rustup toolchain install nightly --component rust-src
                bpf-linker on PATH (a release of it, or cargo install bpf-linker)
then run the same command again.";

/// Brings the BPF toolchain: the first steps of `test` and `demo`, and the whole of `setup`.
pub fn bpf_toolchain() -> Result<()> {
    let mut found = None;
    step("BPF toolchain", || {
        let state = Found::on_this_machine();
        let summary = state.summary();
        found = Some(state);
        Ok(summary)
    })?;
    let Some(found) = found else { return Ok(()) };
    for action in plan(&found, &Administrator::here())? {
        match action {
            Action::InstallPackages => {
                let packages = bpf::packages_to_install();
                let who = Administrator::here();
                step("Debian packages", || who.install(&packages, &[]).map_err(explain))?;
            }
            Action::LinkToolchain => step("link toolchain", || bpf::link_toolchain().map_err(explain))?,
            Action::InstallLinker => {
                loud_step("bpf-linker (one to five minutes)", || {
                    bpf::install_linker().map_err(explain)
                })?;
            }
        }
    }
    Ok(())
}

fn explain(error: anyhow::Error) -> anyhow::Error {
    CannotServe(format!("{error:#}\n\n{OTHER_WAY}")).into()
}

/// What is to be done, in order; nothing where all is there.
fn plan(found: &Found, administrator: &Administrator) -> Result<Vec<Action>, CannotServe> {
    let mut actions = Vec::new();
    if !found.compiler() {
        if !found.rustup {
            return Err(CannotServe(format!(
                "cmflow's kernel program is built through rustup, and there is no `rustup` on PATH. Install it \
                 from your distribution or https://rustup.rs.\n{OTHER_WAY}"
            )));
        }
        if !found.debian_core {
            actions.push(Action::InstallPackages);
        }
        actions.push(Action::LinkToolchain);
    }
    if !found.linker {
        if !found.llvm && actions.first() != Some(&Action::InstallPackages) {
            actions.insert(0, Action::InstallPackages);
        }
        actions.push(Action::InstallLinker);
    }
    match administrator {
        Administrator::Nobody { why } if actions.contains(&Action::InstallPackages) => Err(CannotServe(
            format!("the BPF toolchain is missing, and it cannot be installed here: {why}.\n{OTHER_WAY}"),
        )),
        _ => Ok(actions),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READY: Found = Found {
        rustup: true,
        linked: true,
        nightly: false,
        debian_core: true,
        linker: true,
        llvm: true,
    };
    const NOBODY: Administrator = Administrator::Nobody { why: "no apt-get" };

    #[test]
    fn nothing_to_do_where_all_is_there() {
        assert_eq!(plan(&READY, &NOBODY).expect("needs nobody"), []);
        let nightly = Found {
            linked: false,
            nightly: true,
            debian_core: false,
            llvm: false,
            ..READY
        };
        assert_eq!(plan(&nightly, &NOBODY).expect("needs nobody"), []);
    }

    #[test]
    fn only_what_is_missing() {
        let unlinked = Found {
            linked: false,
            ..READY
        };
        assert_eq!(
            plan(&unlinked, &NOBODY).expect("linking needs no root"),
            [Action::LinkToolchain]
        );
        let no_linker = Found {
            linker: false,
            ..READY
        };
        assert_eq!(
            plan(&no_linker, &NOBODY).expect("cargo install needs no root"),
            [Action::InstallLinker]
        );
        let nightly_only = Found {
            nightly: true,
            linked: false,
            debian_core: false,
            linker: false,
            llvm: false,
            ..READY
        };
        assert_eq!(
            plan(&nightly_only, &Administrator::Root).expect("root can"),
            [Action::InstallPackages, Action::InstallLinker]
        );
    }

    #[test]
    fn a_bare_machine_gets_everything_in_order() {
        let bare = Found {
            linked: false,
            debian_core: false,
            linker: false,
            llvm: false,
            ..READY
        };
        let all = [
            Action::InstallPackages,
            Action::LinkToolchain,
            Action::InstallLinker,
        ];
        assert_eq!(plan(&bare, &Administrator::Root).expect("root can"), all);
        assert_eq!(plan(&bare, &Administrator::Sudo).expect("sudo can"), all);
    }

    #[test]
    fn who_cannot_is_told_what_to_install() {
        let bare = Found {
            linked: false,
            debian_core: false,
            linker: false,
            llvm: false,
            ..READY
        };
        let words = plan(&bare, &NOBODY).expect_err("nobody can").to_string();
        for needed in ["no apt-get", "libstd-rust-web-dev-bpf", "bpf-linker", "rust-src"] {
            assert!(words.contains(needed), "{needed} is not in: {words}");
        }
        let no_rustup = Found {
            rustup: false,
            ..bare
        };
        assert!(
            plan(&no_rustup, &Administrator::Root)
                .expect_err("no rustup")
                .to_string()
                .contains("rustup")
        );
    }
}
