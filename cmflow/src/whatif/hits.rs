//! Which rules of a book recorded conversations would credit, whatever judged them when they were recorded.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use super::judged::{Announced, Both, explains};
use crate::explain::Book;
use crate::history::Evidence;

/// What conversations say of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Hit {
    /// Last packet of them.
    pub last_seen: Timestamp,
    /// Their flows.
    pub flows: u64,
    /// Those that were answered.
    pub answered_flows: u64,
    /// Whether an answered one is explained by this rule alone.
    pub alone: bool,
}

/// Rules with a hit, by their ids.
#[must_use]
pub fn hits(book: &Book<'_>, evidence: &[Evidence]) -> BTreeMap<String, Hit> {
    let mut both = Both::new(*book, *book);
    let announced = Announced::of(evidence);
    let mut found: BTreeMap<String, Hit> = BTreeMap::new();
    for one in evidence {
        for conversation in &one.conversations {
            let recorded = &one.verdicts[conversation.key.verdict as usize].info;
            let cases = both.cases(conversation, recorded, &announced);
            let certain = cases.iter().filter(|case| case.certain);
            let infos = certain
                .map(|case| both.infos(case)[0])
                .filter(|info| explains(info.kind));
            let rules: BTreeSet<&String> = infos.flat_map(|info| &info.rules).collect();
            let alone = rules.len() == 1 && conversation.total.answered > 0;
            for rule in rules {
                let hit = found.entry(rule.clone()).or_insert(Hit {
                    last_seen: conversation.last_seen,
                    flows: 0,
                    answered_flows: 0,
                    alone: false,
                });
                hit.last_seen = hit.last_seen.max(conversation.last_seen);
                hit.flows += conversation.total.flows;
                hit.answered_flows += conversation.total.answered;
                hit.alone |= alone;
            }
        }
    }
    found
}
