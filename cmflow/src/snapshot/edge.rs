//! Live flows by the roles of their ends and what explains them: the lines of the map and the cells of the matrix.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use cmflow_common::flow::FlowState;
use cmflow_common::gateway::Count;
use cmflow_common::packet::protocol;
use cmflow_common::verdict::VerdictId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Beside, Rate};
use crate::account::Flow;
use crate::clock::Moment;
use crate::compile::{Compiled, VerdictInfo};
use crate::findings::nobody_answers;

/// Flows from computers of some roles to computers of others, with one verdict and one set of rules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Edge {
    /// Roles of those who open; none where the site file does not name them.
    pub from: Vec<String>,
    /// Roles of those who answer.
    pub to: Vec<String>,
    /// The verdict.
    pub verdict: String,
    /// Ids of the rules that explain it; for a reversed one of those that would.
    pub rules: Vec<String>,
    /// Flows that live.
    pub flows: u64,
    /// The same by what became of them: `answered`, `unanswered`, `refused` …
    pub states: BTreeMap<String, u64>,
    /// Their packets.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How fast they grew since the snapshot before.
    pub rate: Option<Rate>,
    /// Last packet.
    pub last_seen: Timestamp,
}

/// Edges, the busiest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Edges {
    /// As many as are kept apart.
    pub edges: Vec<Edge>,
    /// How many more there are.
    pub beyond: u64,
}

/// Flows of one edge, added up.
#[derive(Default)]
struct Sum {
    flows: u64,
    states: [u64; STATES.len()],
    /// Those among the unanswered ones that the catalogue may expect no answer of.
    silent: u64,
    count: Count,
    grew: Count,
    last_seen: u64,
}

const STATES: [FlowState; 5] = [
    FlowState::Answered,
    FlowState::Unanswered,
    FlowState::Refused,
    FlowState::OneSided,
    FlowState::NoAnswerExpected,
];

impl Sum {
    fn add(&mut self, other: &Self) {
        self.flows += other.flows;
        for (state, count) in self.states.iter_mut().zip(other.states) {
            *state += count;
        }
        self.silent += other.silent;
        self.count.add(other.count.packets, other.count.bytes);
        self.grew.add(other.grew.packets, other.grew.bytes);
        self.last_seen = self.last_seen.max(other.last_seen);
    }
}

impl Edges {
    /// Edges that are sent at most. A site of hundreds of rules stays below.
    pub const MOST: usize = 400;

    /// Groups flows.
    pub(super) fn of(
        compiled: &Compiled,
        flows: &[Flow],
        beside: &[Beside],
        moment: &Moment,
        over: Option<Duration>,
    ) -> Self {
        // By numbers first: names are looked up once for each kind of flow, not for each flow.
        let mut sums: HashMap<([u16; 2], VerdictId), Sum> = HashMap::new();
        for (flow, beside) in flows.iter().zip(beside) {
            let datagram = flow.key.protocol() != protocol::TCP;
            let one = Sum {
                flows: u64::from(!flow.goes_on),
                states: STATES.map(|each| u64::from(each == flow.state)),
                silent: u64::from(datagram && flow.state == FlowState::Unanswered),
                count: flow.total(),
                grew: beside.grew,
                last_seen: flow.last_seen,
            };
            sums.entry((beside.classes, flow.verdict)).or_default().add(&one);
        }
        // Sites and ports make classes that no map tells apart.
        let mut named: HashMap<([Vec<String>; 2], &VerdictInfo), Sum> = HashMap::new();
        for (([from, to], verdict), mut sum) in sums {
            let (from, to) = (
                &compiled.classes[usize::from(from)],
                &compiled.classes[usize::from(to)],
            );
            let names = |roles| {
                compiled
                    .role_names(roles)
                    .into_iter()
                    .map(str::to_owned)
                    .collect()
            };
            let ends = [names(from.named), names(to.named.union(to.proxy_for))];
            let info = compiled.verdict(verdict).unwrap_or(&compiled.verdicts[0]);
            if sum.silent > 0 && (to.group.is_some() || nobody_answers(compiled, info)) {
                let [_, unanswered, _, _, not_expected] = &mut sum.states;
                *unanswered -= sum.silent;
                *not_expected += sum.silent;
            }
            named.entry((ends, info)).or_default().add(&sum);
        }
        let mut edges: Vec<_> = named.into_iter().collect();
        edges.sort_by(|(one, a), (other, b)| {
            let size = |sum: &Sum| Reverse((sum.grew.bytes, sum.count.bytes));
            let names =
                |key: &([Vec<String>; 2], &VerdictInfo)| (key.0.clone(), key.1.kind, key.1.rules.clone());
            size(a).cmp(&size(b)).then_with(|| names(one).cmp(&names(other)))
        });
        let beyond = edges.len().saturating_sub(Self::MOST) as u64;
        edges.truncate(Self::MOST);
        let told = edges.into_iter().map(|(([from, to], info), sum)| {
            let states = STATES.iter().zip(sum.states).filter(|(_, count)| *count > 0);
            Edge {
                from,
                to,
                verdict: info.kind.name().to_owned(),
                rules: info.rules.clone(),
                flows: sum.flows,
                states: states
                    .map(|(state, count)| (state.name().to_owned(), count))
                    .collect(),
                packets: sum.count.packets,
                bytes: sum.count.bytes,
                rate: over.map(|over| Rate::of(sum.grew, over)),
                last_seen: moment.time_of(sum.last_seen),
            }
        });
        Self {
            edges: told.collect(),
            beyond,
        }
    }
}
