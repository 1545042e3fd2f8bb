//! A certificate that signs itself, for servers of the demo and of the tests: made by openssl, good for two days.

use std::net::IpAddr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::step::output;

/// Makes one for these addresses, and its key.
///
/// # Errors
/// Where openssl is not there, with what to bring, or where it cannot write.
pub fn make(addresses: &[IpAddr], certificate: &Path, key: &Path) -> Result<()> {
    let names: Vec<String> = addresses.iter().map(|address| format!("IP:{address}")).collect();
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "ec"]);
    openssl.args(["-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]);
    openssl.args(["-subj", "/CN=cmflow", "-addext"]);
    openssl.arg(format!("subjectAltName={}", names.join(",")));
    openssl.arg("-keyout").arg(key).arg("-out").arg(certificate);
    output(&mut openssl)
        .map(drop)
        .context("openssl, of the package of that name, makes the certificate")
}
