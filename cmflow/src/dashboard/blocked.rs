//! What a rule explains and nobody answers: a firewall behind this gateway, or a service that is not there.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use jiff::Timestamp;

use super::asked::Asked;
use super::groups::service;
use super::snapshot::Snapshot;
use crate::answer::Flow;

/// Flows of a rule to one computer that came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Rules that explain them.
    pub rules: Vec<String>,
    /// `documented`, `approved` or `baseline`.
    pub verdict: String,
    /// `refused` or `unanswered`.
    pub state: String,
    /// `tcp/443`.
    pub service: String,
    /// Roles of those who open.
    pub from_roles: Vec<String>,
    /// Those who open.
    pub initiators: BTreeSet<IpAddr>,
    /// Roles of who should answer.
    pub to_roles: Vec<String>,
    /// Who should answer.
    pub responder: IpAddr,
    /// Flows.
    pub flows: u64,
    /// Packets.
    pub packets: u64,
    /// First packet.
    pub first_seen: Timestamp,
    /// Last packet.
    pub last_seen: Timestamp,
}

/// What makes flows one row.
type Key<'a> = (&'a [String], &'a str, &'a [String], IpAddr, &'a str, u16);

/// Rows that the filters of a URL let through, the latest first.
///
/// # Errors
/// In a sentence where a filter means nothing.
pub fn rows(snapshot: &Snapshot, asked: &Asked) -> Result<Vec<Row>, String> {
    if let Some(state) = asked
        .get("state")
        .filter(|state| !["refused", "unanswered"].contains(state))
    {
        return Err(format!(
            "\"{state}\" is no state of this view; write refused or unanswered"
        ));
    }
    let wanted = |flow: &&Flow| {
        let ends = [&flow.initiator, &flow.responder];
        asked.get("state").is_none_or(|state| flow.state == state)
            && asked
                .get("rule")
                .is_none_or(|rule| flow.rules.iter().any(|own| own.starts_with(rule)))
            && asked
                .get("role")
                .is_none_or(|role| ends.iter().any(|end| end.roles.iter().any(|own| own == role)))
    };
    let mut rows: BTreeMap<Key<'_>, Row> = BTreeMap::new();
    for flow in snapshot.blocked.iter().filter(wanted) {
        let key = (
            flow.rules.as_slice(),
            flow.state.as_str(),
            flow.initiator.roles.as_slice(),
            flow.responder.address,
            flow.protocol.as_str(),
            flow.responder.port,
        );
        let packets = flow.forward.packets + flow.reverse.packets;
        let row = rows.entry(key).or_insert_with(|| Row {
            rules: flow.rules.clone(),
            verdict: flow.verdict.clone(),
            state: flow.state.clone(),
            service: service(&flow.protocol, flow.responder.port),
            from_roles: flow.initiator.roles.clone(),
            initiators: BTreeSet::new(),
            to_roles: flow.responder.roles.clone(),
            responder: flow.responder.address,
            flows: 0,
            packets: 0,
            first_seen: flow.first_seen,
            last_seen: flow.last_seen,
        });
        row.initiators.insert(flow.initiator.address);
        row.flows += 1;
        row.packets += packets;
        row.first_seen = row.first_seen.min(flow.first_seen);
        row.last_seen = row.last_seen.max(flow.last_seen);
    }
    let mut rows: Vec<Row> = rows.into_values().collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.last_seen));
    Ok(rows)
}
