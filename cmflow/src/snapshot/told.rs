//! Pages of flows out of a snapshot: sorted once for all who ask for the same order, filtered by numbers.

use std::cmp::Reverse;
use std::sync::OnceLock;
use std::time::Duration;

use cmflow_common::judge::is_unexplained;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Rate, Snapshot};
use crate::account::Flow;
use crate::answer;
use crate::compile::ClassInfo;
use crate::findings::told_state;
use crate::serve::{FlowQuery, FlowSort};

/// Which flows, in which order, from which one on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlowFilter {
    /// Verdicts, roles, addresses, rules, the order and how many.
    pub query: FlowQuery,
    /// Only flows that somebody with one of these roles opened.
    pub from: Vec<String>,
    /// Only flows that somebody with one of these roles answers.
    pub to: Vec<String>,
    /// Only flows of which that became.
    pub state: Vec<String>,
    /// Fastest first, whatever the query's order is.
    pub fastest: bool,
    /// How many are passed over.
    pub offset: usize,
}

/// A flow, and how fast it grows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RatedFlow {
    /// The flow.
    #[serde(flatten)]
    pub flow: answer::Flow,
    /// How fast it grew since the snapshot before.
    pub rate: Option<Rate>,
}

/// A page of flows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FlowPage {
    /// Flows that the filters let through, sorted.
    pub flows: Vec<RatedFlow>,
    /// How many the filters let through in all.
    pub matching: u64,
    /// How many of them were passed over.
    pub offset: u64,
    /// The offset of the next page; nothing where this is the last one.
    pub next: Option<u64>,
    /// Number of the snapshot.
    pub snapshot: u64,
    /// When it was read.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// Places of flows in each order, sorted when first asked for.
#[derive(Debug, Default)]
pub(crate) struct Orders {
    by: [OnceLock<Vec<u32>>; 8],
}

/// What a filter means in numbers: whether a verdict, and a class at either end, is let through.
struct Wanted {
    verdicts: Vec<bool>,
    roles: Option<[Vec<bool>; 2]>,
    from: Option<Vec<bool>>,
    to: Option<Vec<bool>>,
}

impl Snapshot {
    /// How long before this one the snapshot was that growth is told from.
    pub(crate) fn over(&self) -> Option<Duration> {
        let rates = self.rates.as_ref()?;
        Some(Duration::from_secs_f64(rates.over_s))
    }

    /// Flows that a filter lets through: as many as its limit says, and how many there are.
    #[must_use]
    pub fn page(&self, filter: &FlowFilter) -> FlowPage {
        let wanted = self.wanted(filter);
        let limit = filter.query.limit.unwrap_or(usize::MAX);
        let findings = self.findings();
        let over = self.over();
        let mut matching = 0;
        let mut flows = Vec::new();
        for place in self.order(filter) {
            let place = *place as usize;
            if !self.lets_through(place, filter, &wanted) {
                continue;
            }
            if matching >= filter.offset && flows.len() < limit {
                flows.push(RatedFlow {
                    flow: findings.flow(&self.flows[place]),
                    rate: over.map(|over| Rate::of(self.beside[place].grew, over)),
                });
            }
            matching += 1;
        }
        let end = filter.offset.saturating_add(flows.len());
        FlowPage {
            next: (end < matching && !flows.is_empty()).then_some(end as u64),
            flows,
            matching: matching as u64,
            offset: filter.offset as u64,
            snapshot: self.number,
            at: self.status.at,
        }
    }

    fn wanted(&self, filter: &FlowFilter) -> Wanted {
        let compiled = &self.compiled;
        let query = &filter.query;
        let verdicts = compiled.verdicts.iter().map(|info| {
            let kind = query.verdict.is_empty() || query.verdict.iter().any(|kind| kind == info.kind.name());
            let begins = |wanted: &String| info.rules.iter().any(|id| id.starts_with(wanted.as_str()));
            kind && (query.rule.is_empty() || query.rule.iter().any(begins))
        });
        let initiators = |roles: &[String]| self.classes(roles, |class| class.named);
        let responders = |roles: &[String]| self.classes(roles, |class| class.named.union(class.proxy_for));
        Wanted {
            verdicts: verdicts.collect(),
            roles: initiators(&query.role)
                .zip(responders(&query.role))
                .map(Into::into),
            from: initiators(&filter.from),
            to: responders(&filter.to),
        }
    }

    /// By class, whether it has one of the roles; nothing where none is asked for.
    fn classes(
        &self,
        roles: &[String],
        of: impl Fn(&ClassInfo) -> crate::compile::RoleSet,
    ) -> Option<Vec<bool>> {
        if roles.is_empty() {
            return None;
        }
        let compiled = &self.compiled;
        let has = |class: &ClassInfo| {
            compiled
                .role_names(of(class))
                .iter()
                .any(|name| roles.iter().any(|one| one == name))
        };
        Some(compiled.classes.iter().map(has).collect())
    }

    fn lets_through(&self, place: usize, filter: &FlowFilter, wanted: &Wanted) -> bool {
        let (flow, classes) = (&self.flows[place], self.beside[place].classes.map(usize::from));
        let [from, to] = classes;
        let verdict = usize::from(flow.verdict.number());
        let address = &filter.query.address;
        let has = |list: &Option<Vec<bool>>, class: usize| list.as_ref().is_none_or(|list| list[class]);
        wanted.verdicts.get(verdict).copied().unwrap_or(false)
            && wanted
                .roles
                .as_ref()
                .is_none_or(|[initiators, responders]| initiators[from] || responders[to])
            && has(&wanted.from, from)
            && has(&wanted.to, to)
            && (address.is_empty()
                || [flow.initiator, flow.responder]
                    .iter()
                    .any(|end| address.contains(&answer::ip(end.address))))
            && (filter.state.is_empty()
                || filter
                    .state
                    .iter()
                    .any(|state| state == told_state(&self.compiled, flow).name()))
    }

    fn order(&self, filter: &FlowFilter) -> &[u32] {
        let number = if filter.fastest {
            7
        } else {
            filter.query.sort as usize
        };
        self.orders.by[number].get_or_init(|| {
            let mut places: Vec<u32> = (0..u32::try_from(self.flows.len()).unwrap_or(u32::MAX)).collect();
            let flow = |place: &u32| &self.flows[*place as usize];
            let size = |flow: &Flow| Reverse((flow.total().bytes, flow.last_seen));
            if filter.fastest {
                places.sort_by_key(|place| {
                    (
                        Reverse(self.beside[*place as usize].grew.bytes),
                        size(flow(place)),
                    )
                });
                return places;
            }
            match filter.query.sort {
                FlowSort::Bytes => places.sort_by_key(|place| size(flow(place))),
                FlowSort::Packets => {
                    places.sort_by_key(|place| Reverse((flow(place).total().packets, flow(place).last_seen)));
                }
                FlowSort::LastSeen => places.sort_by_key(|place| Reverse(flow(place).last_seen)),
                FlowSort::FirstSeen => places.sort_by_key(|place| Reverse(flow(place).first_seen)),
                FlowSort::Verdict => places.sort_by_key(|place| {
                    let info = self.compiled.verdict(flow(place).verdict);
                    (info.map(|info| info.kind), size(flow(place)))
                }),
                FlowSort::Unexplained => places.sort_by_key(|place| {
                    let flow = flow(place);
                    (!is_unexplained(flow.verdict), Reverse(flow.last_seen))
                }),
                FlowSort::Address => places.sort_by_key(|place| {
                    let Flow {
                        initiator, responder, ..
                    } = flow(place);
                    (
                        answer::ip(initiator.address),
                        answer::ip(responder.address),
                        responder.port,
                        initiator.port,
                    )
                }),
            }
            places
        })
    }
}
