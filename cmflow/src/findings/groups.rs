//! What nothing explains, by roles and service: 40,000 clients that do one thing are one row.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use cmflow_common::address::Address;
use cmflow_common::verdict::VerdictKind;

use crate::account::{Conversation, ConversationTotal};
use crate::answer::{Unexplained, UnexplainedGroup, protocol_name};
use crate::compile::Compiled;
use crate::serve::{FlowQuery, GroupQuery};

use super::Findings;

/// Who does what: roles at both ends, the service, the verdict.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupKey {
    /// Roles of those who open.
    pub initiator_roles: Vec<String>,
    /// Roles of those who answer.
    pub responder_roles: Vec<String>,
    /// IP protocol number.
    pub protocol: u8,
    /// Port of the responders.
    pub port: u16,
    /// Kind of the verdict.
    pub verdict: VerdictKind,
}

impl GroupKey {
    /// The group of a conversation with a verdict of that kind.
    #[must_use]
    pub fn of(compiled: &Compiled, conversation: &Conversation, verdict: VerdictKind) -> Self {
        Self {
            initiator_roles: compiled.roles_of(conversation.initiator),
            responder_roles: compiled.roles_of(conversation.responder.address),
            protocol: conversation.protocol,
            port: conversation.responder.port,
            verdict,
        }
    }
}

/// Conversations with one [`GroupKey`].
#[derive(Clone, Debug)]
pub struct Group {
    /// Packets and bytes, flows, first and last packet of all of them.
    pub total: ConversationTotal,
    /// Those who open.
    pub initiators: BTreeSet<Address>,
    /// Those who answer.
    pub responders: BTreeSet<Address>,
    /// One of them, for whoever wants to know what rule comes nearest: that with the lowest addresses.
    pub example: Conversation,
}

/// Conversations by who does what, told by functions that give the key of each.
pub fn grouped<'a, K: Ord>(
    conversations: impl Iterator<Item = (&'a Conversation, &'a ConversationTotal)>,
    key: impl Fn(&Conversation) -> K,
) -> BTreeMap<K, Group> {
    let mut groups: BTreeMap<K, Group> = BTreeMap::new();
    for (conversation, total) in conversations {
        let one = Group {
            total: *total,
            initiators: BTreeSet::from([conversation.initiator]),
            responders: BTreeSet::from([conversation.responder.address]),
            example: *conversation,
        };
        groups
            .entry(key(conversation))
            .and_modify(|group| group.add(&one))
            .or_insert(one);
    }
    groups
}

impl Group {
    fn add(&mut self, other: &Self) {
        self.total.add(&other.total);
        self.initiators.extend(&other.initiators);
        self.responders.extend(&other.responders);
        self.example = self.example.min(other.example);
    }
}

impl Findings<'_> {
    /// What nothing explains and the filters of a query let through, by roles and service, most flows first.
    #[must_use]
    pub fn groups(&self, query: &FlowQuery) -> Vec<UnexplainedGroup> {
        self.first_groups(query, usize::MAX).0
    }

    /// The first of them, and how many there are: finding what comes nearest takes long where a scan made many.
    #[must_use]
    pub fn first_groups(&self, query: &FlowQuery, most: usize) -> (Vec<UnexplainedGroup>, usize) {
        let found = self.unexplained_conversations(query);
        // By class first: roles have names once for each kind of computer, not for each conversation.
        let class = |address: Address| self.compiled.endpoint(address).class();
        let by_class = grouped(found, |conversation| {
            let ends = [conversation.initiator, conversation.responder.address].map(class);
            let kind = self.info(conversation.verdict).kind;
            (ends, conversation.protocol, conversation.responder.port, kind)
        });
        let mut groups: BTreeMap<GroupKey, Group> = BTreeMap::new();
        for (([from, to], protocol, port, verdict), group) in by_class {
            let roles = |class: u16| {
                let names = self
                    .compiled
                    .role_names(self.compiled.classes[usize::from(class)].named);
                names.into_iter().map(str::to_owned).collect()
            };
            let key = GroupKey {
                initiator_roles: roles(from),
                responder_roles: roles(to),
                protocol,
                port,
                verdict,
            };
            groups
                .entry(key)
                .and_modify(|all| all.add(&group))
                .or_insert(group);
        }
        let mut sorted: Vec<_> = groups.into_iter().collect();
        // Stable: equally many stay in the order of their roles.
        sorted.sort_by_key(|(_, group)| Reverse(group.total.flows));
        let matching = sorted.len();
        sorted.truncate(most);
        (
            sorted.into_iter().map(|group| self.told_group(group)).collect(),
            matching,
        )
    }

    /// The newest conversations of one group.
    #[must_use]
    pub fn of_group(&self, asked: &GroupQuery) -> Vec<Unexplained> {
        let among = |(conversation, _): &(&Conversation, &ConversationTotal)| {
            // The cheap comparisons first: roles are looked up in tables.
            conversation.responder.port == asked.port
                && protocol_name(conversation.protocol) == asked.protocol
                && self.info(conversation.verdict).kind.name() == asked.verdict
                && {
                    let key = self.group_of(conversation);
                    key.initiator_roles == asked.initiator_roles
                        && key.responder_roles == asked.responder_roles
                }
        };
        let everything = FlowQuery::default();
        let all = self.unexplained_conversations(&everything);
        let mut found: Vec<_> = all.filter(among).collect();
        found.sort_by_key(|(conversation, total)| (Reverse(total.first_seen), **conversation));
        found.truncate(asked.limit);
        let told = found
            .into_iter()
            .map(|(conversation, total)| self.told(conversation, total));
        told.collect()
    }

    fn group_of(&self, conversation: &Conversation) -> GroupKey {
        let verdict = self.info(conversation.verdict).kind;
        GroupKey::of(self.compiled, conversation, verdict)
    }

    fn told_group(&self, (key, group): (GroupKey, Group)) -> UnexplainedGroup {
        UnexplainedGroup {
            initiator_roles: key.initiator_roles,
            responder_roles: key.responder_roles,
            protocol: protocol_name(key.protocol),
            port: key.port,
            verdict: key.verdict.name().to_owned(),
            initiators: group.initiators.len() as u64,
            responders: group.responders.len() as u64,
            flows: group.total.flows,
            packets: group.total.count.packets,
            bytes: group.total.count.bytes,
            first_seen: self.moment.time_of(group.total.first_seen),
            last_seen: self.moment.time_of(group.total.last_seen),
            nearest: self.nearest(&group.example),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use cmflow_common::gateway::Count;
    use cmflow_common::verdict::VerdictId;

    use super::*;
    use crate::account::End;

    fn address(text: &str) -> Address {
        text.parse::<IpAddr>().expect("an address").into()
    }

    fn conversation(from: &str, to: &str, port: u16) -> Conversation {
        Conversation {
            protocol: 6,
            initiator: address(from),
            responder: End {
                address: address(to),
                port,
            },
            verdict: VerdictId::UNDOCUMENTED,
        }
    }

    fn total(flows: u64, packets: u64, first_seen: u64, last_seen: u64) -> ConversationTotal {
        let count = Count {
            packets,
            bytes: packets * 100,
        };
        ConversationTotal {
            count,
            flows,
            first_seen,
            last_seen,
        }
    }

    #[test]
    fn many_that_do_one_thing_are_one_row_with_all_their_counts() {
        let found = [
            (
                conversation("10.10.0.2", "10.20.0.1", 3389),
                total(1, 10, 100, 200),
            ),
            (
                conversation("10.10.0.1", "10.20.0.1", 3389),
                total(2, 20, 50, 150),
            ),
            (
                conversation("10.10.0.2", "10.20.0.2", 3389),
                total(4, 40, 300, 400),
            ),
            (conversation("10.10.0.1", "10.20.0.1", 5985), total(8, 80, 1, 2)),
        ];
        let key = |conversation: &Conversation| GroupKey {
            initiator_roles: vec!["client".to_owned()],
            responder_roles: vec!["management-point".to_owned()],
            protocol: conversation.protocol,
            port: conversation.responder.port,
            verdict: VerdictKind::Undocumented,
        };
        for turned in [false, true] {
            let mut listed: Vec<_> = found.iter().map(|(one, total)| (one, total)).collect();
            if turned {
                listed.reverse();
            }
            let groups = grouped(listed.into_iter(), key);
            let of = |port: u16| {
                groups
                    .iter()
                    .find(|(key, _)| key.port == port)
                    .map(|(_, group)| group)
            };
            let desktop = of(3389).expect("a group");
            assert_eq!(groups.len(), 2);
            assert_eq!(desktop.total, total(7, 70, 50, 400));
            assert_eq!((desktop.initiators.len(), desktop.responders.len()), (2, 2));
            assert_eq!(desktop.example, found[1].0);
            assert_eq!(of(5985).map(|group| group.total.flows), Some(8));
        }
    }
}
