//! What was answered last, and how fast things are since the answer before.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;

use crate::answer::{Count, Flow, Flows, Rules, Status, Undocumented};
use crate::serve::FlowQuery;
use crate::top::rate::{Counted, Rate};
use crate::top::rows::{flow_name, group_name, total};
use crate::top::tab::Tab;
use crate::top::wanted::Round;

/// One kind of answer.
#[derive(Clone, Debug, Default)]
pub struct Seen<T> {
    /// The last answer that is shown.
    pub now: T,
    /// Rates by name.
    pub rates: HashMap<String, Rate>,
    /// Whether there was an answer.
    pub known: bool,
    counted: Counted,
}

/// The last answers.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// How the daemon does.
    pub status: Option<Status>,
    /// Rates of interfaces.
    pub interfaces: HashMap<String, Rate>,
    /// Rates of verdicts.
    pub verdicts: HashMap<String, Rate>,
    /// Flows.
    pub flows: Seen<Flows>,
    /// When the answer before was read, by the daemon's clock: a flow that began later is new.
    pub flows_before: Option<Timestamp>,
    /// Rules.
    pub rules: Seen<Rules>,
    /// Flows by rule, in the answer before.
    pub flows_by_rule: HashMap<String, u64>,
    /// What nothing explains, by groups.
    pub groups: Seen<Undocumented>,
    /// Groups that the answer before did not have.
    pub new_groups: HashSet<String>,
    /// Rules and groups, as the matrix shows them.
    pub matrix: (Rules, Undocumented),
    /// Rates of both.
    pub matrix_rates: [HashMap<String, Rate>; 2],
    /// How many groups there are; it goes on while their tab is paused.
    pub unexplained: Option<usize>,
    counted: [Counted; 2],
    asked: Option<FlowQuery>,
    /// When flows were read last.
    read: Option<Timestamp>,
}

impl<T> Seen<T> {
    fn take(&mut self, now: T, counted: Counted, began: impl Fn(&str) -> bool) {
        self.rates = if self.known {
            counted.since(&self.counted, began)
        } else {
            HashMap::new()
        };
        self.now = now;
        self.counted = counted;
        self.known = true;
    }
}

impl Answers {
    /// Takes in a round; tabs that are paused keep their rows.
    pub(super) fn take(&mut self, round: Round, paused: [bool; 5]) {
        let goes_on = |tab: Tab| !paused[tab as usize];
        let at = round.at;
        if let Some(status) = round.status {
            self.take_status(status, at);
        }
        if let Some((query, flows)) = round.flows
            && goes_on(Tab::Flows)
        {
            self.take_flows(query, flows, at);
        }
        let for_matrix = round.rules.clone().zip(round.groups.clone());
        if let Some(rules) = round.rules
            && goes_on(Tab::Rules)
        {
            self.take_rules(rules, at);
        }
        if let Some(groups) = round.groups {
            self.unexplained = Some(groups.groups.len());
            if goes_on(Tab::Unexplained) {
                self.take_groups(groups, at);
            }
        }
        if let Some(both) = for_matrix
            && goes_on(Tab::Matrix)
        {
            self.matrix = both;
            self.matrix_rates = [self.rules.rates.clone(), self.groups.rates.clone()];
        }
    }

    fn take_status(&mut self, status: Status, at: Duration) {
        let before = self.status.as_ref();
        // Another daemon began anew: nothing of before can be compared with what it counts.
        if before.is_some_and(|before| before.since != status.since) {
            *self = Self::default();
        }
        let interfaces = status.interfaces.iter().map(|one| {
            let count = Count {
                packets: one.frames,
                bytes: one.bytes,
            };
            (one.name.clone(), count)
        });
        let verdicts = status.verdicts.iter().map(|(kind, tally)| {
            let count = Count {
                packets: tally.packets,
                bytes: tally.bytes,
            };
            (kind.clone(), count)
        });
        let counted = [Counted::new(at, interfaces), Counted::new(at, verdicts)];
        if self.status.is_some() {
            let [interfaces, verdicts] = &self.counted;
            self.interfaces = counted[0].since(interfaces, |_| false);
            // A verdict without a packet is not among the answers.
            self.verdicts = counted[1].since(verdicts, |_| true);
        }
        self.counted = counted;
        self.status = Some(status);
    }

    fn take_flows(&mut self, query: FlowQuery, flows: Flows, at: Duration) {
        let before = self.read;
        let is_new = |flow: &&Flow| before.is_some_and(|before| flow.first_seen > before);
        let new: HashSet<String> = flows.flows.iter().filter(is_new).map(flow_name).collect();
        let counts = flows.flows.iter().map(|flow| (flow_name(flow), total(flow)));
        let counted = Counted::new(at, counts);
        self.flows.take(flows, counted, |name| new.contains(name));
        self.flows_before = before;
        self.read = self.status.as_ref().map(|status| status.at);
        self.asked = Some(query);
    }

    fn take_rules(&mut self, rules: Rules, at: Duration) {
        let flows = self.rules.now.rules.iter();
        self.flows_by_rule = flows.map(|rule| (rule.rule.clone(), rule.flows)).collect();
        let counts = rules.rules.iter().map(|rule| {
            let count = Count {
                packets: rule.packets,
                bytes: rule.bytes,
            };
            (rule.rule.clone(), count)
        });
        let counted = Counted::new(at, counts);
        self.rules.take(rules, counted, |_| false);
    }

    fn take_groups(&mut self, groups: Undocumented, at: Duration) {
        let known: HashSet<String> = self.groups.now.groups.iter().map(group_name).collect();
        let names = groups.groups.iter().map(group_name);
        let new: HashSet<String> = names
            .filter(|name| self.groups.known && !known.contains(name))
            .collect();
        let counts = groups.groups.iter().map(|group| {
            let count = Count {
                packets: group.packets,
                bytes: group.bytes,
            };
            (group_name(group), count)
        });
        let counted = Counted::new(at, counts);
        self.groups.take(groups, counted, |name| new.contains(name));
        self.new_groups = new;
    }

    /// Whether the flows are those of this question.
    #[must_use]
    pub fn are_of(&self, query: &FlowQuery) -> bool {
        self.asked.as_ref() == Some(query)
    }
}
