//! A POST to a web server.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig};

use super::channel::{Failure, json};
use super::letter::Message;
use super::options::{Address, Webhook};

/// Answers that speak of the letter and not of the server: the same letter would meet them again.
const FINAL: [u16; 4] = [400, 413, 415, 422];

/// Longest token or address that a file may hold.
const LONGEST: u64 = 4096;

/// Posts a letter.
pub(super) fn post(webhook: &Webhook, message: &Message<'_>, patience: Duration) -> Result<(), Failure> {
    let body = json(message)?;
    let url = match &webhook.address {
        Address::Url(url) => url.clone(),
        Address::File(file) => secret(file)?,
    };
    let token = webhook.token_file.as_deref().map(secret).transpose()?;
    let agent: Agent = Agent::config_builder()
        .timeout_global(Some(patience))
        // A letter goes where the site file says, and its token nowhere else.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        // What this machine trusts: a company's own authority among it.
        .tls_config(
            TlsConfig::builder()
                .root_certs(RootCerts::PlatformVerifier)
                .build(),
        )
        .user_agent(concat!("cmflow/", env!("CARGO_PKG_VERSION")))
        .build()
        .into();
    let mut request = agent.post(&url).content_type("application/json");
    if let Some(token) = &token {
        request = request.header("Authorization", format!("Bearer {token}"));
    }
    let answer = request.send(&body).map_err(|error| failure(webhook, &error))?;
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    Err(Failure {
        why: format!("{} answered {status}", webhook.address),
        is_final: FINAL.contains(&status.as_u16()),
    })
}

fn failure(webhook: &Webhook, error: &ureq::Error) -> Failure {
    let mut why = match error {
        // It would be shown, and may be a secret.
        ureq::Error::BadUri(_) => format!("{} is no address of the web", webhook.address),
        error => format!("{}: {error}", webhook.address),
    };
    if let ureq::Error::Io(error) = error
        && error.kind() == io::ErrorKind::PermissionDenied
    {
        why += "; a systemd unit with IPAddressDeny=any needs its address in IPAddressAllow=";
    }
    Failure::passing(why)
}

/// The one line that a file holds, read anew for each letter: it may be changed at any time.
fn secret(file: &Path) -> Result<String, Failure> {
    let failed = |what: &str| Failure::passing(format!("{} {what}", file.display()));
    let length = fs::metadata(file).map_err(|error| failed(&format!("cannot be read: {error}")))?;
    if length.len() > LONGEST {
        return Err(failed("is too long; it must hold one line"));
    }
    let text = fs::read_to_string(file).map_err(|error| failed(&format!("cannot be read: {error}")))?;
    let line = text.trim();
    if line.is_empty() || line.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(failed("must hold one line without spaces"));
    }
    Ok(line.to_owned())
}
