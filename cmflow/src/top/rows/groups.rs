//! Groups of what nothing explains, as the tab lists them.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::{Order, by_rate};
use crate::answer::UnexplainedGroup;
use crate::serve::GroupQuery;
use crate::top::filter::Filter;
use crate::top::rate::Rate;

/// Conversations of a group that are asked for.
const CONVERSATIONS: usize = 200;

/// Orders of groups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GroupOrder {
    /// Newest first: what nobody has looked at yet.
    #[default]
    FirstSeen,
    /// Latest packet first.
    LastSeen,
    /// The fastest first, then those with most bytes.
    Rate,
    /// Most flows first.
    Flows,
    /// Most bytes first.
    Bytes,
}

impl Order for GroupOrder {
    const ALL: &'static [Self] = &[
        Self::FirstSeen,
        Self::LastSeen,
        Self::Rate,
        Self::Flows,
        Self::Bytes,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::FirstSeen => "newest",
            Self::LastSeen => "last seen",
            Self::Rate => "rate",
            Self::Flows => "flows",
            Self::Bytes => "bytes",
        }
    }
}

/// A group of the list.
#[derive(Clone, Copy, Debug)]
pub struct GroupRow<'a> {
    /// What the daemon says of it.
    pub group: &'a UnexplainedGroup,
    /// How fast it is.
    pub rate: Option<Rate>,
    /// Whether it is among the answers for the first time.
    pub new: bool,
}

/// What tells a group from others.
#[must_use]
pub fn group_name(group: &UnexplainedGroup) -> String {
    format!(
        "{} {} {}/{} {}",
        group.initiator_roles.join(","),
        group.responder_roles.join(","),
        group.protocol,
        group.port,
        group.verdict
    )
}

/// The question for its conversations.
#[must_use]
pub fn query_of(group: &UnexplainedGroup) -> GroupQuery {
    GroupQuery {
        initiator_roles: group.initiator_roles.clone(),
        responder_roles: group.responder_roles.clone(),
        protocol: group.protocol.clone(),
        port: group.port,
        verdict: group.verdict.clone(),
        limit: CONVERSATIONS,
    }
}

/// Groups that a filter and a verdict let through, in order.
#[must_use]
pub fn groups<'a>(
    groups: &'a [UnexplainedGroup],
    rates: &HashMap<String, Rate>,
    is_new: impl Fn(&str) -> bool,
    (filter, verdict): (&Filter, Option<&str>),
    order: GroupOrder,
    turned: bool,
) -> Vec<GroupRow<'a>> {
    let mut rows: Vec<GroupRow<'a>> = groups
        .iter()
        .filter(|group| verdict.is_none_or(|verdict| group.verdict == verdict))
        .filter(|group| fits(group, filter))
        .map(|group| {
            let name = group_name(group);
            GroupRow {
                group,
                rate: rates.get(&name).copied(),
                new: is_new(&name),
            }
        })
        .collect();
    match order {
        GroupOrder::FirstSeen => rows.sort_by_key(|row| Reverse(row.group.first_seen)),
        GroupOrder::LastSeen => rows.sort_by_key(|row| Reverse(row.group.last_seen)),
        GroupOrder::Rate => rows.sort_by_key(|row| (by_rate(row.rate), Reverse(row.group.bytes))),
        GroupOrder::Flows => rows.sort_by_key(|row| Reverse(row.group.flows)),
        GroupOrder::Bytes => rows.sort_by_key(|row| Reverse(row.group.bytes)),
    }
    if turned {
        rows.reverse();
    }
    rows
}

fn fits(group: &UnexplainedGroup, filter: &Filter) -> bool {
    let service = format!("{}/{}", group.protocol, group.port);
    let mut texts = vec![&*service, &*group.verdict];
    let roles = group.initiator_roles.iter().chain(&group.responder_roles);
    texts.extend(roles.map(String::as_str));
    if let Some(nearest) = &group.nearest {
        texts.push(&nearest.rule);
    }
    filter.fits(&texts)
}
