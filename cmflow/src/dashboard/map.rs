//! The picture of the site: roles, and what flows between them.

use std::collections::{BTreeMap, BTreeSet};

use cmflow_common::verdict::VerdictKind;

use super::asked::{Asked, Range, View};
use super::cast::{Cast, Tier};
use super::groups::{self, UNKNOWN};
use super::past::Past;
use super::recent::{Rate, Recent};
use super::snapshot::Snapshot;
use crate::answer::Tally;

/// What an edge is, most worrying last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Rules that are possible, and never had a packet.
    Unseen,
    /// Rules that had packets and have none now.
    Silent,
    /// Something hides the ports of what flows.
    Opaque,
    /// A companion explains what flows.
    Baseline,
    /// The page documents what flows, or the user approved it.
    Documented,
    /// A rule fits, but the wrong end opened.
    Reversed,
    /// Nothing explains it.
    Undocumented,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Documented,
        Self::Baseline,
        Self::Opaque,
        Self::Silent,
        Self::Unseen,
        Self::Reversed,
        Self::Undocumented,
    ];

    /// The word for styles and URLs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unseen => "unseen",
            Self::Silent => "silent",
            Self::Opaque => "opaque",
            Self::Baseline => "baseline",
            Self::Documented => "documented",
            Self::Reversed => "reversed",
            Self::Undocumented => "undocumented",
        }
    }

    /// The same for people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Unseen => "possible, never seen",
            Self::Silent => "seen before, silent now",
            Self::Opaque => "opaque: ports hidden",
            Self::Baseline => "baseline",
            Self::Documented => "documented",
            Self::Reversed => "reversed",
            Self::Undocumented => "undocumented",
        }
    }

    /// Whether nothing on the page explains it.
    #[must_use]
    pub const fn is_unexplained(self) -> bool {
        matches!(self, Self::Reversed | Self::Undocumented)
    }
}

/// A connection between two roles.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// Role that opens, or [`UNKNOWN`].
    pub from: String,
    /// Role that answers, or [`UNKNOWN`].
    pub to: String,
    /// What it is.
    pub kind: Kind,
    /// Rules, or services that no rule explains.
    pub by: Vec<String>,
    /// What flows just now, or flowed a second on average in the time that was asked for.
    pub rate: Rate,
    /// What was counted, in the time that was asked for.
    pub tally: Tally,
    /// Live flows among them that came to nothing.
    pub blocked: u64,
}

/// A role in the picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its id, or [`UNKNOWN`].
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Where it stands.
    pub tier: Tier,
    /// How many computers and networks hold it.
    pub computers: usize,
    /// Names or addresses of some of them.
    pub some: Vec<String>,
}

/// The picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SiteMap {
    /// Roles by tier, and in one tier by name.
    pub nodes: Vec<Node>,
    /// What flows between them.
    pub edges: Vec<Edge>,
    /// Edges that were left out because they were never seen.
    pub unseen: usize,
}

/// Names of computers that a node shows.
const SHOWN: usize = 3;

/// The picture of now, or of a time that has passed.
///
/// Now, an edge is what live flows of computers with these roles carry; rules without a live flow are silent or unseen
/// between the roles that they are for. Of a time that has passed, edges are the rules' own counts. Of what nothing
/// explains no history by time is kept: groups with a packet in that time stand there with all that they ever counted.
#[must_use]
pub fn draw(snapshot: &Snapshot, recent: &Recent, cast: &Cast, past: Option<&Past>, unseen: bool) -> SiteMap {
    let mut edges = Edges::default();
    match past {
        None => live(&mut edges, snapshot, recent, cast),
        Some(past) => passed(&mut edges, snapshot, cast, past),
    }
    unexplained(&mut edges, snapshot, recent, cast, past);
    let mut edges: Vec<Edge> = edges.0.into_values().collect();
    let all = edges.len();
    if !unseen {
        edges.retain(|edge| edge.kind != Kind::Unseen);
    }
    let left_out = all - edges.len();
    SiteMap {
        nodes: nodes(cast, &edges),
        edges,
        unseen: left_out,
    }
}

/// What a URL's filters leave of a picture: one role and what it talks to, one kind, one connection.
#[must_use]
pub fn filtered(mut map: SiteMap, asked: &Asked) -> SiteMap {
    let is = |key: &str, value: &str| asked.get(key).is_none_or(|wanted| wanted == value);
    map.edges.retain(|edge| {
        is("from", &edge.from)
            && is("to", &edge.to)
            && is("kind", edge.kind.name())
            && (is("role", &edge.from) || is("role", &edge.to))
    });
    if asked.is_filtered() {
        let edges = &map.edges;
        let wanted = |id: &str| asked.get("role") == Some(id);
        map.nodes.retain(|node| {
            wanted(&node.id)
                || edges
                    .iter()
                    .any(|edge| edge.from == node.id || edge.to == node.id)
        });
    }
    map
}

/// Edges by their ends, those that a rule explains and each kind of the others apart.
#[derive(Default)]
struct Edges(BTreeMap<(String, String, Option<Kind>), Edge>);

impl Edges {
    fn of(&mut self, from: &str, to: &str, kind: Kind) -> &mut Edge {
        let apart = kind.is_unexplained().then_some(kind);
        let edge = self
            .0
            .entry((from.to_owned(), to.to_owned(), apart))
            .or_insert_with(|| Edge {
                from: from.to_owned(),
                to: to.to_owned(),
                kind,
                by: Vec::new(),
                rate: Rate::default(),
                tally: Tally::default(),
                blocked: 0,
            });
        edge.kind = edge.kind.max(kind);
        edge
    }
}

impl Edge {
    fn add(&mut self, tally: Tally, rate: Rate) {
        self.rate += rate;
        self.tally.packets += tally.packets;
        self.tally.bytes += tally.bytes;
        self.tally.flows += tally.flows;
    }

    fn by(&mut self, what: &str) {
        if !self.by.iter().any(|own| own == what) {
            self.by.push(what.to_owned());
        }
    }
}

fn live(edges: &mut Edges, snapshot: &Snapshot, recent: &Recent, cast: &Cast) {
    let mut live: BTreeSet<&str> = BTreeSet::new();
    for talk in &snapshot.talks {
        let kind = match talk.verdict.as_str() {
            "documented" | "approved" => Kind::Documented,
            "baseline" => Kind::Baseline,
            "opaque" => Kind::Opaque,
            _ => continue,
        };
        let end = |roles: &'_ [String]| cast.role_by(roles, &talk.rules).unwrap_or(UNKNOWN).to_owned();
        let edge = edges.of(&end(&talk.from), &end(&talk.to), kind);
        let tally = Tally {
            packets: talk.packets,
            bytes: talk.bytes,
            flows: talk.flows,
        };
        edge.add(tally, recent.talk(talk));
        edge.blocked += talk.blocked;
        for rule in &talk.rules {
            edge.by(rule);
            live.insert(rule);
        }
    }
    for rule in &snapshot.rules.rules {
        if !live.contains(rule.rule.as_str())
            && let Some(way) = cast.way(&rule.rule)
        {
            let kind = if rule.packets > 0 {
                Kind::Silent
            } else {
                Kind::Unseen
            };
            // What flows there by other rules is no less alive for it.
            let edge = edges.of(&way.from, &way.to, kind);
            if edge.kind <= Kind::Silent {
                edge.by(&rule.rule);
            }
        }
    }
}

fn passed(edges: &mut Edges, snapshot: &Snapshot, cast: &Cast, past: &Past) {
    for rule in &snapshot.rules.rules {
        let Some(way) = cast.way(&rule.rule) else { continue };
        let tally = past.of_rule(&rule.rule);
        let kind = match way.kind {
            VerdictKind::Baseline if tally.packets > 0 => Kind::Baseline,
            _ if tally.packets > 0 => Kind::Documented,
            _ if rule.packets > 0 => Kind::Silent,
            _ => Kind::Unseen,
        };
        let edge = edges.of(&way.from, &way.to, kind);
        edge.by(&rule.rule);
        edge.add(tally, average(tally, past));
    }
}

fn unexplained(edges: &mut Edges, snapshot: &Snapshot, recent: &Recent, cast: &Cast, past: Option<&Past>) {
    let all = Asked::view(View::Unexplained);
    // Without filters there is nothing to refuse.
    for row in groups::rows(snapshot, recent, cast, &all).unwrap_or_default() {
        let group = row.group;
        if past.is_some_and(|past| group.last_seen < past.from) {
            continue;
        }
        let kind = match group.verdict.as_str() {
            "reversed" => Kind::Reversed,
            _ => Kind::Undocumented,
        };
        let edge = edges.of(row.from.unwrap_or(UNKNOWN), row.to.unwrap_or(UNKNOWN), kind);
        let tally = Tally {
            packets: group.packets,
            bytes: group.bytes,
            flows: group.flows,
        };
        edge.by(&row.service());
        let rate = match past {
            None => row.rate.unwrap_or_default(),
            Some(past) => average(tally, past),
        };
        edge.add(tally, rate);
    }
}

fn average(tally: Tally, past: &Past) -> Rate {
    let count = crate::answer::Count {
        packets: tally.packets,
        bytes: tally.bytes,
    };
    Rate::of(count, past.seconds())
}

/// Roles that somebody holds, and those at the end of an edge.
fn nodes(cast: &Cast, edges: &[Edge]) -> Vec<Node> {
    let at_an_end = |id: &str| edges.iter().any(|edge| edge.from == id || edge.to == id);
    let held = cast
        .parts
        .values()
        .filter(|part| !part.computers.is_empty() || at_an_end(&part.id));
    let mut nodes: Vec<Node> = held
        .map(|part| Node {
            id: part.id.clone(),
            name: part.name.clone(),
            tier: part.tier,
            computers: part.computers.len(),
            some: part
                .computers
                .iter()
                .take(SHOWN)
                .map(|one| one.name.clone().unwrap_or_else(|| one.address()))
                .collect(),
        })
        .collect();
    if at_an_end(UNKNOWN) {
        nodes.push(Node {
            id: UNKNOWN.to_owned(),
            name: "Not in the site file".to_owned(),
            tier: Tier::Outside,
            computers: 0,
            some: Vec::new(),
        });
    }
    nodes.sort_by(|a, b| (a.tier, &a.name).cmp(&(b.tier, &b.name)));
    nodes
}

/// Seconds or a time, for a caption.
#[must_use]
pub const fn told_over(range: Range) -> &'static str {
    match range {
        Range::Live => "Live flows; rates over the last 10 s",
        Range::Hour => "Over the last hour",
        Range::Day => "Over the last 24 hours",
        Range::Month => "Over the last 30 days",
    }
}
