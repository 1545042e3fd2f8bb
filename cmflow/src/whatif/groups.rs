//! What would change, by roles and service.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use cmflow_common::verdict::VerdictId;
use ipnet::IpNet;
use jiff::Timestamp;

use super::change::Change;
use super::judged::{Both, Case, Named, explains};
use crate::answer::{Nearest, WhatIf, WhatIfGroup, WhatIfVerdict, protocol_name};
use crate::compile::VerdictInfo;
use crate::explain::Question;
use crate::history::{Activity, RecordedConversation};
use crate::nearest;

/// Examples that a group keeps.
const EXAMPLES: usize = 3;

/// What makes cases one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Key {
    change: Change,
    named: Named,
    protocol: u8,
    port: u16,
    verdicts: [VerdictId; 2],
    part: bool,
}

/// Cases with one key.
#[derive(Debug)]
struct Group {
    example: Question,
    conversations: u64,
    initiators: BTreeSet<IpNet>,
    responders: BTreeSet<IpNet>,
    examples: Vec<[IpNet; 2]>,
    total: Activity,
    last_seen: Timestamp,
}

/// All groups.
#[derive(Debug, Default)]
pub(super) struct Groups(HashMap<Key, Group>);

impl Groups {
    pub(super) fn add(
        &mut self,
        change: Change,
        case: &Case,
        named: Named,
        part: bool,
        conversation: &RecordedConversation,
    ) {
        let key = Key {
            change,
            named,
            protocol: conversation.key.protocol,
            port: conversation.key.port,
            verdicts: [case.now, case.then],
            part,
        };
        let group = self.0.entry(key).or_insert_with(|| Group {
            example: case.question,
            conversations: 0,
            initiators: BTreeSet::new(),
            responders: BTreeSet::new(),
            examples: Vec::new(),
            total: Activity::default(),
            last_seen: conversation.last_seen,
        });
        let ends = [conversation.key.initiator, conversation.key.responder];
        group.conversations += 1;
        group.initiators.insert(ends[0]);
        group.responders.insert(ends[1]);
        if group.examples.len() < EXAMPLES && !group.examples.contains(&ends) {
            group.examples.push(ends);
        }
        group.total.add(&conversation.total);
        group.last_seen = group.last_seen.max(conversation.last_seen);
    }

    /// Tells all of them, most flows first.
    pub(super) fn tell(self, both: &Both<'_>, told: &mut WhatIf) {
        let mut all: Vec<_> = self.0.into_iter().collect();
        all.sort_by_key(|(key, group)| (Reverse(group.total.flows), *key));
        for (key, group) in all {
            let list = match key.change {
                Change::Unexplained => &mut told.unexplained,
                Change::Explained => &mut told.explained,
                Change::Rules => &mut told.rules,
                Change::Unflagged => &mut told.unflagged,
            };
            list.push(group.told(both, &key));
        }
    }
}

impl Group {
    fn told(self, both: &Both<'_>, key: &Key) -> WhatIfGroup {
        let [as_it_is, as_it_would_be] = both.roles(key.named).clone();
        let ([from, to], [from_then, to_then]) = (as_it_is, as_it_would_be);
        let [now, then] = [(&both.now, key.verdicts[0]), (&both.then, key.verdicts[1])].map(|(book, id)| {
            book.compiled
                .verdict(id)
                .expect("tables name verdicts that they have")
        });
        WhatIfGroup {
            initiator_roles: from,
            responder_roles: to,
            initiator_roles_then: from_then,
            responder_roles_then: to_then,
            protocol: protocol_name(key.protocol),
            port: key.port,
            now: verdict(now),
            then: verdict(then),
            part: key.part,
            conversations: self.conversations,
            initiators: self.initiators.len() as u64,
            responders: self.responders.len() as u64,
            examples: self.examples,
            packets: self.total.packets,
            bytes: self.total.bytes,
            flows: self.total.flows,
            answered_flows: self.total.answered,
            last_seen: self.last_seen,
            nearest: (!explains(then.kind))
                .then(|| nearest_to(both, &self.example))
                .flatten(),
        }
    }
}

fn verdict(info: &VerdictInfo) -> WhatIfVerdict {
    WhatIfVerdict {
        verdict: info.kind.name().to_owned(),
        rules: info.rules.clone(),
    }
}

fn nearest_to(both: &Both<'_>, example: &Question) -> Option<Nearest> {
    let question = nearest::Question {
        initiator: example.initiator.into(),
        responder: example.responder.into(),
        protocol: example.service.protocol,
        port: example.service.port,
    };
    let found = nearest::nearest(both.then.compiled, both.then.site, &question)?;
    Some(Nearest {
        rule: found.rule,
        why_not: found.why_not,
    })
}
