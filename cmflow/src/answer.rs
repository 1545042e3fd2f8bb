//! What the daemon answers: the shapes that scripts read, in the words of the documents.

mod alerts;
mod audit;
mod firewall;
mod rpc;
mod what_if;

use std::collections::BTreeMap;
use std::net::IpAddr;

use cmflow_common::address::Address;
use cmflow_common::packet::protocol;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use alerts::{AlertStatus, AlertTest, AlertTests};
pub use audit::{
    Approved, Audit, AuditGap, AuditGroup, AuditWindow, AuditedGateway, AuditedRule, Contradiction, DayUse,
    Grade, Opening, Pairs, TableGeneration,
};
pub use firewall::{ComparedLine, Enough, FirewallComparison, LineTraffic, MissingOpening, UnreadLine};
pub use rpc::{PortStretch, Rpc, RpcPair};
pub use what_if::{Judges, WhatIf, WhatIfGroup, WhatIfVerdict};

/// Packets and bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Count {
    /// Packets.
    pub packets: u64,
    /// Bytes on the wire, Ethernet header included.
    pub bytes: u64,
}

impl From<cmflow_common::gateway::Count> for Count {
    fn from(count: cmflow_common::gateway::Count) -> Self {
        Self {
            packets: count.packets,
            bytes: count.bytes,
        }
    }
}

/// Packets, bytes and flows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Tally {
    /// Packets.
    pub packets: u64,
    /// Bytes on the wire.
    pub bytes: u64,
    /// Flows.
    pub flows: u64,
}

/// Flows whose ports something hides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Opaque {
    /// What hides them: `esp`, `ike`, `ike-nat-t`, `gre`, `ipip`, `6in4`, `vxlan`, `fragment` …
    pub protocol: String,
    /// Packets.
    pub packets: u64,
    /// Bytes on the wire.
    pub bytes: u64,
    /// Flows.
    pub flows: u64,
}

/// `cmflow status`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Status {
    /// Name of the instance.
    pub instance: String,
    /// The site file.
    pub site: String,
    /// Edition of the page.
    pub edition: String,
    /// Version of the daemon.
    pub version: String,
    /// When it began to count.
    pub since: Timestamp,
    /// When this was read.
    pub at: Timestamp,
    /// Interfaces it looks at.
    pub interfaces: Vec<InterfaceStatus>,
    /// Frames of all interfaces, counted at ingress, before this gateway's own firewall.
    pub frames: u64,
    /// Frames by outcome.
    pub outcomes: BTreeMap<String, u64>,
    /// Packets, bytes and flows by verdict.
    pub verdicts: BTreeMap<String, Tally>,
    /// Opaque flows by what hides their ports; those without an entry in the flow table are not among them.
    pub opaque: Vec<Opaque>,
    /// The flow table.
    pub flow_table: FlowTable,
    /// What packets announced of packets to come, by kind: `rpc`, `tftp`, `fragments`.
    pub expectations: BTreeMap<String, Expectations>,
    /// News that the ring had no room for: they are counted, but were not logged at once.
    pub events_lost: u64,
    /// The same by what the news was of: `undocumented`, `foreign`, `reversed`.
    pub events_lost_by_kind: BTreeMap<String, u64>,
    /// Generation of the tables.
    pub generation: u64,
    /// The files that they were made from.
    pub files: Vec<SourceFile>,
    /// When no daemon looked.
    pub gaps: Vec<Gap>,
    /// The history on disk.
    pub history: HistoryStatus,
    /// Alerts.
    pub alerts: AlertStatus,
    /// The conservation law.
    pub conservation: ConservationStatus,
}

impl Status {
    /// Whether so many packets found no place in the flow table that it is too small. Some find none in any table: errors
    /// about flows that nobody knows, conversations that begin at the same ports again and again.
    #[must_use]
    pub const fn lacks_places(&self) -> bool {
        self.flow_table.packets_without_entry > self.conservation.frames / 100
    }
}

/// The history in [`Status`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HistoryStatus {
    /// The database.
    pub file: String,
    /// Its size.
    pub bytes: u64,
    /// Up to when everything is written.
    pub written: Option<Timestamp>,
    /// Why something is not; counting goes on, and what can be is written later.
    pub problem: Option<String>,
}

/// A file that tables were made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceFile {
    /// Its name.
    pub path: String,
    /// What `sha256sum` says of it.
    pub sha256: String,
}

/// A time in which no daemon looked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Gap {
    /// When the one daemon last looked.
    pub from: Timestamp,
    /// When the next one had taken over.
    pub to: Timestamp,
    /// `kernel-only`: everything was counted and judged meanwhile, by the tables of before.
    pub kind: String,
}

impl Gap {
    /// One in which the kernel counted alone.
    #[must_use]
    pub fn kernel_only(from: Timestamp, to: Timestamp) -> Self {
        Self {
            from,
            to,
            kind: "kernel-only".to_owned(),
        }
    }
}

/// `cmflow reload`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reloaded {
    /// Whether the new tables are in use.
    pub done: bool,
    /// Generation of the tables in use.
    pub generation: u64,
    /// The files that they were made from.
    pub files: Vec<SourceFile>,
    /// What may be a mistake in them.
    pub warnings: Vec<String>,
    /// Why they are not in use.
    pub problems: Vec<String>,
}

/// An interface in [`Status`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct InterfaceStatus {
    /// Its name.
    pub name: String,
    /// The hook: `native`, `tcx` or `generic`.
    pub mode: String,
    /// Why that hook.
    pub why: String,
    /// Frames seen.
    pub frames: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Frames that the interface's own counter received since the program was attached.
    pub received: u64,
    /// Flows whose first packet came in by it, those that are gone among them.
    pub flows: u64,
    /// Those among them whose other direction does not cross this gateway.
    pub one_sided_flows: u64,
    /// Their share in percent.
    pub one_sided_share: f64,
}

/// The flow table in [`Status`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FlowTable {
    /// Slots in use.
    pub entries: u64,
    /// Slots in use by kind: `answered`, `unexplained`, `unanswered`.
    pub rooms: BTreeMap<String, u64>,
    /// Slots there are.
    pub capacity: u64,
    /// Packets that found no slot: counted by outcome and verdict, but in no flow.
    pub packets_without_entry: u64,
}

/// One kind of expectation in [`Status`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Expectations {
    /// How many there are that have not ended.
    pub live: u64,
    /// How many there may be at a time.
    pub capacity: u64,
    /// How many were made.
    pub made: u64,
    /// How often one was met.
    pub met: u64,
    /// How many made room for another one before they ended: what should have met them later was not expected.
    pub crowded_out: u64,
}

/// The conservation law in [`Status`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConservationStatus {
    /// Whether it held at every tick.
    pub ok: bool,
    /// Packets that were parsed into flows, at the ticks that settled them.
    pub frames: u64,
    /// Packets in live flows, in flows that are gone, and without an entry.
    pub accounted: u64,
    /// Packets of all verdicts.
    pub judged: u64,
    /// Ticks at which it did not hold.
    pub broken_ticks: u64,
}

/// One end of a flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FlowEnd {
    /// Its address.
    #[schema(value_type = String)]
    pub address: IpAddr,
    /// Its port.
    pub port: u16,
    /// Roles that the site file gives it.
    pub roles: Vec<String>,
}

/// A flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Flow {
    /// `tcp`, `udp`, `icmp` …
    pub protocol: String,
    /// The end that opened it.
    pub initiator: FlowEnd,
    /// The end that answers.
    pub responder: FlowEnd,
    /// Whether the initiator was seen to open it.
    pub initiator_seen: bool,
    /// What became of it.
    pub state: String,
    /// Why the rules fit: `port`, `range`, `icmp`; nothing where none does.
    pub basis: Option<String>,
    /// From the initiator.
    pub forward: Count,
    /// From the responder.
    pub reverse: Count,
    /// The verdict.
    pub verdict: String,
    /// Ids of the rules that explain it; for a reversed flow of those that would.
    pub rules: Vec<String>,
    /// Ids of the conditions under which alone these rules are used, and of which the site file says nothing; none where
    /// one of the rules holds anyway.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<String>,
    /// First packet.
    pub first_seen: Timestamp,
    /// Last packet.
    pub last_seen: Timestamp,
}

/// `cmflow flows`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Flows {
    /// Flows that the filters let through, sorted.
    pub flows: Vec<Flow>,
    /// How many there were before the limit.
    pub matching: u64,
}

/// A rule's counters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RuleCount {
    /// Id of the rule.
    pub rule: String,
    /// Verdict that its flows get: `documented`, `approved` or `baseline`.
    pub verdict: String,
    /// Packets that it explains, alone or with others.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Flows that it explains.
    pub flows: u64,
    /// First packet.
    pub first_seen: Option<Timestamp>,
    /// Last packet.
    pub last_seen: Option<Timestamp>,
}

/// `cmflow rules`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rules {
    /// Rules with at least one packet, or all that the site file makes possible.
    pub rules: Vec<RuleCount>,
    /// Rules that the site file makes possible.
    pub possible: u64,
}

/// A conversation that nothing explains.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Unexplained {
    /// `tcp`, `udp` …
    pub protocol: String,
    /// Who opened it.
    #[schema(value_type = String)]
    pub initiator: IpAddr,
    /// Roles of the initiator.
    pub initiator_roles: Vec<String>,
    /// Who answers.
    #[schema(value_type = String)]
    pub responder: IpAddr,
    /// Roles of the responder.
    pub responder_roles: Vec<String>,
    /// Port of the responder.
    pub port: u16,
    /// The verdict: `undocumented`, `reversed`, or `foreign` that the scope flags.
    pub verdict: String,
    /// Packets of both directions.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Flows.
    pub flows: u64,
    /// First packet.
    pub first_seen: Timestamp,
    /// Last packet.
    pub last_seen: Timestamp,
    /// The rule that comes nearest, and why it does not fit.
    pub nearest: Option<Nearest>,
}

/// Conversations that nothing explains, of the same roles at the same service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnexplainedGroup {
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
    /// How many addresses open.
    pub initiators: u64,
    /// How many addresses answer.
    pub responders: u64,
    /// Flows.
    pub flows: u64,
    /// Packets of both directions.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// First packet.
    pub first_seen: Timestamp,
    /// Last packet.
    pub last_seen: Timestamp,
    /// The rule that comes nearest to one of them, and why it does not fit.
    pub nearest: Option<Nearest>,
}

/// A rule that nearly fits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Nearest {
    /// Id of the rule.
    pub rule: String,
    /// Why it does not fit.
    pub why_not: String,
}

/// `cmflow undocumented`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Undocumented {
    /// Conversations that nothing explains, newest first.
    pub undocumented: Vec<Unexplained>,
    /// The same by roles and service, most flows first.
    pub groups: Vec<UnexplainedGroup>,
    /// Flows of conversations beyond what is kept apart.
    pub beyond: u64,
}

/// `cmflow replay`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay<F = Vec<Flow>> {
    /// The capture.
    pub capture: CaptureSummary,
    /// Frames by outcome.
    pub outcomes: BTreeMap<String, u64>,
    /// Packets, bytes and flows by verdict.
    pub verdicts: BTreeMap<String, Tally>,
    /// Opaque flows by what hides their ports; those without an entry in the flow table are not among them.
    pub opaque: Vec<Opaque>,
    /// Rules with at least one packet.
    pub rules: Vec<RuleCount>,
    /// Flows that the filters let through, sorted.
    pub flows: F,
    /// What nothing explains, by roles and service, most flows first.
    pub groups: Vec<UnexplainedGroup>,
    /// Dynamic ports used, by pair of computers.
    pub rpc: Vec<RpcPair>,
    /// Packets that found no room in the flow table: counted by outcome and verdict, but in no flow.
    pub packets_without_entry: u64,
    /// What could not be read, and what else is to be known of the counts.
    pub problems: Vec<String>,
}

impl<F> Replay<F> {
    /// The same with other flows.
    #[must_use]
    pub fn with_flows<G>(self, flows: G) -> Replay<G> {
        Replay {
            capture: self.capture,
            outcomes: self.outcomes,
            verdicts: self.verdicts,
            opaque: self.opaque,
            rules: self.rules,
            flows,
            groups: self.groups,
            rpc: self.rpc,
            packets_without_entry: self.packets_without_entry,
            problems: self.problems,
        }
    }
}

/// The capture of a [`Replay`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CaptureSummary {
    /// Its name; `-` for standard input.
    pub file: String,
    /// Frames that were counted.
    pub frames: u64,
    /// Their bytes on the wire, as the capture states them.
    pub bytes: u64,
    /// Frames among them that were cut when they were captured.
    pub cut: u64,
    /// Time of the first frame.
    pub first_seen: Option<Timestamp>,
    /// Time of the last frame.
    pub last_seen: Option<Timestamp>,
}

/// Name of an IP protocol.
#[must_use]
pub fn protocol_name(number: u8) -> String {
    match number {
        protocol::ICMP => "icmp".to_owned(),
        protocol::TCP => "tcp".to_owned(),
        protocol::UDP => "udp".to_owned(),
        protocol::ICMPV6 => "icmpv6".to_owned(),
        protocol::FRAGMENT => "fragment".to_owned(),
        4 => "ipip".to_owned(),
        41 => "6in4".to_owned(),
        47 => "gre".to_owned(),
        50 => "esp".to_owned(),
        51 => "ah".to_owned(),
        112 => "vrrp".to_owned(),
        132 => "sctp".to_owned(),
        other => format!("ip-{other}"),
    }
}

/// An address for people and scripts.
#[must_use]
pub fn ip(address: Address) -> IpAddr {
    address.into()
}
