//! What pages are drawn from, out of a daemon's snapshot.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::groups::EXAMPLES;
use super::recent::Rate;
use super::snapshot::{FlowPage, FlowRow, FlowsAsked, Snapshot, Talk};
use crate::answer::{Undocumented, Unexplained};
use crate::serve::{FlowQuery, FlowSort};
use crate::snapshot::{self, FlowFilter};

/// Groups that pages know of; more than anybody decides about in a sitting.
const GROUPS: usize = 300;
/// Flows that came to nothing that pages know of.
const BLOCKED: usize = 2000;
/// A flow that nobody answered for so long may still be answered.
const YOUNG: SignedDuration = SignedDuration::from_secs(3);

impl Snapshot {
    /// What a daemon that began at that time shows of its counters.
    #[must_use]
    pub fn of(taken: &snapshot::Snapshot, started: Timestamp) -> Self {
        let findings = taken.findings();
        let (groups, _) = findings.first_groups(&FlowQuery::default(), GROUPS);
        let mut kept: HashMap<_, usize> = HashMap::new();
        // Some of each group; which rule comes nearest the group says.
        let examples = findings.newest_unexplained(|one: &Unexplained| {
            let group = (
                one.initiator_roles.clone(),
                one.responder_roles.clone(),
                one.protocol.clone(),
                one.port,
                one.verdict.clone(),
            );
            let number = kept.entry(group).or_default();
            *number += 1;
            *number <= EXAMPLES
        });
        let (blocked, blocked_beyond) = blocked(taken);
        Self {
            started,
            status: taken.status.clone(),
            rules: findings.rules(true),
            undocumented: Undocumented {
                undocumented: examples,
                groups,
                beyond: findings.totals.beyond,
            },
            talks: taken.edges.edges.iter().map(talk).collect(),
            blocked,
            blocked_beyond,
        }
    }
}

fn blocked(taken: &snapshot::Snapshot) -> (Vec<crate::answer::Flow>, u64) {
    let filter = FlowFilter {
        query: FlowQuery {
            verdict: ["documented", "approved"].map(str::to_owned).to_vec(),
            sort: FlowSort::LastSeen,
            limit: Some(BLOCKED),
            ..FlowQuery::default()
        },
        state: ["unanswered", "refused"].map(str::to_owned).to_vec(),
        ..FlowFilter::default()
    };
    let page = taken.page(&filter);
    let beyond = page.matching - page.flows.len() as u64;
    let old = |flow: &crate::answer::Flow| {
        flow.state == "refused" || page.at.duration_since(flow.first_seen) >= YOUNG
    };
    let flows = page.flows.into_iter().map(|row| row.flow);
    (flows.filter(old).collect(), beyond)
}

fn talk(edge: &snapshot::Edge) -> Talk {
    let of = |state: &str| edge.states.get(state).copied().unwrap_or_default();
    Talk {
        from: edge.from.clone(),
        to: edge.to.clone(),
        verdict: edge.verdict.clone(),
        rules: edge.rules.clone(),
        flows: edge.flows,
        blocked: of("unanswered") + of("refused"),
        packets: edge.packets,
        bytes: edge.bytes,
        rate: edge.rate.map(Rate::from).unwrap_or_default(),
    }
}

impl From<snapshot::Rate> for Rate {
    fn from(rate: snapshot::Rate) -> Self {
        Self {
            packets: rate.packets_per_s,
            bytes: rate.bytes_per_s,
        }
    }
}

impl FlowPage {
    /// A page of a snapshot's flows.
    #[must_use]
    pub fn of(taken: &snapshot::Snapshot, asked: &FlowsAsked) -> Self {
        let filter = FlowFilter {
            query: FlowQuery {
                limit: Some(asked.limit),
                ..asked.query.clone()
            },
            state: asked.state.iter().cloned().collect(),
            fastest: asked.fastest,
            offset: asked.offset,
            ..FlowFilter::default()
        };
        let page = taken.page(&filter);
        Self {
            matching: page.matching,
            rows: page
                .flows
                .into_iter()
                .map(|row| FlowRow {
                    flow: row.flow,
                    rate: row.rate.map(Rate::from),
                })
                .collect(),
        }
    }
}
