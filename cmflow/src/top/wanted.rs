//! What the screen needs to know next, and what came of asking: the two ways between who asks and who draws.

use std::net::IpAddr;
use std::time::Duration;

use crate::answer::{Flows, Rules, Status, Undocumented};
use crate::serve::{FlowQuery, GroupQuery};

/// What is to be asked in each round, beside how the daemon does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Flows, by these filters.
    pub flows: Option<FlowQuery>,
    /// Rules.
    pub rules: bool,
    /// Groups of what nothing explains, in each round. They are asked for when their number may have changed anyway.
    pub groups: bool,
    /// Conversations of one of them.
    pub group: Option<GroupQuery>,
    /// A flow to be explained, once.
    pub explain: Option<Asked>,
}

/// A flow, as `cmflow explain` is asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The end that opened it.
    pub initiator: IpAddr,
    /// The end that answers.
    pub responder: IpAddr,
    /// `tcp`, `udp` …
    pub protocol: String,
    /// Port of the responder.
    pub port: u16,
    /// What the flow is announced by, where it is: `tcp/135`.
    pub after: Option<&'static str>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The daemon cannot be asked.
    Silent(String),
    /// It does not answer this.
    Refused(String),
}

/// What a round of questions came to.
#[derive(Clone, Debug, Default)]
pub struct Round {
    /// When it was asked, since the program began.
    pub at: Duration,
    /// How the daemon does; nothing where it does not answer.
    pub status: Option<Status>,
    /// Flows, and by which filters.
    pub flows: Option<(FlowQuery, Flows)>,
    /// Rules.
    pub rules: Option<Rules>,
    /// Groups of what nothing explains.
    pub groups: Option<Undocumented>,
    /// Conversations of one of them.
    pub group: Option<(GroupQuery, Undocumented)>,
    /// What went wrong: the first thing.
    pub trouble: Option<Trouble>,
}

/// What who asks tells who draws.
#[derive(Clone, Debug)]
pub enum Heard {
    /// A round's answers.
    Round(Box<Round>),
    /// What is to be said of a flow.
    Explained(Asked, Vec<String>),
}
