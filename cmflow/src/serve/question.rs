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
    /// Which dynamic ports are used.
    Rpc,
    /// To read the site file anew.
    Reload,
    /// To write its history up to now.
    Settle,
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
    /// By the initiator's address
    Address,
}
