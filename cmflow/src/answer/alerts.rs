//! How alerts do.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Alerts in [`super::Status`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlertStatus {
    /// Until when everything new is taken for ordinary; nothing once that is over.
    pub learning_until: Option<Timestamp>,
    /// Letters written so far: alerts and digests.
    pub sent: u64,
    /// Groups that were held back so far, because more was to be said than may be in a minute; they were told later.
    pub held_back: u64,
    /// Letters that have not arrived yet, of all channels.
    pub queued: u64,
    /// Letters that will not arrive: refused for good, or without room in a channel's queue.
    pub failed: u64,
    /// When the last letter was written.
    pub last: Option<Timestamp>,
    /// Why letters do not arrive now; they are tried again.
    pub problem: Option<String>,
}

/// `cmflow alerts test`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertTests {
    /// By channel.
    pub tests: Vec<AlertTest>,
}

/// What came of a test by one channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertTest {
    /// `log`, `webhook`, `syslog`.
    pub channel: String,
    /// Where it goes, without what may be a secret.
    pub target: String,
    /// Whether it was taken.
    pub ok: bool,
    /// Why not.
    pub problem: Option<String>,
}
