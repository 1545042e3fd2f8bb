//! What explains the flows of an approval already.

use std::collections::{BTreeMap, BTreeSet};

use cmflow_common::gateway::{PortClass, Tables, port_index};
use cmflow_common::packet::protocol;
use cmflow_common::verdict::VerdictKind;

use crate::catalogue::OpenedBy;
use crate::compile::{ClassInfo, Compiled, RuleInfo};

/// What tables with an approval in them say of the flows that it covers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Covered {
    /// Rules of the documents that explain some of them.
    pub documented: BTreeSet<String>,
    /// Other rules of the user's own that do.
    pub approved: BTreeSet<String>,
    /// Whether the approval alone explains some.
    pub alone: bool,
}

/// Asks the tables, for each pair of classes of computers and each class of ports that the approval is about.
#[must_use]
pub fn covered(compiled: &Compiled, id: &str) -> Covered {
    let mut found = Covered::default();
    let Some(rule) = compiled.rules.iter().find(|rule| rule.id == id) else {
        return found;
    };
    let mut ways = vec![(rule.from, rule.to)];
    if rule.opened_by == OpenedBy::Either {
        ways.push((rule.to, rule.from));
    }
    let mut ports: BTreeMap<u16, Vec<PortClass>> = BTreeMap::new();
    for (opens, answers) in ways {
        for (initiator, opening) in holders(compiled, |class| class.as_initiator.contains(opens)) {
            for (responder, answering) in holders(compiled, |class| class.as_responder.contains(answers)) {
                let profile = answering.profile_from(opening);
                let ports = ports
                    .entry(profile)
                    .or_insert_with(|| port_classes(compiled, rule, profile));
                for port in ports {
                    add(&mut found, compiled, id, [initiator, responder], *port);
                }
            }
        }
    }
    found
}

fn holders(
    compiled: &Compiled,
    holds: impl Fn(&ClassInfo) -> bool,
) -> impl Iterator<Item = (u16, &ClassInfo)> {
    (0_u16..)
        .zip(&compiled.classes)
        .filter(move |(_, class)| holds(class))
}

fn port_classes(compiled: &Compiled, rule: &RuleInfo, profile: u16) -> Vec<PortClass> {
    let of = |index: usize| (&compiled.tables).port_class(index);
    let ports = rule.ports(profile);
    let mut classes = BTreeMap::new();
    for (protocol, ranges) in [(protocol::TCP, &ports.tcp), (protocol::UDP, &ports.udp)] {
        for port in ranges.iter().flat_map(|range| range.first..=range.last) {
            let class = of(port_index(protocol, port));
            classes.insert(class.0, class);
        }
    }
    if rule.icmp_echo {
        let class = of(port_index(protocol::ICMP, 0));
        classes.insert(class.0, class);
    }
    classes.into_values().collect()
}

fn add(
    found: &mut Covered,
    compiled: &Compiled,
    id: &str,
    [initiator, responder]: [u16; 2],
    port: PortClass,
) {
    let judgement = (&compiled.tables).judgement(initiator, responder, port);
    let Some(info) = judgement.and_then(|judgement| compiled.verdict(judgement.seen)) else {
        return;
    };
    match info.kind {
        VerdictKind::Documented => found.documented.extend(info.rules.iter().cloned()),
        VerdictKind::Approved => {
            let others = info.rules.iter().filter(|rule| *rule != id);
            found.approved.extend(others.cloned());
            found.alone |= info.rules.len() == 1;
        }
        _ => {}
    }
}
