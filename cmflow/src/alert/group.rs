//! What alerts are of: who does what, in the words that people read.

use std::fmt;
use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::answer::{Nearest, protocol_name};
use crate::findings::GroupKey;

/// Roles of a computer that are named where there is little room.
const NAMED: usize = 2;

/// An unexplained group: roles at both ends, the service, the verdict.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Group {
    /// Roles of those who open.
    pub initiator_roles: Vec<String>,
    /// Roles of those who answer.
    pub responder_roles: Vec<String>,
    /// `tcp`, `udp` …
    pub protocol: String,
    /// Port of the responders.
    pub port: u16,
    /// The verdict: `undocumented`, `reversed`, or `foreign` that the scope flags.
    pub verdict: String,
}

impl From<GroupKey> for Group {
    fn from(key: GroupKey) -> Self {
        Self {
            initiator_roles: key.initiator_roles,
            responder_roles: key.responder_roles,
            protocol: protocol_name(key.protocol),
            port: key.port,
            verdict: key.verdict.name().to_owned(),
        }
    }
}

/// `undocumented: client -> management-point tcp/3389`.
impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} -> {} {}/{}",
            self.verdict,
            named(&self.initiator_roles),
            named(&self.responder_roles),
            self.protocol,
            self.port
        )
    }
}

fn named(roles: &[String]) -> String {
    let first = roles.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match roles.len() {
        0 => "unknown".to_owned(),
        few if few <= NAMED => first,
        many => format!("{first} +{}", many - NAMED),
    }
}

/// One conversation of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// Who opened it.
    pub initiator: IpAddr,
    /// Who answers.
    pub responder: IpAddr,
    /// The rule that comes nearest, and why it does not fit.
    pub nearest: Option<Nearest>,
}

/// That a group is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The group.
    pub group: Group,
    /// One of its conversations.
    pub example: Example,
    /// When its first packet came, as far as this flow tells.
    pub first_seen: Timestamp,
    /// When its last packet came.
    pub last_seen: Timestamp,
}
