//! What a daemon needs that serves other computers: a certificate, its key, and a token.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Result, ensure};
use xtask::certificate;
use xtask::lab::ScratchDir;
use xtask::setup::programs;

/// The token.
pub const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// Addresses of an office's gateway at which a browser or curl finds it.
const GATEWAY: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::LOCALHOST),
    IpAddr::V4(Ipv4Addr::new(10, 10, 0, 1)),
];

/// Makes a certificate of the gateway, and its key.
///
/// # Errors
/// Where openssl is not there and cannot be brought.
pub fn certificate(path: &Path, key: &Path) -> Result<()> {
    let missing = programs::bring(&programs::WEB);
    ensure!(missing.is_empty(), "{missing:?} cannot be installed");
    certificate::make(&GATEWAY, path, key)
}

/// Makes all three; their paths.
///
/// # Errors
/// As [`certificate`].
pub fn credentials(folder: &ScratchDir) -> Result<[String; 3]> {
    let [cert, key, token] = ["cert", "key", "token"].map(|name| folder.path().join(name));
    certificate(&cert, &key)?;
    fs::write(&token, TOKEN)?;
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600))?;
    Ok([cert, key, token].map(|path| path.to_string_lossy().into_owned()))
}
