//! The `cmflow` binary that belongs to the running test: same profile, same target directory.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// Path of the binary, built first: `cargo test -p cmflow-tests` does not build another package's binary.
///
/// # Panics
/// Where it cannot be built; the tests have nothing to look at then.
pub fn cmflow() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let test = std::env::current_exe().expect("a running test has a path");
        // target/PROFILE/deps/TEST
        let profile = test
            .parent()
            .and_then(Path::parent)
            .expect("tests lie in target/PROFILE/deps");
        let target = profile.parent().expect("profiles lie in the target directory");
        let mut build = Command::new(env!("CARGO"));
        build.current_dir(env!("CARGO_MANIFEST_DIR"));
        build
            .args([
                "build",
                "--quiet",
                "--package",
                "cmflow",
                "--bin",
                "cmflow",
                "--target-dir",
            ])
            .arg(target);
        // What cargo tells this test of its own package would be news to build scripts that look at it, and half of the tree
        // would be built anew, here and by whoever builds next.
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if name.starts_with("CARGO_MANIFEST_") || name.starts_with("CARGO_PKG_") {
                build.env_remove(&*name);
            }
        }
        if profile.ends_with("release") {
            build.arg("--release");
        }
        let status = build.status().expect("cargo built this test, so it runs");
        assert!(status.success(), "cmflow does not build");
        profile.join("cmflow")
    })
}

/// What `cmflow` with these arguments says.
///
/// # Panics
/// Where it cannot be started.
pub fn run(arguments: &[&str]) -> Output {
    Command::new(cmflow())
        .args(arguments)
        .output()
        .expect("the binary was just built")
}
