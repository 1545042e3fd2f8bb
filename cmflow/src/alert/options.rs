//! `[alerts]` of the site file.

use std::fmt;
use std::path::PathBuf;

use jiff::civil::Time;
use jiff::{SignedDuration, civil::time};

/// Where alerts go, how many, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether they go into the log.
    pub log: bool,
    /// The web server that they are posted to.
    pub webhook: Option<Webhook>,
    /// The syslog that they are sent to.
    pub syslog: Option<Syslog>,
    /// Hours of learning, in which nothing is sent.
    pub learn_h: u32,
    /// Hours of silence after which a group is told of again.
    pub rearm_h: u32,
    /// Letters that are sent in a minute at most.
    pub most_a_minute: u32,
    /// When the daily digest is sent, in UTC; never where there is none.
    pub digest: Option<Time>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            log: true,
            webhook: None,
            syslog: None,
            learn_h: 24,
            rearm_h: 24,
            most_a_minute: 10,
            digest: Some(time(7, 0, 0, 0)),
        }
    }
}

impl Options {
    /// How long is learnt.
    #[must_use]
    pub fn learning(&self) -> SignedDuration {
        SignedDuration::from_hours(self.learn_h.into())
    }

    /// After how much silence a group is told of again.
    #[must_use]
    pub fn silence(&self) -> SignedDuration {
        SignedDuration::from_hours(self.rearm_h.into())
    }
}

/// A web server that alerts are posted to. Secrets stand in files, because the site file's text is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Where it is.
    pub address: Address,
    /// The file with the token that it asks for.
    pub token_file: Option<PathBuf>,
}

/// Where a webhook is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// There.
    Url(String),
    /// A file says: the address itself is a secret.
    File(PathBuf),
}

/// Without what follows the host: that may be a secret.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => {
                let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
                let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
                write!(f, "{scheme}://{host}")
            }
            Self::File(file) => write!(f, "the address in {}", file.display()),
        }
    }
}

/// A syslog that alerts are sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Syslog {
    /// A socket of this machine.
    Local(PathBuf),
    /// Host and port.
    Udp(String),
}

impl Syslog {
    /// The socket that this machine's own syslog listens at.
    pub const SOCKET: &'static str = "/dev/log";
}

impl fmt::Display for Syslog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(path) => write!(f, "{}", path.display()),
            Self::Udp(host) => write!(f, "udp://{host}"),
        }
    }
}
