//! What is shipped beside the program, and that the program starts no other.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use xtask::lab::ScratchDir;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            sources(&path, found)?;
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    Ok(())
}

#[test]
fn the_program_never_starts_another() -> Result<()> {
    let mut files = Vec::new();
    for crate_folder in ["cmflow/src", "cmflow-common/src"] {
        sources(&root().join(crate_folder), &mut files)?;
    }
    assert!(files.len() > 100, "{} files", files.len());
    // Tests may: they are no part of the program.
    let is_test = |file: &PathBuf| {
        file.components()
            .any(|part| matches!(part.as_os_str().to_str(), Some("tests" | "tests.rs")))
    };
    let crates = root();
    for file in files {
        let inside = file.strip_prefix(&crates).unwrap_or(&file).to_owned();
        if is_test(&inside) {
            continue;
        }
        let text = fs::read_to_string(&file)?;
        for word in [
            "process::Command",
            "Command::new",
            "libc::exec",
            "libc::system",
            "libc::fork",
            "posix_spawn",
        ] {
            assert!(!text.contains(word), "{} has {word}", file.display());
        }
    }
    Ok(())
}

/// `systemd-analyze`, or nothing where it is not there: then it says so, and in CI that is a failure.
fn analyze(arguments: &[&str]) -> Option<(bool, String)> {
    match Command::new("systemd-analyze").args(arguments).output() {
        Ok(output) => {
            let said = [output.stdout, output.stderr].concat();
            Some((
                output.status.success(),
                String::from_utf8_lossy(&said).into_owned(),
            ))
        }
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "CI checks the units: {error}");
            println!("skipped: systemd-analyze cannot be run: {error}");
            None
        }
    }
}

#[test]
fn the_units_are_right() -> Result<()> {
    let folder = ScratchDir::new("units")?;
    let packaging = root().join("packaging");
    // The program is looked for, and is not installed here.
    let service =
        fs::read_to_string(packaging.join("cmflow@.service"))?.replace("/usr/bin/cmflow", "/bin/true");
    let instance = folder.path().join("cmflow@test.service");
    fs::write(folder.path().join("cmflow@.service"), &service)?;
    fs::write(&instance, &service)?;
    let mount = folder.path().join("run-cmflow.bpf.mount");
    fs::copy(packaging.join("run-cmflow.bpf.mount"), &mount)?;
    let (instance, mount) = (instance.to_string_lossy(), mount.to_string_lossy());
    let Some((fine, said)) = analyze(&["verify", &instance, &mount]) else {
        return Ok(());
    };
    ensure!(fine && said.trim().is_empty(), "{said}");
    Ok(())
}

#[test]
fn the_unit_is_hardened() -> Result<()> {
    let unit = root().join("packaging/cmflow@.service");
    let Some((fine, said)) = analyze(&[
        "security",
        "--offline=true",
        "--threshold=17",
        &unit.to_string_lossy(),
    ]) else {
        return Ok(());
    };
    let verdict = said.lines().last().context("it says something")?;
    ensure!(fine, "exposed by more than 1.7: {verdict}");
    println!("{verdict}");
    Ok(())
}
