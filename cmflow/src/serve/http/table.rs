//! Answers as rows of a table, for whoever wants CSV.

use jiff::Timestamp;

use super::api::{Interfaces, UndocumentedPage};
use super::page::Table;
use crate::answer::{Rpc, Rules, Status};
use crate::approve::Approvals;
use crate::snapshot::FlowPage;

/// Several words in one cell.
fn words(all: &[String]) -> String {
    all.join(" ")
}

fn time(at: Option<Timestamp>) -> String {
    at.map(|at| at.to_string()).unwrap_or_default()
}

impl Table for Status {
    const NAME: &'static str = "status";
    const COLUMNS: &'static [&'static str] = &["kind", "name", "packets", "bytes", "flows"];

    fn rows(&self) -> impl Iterator<Item = Vec<String>> {
        let outcomes = self.outcomes.iter().map(|(name, packets)| {
            let (none, packets) = (String::new(), packets.to_string());
            vec!["outcome".to_owned(), name.clone(), packets, none.clone(), none]
        });
        let verdicts = self.verdicts.iter().map(|(name, tally)| {
            let [packets, bytes, flows] =
                [tally.packets, tally.bytes, tally.flows].map(|count| count.to_string());
            vec!["verdict".to_owned(), name.clone(), packets, bytes, flows]
        });
        outcomes.chain(verdicts)
    }
}

impl Table for Interfaces {
    const NAME: &'static str = "interfaces";
    const COLUMNS: &'static [&'static str] = &[
        "name",
        "mode",
        "frames",
        "bytes",
        "received",
        "flows",
        "one_sided_flows",
        "one_sided_share",
    ];

    fn rows(&self) -> impl Iterator<Item = Vec<String>> {
        self.interfaces.iter().map(|one| {
            vec![
                one.name.clone(),
                one.mode.clone(),
                one.frames.to_string(),
                one.bytes.to_string(),
                one.received.to_string(),
                one.flows.to_string(),
                one.one_sided_flows.to_string(),
                one.one_sided_share.to_string(),
            ]
        })
    }
}

impl Table for FlowPage {
    const NAME: &'static str = "flows";
    const COLUMNS: &'static [&'static str] = &[
        "protocol",
        "initiator",
        "initiator_port",
        "initiator_roles",
        "initiator_seen",
        "responder",
        "responder_port",
        "responder_roles",
        "state",
        "verdict",
        "basis",
        "rules",
        "conditions",
        "forward_packets",
        "forward_bytes",
        "reverse_packets",
        "reverse_bytes",
        "packets_per_s",
        "bytes_per_s",
        "first_seen",
        "last_seen",
    ];

    fn rows(&self) -> impl Iterator<Item = Vec<String>> {
        self.flows.iter().map(|rated| {
            let flow = &rated.flow;
            let rate = |of: fn(&crate::snapshot::Rate) -> f64| {
                rated.rate.as_ref().map(of).map(|rate| rate.to_string())
            };
            vec![
                flow.protocol.clone(),
                flow.initiator.address.to_string(),
                flow.initiator.port.to_string(),
                words(&flow.initiator.roles),
                flow.initiator_seen.to_string(),
                flow.responder.address.to_string(),
                flow.responder.port.to_string(),
                words(&flow.responder.roles),
                flow.state.clone(),
                flow.verdict.clone(),
                flow.basis.clone().unwrap_or_default(),
                words(&flow.rules),
                words(&flow.conditions),
                flow.forward.packets.to_string(),
                flow.forward.bytes.to_string(),
                flow.reverse.packets.to_string(),
                flow.reverse.bytes.to_string(),
                rate(|rate| rate.packets_per_s).unwrap_or_default(),
                rate(|rate| rate.bytes_per_s).unwrap_or_default(),
                flow.first_seen.to_string(),
                flow.last_seen.to_string(),
            ]
        })
    }
}

impl Table for Rules {
    const NAME: &'static str = "rules";
    const COLUMNS: &'static [&'static str] = &[
        "rule",
        "verdict",
        "packets",
        "bytes",
        "flows",
        "first_seen",
        "last_seen",
    ];

    fn rows(&self) -> impl Iterator<Item = Vec<String>> {
        self.rules.iter().map(|rule| {
            vec![
                rule.rule.clone(),
                rule.verdict.clone(),
                rule.packets.to_string(),
                rule.bytes.to_string(),
                rule.flows.to_string(),
                time(rule.first_seen),
                time(rule.last_seen),
            ]
        })
    }
}

impl Table for UndocumentedPage {
    const NAME: &'static str = "undocumented";
    const COLUMNS: &'static [&'static str] = &[
        "protocol",
        "initiator",
        "initiator_roles",
        "responder",
        "responder_roles",
        "port",
        "verdict",
        "packets",
        "bytes",
        "flows",
        "first_seen",
        "last_seen",
        "nearest",
        "why_not",
    ];

    fn rows(&self) -> impl Iterator<Item = Vec<String>> {
        self.undocumented.iter().map(|one| {
            let nearest = one.nearest.as_ref();
            vec![
                one.protocol.clone(),
                one.initiator.to_string(),
                words(&one.initiator_roles),
                one.responder.to_string(),
                words(&one.responder_roles),
                one.port.to_string(),
                one.verdict.clone(),
                one.packets.to_string(),
                one.bytes.to_string(),
                one.flows.to_string(),
                one.first_seen.to_string(),
                one.last_seen.to_string(),
                nearest.map(|nearest| nearest.rule.clone()).unwrap_or_default(),
                nearest.map(|nearest| nearest.why_not.clone()).unwrap_or_default(),
            ]
        })
    }
}

impl Table for Rpc {
    const NAME: &'static str = "rpc";
    const COLUMNS: &'static [&'static str] = &[
        "initiator",
        "initiator_roles",
        "responder",
        "responder_roles",
        "ports",
        "beyond",
        "flows_by_expectation",
        "flows_by_range",
        "verdict",
        "rules",
        "first_seen",
        "last_seen",
    ];

    fn rows(&self) -> impl Iterator<Item = Vec<String>> {
        self.rpc.iter().map(|pair| {
            let stretches = pair.ports.iter().map(|stretch| match stretch {
                stretch if stretch.first == stretch.last => stretch.first.to_string(),
                stretch => format!("{}-{}", stretch.first, stretch.last),
            });
            vec![
                pair.initiator.to_string(),
                words(&pair.initiator_roles),
                pair.responder.to_string(),
                words(&pair.responder_roles),
                stretches.collect::<Vec<_>>().join(" "),
                pair.beyond.to_string(),
                pair.flows_by_expectation.to_string(),
                pair.flows_by_range.to_string(),
                pair.verdict.clone(),
                words(&pair.rules),
                pair.first_seen.to_string(),
                pair.last_seen.to_string(),
            ]
        })
    }
}

impl Table for Approvals {
    const NAME: &'static str = "approvals";
    const COLUMNS: &'static [&'static str] = &["id", "state", "until", "what", "by", "why", "made", "place"];

    fn rows(&self) -> impl Iterator<Item = Vec<String>> {
        let day = |day: Option<jiff::civil::Date>| day.map(|day| day.to_string()).unwrap_or_default();
        self.approvals.iter().map(move |one| {
            vec![
                one.id.clone(),
                one.state.to_owned(),
                day(one.until),
                one.words(),
                one.by.clone(),
                one.why.clone(),
                day(one.made),
                one.place.clone(),
            ]
        })
    }
}
