//! Between which classes of computers the tables credit which rule: what a packet could be counted for.

use std::collections::{BTreeSet, HashMap};

use cmflow_common::verdict::{Judgement, VerdictId};

use super::hits::explains;
use crate::compile::{Basis, Compiled, VerdictInfo};

/// Pairs of endpoint classes by rule, the lower one first.
pub(super) type ClassPairs<'a> = HashMap<&'a str, BTreeSet<(u16, u16)>>;

/// What explains a flow between two classes at a class of ports.
#[derive(Clone, Copy, Debug)]
pub(super) struct Explained<'a> {
    pub(super) info: &'a VerdictInfo,
    /// The operating system picks the port.
    pub(super) dynamic: bool,
}

/// What explains flows of a judgement: an announcement where one can, else the ports; nothing where no rule does.
pub(super) fn explained<'a>(compiled: &'a Compiled, judgement: &Judgement) -> Option<Explained<'a>> {
    let of = |id: VerdictId| {
        let info = compiled.verdict(id).filter(|_| !id.is_reversed())?;
        explains(info.kind).then_some(info)
    };
    let expected = of(judgement.expected).filter(|_| judgement.expected != VerdictId::NOT_EXPECTED);
    if let Some(info) = expected {
        return Some(Explained { info, dynamic: true });
    }
    of(judgement.seen).map(|info| Explained {
        info,
        dynamic: info.basis == Some(Basis::Range),
    })
}

/// Every rule's pairs of classes.
pub(super) fn class_pairs(compiled: &Compiled) -> ClassPairs<'_> {
    let mut of_verdict: HashMap<VerdictId, BTreeSet<(u16, u16)>> = HashMap::new();
    for ((initiator, responder, _), judgement) in &compiled.tables.judgements {
        let pair = (*initiator.min(responder), *initiator.max(responder));
        for id in [judgement.seen, judgement.expected] {
            if !id.is_reversed() && id.0 >= VerdictId::FIRST_COMPILED.0 {
                of_verdict.entry(id).or_default().insert(pair);
            }
        }
    }
    let mut pairs = ClassPairs::new();
    for (id, found) in of_verdict {
        let Some(info) = compiled.verdict(id).filter(|info| explains(info.kind)) else {
            continue;
        };
        for rule in &info.rules {
            pairs.entry(rule).or_default().extend(&found);
        }
    }
    pairs
}
