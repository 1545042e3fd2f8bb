//! Which dynamic ports were used, and how narrow the range could be.

use std::collections::BTreeSet;

use super::Findings;
use crate::account::{PairPorts, stretches};
use crate::answer::{PortStretch, Rpc, RpcPair, ip};

impl Findings<'_> {
    /// Dynamic ports by pair of computers, and the narrowest range that holds them all.
    #[must_use]
    pub fn rpc(&self) -> Rpc {
        let dynamic = &self.totals.dynamic;
        let mut rpc: Vec<RpcPair> = dynamic
            .pairs
            .iter()
            .map(|(ends, pair)| {
                let [initiator, responder] = ends.map(ip);
                let [initiator_roles, responder_roles] = ends.map(|end| self.compiled.roles_of(end));
                let infos = pair.verdicts.iter().map(|verdict| self.info(*verdict));
                let rules: BTreeSet<&String> = infos.clone().flat_map(|info| &info.rules).collect();
                let kind = infos.map(|info| info.kind).min();
                RpcPair {
                    initiator,
                    initiator_roles,
                    responder,
                    responder_roles,
                    ports: told(pair),
                    beyond: pair.beyond,
                    flows_by_expectation: pair.by_expectation,
                    flows_by_range: pair.by_range,
                    verdict: kind.map(|kind| kind.name().to_owned()).unwrap_or_default(),
                    rules: rules.into_iter().cloned().collect(),
                    first_seen: self.moment.time_of(pair.first_seen),
                    last_seen: self.moment.time_of(pair.last_seen),
                }
            })
            .collect();
        rpc.sort_by_key(|pair| (pair.initiator, pair.responder));
        let complete = dynamic.beyond == 0 && rpc.iter().all(|pair| pair.beyond == 0);
        let ports = || rpc.iter().flat_map(|pair| &pair.ports);
        let first = ports().map(|stretch| stretch.first).min();
        let last = ports().map(|stretch| stretch.last).max();
        let narrowest = first.zip(last).filter(|_| complete);
        let narrowest = narrowest.map(|(first, last)| PortStretch { first, last });
        Rpc {
            beyond: dynamic.beyond,
            narrowest,
            setting: narrowest.map(|range| format!("rpc-dynamic = \"{}-{}\"", range.first, range.last)),
            rpc,
        }
    }
}

fn told(pair: &PairPorts) -> Vec<PortStretch> {
    let each = stretches(&pair.ports).into_iter();
    each.map(|(first, last)| PortStretch { first, last }).collect()
}
