//! The ways by which a letter reaches somebody.

use std::fmt;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use super::letter::Message;
use super::options::{Options, Syslog, Webhook};
use super::{journal, syslog, webhook};

/// Why a letter did not arrive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// In a sentence.
    pub why: String,
    /// Whether trying again would change nothing.
    pub is_final: bool,
}

impl Failure {
    /// One that may pass.
    #[must_use]
    pub fn passing(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            is_final: false,
        }
    }
}

/// A way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Channel {
    /// A line of JSON on stderr.
    Line,
    /// An entry of the journal with fields, at its socket.
    Journal(PathBuf),
    /// A POST.
    Webhook(Webhook),
    /// A datagram by RFC 5424.
    Syslog(Syslog),
}

impl Channel {
    /// The channels that the site file asks for, by a daemon whose log goes to the journal or not.
    #[must_use]
    pub fn of(options: &Options, journal: bool) -> Vec<Self> {
        let log = if journal {
            Self::Journal(PathBuf::from(journal::SOCKET))
        } else {
            Self::Line
        };
        options
            .log
            .then_some(log)
            .into_iter()
            .chain(options.webhook.clone().map(Self::Webhook))
            .chain(options.syslog.clone().map(Self::Syslog))
            .collect()
    }

    /// The name that status and files use.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Line | Self::Journal(_) => "log",
            Self::Webhook(_) => "webhook",
            Self::Syslog(_) => "syslog",
        }
    }

    /// Takes a letter there, and gives up after so long.
    ///
    /// # Errors
    /// Where it does not arrive.
    pub fn deliver(&self, message: &Message<'_>, patience: Duration) -> Result<(), Failure> {
        match self {
            Self::Line => line(message),
            Self::Journal(socket) => journal::send(socket, message),
            Self::Webhook(webhook) => webhook::post(webhook, message, patience),
            Self::Syslog(target) => syslog::send(target, message),
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line => f.write_str("stderr"),
            Self::Journal(socket) => write!(f, "{}", socket.display()),
            Self::Webhook(webhook) => webhook.address.fmt(f),
            Self::Syslog(target) => target.fmt(f),
        }
    }
}

fn line(message: &Message<'_>) -> Result<(), Failure> {
    let mut line = json(message)?;
    line.push(b'\n');
    let written = std::io::stderr().lock().write_all(&line);
    written.map_err(|error| Failure::passing(format!("stderr: {error}")))
}

/// A letter as JSON.
pub(super) fn json(message: &Message<'_>) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(message).map_err(|error| Failure {
        why: format!("it cannot be written as JSON: {error}"),
        is_final: true,
    })
}
