//! What a daemon needs that serves other computers: a certificate, its key, and a token.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use xtask::lab::ScratchDir;
use xtask::setup::programs;

/// The token.
pub const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// Makes them for 10.10.0.1; paths of the certificate, the key and the token's file.
///
/// # Errors
/// Where openssl is not there and cannot be brought.
pub fn credentials(folder: &ScratchDir) -> Result<[String; 3]> {
    let missing = programs::bring(&programs::WEB);
    ensure!(missing.is_empty(), "{missing:?} cannot be installed");
    let paths = ["cert", "key", "token"].map(|name| folder.path().join(name).to_string_lossy().into_owned());
    let mut openssl = Command::new("openssl");
    openssl.args([
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
    ]);
    openssl.args(["-nodes", "-days", "2", "-subj", "/CN=gateway"]);
    openssl.args(["-addext", "subjectAltName=IP:10.10.0.1"]);
    openssl.args(["-keyout", &paths[1], "-out", &paths[0]]);
    let made = openssl
        .output()
        .context("openssl, which `cargo xtask setup` brings")?;
    ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    fs::write(&paths[2], TOKEN)?;
    fs::set_permissions(&paths[2], fs::Permissions::from_mode(0o600))?;
    Ok(paths)
}
