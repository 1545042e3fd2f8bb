//! What a comparison with an existing firewall says.

use ipnet::IpNet;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::AuditWindow;

/// `cmflow compare --firewall`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirewallComparison {
    /// File of the firewall.
    pub firewall: String,
    /// Whether hits are those of single conversations (`history`), or of whole openings (`audit`).
    pub by: String,
    /// The time that it is about.
    pub window: AuditWindow,
    /// Each line of the firewall.
    pub lines: Vec<ComparedLine>,
    /// Openings that no line lets through, those with traffic first.
    pub missing: Vec<MissingOpening>,
    /// Lines that are not understood, and so are not compared.
    pub unread: Vec<UnreadLine>,
    /// How many things a person has to look at.
    pub findings: u64,
}

/// A line of an existing firewall.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComparedLine {
    /// Where it stands.
    pub place: String,
    /// Its name.
    pub name: String,
    /// `accept` or `drop`.
    pub action: String,
    /// `used` or `unused`.
    pub state: String,
    /// Packets of what came to it, counted at ingress.
    pub packets: u64,
    /// Their flows.
    pub flows: u64,
    /// Those that were answered.
    pub answered_flows: u64,
    /// Last packet.
    pub last_seen: Option<Timestamp>,
    /// Rules that explain what came to it.
    pub rules: Vec<String>,
    /// Where it lets through more than is used or documented: what would be enough.
    pub too_wide: Option<Enough>,
    /// What it lets through that no document explains, most packets first.
    pub unexplained: Vec<LineTraffic>,
}

/// What of a line would be enough.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enough {
    /// Of whom it has too many: `sources`, `destinations`, `services`.
    pub of: Vec<String>,
    /// Who opens.
    pub sources: Vec<IpNet>,
    /// Who answers.
    pub destinations: Vec<IpNet>,
    /// To what, `tcp/443`.
    pub services: Vec<String>,
}

/// Traffic that a line lets through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineTraffic {
    /// Who opens.
    pub sources: Vec<IpNet>,
    /// Who answers.
    pub destinations: Vec<IpNet>,
    /// To what.
    pub services: Vec<String>,
    /// The verdict.
    pub verdict: String,
    /// Packets.
    pub packets: u64,
    /// Last packet.
    pub last_seen: Option<Timestamp>,
}

/// An opening, or a part of it, that no line lets through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingOpening {
    /// Rules that ask for it.
    pub rules: Vec<String>,
    /// How far it is used.
    pub grade: super::Grade,
    /// Who opens.
    pub sources: Vec<IpNet>,
    /// Who answers.
    pub destinations: Vec<IpNet>,
    /// To what.
    pub services: Vec<String>,
    /// The lines that it ends at.
    pub stopped_by: Vec<String>,
    /// Packets of the whole opening.
    pub packets: u64,
    /// Last packet.
    pub last_seen: Option<Timestamp>,
    /// Whether it was asked for in the window, so that somebody misses it.
    pub wanted: bool,
}

/// A line that is not understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadLine {
    /// Where it stands.
    pub place: String,
    /// Its name.
    pub name: String,
    /// What of it is not understood.
    pub why: String,
}
