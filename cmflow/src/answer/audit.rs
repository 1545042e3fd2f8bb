//! What an audit says: which rules are used, which openings a firewall needs, what nothing explains.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Nearest, SourceFile};
use crate::catalogue::PortRange;

/// How far a rule is used, as far as this can be said. Ordered by what decides where several gateways see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// Flows that only this rule explains were answered, and it was seen who opened them.
    Used,
    /// The same, but other rules explain them as well.
    Shared,
    /// There were hits, and none of them was answered.
    Attempted,
    /// The window or its gaps do not allow to say more.
    InsufficientWindow,
    /// No hit, and a condition or the rule's cadence explains the silence.
    ExpectedIdle,
    /// No hit on this gateway, in a window as long as the rule's cadence asks.
    Unused,
    /// No pair of computers that it is for crosses here in the open.
    NotObservable,
}

impl Grade {
    /// Every grade.
    pub const ALL: [Self; 7] = [
        Self::Used,
        Self::Shared,
        Self::Attempted,
        Self::InsufficientWindow,
        Self::ExpectedIdle,
        Self::Unused,
        Self::NotObservable,
    ];

    /// The word that tables and JSON use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::Shared => "shared",
            Self::Attempted => "attempted",
            Self::InsufficientWindow => "insufficient-window",
            Self::ExpectedIdle => "expected-idle",
            Self::Unused => "unused",
            Self::NotObservable => "not-observable",
        }
    }

    /// Whether a person has to look at it before a firewall goes by it.
    #[must_use]
    pub const fn needs_review(self) -> bool {
        !matches!(self, Self::Used | Self::Unused)
    }
}

/// `cmflow audit`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Audit {
    /// Edition of the page.
    pub edition: String,
    /// Version of cmflow that made it.
    pub version: String,
    /// When it was made.
    pub at: Timestamp,
    /// Whose histories it draws on.
    pub gateways: Vec<AuditedGateway>,
    /// The files that it goes by.
    pub files: Vec<SourceFile>,
    /// The time that it is about.
    pub window: AuditWindow,
    /// Generations of tables that judged in it.
    pub generations: Vec<TableGeneration>,
    /// How many rules have which grade.
    pub grades: BTreeMap<String, u64>,
    /// Every rule of the edition that the site file makes possible, then those of companions, then own ones.
    pub rules: Vec<AuditedRule>,
    /// The lines of a firewall.
    pub openings: Vec<Opening>,
    /// What nothing explains.
    pub unexplained: Vec<AuditGroup>,
    /// What contradicts the site file.
    pub contradictions: Vec<Contradiction>,
    /// Approvals and own rules.
    pub approvals: Vec<Approved>,
    /// What the method cannot see, in sentences.
    pub limits: Vec<String>,
}

/// A gateway in an [`Audit`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditedGateway {
    /// Name of the instance, or of the file.
    pub name: String,
    /// Interfaces by name, with their hooks.
    pub interfaces: BTreeMap<String, String>,
    /// Its own window.
    pub window: AuditWindow,
}

/// A time in an [`Audit`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditWindow {
    /// Its begin.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
    /// Seconds of it in which everything was observed.
    pub observed_s: u64,
    /// Times in it that were not observed as they should be.
    pub gaps: Vec<AuditGap>,
}

/// A time that was not observed as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditGap {
    /// Its begin.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
    /// `daemon-down`, `kernel-only`, `law-broken`, `events-lost`, `not-written`, `interface-lost`, `table-full`, `clock-step`.
    pub kind: String,
    /// What it means for the audit.
    pub note: String,
    /// Whether traffic in it may be missing here.
    pub hides: bool,
}

/// A generation of tables in an [`Audit`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TableGeneration {
    /// From when on it judged.
    pub from: Timestamp,
    /// Edition of the page.
    pub edition: String,
    /// The files that it was made from.
    pub files: Vec<SourceFile>,
}

/// Pairs of computers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Pairs {
    /// That the site file makes possible; a prefix counts as one computer.
    pub possible: u64,
    /// That cross the gateway in the open, as far as is known.
    pub observable: u64,
    /// That used it.
    pub used: u64,
}

/// Packets of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DayUse {
    /// The day, in UTC.
    pub day: Date,
    /// Packets.
    pub packets: u64,
}

/// A rule in an [`Audit`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AuditedRule {
    /// Its id.
    pub rule: String,
    /// Verdict that its flows get: `documented`, `approved` or `baseline`.
    pub verdict: String,
    /// Name of the service.
    pub service: String,
    /// Role at the left end.
    pub from: String,
    /// Role at the right end.
    pub to: String,
    /// How far it is used.
    pub grade: Grade,
    /// Why it has that grade, in words.
    pub why: String,
    /// Packets that it explains, alone or with others.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Flows.
    pub flows: u64,
    /// Flows that were answered.
    pub answered_flows: u64,
    /// Different addresses that opened, at least.
    pub initiators: u64,
    /// Different addresses that answered, at least.
    pub responders: u64,
    /// Pairs of computers.
    pub pairs: Pairs,
    /// Rules that explain the same flows.
    pub shared_with: Vec<String>,
    /// First packet in the window.
    pub first_seen: Option<Timestamp>,
    /// Last packet in the window.
    pub last_seen: Option<Timestamp>,
    /// Days with packets.
    pub active_days: u64,
    /// Packets by day.
    pub days: Vec<DayUse>,
    /// Begin of its own window: that of the audit, or of the generation that first made it possible.
    pub since: Timestamp,
    /// Seconds of its own window in which everything was observed.
    pub observed_s: u64,
    /// How often it should be used: `continuous`, `monthly`, `on-demand`.
    pub cadence: String,
    /// Conditions under which alone it is used.
    pub conditions: Vec<String>,
    /// What else is to be known, such as "used outside its condition".
    pub remarks: Vec<String>,
}

/// A line of a firewall: who may open what to whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Opening {
    /// Who opens.
    #[schema(value_type = Vec<String>)]
    pub sources: Vec<IpNet>,
    /// Their roles.
    pub source_roles: Vec<String>,
    /// Who answers.
    #[schema(value_type = Vec<String>)]
    pub destinations: Vec<IpNet>,
    /// Their roles.
    pub destination_roles: Vec<String>,
    /// `tcp`, `udp`, `icmp`, `icmpv6`.
    pub protocol: String,
    /// Ports of the responder; none for echo requests.
    pub ports: Vec<PortRange>,
    /// Whether the ports are a range out of which the operating system picks.
    pub dynamic: bool,
    /// Rules that ask for it.
    pub rules: Vec<String>,
    /// Verdict of its flows: `documented`, `approved` or `baseline`.
    pub verdict: String,
    /// How far it is used.
    pub grade: Grade,
    /// Why it has that grade.
    pub why: String,
    /// Packets of its conversations, those before the window among them.
    pub packets: u64,
    /// Their flows.
    pub flows: u64,
    /// Those that were answered.
    pub answered_flows: u64,
    /// Last packet.
    pub last_seen: Option<Timestamp>,
}

/// What nothing explains, by roles and service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditGroup {
    /// Roles of those who open; none where the site file does not name them.
    pub initiator_roles: Vec<String>,
    /// Roles of those who answer.
    pub responder_roles: Vec<String>,
    /// `tcp`, `udp` …
    pub protocol: String,
    /// Port of the responders.
    pub port: u16,
    /// The verdict: `undocumented`, `reversed`, or `foreign` that the scope flags.
    pub verdict: String,
    /// How many addresses or prefixes open.
    pub initiators: u64,
    /// How many answer.
    pub responders: u64,
    /// Some of those who open and answer.
    #[schema(value_type = Vec<Vec<String>>)]
    pub examples: Vec<[IpNet; 2]>,
    /// Packets of both directions.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Flows.
    pub flows: u64,
    /// Flows that were answered.
    pub answered_flows: u64,
    /// First packet.
    pub first_seen: Timestamp,
    /// Last packet.
    pub last_seen: Timestamp,
    /// The rule that comes nearest to one of them.
    pub nearest: Option<Nearest>,
    /// What runs at such a port as a rule, where it is well known.
    pub guess: Option<String>,
}

/// Something observed that the site file says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Contradiction {
    /// Whom it concerns, where it is about one computer.
    #[schema(value_type = Option<String>)]
    pub address: Option<IpAddr>,
    /// What was seen and what the file says, in a sentence.
    pub what: String,
    /// Where the file says it, `site.toml:12`.
    pub place: Option<String>,
}

/// An approval, or a rule of the user's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Approved {
    /// Id of the rule that it is.
    pub rule: String,
    /// Who answers for it, where it says so.
    pub by: Option<String>,
    /// Why.
    pub why: String,
    /// Last day on which it holds.
    pub until: Option<Date>,
    /// Whether that day has passed.
    pub ended: bool,
    /// Flows that it explained.
    pub flows: u64,
    /// Last packet of them.
    pub last_seen: Option<Timestamp>,
    /// What is to be said of it, such as that it never had a hit.
    pub remark: Option<String>,
}
