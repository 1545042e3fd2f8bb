//! The lines of a firewall, whatever language it speaks.

use ipnet::IpNet;
use jiff::Timestamp;
use jiff::civil::Date;

use super::Only;
use super::crossing::{self, Crossing};
use super::dynamic;
use super::merge::merged;
use crate::answer::{Approved, Audit, Grade, Opening};
use crate::catalogue::PortRange;
use crate::history::Evidence;

/// What an export says.
#[derive(Clone, Debug)]
pub struct RuleSet<'a> {
    /// What it follows from.
    pub audit: &'a Audit,
    /// Which openings were asked for.
    pub only: Only,
    /// What is let through.
    pub lines: Vec<Line>,
    /// What the gateway does not forward, whatever its firewall says.
    pub not_crossing: Vec<LeftOut<'a>>,
    /// Openings that are not let through.
    pub left_out: Vec<LeftOut<'a>>,
}

/// An opening that has no line.
#[derive(Clone, Debug)]
pub struct LeftOut<'a> {
    /// It.
    pub opening: &'a Opening,
    /// Why.
    pub why: String,
}

/// A line: openings of one family that fit into one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Of IPv6.
    pub ipv6: bool,
    /// Who opens; aggregated, never empty.
    pub sources: Vec<IpNet>,
    /// Their roles.
    pub source_roles: Vec<String>,
    /// Who answers; aggregated, never empty.
    pub destinations: Vec<IpNet>,
    /// Their roles.
    pub destination_roles: Vec<String>,
    /// What it is opened to.
    pub transport: Transport,
    /// Ports of the responder, joined; none where there are none, or all are meant.
    pub ports: Vec<PortRange>,
    /// The ports are a range out of which the operating system picks.
    pub dynamic: bool,
    /// Lowest and highest of them that was asked at, where that is known.
    pub asked_at: Option<PortRange>,
    /// Rules that ask for it.
    pub rules: Vec<String>,
    /// Verdict of its flows.
    pub verdict: String,
    /// How far it is used.
    pub grade: Grade,
    /// Why it has that grade.
    pub why: Vec<String>,
    /// Who approved it, until when and why; for approved ones.
    pub approvals: Vec<String>,
    /// Why a person has to look at it; nothing where none has to.
    pub review: Vec<String>,
    /// Packets.
    pub packets: u64,
    /// Flows.
    pub flows: u64,
    /// Those that were answered.
    pub answered_flows: u64,
    /// Last packet.
    pub last_seen: Option<Timestamp>,
}

/// An IP protocol that a firewall can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// Echo requests of either family.
    Echo,
    /// A protocol without ports, by its number.
    Other(u8),
}

impl Transport {
    /// The one that an audit means by a name; nothing where it is none that a firewall knows.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Some(match name {
            "tcp" => Self::Tcp,
            "udp" => Self::Udp,
            "icmp" | "icmpv6" => Self::Echo,
            "ipip" => Self::Other(4),
            "6in4" => Self::Other(41),
            "gre" => Self::Other(47),
            "esp" => Self::Other(50),
            "ah" => Self::Other(51),
            "vrrp" => Self::Other(112),
            "sctp" => Self::Other(132),
            other => Self::Other(other.strip_prefix("ip-")?.parse().ok()?),
        })
    }

    /// Its name, as people write it.
    #[must_use]
    pub fn name(self, ipv6: bool) -> String {
        match self {
            Self::Tcp => "tcp".to_owned(),
            Self::Udp => "udp".to_owned(),
            Self::Echo if ipv6 => "icmpv6".to_owned(),
            Self::Echo => "icmp".to_owned(),
            Self::Other(number) => crate::answer::protocol_name(number),
        }
    }
}

/// Service of rules whose port a computer asks itself at.
const EXPRESS_UPDATES: &str = "/express-updates";

/// Port that TFTP is asked at; the answer comes from another one (RFC 1350, note 4 of the page).
const TFTP: u16 = 69;

impl Line {
    /// Whether it opens TFTP, whose answers belong to it though they come from another port.
    #[must_use]
    pub fn is_tftp(&self) -> bool {
        self.transport == Transport::Udp && self.ports == [PortRange::single(TFTP)]
    }

    /// Whether a group is asked.
    #[must_use]
    pub fn is_multicast(&self) -> bool {
        self.destinations
            .iter()
            .any(|address| address.addr().is_multicast())
    }

    /// Whether those who answer are more than any company has: the internet, so that no own computer is among them.
    #[must_use]
    pub fn leads_outside(&self) -> bool {
        let (v4, v6) = (8, 16);
        let most = if self.ipv6 { v6 } else { v4 };
        self.destinations
            .iter()
            .any(|address| address.prefix_len() < most)
    }
}

impl<'a> RuleSet<'a> {
    /// The lines that follow from an audit.
    #[must_use]
    pub fn of(audit: &'a Audit, evidence: &[Evidence], only: Only) -> Self {
        let mut set = Self {
            audit,
            only,
            lines: Vec::new(),
            not_crossing: Vec::new(),
            left_out: Vec::new(),
        };
        let asked = dynamic::asked_at(&audit.openings, evidence);
        for (opening, asked_at) in audit.openings.iter().zip(asked) {
            set.add(opening, asked_at);
        }
        set.lines = merged(std::mem::take(&mut set.lines));
        set
    }

    /// How many lines a person has to look at.
    #[must_use]
    pub fn to_review(&self) -> usize {
        self.lines.iter().filter(|line| !line.review.is_empty()).count()
    }

    fn add(&mut self, opening: &'a Opening, asked_at: Option<PortRange>) {
        if self.only == Only::Used && opening.grade == Grade::Unused {
            let why = format!("unused: {}", opening.why);
            self.left_out.push(LeftOut { opening, why });
            return;
        }
        let local = |rule: &String| rule.ends_with(EXPRESS_UPDATES);
        if self.only == Only::Used && opening.packets == 0 && opening.rules.iter().all(local) {
            let why =
                "express updates are fetched from a listener on the client itself, which no gateway sees";
            let why = why.to_owned();
            self.left_out.push(LeftOut { opening, why });
            return;
        }
        let Some(transport) = Transport::of(&opening.protocol) else {
            let why = format!("a firewall has no word for the protocol \"{}\"", opening.protocol);
            self.left_out.push(LeftOut { opening, why });
            return;
        };
        let [sources, destinations] = crossing::ends(opening);
        let lines = [false, true].map(|ipv6| {
            // Each family's echo request is a protocol of its own.
            let echo = transport == Transport::Echo && (opening.protocol == "icmpv6") != ipv6;
            (!echo).then(|| self.line(opening, transport, ipv6, [&sources, &destinations]))?
        });
        let reasons = sources.stays.iter().chain(&destinations.stays).cloned();
        let mut reasons: Vec<_> = reasons.collect();
        if lines.iter().all(Option::is_none) && reasons.is_empty() {
            let why = "no source and destination of one address family are known".to_owned();
            self.left_out.push(LeftOut { opening, why });
        } else if !reasons.is_empty() {
            reasons.dedup();
            let why = reasons.join("; ");
            self.not_crossing.push(LeftOut { opening, why });
        }
        let lines = lines.into_iter().flatten();
        self.lines.extend(lines.map(|line| Line { asked_at, ..line }));
    }

    fn line(
        &self,
        opening: &Opening,
        transport: Transport,
        ipv6: bool,
        [sources, destinations]: [&Crossing; 2],
    ) -> Option<Line> {
        let (sources, mut review) = sources.of(ipv6)?;
        let (destinations, more) = destinations.of(ipv6)?;
        review.extend(more);
        if opening.grade != Grade::Used {
            let rule = opening
                .rules
                .first()
                .map(|rule| format!(" ({rule})"))
                .unwrap_or_default();
            review.insert(0, format!("{}{rule}: {}", opening.grade.name(), opening.why));
        }
        let asked = |approved: &&Approved| opening.rules.contains(&approved.rule);
        let approvals: Vec<_> = self.audit.approvals.iter().filter(asked).collect();
        let ended = approvals.iter().filter(|approved| approved.ended);
        review.extend(ended.map(|approved| {
            let until = approved.until.map(|day| format!(" on {day}")).unwrap_or_default();
            format!("the approval of {} ended{until}", approved.rule)
        }));
        Some(Line {
            ipv6,
            sources,
            source_roles: opening.source_roles.clone(),
            destinations,
            destination_roles: opening.destination_roles.clone(),
            transport,
            ports: opening.ports.clone(),
            dynamic: opening.dynamic,
            asked_at: None,
            rules: opening.rules.clone(),
            verdict: opening.verdict.clone(),
            grade: opening.grade,
            why: vec![opening.why.clone()],
            approvals: approvals.iter().map(|approved| in_words(approved)).collect(),
            review,
            packets: opening.packets,
            flows: opening.flows,
            answered_flows: opening.answered_flows,
            last_seen: opening.last_seen,
        })
    }
}

fn in_words(approved: &Approved) -> String {
    let by = approved.by.as_deref().unwrap_or("the site file");
    let until = |day: Date| format!(" until {day}");
    let until = approved.until.map(until).unwrap_or_default();
    format!("approved by {by}{until}: {}", approved.why)
}
