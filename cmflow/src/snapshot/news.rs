//! What is told at once.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The first packet of a conversation that nothing explains.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Newcomer {
    /// When it was told.
    pub at: Timestamp,
    /// `tcp`, `udp` …
    pub protocol: String,
    /// Who opened it.
    #[schema(value_type = String)]
    pub initiator: IpAddr,
    /// Roles of the initiator.
    pub initiator_roles: Vec<String>,
    /// Whether the initiator was seen to open it.
    pub initiator_seen: bool,
    /// Who answers.
    #[schema(value_type = String)]
    pub responder: IpAddr,
    /// Roles of the responder.
    pub responder_roles: Vec<String>,
    /// Port of the responder.
    pub port: u16,
    /// The verdict: `undocumented`, `reversed`, or `foreign` that the scope flags.
    pub verdict: String,
    /// For a reversed one the rules whose other end should have opened it.
    pub rules: Vec<String>,
}
