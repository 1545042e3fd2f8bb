//! What the daemon knows, in the shapes that people and scripts are given.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use cmflow_common::outcome::Outcome;
use cmflow_common::verdict::{VerdictId, VerdictKind};
use jiff::Timestamp;

use crate::account::{Conversation, ConversationTotal, Flow, Totals};
use crate::answer::{self, RuleCount, Tally, ip, protocol_name};
use crate::compile::VerdictInfo;
use crate::nearest;
use crate::serve::{FlowQuery, FlowSort};
use crate::spelling::did_you_mean;

use super::observer::Observer;
use crate::reader::Reading;

/// The daemon and what it just read.
pub(super) struct Answers<'a> {
    pub(super) observer: &'a Observer,
    pub(super) reading: &'a Reading,
}

impl Answers<'_> {
    pub(super) fn status(&self) -> answer::Status {
        let (observer, reading) = (self.observer, self.reading);
        let mut outcomes = BTreeMap::new();
        let mut interfaces = Vec::new();
        let mut frames = 0;
        for (attached, row) in observer.attached.iter().zip(&reading.outcomes) {
            let total = crate::account::sum(row);
            frames += total.packets;
            for (outcome, count) in Outcome::ALL
                .iter()
                .zip(row)
                .filter(|(_, count)| count.packets > 0)
            {
                *outcomes.entry(outcome.name().to_owned()).or_default() += count.packets;
            }
            interfaces.push(answer::InterfaceStatus {
                name: attached.interface.name.clone(),
                mode: attached.hook.name().to_owned(),
                why: attached.why.clone(),
                frames: total.packets,
                bytes: total.bytes,
                received: Observer::received(attached),
            });
        }
        let law = &observer.reader.law;
        answer::Status {
            instance: observer.instance.to_string(),
            site: observer.file.clone(),
            edition: observer.compiled.edition.to_string(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            since: observer.since,
            at: reading.moment.wall(),
            interfaces,
            frames,
            outcomes,
            verdicts: self.verdicts(),
            flow_table: answer::FlowTable {
                entries: reading.slots as u64,
                capacity: observer.maps.capacity() as u64,
                packets_without_entry: reading.without_entry.packets,
            },
            events_lost: observer.maps.lost_news().unwrap_or(0),
            generation: observer.maps.generation(),
            conservation: answer::ConservationStatus {
                ok: law.holds(),
                frames: law.parsed(),
                accounted: law.accounted(),
                judged: law.halves[0].verdicts + law.halves[1].verdicts,
                broken_ticks: law.broken,
            },
        }
    }

    /// Packets, bytes and flows by kind of verdict.
    fn verdicts(&self) -> BTreeMap<String, Tally> {
        let totals = self.totals();
        let mut kinds: BTreeMap<String, Tally> = BTreeMap::new();
        for (id, info, count) in self.counted() {
            let tally = kinds.entry(info.kind.name().to_owned()).or_default();
            tally.packets += count.packets;
            tally.bytes += count.bytes;
            tally.flows += totals.verdicts.get(&id).map_or(0, |total| total.flows);
        }
        kinds
    }

    /// Verdicts with at least one packet, and their counters.
    fn counted(&self) -> impl Iterator<Item = (VerdictId, &VerdictInfo, cmflow_common::gateway::Count)> {
        let infos = &self.observer.compiled.verdicts;
        infos
            .iter()
            .zip(&self.reading.verdicts)
            .enumerate()
            .filter_map(|(number, (info, count))| {
                let mark = if info.kind == VerdictKind::Reversed {
                    VerdictId::REVERSED
                } else {
                    0
                };
                let id = VerdictId(u16::try_from(number).ok()? | mark);
                (count.packets > 0).then_some((id, info, *count))
            })
    }

    /// Flows that are gone with those that live.
    fn totals(&self) -> Totals {
        self.observer.reader.gone.with(&self.reading.flows)
    }

    /// Refuses a query that names what does not exist, with the nearest right spelling.
    pub(super) fn check(&self, query: &FlowQuery) -> Result<(), String> {
        let roles = &self.observer.compiled.roles;
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
        let rules = &self.observer.compiled.rules;
        let known = |wanted: &String| rules.iter().any(|rule| rule.id.starts_with(wanted.as_str()));
        if let Some(wanted) = query.rule.iter().find(|wanted| !known(wanted)) {
            let hint = did_you_mean(wanted, rules.iter().map(|rule| rule.id.as_str()));
            return Err(format!("no rule of this edition begins with \"{wanted}\"{hint}"));
        }
        Ok(())
    }

    pub(super) fn flows(&self, query: &FlowQuery) -> answer::Flows {
        let mut found: Vec<&Flow> = self
            .reading
            .flows
            .iter()
            .filter(|flow| self.wanted(flow, query))
            .collect();
        match query.sort {
            FlowSort::Bytes => found.sort_by_key(|flow| Reverse((flow.total().bytes, flow.last_seen))),
            FlowSort::Packets => found.sort_by_key(|flow| Reverse((flow.total().packets, flow.last_seen))),
            FlowSort::LastSeen => found.sort_by_key(|flow| Reverse(flow.last_seen)),
            FlowSort::FirstSeen => found.sort_by_key(|flow| Reverse(flow.first_seen)),
            FlowSort::Verdict => found.sort_by_key(|flow| {
                (
                    self.info(flow.verdict).kind,
                    Reverse((flow.total().bytes, flow.last_seen)),
                )
            }),
            FlowSort::Address => found.sort_by_key(|flow| {
                (
                    ip(flow.initiator.address),
                    ip(flow.responder.address),
                    flow.responder.port,
                    flow.initiator.port,
                )
            }),
        }
        let matching = found.len() as u64;
        found.truncate(query.limit.unwrap_or(usize::MAX));
        answer::Flows {
            flows: found.into_iter().map(|flow| self.flow(flow)).collect(),
            matching,
        }
    }

    fn wanted(&self, flow: &Flow, query: &FlowQuery) -> bool {
        let info = self.info(flow.verdict);
        let ends = [flow.initiator.address, flow.responder.address];
        let any = |list: &[String], fits: &dyn Fn(&String) -> bool| list.is_empty() || list.iter().any(fits);
        any(&query.verdict, &|kind| kind == info.kind.name())
            && any(&query.rule, &|rule| {
                info.rules.iter().any(|id| id.starts_with(rule.as_str()))
            })
            && any(&query.role, &|role| {
                ends.iter().any(|end| self.observer.roles(*end).contains(role))
            })
            && (query.address.is_empty() || ends.iter().any(|end| query.address.contains(&ip(*end))))
    }

    fn flow(&self, flow: &Flow) -> answer::Flow {
        let info = self.info(flow.verdict);
        let end = |end: crate::account::End| answer::FlowEnd {
            address: ip(end.address),
            port: end.port,
            roles: self.observer.roles(end.address),
        };
        answer::Flow {
            protocol: protocol_name(flow.key.protocol()),
            initiator: end(flow.initiator),
            responder: end(flow.responder),
            initiator_seen: flow.initiator_seen,
            state: flow.state.name().to_owned(),
            basis: info.basis.map(|basis| basis.name().to_owned()),
            forward: flow.forward.into(),
            reverse: flow.reverse.into(),
            verdict: info.kind.name().to_owned(),
            rules: info.rules.clone(),
            first_seen: self.reading.moment.time_of(flow.first_seen),
            last_seen: self.reading.moment.time_of(flow.last_seen),
        }
    }

    /// What a verdict number stands for; a number of tables long gone counts as undocumented.
    fn info(&self, verdict: VerdictId) -> &VerdictInfo {
        let compiled = &self.observer.compiled;
        compiled
            .verdict(verdict)
            .unwrap_or(&compiled.verdicts[usize::from(VerdictId::UNDOCUMENTED.number())])
    }

    pub(super) fn rules(&self, all: bool) -> answer::Rules {
        let totals = self.totals();
        let compiled = &self.observer.compiled;
        let mut counts: HashMap<&str, (Tally, Option<ConversationTotal>)> = HashMap::new();
        for (id, info, count) in self
            .counted()
            .filter(|(_, info, _)| info.kind != VerdictKind::Reversed)
        {
            let flows = totals.verdicts.get(&id);
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
        let time = |jiffies: u64| -> Timestamp { self.reading.moment.time_of(jiffies) };
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

    pub(super) fn undocumented(&self) -> answer::Undocumented {
        let totals = self.totals();
        let mut found: Vec<(&Conversation, &ConversationTotal)> = totals.unexplained.iter().collect();
        found.sort_by_key(|(conversation, total)| (Reverse(total.first_seen), **conversation));
        let undocumented = found
            .into_iter()
            .map(|(conversation, total)| self.unexplained(conversation, total));
        answer::Undocumented {
            undocumented: undocumented.collect(),
            beyond: totals.beyond,
        }
    }

    fn nearest(&self, conversation: &Conversation) -> Option<answer::Nearest> {
        let question = nearest::Question {
            initiator: conversation.initiator,
            responder: conversation.responder.address,
            protocol: conversation.protocol,
            port: conversation.responder.port,
        };
        let nearest = nearest::nearest(&self.observer.compiled, &self.observer.site, &question)?;
        Some(answer::Nearest {
            rule: nearest.rule,
            why_not: nearest.why_not,
        })
    }

    fn unexplained(&self, conversation: &Conversation, total: &ConversationTotal) -> answer::Unexplained {
        answer::Unexplained {
            protocol: protocol_name(conversation.protocol),
            initiator: ip(conversation.initiator),
            initiator_roles: self.observer.roles(conversation.initiator),
            responder: ip(conversation.responder.address),
            responder_roles: self.observer.roles(conversation.responder.address),
            port: conversation.responder.port,
            verdict: self.info(conversation.verdict).kind.name().to_owned(),
            packets: total.count.packets,
            bytes: total.count.bytes,
            flows: total.flows,
            first_seen: self.reading.moment.time_of(total.first_seen),
            last_seen: self.reading.moment.time_of(total.last_seen),
            nearest: self.nearest(conversation),
        }
    }
}
