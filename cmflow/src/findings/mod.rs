//! What was counted, in the words of the documents: the answers that a daemon and a replay have in common.

mod groups;
mod hidden;
mod rpc;
mod state;

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use cmflow_common::address::Address;
use cmflow_common::gateway::Count;
use cmflow_common::judge::is_unexplained;
use cmflow_common::verdict::{VerdictId, VerdictKind};
use jiff::Timestamp;

use crate::account::{Conversation, ConversationTotal, End, Flow, Totals};
use crate::answer::{self, RuleCount, Tally, ip, protocol_name};
use crate::clock::Moment;
use crate::compile::{Compiled, VerdictInfo};
use crate::nearest;
use crate::serve::{FlowQuery, FlowSort};
use crate::site::SiteModel;
use crate::spelling::did_you_mean;

pub use groups::{Group, GroupKey, grouped};
pub use state::{nobody_answers, told_state};

/// Counters and flows, and what they are told by.
#[derive(Debug)]
pub struct Findings<'a> {
    /// The tables that judged.
    pub compiled: &'a Compiled,
    /// What the site file says.
    pub site: &'a SiteModel,
    /// Packets by number of the verdict.
    pub verdicts: &'a [Count],
    /// Flows that can be listed.
    pub flows: &'a [Flow],
    /// Totals of all flows, those that are gone among them.
    pub totals: Cow<'a, Totals>,
    /// What makes times of day of the flows' times.
    pub moment: Moment,
}

impl Findings<'_> {
    /// Packets, bytes and flows by kind of verdict.
    #[must_use]
    pub fn verdicts(&self) -> BTreeMap<String, Tally> {
        let mut kinds: BTreeMap<String, Tally> = BTreeMap::new();
        for (id, info, count) in self.counted() {
            let tally = kinds.entry(info.kind.name().to_owned()).or_default();
            tally.packets += count.packets;
            tally.bytes += count.bytes;
            tally.flows += self.totals.verdicts.get(&id).map_or(0, |total| total.flows);
        }
        kinds
    }

    /// Puts into a status what takes flows to tell.
    pub fn complete(&self, status: &mut answer::Status) {
        for (interface, flows) in status.interfaces.iter_mut().zip(&self.totals.interfaces) {
            interface.flows = flows.flows;
            interface.one_sided_flows = flows.one_sided;
            interface.one_sided_share = flows.one_sided_share();
        }
        status.verdicts = self.verdicts();
        status.opaque = self.opaque();
    }

    /// Verdicts with at least one packet, and their counters.
    fn counted(&self) -> impl Iterator<Item = (VerdictId, &VerdictInfo, Count)> {
        let infos = &self.compiled.verdicts;
        infos
            .iter()
            .zip(self.verdicts)
            .enumerate()
            .filter_map(|(number, (info, count))| {
                let mark = if info.kind == VerdictKind::Reversed {
                    VerdictId::REVERSED
                } else {
                    0
                };
                let id = VerdictId(u16::try_from(number).ok()? | mark);
                let count = self.totals.settled(id, *count);
                (count.packets > 0).then_some((id, info, count))
            })
    }

    /// Refuses a query that names what does not exist, with the nearest right spelling.
    ///
    /// # Errors
    /// What does not exist.
    pub fn check(compiled: &Compiled, query: &FlowQuery) -> Result<(), String> {
        let roles = &compiled.roles;
        if let Some(role) = query.role.iter().find(|role| !roles.contains(role)) {
            let hint = did_you_mean(role, roles.iter().map(String::as_str));
            return Err(format!("unknown role \"{role}\"{hint}"));
        }
        let kinds = VerdictKind::ALL.map(VerdictKind::name);
        if let Some(verdict) = query
            .verdict
            .iter()
            .find(|verdict| !kinds.contains(&verdict.as_str()))
        {
            let hint = did_you_mean(verdict, kinds);
            return Err(format!("unknown verdict \"{verdict}\"{hint}"));
        }
        let rules = &compiled.rules;
        let known = |wanted: &String| rules.iter().any(|rule| rule.id.starts_with(wanted.as_str()));
        if let Some(wanted) = query.rule.iter().find(|wanted| !known(wanted)) {
            let hint = did_you_mean(wanted, rules.iter().map(|rule| rule.id.as_str()));
            return Err(format!("no rule of this edition begins with \"{wanted}\"{hint}"));
        }
        Ok(())
    }

    /// Flows that a query lets through in its order, its limit left out.
    #[must_use]
    pub fn matching(&self, query: &FlowQuery) -> Vec<&Flow> {
        let mut found: Vec<&Flow> = self
            .flows
            .iter()
            .filter(|flow| self.wanted(flow, query))
            .collect();
        let size = |flow: &Flow| Reverse((flow.total().bytes, flow.last_seen));
        match query.sort {
            FlowSort::Bytes => found.sort_by_key(|flow| size(flow)),
            FlowSort::Packets => found.sort_by_key(|flow| Reverse((flow.total().packets, flow.last_seen))),
            FlowSort::LastSeen => found.sort_by_key(|flow| Reverse(flow.last_seen)),
            FlowSort::FirstSeen => found.sort_by_key(|flow| Reverse(flow.first_seen)),
            FlowSort::Verdict => found.sort_by_key(|flow| (self.info(flow.verdict).kind, size(flow))),
            FlowSort::Unexplained => {
                found.sort_by_key(|flow| (!is_unexplained(flow.verdict), Reverse(flow.last_seen)));
            }
            FlowSort::Address => found.sort_by_key(|flow| {
                (
                    ip(flow.initiator.address),
                    ip(flow.responder.address),
                    flow.responder.port,
                    flow.initiator.port,
                )
            }),
        }
        found
    }

    fn wanted(&self, flow: &Flow, query: &FlowQuery) -> bool {
        self.lets_through(
            query,
            flow.verdict,
            [flow.initiator.address, flow.responder.address],
        )
    }

    /// Whether the filters of a query let through what has that verdict and those ends.
    fn lets_through(&self, query: &FlowQuery, verdict: VerdictId, ends: [Address; 2]) -> bool {
        let info = self.info(verdict);
        let any = |list: &[String], fits: &dyn Fn(&String) -> bool| list.is_empty() || list.iter().any(fits);
        any(&query.verdict, &|kind| kind == info.kind.name())
            && any(&query.rule, &|rule| {
                info.rules.iter().any(|id| id.starts_with(rule.as_str()))
            })
            && any(&query.role, &|role| {
                let [initiator, responder] = ends;
                self.compiled.roles_of(initiator).contains(role)
                    || self.compiled.roles_answering(responder).contains(role)
            })
            && (query.address.is_empty() || ends.iter().any(|end| query.address.contains(&ip(*end))))
    }

    /// A flow as people and scripts are told it.
    #[must_use]
    pub fn flow(&self, flow: &Flow) -> answer::Flow {
        let info = self.info(flow.verdict);
        let compiled = self.compiled;
        let end = |end: End, roles: Vec<String>| answer::FlowEnd {
            address: ip(end.address),
            port: end.port,
            roles,
        };
        answer::Flow {
            protocol: protocol_name(flow.key.protocol()),
            initiator: end(
                flow.initiator,
                self.roles_of_end(flow, flow.initiator.address, Compiled::roles_of),
            ),
            responder: end(
                flow.responder,
                self.roles_of_end(flow, flow.responder.address, Compiled::roles_answering),
            ),
            initiator_seen: flow.initiator_seen,
            state: told_state(self.compiled, flow).name().to_owned(),
            basis: info.basis.map(|basis| basis.name().to_owned()),
            forward: flow.forward.into(),
            reverse: flow.reverse.into(),
            verdict: info.kind.name().to_owned(),
            rules: info.rules.clone(),
            conditions: compiled.open_conditions(info),
            first_seen: self.moment.time_of(flow.first_seen),
            last_seen: self.moment.time_of(flow.last_seen),
        }
    }

    /// Roles of a flow's end; of one without an address that tells who, those of the side that it is at.
    fn roles_of_end(
        &self,
        flow: &Flow,
        end: Address,
        roles_of: fn(&Compiled, Address) -> Vec<String>,
    ) -> Vec<String> {
        let roles = roles_of(self.compiled, end);
        let tells_nobody = end.is_link_local() || ip(end).is_unspecified();
        if !roles.is_empty() || !tells_nobody {
            return roles;
        }
        let links = [flow.key.low, flow.key.high].map(Address::without_link);
        let at = links
            .into_iter()
            .find(|(plain, link)| *plain == end && *link != 0);
        let side = at.map(|(_, link)| Address::side(link));
        side.filter(|side| self.compiled.side_name(*side).is_some())
            .map(|side| self.compiled.roles_of(side))
            .unwrap_or_default()
    }

    /// What a verdict number stands for; a number of tables long gone counts as undocumented.
    fn info(&self, verdict: VerdictId) -> &VerdictInfo {
        let compiled = self.compiled;
        compiled
            .verdict(verdict)
            .unwrap_or(&compiled.verdicts[usize::from(VerdictId::UNDOCUMENTED.number())])
    }

    /// Rules with at least one packet, or all that the site file makes possible.
    #[must_use]
    pub fn rules(&self, all: bool) -> answer::Rules {
        let compiled = self.compiled;
        let mut counts: HashMap<&str, (Tally, Option<ConversationTotal>)> = HashMap::new();
        for (id, info, count) in self
            .counted()
            .filter(|(_, info, _)| info.kind != VerdictKind::Reversed)
        {
            let flows = self.totals.verdicts.get(&id);
            for rule in &info.rules {
                let (tally, span) = counts.entry(rule).or_default();
                tally.packets += count.packets;
                tally.bytes += count.bytes;
                if let Some(flows) = flows {
                    tally.flows += flows.flows;
                    let so_far = span.get_or_insert(*flows);
                    so_far.first_seen = so_far.first_seen.min(flows.first_seen);
                    so_far.last_seen = so_far.last_seen.max(flows.last_seen);
                }
            }
        }
        let time = |at: u64| -> Timestamp { self.moment.time_of(at) };
        let possible = compiled.rules.iter().filter(|rule| rule.pairs > 0);
        let rules = possible
            .clone()
            .filter(|rule| all || counts.contains_key(rule.id.as_str()))
            .map(|rule| {
                let (tally, span) = counts.get(rule.id.as_str()).copied().unwrap_or_default();
                RuleCount {
                    rule: rule.id.clone(),
                    verdict: rule.kind.name().to_owned(),
                    packets: tally.packets,
                    bytes: tally.bytes,
                    flows: tally.flows,
                    first_seen: span.map(|span| time(span.first_seen)),
                    last_seen: span.map(|span| time(span.last_seen)),
                }
            });
        answer::Rules {
            rules: rules.collect(),
            possible: possible.count() as u64,
        }
    }

    /// Conversations that nothing explains and the filters of a query let through, in the order that `sorted` puts
    /// them in, as many as `most`; and how many there are.
    #[must_use]
    pub fn unexplained<K: Ord>(
        &self,
        query: &FlowQuery,
        most: usize,
        sorted: impl Fn(&Conversation, &ConversationTotal) -> K,
    ) -> (Vec<answer::Unexplained>, usize) {
        let mut found: Vec<_> = self.unexplained_conversations(query).collect();
        let matching = found.len();
        found.sort_by_key(|(conversation, total)| (sorted(conversation, total), **conversation));
        found.truncate(most);
        let told = found
            .into_iter()
            .map(|(conversation, total)| self.told(conversation, total));
        (told.collect(), matching)
    }

    /// Conversations that nothing explains, the newest first, as many as `wanted` takes; which rule comes nearest is left
    /// out.
    #[must_use]
    pub fn newest_unexplained(
        &self,
        mut wanted: impl FnMut(&answer::Unexplained) -> bool,
    ) -> Vec<answer::Unexplained> {
        /// Conversations that are looked at: a scan makes very many.
        const MOST: usize = 5000;
        let mut found: Vec<_> = self.unexplained_conversations(&FlowQuery::default()).collect();
        let newest = |(conversation, total): &(&Conversation, &ConversationTotal)| {
            (Reverse(total.first_seen), **conversation)
        };
        if found.len() > MOST {
            found.select_nth_unstable_by_key(MOST, newest);
            found.truncate(MOST);
        }
        found.sort_by_key(newest);
        let told = found
            .into_iter()
            .map(|(conversation, total)| self.told_without_nearest(conversation, total));
        told.filter(|one| wanted(one)).collect()
    }

    fn unexplained_conversations(
        &self,
        query: &FlowQuery,
    ) -> impl Iterator<Item = (&Conversation, &ConversationTotal)> {
        let all = self.totals.unexplained.iter();
        all.filter(|(one, _)| self.lets_through(query, one.verdict, [one.initiator, one.responder.address]))
    }

    fn told(&self, conversation: &Conversation, total: &ConversationTotal) -> answer::Unexplained {
        answer::Unexplained {
            nearest: self.nearest(conversation),
            ..self.told_without_nearest(conversation, total)
        }
    }

    fn told_without_nearest(
        &self,
        conversation: &Conversation,
        total: &ConversationTotal,
    ) -> answer::Unexplained {
        let roles = |address: Address| self.compiled.roles_of(address);
        answer::Unexplained {
            protocol: protocol_name(conversation.protocol),
            initiator: ip(conversation.initiator),
            initiator_roles: roles(conversation.initiator),
            responder: ip(conversation.responder.address),
            responder_roles: self.compiled.roles_answering(conversation.responder.address),
            port: conversation.responder.port,
            verdict: self.info(conversation.verdict).kind.name().to_owned(),
            packets: total.count.packets,
            bytes: total.count.bytes,
            flows: total.flows,
            first_seen: self.moment.time_of(total.first_seen),
            last_seen: self.moment.time_of(total.last_seen),
            nearest: None,
        }
    }

    fn nearest(&self, conversation: &Conversation) -> Option<answer::Nearest> {
        let question = nearest::Question {
            initiator: conversation.initiator,
            responder: conversation.responder.address,
            protocol: conversation.protocol,
            port: conversation.responder.port,
        };
        let nearest = nearest::nearest(self.compiled, self.site, &question)?;
        Some(answer::Nearest {
            rule: nearest.rule,
            why_not: nearest.why_not,
        })
    }
}
