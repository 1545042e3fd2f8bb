//! The corpus that fuzzing begins with: small, in text, made by the project itself.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Folder of the corpus.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// The inputs of a target: the lines of `TARGET.hex`, or the files of the folder `TARGET`.
///
/// # Errors
/// Where they cannot be read.
pub fn of(target: &str) -> io::Result<Vec<Vec<u8>>> {
    let lines = folder().join(format!("{target}.hex"));
    if lines.exists() {
        let text = fs::read_to_string(lines)?;
        return text.lines().map(bytes).collect();
    }
    let mut paths = fs::read_dir(folder().join(target))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    paths.iter().map(fs::read).collect()
}

fn bytes(line: &str) -> io::Result<Vec<u8>> {
    let wrong = || io::Error::other(format!("{line:?} is no line of hexadecimal digits"));
    if !line.is_ascii() || !line.len().is_multiple_of(2) {
        return Err(wrong());
    }
    (0..line.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&line[at..at + 2], 16).map_err(|_| wrong()))
        .collect()
}

/// Bytes as a line of the corpus.
#[must_use]
pub fn line(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
