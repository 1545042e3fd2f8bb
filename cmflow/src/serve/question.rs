//! Questions to a daemon, one line of JSON each.

use std::net::IpAddr;

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

/// What a daemon can be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Question {
    /// How it does.
    Status,
    /// Which flows there are.
    Flows(FlowQuery),
    /// What each rule explained.
    Rules {
        /// Also rules without a packet.
        all: bool,
    },
    /// What nothing explains.
    Undocumented,
    /// The same by groups alone: cheaper, for whoever asks again and again.
    Groups,
    /// The newest conversations of one group.
    Group(GroupQuery),
    /// Which dynamic ports are used.
    Rpc,
    /// To read the site file anew.
    Reload,
    /// To write its history up to now.
    Settle,
    /// To send a test through every channel of its alerts.
    TestAlerts,
}

/// What came of a question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// The answer, in the shape that belongs to the question.
    Answer(serde_json::Value),
    /// Why there is none.
    Refusal(String),
}

/// Which flows, in which order, how many.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Args)]
pub struct FlowQuery {
    /// Only flows with this verdict: documented, reversed, undocumented, foreign …
    #[arg(long, value_name = "VERDICT")]
    pub verdict: Vec<String>,
    /// Only flows of which an end holds this role
    #[arg(long, value_name = "ROLE")]
    pub role: Vec<String>,
    /// Only flows of which an end has this address
    #[arg(long, value_name = "ADDRESS")]
    pub address: Vec<IpAddr>,
    /// Only flows that this rule explains, or whose rule ids begin so: client/management-point
    #[arg(long, value_name = "RULE")]
    pub rule: Vec<String>,
    /// What comes first
    #[arg(long, value_enum, default_value_t)]
    pub sort: FlowSort,
    /// How many at most
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
}

/// Which group of what nothing explains, as `answer::UnexplainedGroup` names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupQuery {
    /// Roles of those who open.
    pub initiator_roles: Vec<String>,
    /// Roles of those who answer.
    pub responder_roles: Vec<String>,
    /// `tcp`, `udp` …
    pub protocol: String,
    /// Port of the responders.
    pub port: u16,
    /// The verdict.
    pub verdict: String,
    /// How many conversations at most.
    pub limit: usize,
}

/// Orders of flows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum FlowSort {
    /// Most bytes first
    #[default]
    Bytes,
    /// Most packets first
    Packets,
    /// Latest packet first
    LastSeen,
    /// Newest flow first
    FirstSeen,
    /// By verdict, what nothing explains last; within one, most bytes first
    Verdict,
    /// What nothing explains first; within it and the rest, latest packet first
    Unexplained,
    /// By the initiator's address
    Address,
}
