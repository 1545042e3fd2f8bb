//! What nothing explains, for people who have to decide about it: one row for all who do the same, the newest first.

use cmflow_common::verdict::VerdictKind;

use super::asked::{Asked, View};
use super::recent::Rate;
use super::snapshot::Snapshot;
use super::{Cast, Recent};
use crate::answer::{Unexplained, UnexplainedGroup};

/// A group, its rate, and some of those who belong to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row<'a> {
    /// The group.
    pub group: &'a UnexplainedGroup,
    /// What it does just now.
    pub rate: Option<Rate>,
    /// Some of its conversations, the newest first.
    pub examples: Vec<&'a Unexplained>,
    /// The role that stands for those who open; nothing where the site file does not name them.
    pub from: Option<&'a str>,
    /// The same of those who answer.
    pub to: Option<&'a str>,
}

/// Conversations that a row shows.
pub const EXAMPLES: usize = 8;

impl Row<'_> {
    /// Whether packets of it came within the last seconds.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.rate.is_some_and(|rate| rate.packets > 0.0)
    }

    /// `tcp/3389`, `icmp`.
    #[must_use]
    pub fn service(&self) -> String {
        service(&self.group.protocol, self.group.port)
    }

    /// What tells it from every other group, in a URL.
    #[must_use]
    pub fn key(&self) -> String {
        key(self.group)
    }

    /// What it is, in a word or two.
    #[must_use]
    pub fn words(&self) -> &'static str {
        match self.group.verdict.as_str() {
            "reversed" => "opened from the wrong end",
            "foreign" => "one end unknown",
            _ => "no rule",
        }
    }
}

fn key(group: &UnexplainedGroup) -> String {
    let roles = |roles: &[String]| match roles {
        [] => UNKNOWN.to_owned(),
        roles => roles.join(","),
    };
    format!(
        "{} {} {} {}",
        roles(&group.initiator_roles),
        roles(&group.responder_roles),
        service(&group.protocol, group.port),
        group.verdict
    )
}

/// A service as users write it.
#[must_use]
pub fn service(protocol: &str, port: u16) -> String {
    match protocol {
        "tcp" | "udp" => format!("{protocol}/{port}"),
        other => other.to_owned(),
    }
}

/// The groups that the filters of a URL let through, the newest first, or as it asks.
///
/// # Errors
/// In a sentence where a filter means nothing.
pub fn rows<'a>(
    snapshot: &'a Snapshot,
    recent: &Recent,
    cast: &Cast,
    asked: &Asked,
) -> Result<Vec<Row<'a>>, String> {
    let filters = if asked.view == View::Unexplained {
        asked.clone()
    } else {
        Asked::view(View::Unexplained)
    };
    let asked = &filters;
    let port = match asked.get("port").map(str::parse::<u16>) {
        None => None,
        Some(Ok(port)) => Some(port),
        Some(Err(_)) => return Err("a port is a number from 0 to 65535".to_owned()),
    };
    if let Some(verdict) = asked.get("verdict") {
        let kinds = [
            VerdictKind::Undocumented,
            VerdictKind::Reversed,
            VerdictKind::Foreign,
        ]
        .map(VerdictKind::name);
        if !kinds.contains(&verdict) {
            return Err(format!(
                "\"{verdict}\" is no verdict of this view; write one of {}",
                kinds.join(", ")
            ));
        }
    }
    let fits = |wanted: Option<&str>, value: &str| wanted.is_none_or(|wanted| wanted == value);
    let holds = |wanted: Option<&str>, roles: &[String]| {
        wanted.is_none_or(|wanted| match wanted {
            UNKNOWN => roles.is_empty(),
            role => roles.iter().any(|own| own == role),
        })
    };
    let let_through = snapshot.undocumented.groups.iter().filter(|group| {
        let ends = [&group.initiator_roles, &group.responder_roles];
        fits(asked.get("verdict"), &group.verdict)
            && asked.get("group").is_none_or(|wanted| wanted == key(group))
            && port.is_none_or(|port| port == group.port)
            && holds(asked.get("from"), ends[0])
            && holds(asked.get("to"), ends[1])
            && (asked.get("role").is_none() || ends.iter().any(|roles| holds(asked.get("role"), roles)))
    });
    let mut rows: Vec<Row<'_>> = let_through
        .map(|group| Row {
            group,
            rate: recent.group(group),
            examples: Vec::new(),
            from: cast.chief(&group.initiator_roles),
            to: cast.chief(&group.responder_roles),
        })
        .collect();
    match asked.get("sort") {
        None | Some("first-seen") => rows.sort_by_key(|row| std::cmp::Reverse(row.group.first_seen)),
        Some("last-seen") => rows.sort_by_key(|row| std::cmp::Reverse(row.group.last_seen)),
        Some("flows") => rows.sort_by_key(|row| std::cmp::Reverse(row.group.flows)),
        Some("bytes") => rows.sort_by_key(|row| std::cmp::Reverse(row.group.bytes)),
        Some(other) => {
            return Err(format!(
                "\"{other}\" is no order; write first-seen, last-seen, flows or bytes"
            ));
        }
    }
    Ok(rows)
}

/// The word of a URL for whoever holds no role.
pub const UNKNOWN: &str = "unknown";

/// Gives the first rows some of their conversations.
pub fn with_examples<'a>(rows: &mut [Row<'a>], snapshot: &'a Snapshot) {
    for row in rows {
        let group = row.group;
        let own = snapshot.undocumented.undocumented.iter().filter(|one| {
            (one.port, &one.protocol, &one.verdict) == (group.port, &group.protocol, &group.verdict)
                && one.initiator_roles == group.initiator_roles
                && one.responder_roles == group.responder_roles
        });
        row.examples = own.take(EXAMPLES).collect();
    }
}
