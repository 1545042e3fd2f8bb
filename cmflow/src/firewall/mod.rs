//! Firewalls as they are, held against what crosses and what is documented: pure.
//!
//! CSV or `nft -j list ruleset` -> [`RuleBase`] \
//! history or audit -> [`Traffic`], openings    -> [`compare`] -> [`crate::answer::FirewallComparison`]

mod address;
mod compare;
mod csv_file;
mod nft;
mod nft_match;
mod ranges;
mod region;
mod service;
#[cfg(test)]
mod tests;
mod traffic;

pub use compare::compare;
pub use ranges::Ranges;
pub use region::{Region, addresses, prefixes};
pub use traffic::{Traffic, of_audit, of_evidence, of_opening, region_of};

/// What a line does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Lets through.
    Accept,
    /// Drops or refuses.
    Drop,
}

impl Action {
    /// The word that tables and JSON use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Drop => "drop",
        }
    }
}

/// A line of an existing firewall.
#[derive(Clone, Debug)]
pub struct FirewallLine {
    /// Where it stands: `rules.csv:3`, `inet filter forward handle 7`.
    pub place: String,
    /// Its name or comment; may be empty.
    pub name: String,
    /// What it does.
    pub action: Action,
    /// To what.
    pub region: Region,
    /// It is what a chain does in the end, and not written as a line.
    pub policy: bool,
}

/// Lines of which the first one that fits decides.
#[derive(Clone, Debug)]
pub struct Chain {
    /// The lines, the policy last.
    pub lines: Vec<FirewallLine>,
    /// Which families it sees: IPv4, IPv6.
    pub families: [bool; 2],
}

/// A line that is not understood, and so is not compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Where it stands.
    pub place: String,
    /// Its name.
    pub name: String,
    /// What of it is not understood.
    pub why: String,
}

/// An existing firewall. What crosses has to be let through by each chain.
#[derive(Clone, Debug, Default)]
pub struct RuleBase {
    /// The chains.
    pub chains: Vec<Chain>,
    /// Lines that are not understood.
    pub unread: Vec<Unread>,
}

/// Reads a firewall: JSON of nft where it begins with a brace, CSV else.
///
/// # Errors
/// Where it is neither, with what to do.
pub fn read(name: &str, text: &str) -> Result<RuleBase, String> {
    let base = if text.trim_start().starts_with('{') {
        nft::read(text).map_err(|why| format!("{name}: {why}"))?
    } else {
        csv_file::read(name, text)?
    };
    let lines = base.chains.iter().flat_map(|chain| &chain.lines);
    if lines.filter(|line| !line.policy).count() == 0 && base.unread.is_empty() {
        return Err(format!("{name} has no line that filters what is forwarded"));
    }
    Ok(base)
}
