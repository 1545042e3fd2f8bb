//! Lines that a site file may lack, from what a history saw: pure. On day one the site file is wrong, not the network.
//!
//! conversations -> judged by the tables of now -> those that nothing explains -> who would explain them -> lines

mod computers;
mod document;
mod judged;
mod networks;
mod never_seen;
mod ports;
mod seen;
#[cfg(test)]
mod tests;
mod trial;

pub use document::document;

use std::net::IpAddr;

use ipnet::IpNet;
use serde::Serialize;

use crate::catalogue::PortRange;
use crate::explain::Book;
use crate::history::Evidence;

use judged::Judged;

/// A change of the site file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub enum Piece {
    /// A computer that the file does not name.
    Host {
        /// What to call it.
        name: String,
        /// Its address.
        address: IpAddr,
        /// Code of its site, where the file has sites.
        site: Option<String>,
        /// Its roles.
        roles: Vec<String>,
    },
    /// Addresses of a role, or of several.
    Role {
        /// The roles.
        roles: Vec<String>,
        /// Who holds them.
        addresses: Vec<IpNet>,
    },
    /// A port of the whole hierarchy that the file does not change yet.
    Port {
        /// The key under `[ports]`.
        key: String,
        /// What it is to be.
        ports: Vec<PortRange>,
    },
    /// A line that is there already and says something else.
    Edit {
        /// The section, or the host or site, that it stands in.
        at: String,
        /// The key.
        key: String,
        /// What it is to say; nothing where the line is to go.
        value: Option<String>,
    },
    /// Nothing that could be said in TOML.
    Nothing,
}

/// Something that the site file may lack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Suggestion {
    /// What was seen, in a sentence.
    pub seen: String,
    /// What speaks for it, and what else it could be.
    pub remarks: Vec<String>,
    /// Flows that it would explain.
    pub flows: u64,
    /// Their packets.
    pub packets: u64,
    /// The change.
    #[serde(flatten)]
    pub piece: Piece,
}

/// Suggests, the most traffic first. Whatever changes the file was tried: the flows that it is for are explained by it.
#[must_use]
pub fn suggest(book: &Book<'_>, evidence: &[Evidence]) -> Vec<Suggestion> {
    let judged = Judged::of(book, evidence);
    let mut all = ports::suggest(book, &judged);
    all.extend(networks::suggest(book, &judged));
    all.extend(computers::suggest(book, &judged));
    let mut all = trial::kept(book, all);
    all.sort_by_key(|(suggestion, _)| std::cmp::Reverse((suggestion.flows, suggestion.packets)));
    let kept = all.into_iter().map(|(suggestion, _)| suggestion);
    kept.chain(never_seen::suggest(book, evidence)).collect()
}

/// What a suggestion is for: flows as the tables see them.
pub(crate) type Cause = Vec<judged::Flow>;
