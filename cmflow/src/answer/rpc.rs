//! `cmflow rpc`: dynamic ports by pair of computers.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Ports without a gap between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PortStretch {
    /// The first.
    pub first: u16,
    /// The last.
    pub last: u16,
}

/// The dynamic ports of one computer that another one used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RpcPair {
    /// Who opened the flows.
    #[schema(value_type = String)]
    pub initiator: IpAddr,
    /// Its roles.
    pub initiator_roles: Vec<String>,
    /// Whose ports they are.
    #[schema(value_type = String)]
    pub responder: IpAddr,
    /// Its roles.
    pub responder_roles: Vec<String>,
    /// Ports of the responder, sorted.
    pub ports: Vec<PortStretch>,
    /// Flows to ports beyond those kept apart, which are not in `ports`.
    pub beyond: u64,
    /// Flows that a conversation with the endpoint mapper announced.
    pub flows_by_expectation: u64,
    /// Flows that the range alone explains.
    pub flows_by_range: u64,
    /// The verdict of their rules, the first in precedence where there are several.
    pub verdict: String,
    /// Ids of the rules that explain them.
    pub rules: Vec<String>,
    /// First packet.
    pub first_seen: Timestamp,
    /// Last packet.
    pub last_seen: Timestamp,
}

/// `cmflow rpc`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rpc {
    /// By initiator and responder.
    pub rpc: Vec<RpcPair>,
    /// Flows of pairs beyond those kept apart.
    pub beyond: u64,
    /// The narrowest range that holds every port that was used; nothing where none was, or some could not be kept.
    pub narrowest: Option<PortStretch>,
    /// The line of a site file that says so.
    pub setting: Option<String>,
}
