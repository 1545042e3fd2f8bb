//! What would become of recorded traffic under another site file or edition.

use ipnet::IpNet;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Nearest, SourceFile};

/// `cmflow audit --what-if`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhatIf {
    /// What judges now.
    pub now: Judges,
    /// What would judge.
    pub then: Judges,
    /// Begin of the recorded time.
    pub from: Timestamp,
    /// End of it.
    pub to: Timestamp,
    /// Conversations that were judged by both.
    pub conversations: u64,
    /// Those of which nothing would change.
    pub unchanged: u64,
    /// Those whose ends no address tells, so that nobody can say who they would be.
    pub not_judged: u64,
    /// What no document would explain any more, or would be flagged for the first time.
    pub unexplained: Vec<WhatIfGroup>,
    /// What would become explained.
    pub explained: Vec<WhatIfGroup>,
    /// What other rules would explain.
    pub rules: Vec<WhatIfGroup>,
    /// What would no longer be flagged, although nothing explains it.
    pub unflagged: Vec<WhatIfGroup>,
}

/// What judges in a [`WhatIf`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judges {
    /// Edition of the page.
    pub edition: String,
    /// The files.
    pub files: Vec<SourceFile>,
}

/// A verdict in a [`WhatIf`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct WhatIfVerdict {
    /// Its kind.
    pub verdict: String,
    /// Its rules.
    pub rules: Vec<String>,
}

/// Conversations of which the same would change, by roles and service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhatIfGroup {
    /// Roles of those who open, as it is.
    pub initiator_roles: Vec<String>,
    /// Roles of those who answer, as it is.
    pub responder_roles: Vec<String>,
    /// Roles of those who open, as it would be.
    pub initiator_roles_then: Vec<String>,
    /// Roles of those who answer, as it would be.
    pub responder_roles_then: Vec<String>,
    /// `tcp`, `udp` …
    pub protocol: String,
    /// Port of the responders; 0 where it is picked out of a range.
    pub port: u16,
    /// The verdict as it is.
    pub now: WhatIfVerdict,
    /// The verdict as it would be.
    pub then: WhatIfVerdict,
    /// Whether only a part of them would change: a conversation is kept by prefix or by a range of ports, and not all of
    /// that is judged alike. The counts are those of the whole.
    pub part: bool,
    /// Conversations.
    pub conversations: u64,
    /// How many addresses or prefixes open.
    pub initiators: u64,
    /// How many answer.
    pub responders: u64,
    /// Some of those who open and answer.
    pub examples: Vec<[IpNet; 2]>,
    /// Packets, those before the recorded time among them.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Flows.
    pub flows: u64,
    /// Flows that were answered.
    pub answered_flows: u64,
    /// Last packet.
    pub last_seen: Timestamp,
    /// The rule that would come nearest, where none would explain it.
    pub nearest: Option<Nearest>,
}
