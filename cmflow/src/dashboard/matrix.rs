//! Source role by destination role: the picture of the site as a table.

use std::collections::BTreeMap;

use super::cast::Cast;
use super::map::{Edge, Kind, SiteMap};
use super::recent::Rate;
use crate::answer::Tally;

/// What one role opens to another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cell {
    /// What flows.
    pub rate: Rate,
    /// What was counted.
    pub tally: Tally,
    /// Bytes by what they are.
    pub mix: BTreeMap<Kind, u64>,
    /// Live flows that came to nothing.
    pub blocked: u64,
}

impl Cell {
    /// The most worrying of what is in it.
    #[must_use]
    pub fn worst(&self) -> Option<Kind> {
        self.mix.keys().max().copied()
    }
}

/// The table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matrix {
    /// Roles that open something, id and name, by tier.
    pub sources: Vec<(String, String)>,
    /// Roles that are asked.
    pub destinations: Vec<(String, String)>,
    /// By source and destination.
    pub cells: BTreeMap<(String, String), Cell>,
}

/// The table of a picture.
#[must_use]
pub fn of(map: &SiteMap, cast: &Cast) -> Matrix {
    let mut cells: BTreeMap<(String, String), Cell> = BTreeMap::new();
    let drawn = |id: &str| map.nodes.iter().any(|node| node.id == id);
    let told = |edge: &&Edge| edge.tally.packets > 0 && drawn(&edge.from) && drawn(&edge.to);
    for edge in map.edges.iter().filter(told) {
        let cell = cells.entry((edge.from.clone(), edge.to.clone())).or_default();
        cell.take(edge);
    }
    let named = |fits: &dyn Fn(&str) -> bool| {
        let nodes = map.nodes.iter().filter(|node| fits(&node.id));
        nodes
            .map(|node| (node.id.clone(), cast.role_name(&node.name).to_owned()))
            .collect()
    };
    let opens = |id: &str| cells.keys().any(|(from, _)| from == id);
    let is_asked = |id: &str| cells.keys().any(|(_, to)| to == id);
    Matrix {
        sources: named(&opens),
        destinations: named(&is_asked),
        cells,
    }
}

impl Cell {
    fn take(&mut self, edge: &Edge) {
        self.rate += edge.rate;
        self.tally.packets += edge.tally.packets;
        self.tally.bytes += edge.tally.bytes;
        self.tally.flows += edge.tally.flows;
        self.blocked += edge.blocked;
        *self.mix.entry(edge.kind).or_default() += edge.tally.bytes;
    }
}
