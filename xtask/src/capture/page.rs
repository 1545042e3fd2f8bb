//! Every protocol of the page: for each rule of an edition, conversations that it documents.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::talk::{Ending, Talk, Transport};
use crate::step::output;

/// An edition of the page, as `cmflow catalogue show --format json` tells it.
#[derive(Debug, Deserialize)]
pub struct Edition {
    /// Its id, as in `2018-02`.
    pub edition: String,
    connections: Vec<Section>,
    lists: Vec<Section>,
}

/// A table or a list.
#[derive(Debug, Deserialize)]
struct Section {
    rules: Vec<Rule>,
}

#[derive(Debug, Deserialize)]
struct Rule {
    id: String,
    from: String,
    to: String,
    opened_by: OpenedBy,
    udp: Vec<PortRange>,
    tcp: Vec<PortRange>,
    #[serde(default)]
    icmp_echo: bool,
    dynamic: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum OpenedBy {
    From,
    Either,
}

#[derive(Debug, Deserialize)]
struct PortRange {
    first: u16,
    last: u16,
}

/// A conversation, and the rule that documents it, perhaps among others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Documented {
    /// Id of the rule.
    pub rule: String,
    /// What it is known by, in a capture of all conversations of the page.
    pub basis: &'static str,
    /// The conversation.
    pub talk: Talk,
}

/// Roles that nobody inside a company holds. The catalogue's JSON does not tell them apart; a test holds this
/// list against the catalogue.
pub const PUBLIC_ROLES: [&str; 10] = [
    "azure-cmg",
    "azure-logic-app",
    "cloud-distribution-point",
    "cloud-management-gateway",
    "cmg-classic-cloud-service",
    "cmg-virtual-machine-scale-set",
    "exchange-online",
    "internet",
    "microsoft",
    "microsoft-intune",
];

/// Ports of the ends that open conversations: below the page's multicast ports, so that no rule names one.
const FIRST_SOURCE_PORT: u16 = 50_000;
const SOURCE_PORTS: u32 = 10_000;
/// A port that RPC services of Windows listen at, out of those that the page calls dynamic.
const DYNAMIC_PORT: u16 = 49_670;
/// Where the endpoint mapper says which of them.
const MAPPER_PORT: u16 = 135;

impl Edition {
    /// Asks cmflow.
    ///
    /// # Errors
    /// Where it does not know the edition, or cannot be run.
    pub fn ask(cmflow: &Path, edition: &str) -> Result<Self> {
        let mut command = Command::new(cmflow);
        command.args(["catalogue", "show", "--edition", edition, "--format", "json"]);
        serde_json::from_str(&output(&mut command)?).context("reading what `cmflow catalogue show` answered")
    }

    fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.connections
            .iter()
            .chain(&self.lists)
            .flat_map(|section| &section.rules)
    }

    /// Ids of its rules, in the page's order.
    pub fn rule_ids(&self) -> impl Iterator<Item = &str> {
        self.rules().map(|rule| rule.id.as_str())
    }

    /// For each rule a conversation per protocol and port, the first and the last port of ranges; where either
    /// end may open it, one from each end. RPC goes on to a dynamic port last of all: where a rule has the
    /// endpoint mapper for these computers, they have asked it by then.
    #[must_use]
    pub fn conversations(&self) -> Vec<Documented> {
        let computers = Computers::of(self);
        let (dynamic, named): (Vec<_>, Vec<_>) = self
            .rules()
            .flat_map(|rule| rule.ports().into_iter().map(move |port| (rule, port)))
            .partition(|(rule, port)| rule.dynamic && *port == (Transport::Tcp, DYNAMIC_PORT));
        let mut all: Vec<Documented> = Vec::new();
        // Who asked whose endpoint mapper, and whether over IPv6.
        let mut asked: BTreeMap<(&str, &str), bool> = BTreeMap::new();
        for (rule, (transport, port)) in named.into_iter().chain(dynamic) {
            for (from, to) in rule.ways() {
                let number = u32::try_from(all.len() + 1).expect("a page has few rules");
                let mapped = asked.get(&(from, to)).copied().filter(|_| port == DYNAMIC_PORT);
                let ipv6 = mapped.unwrap_or_else(|| rule.over_ipv6(number));
                if (transport, port) == (Transport::Tcp, MAPPER_PORT) {
                    asked.insert((from, to), ipv6);
                }
                let ends = (from, to, ipv6);
                all.push(Documented {
                    rule: rule.id.clone(),
                    basis: match (transport, port) {
                        (Transport::Echo, _) => "icmp",
                        (Transport::Tcp, DYNAMIC_PORT) if mapped.is_some() => "expectation",
                        (Transport::Tcp, DYNAMIC_PORT) => "range",
                        _ => "port",
                    },
                    talk: talk(&computers, rule, ends, transport, port, number),
                });
            }
        }
        all
    }

    /// The site file in which each computer holds one role.
    #[must_use]
    pub fn site_file(&self) -> String {
        let mut text = format!(
            "# One computer for each role of edition {0}; two where computers of a role speak with each other.\n\
             # The page alone: no companions.\n\
             edition = \"{0}\"\n\
             companions = []\n\n\
             [networks]\n\
             internal = [\"10.0.0.0/8\", \"fd00::/8\"]\n\n\
             [roles]\n",
            self.edition
        );
        for (role, index) in &Computers::of(self).numbers {
            let pairs = self.rules().any(|rule| rule.from == *role && rule.to == *role);
            let ends = if pairs { &[false, true][..] } else { &[false] };
            let addresses: Vec<String> = ends
                .iter()
                .flat_map(|second| [false, true].map(|ipv6| address(role, *index, *second, ipv6)))
                .map(|address| format!("\"{address}\""))
                .collect();
            let _ = writeln!(text, "{role} = [{}]", addresses.join(", "));
        }
        text
    }
}

impl Rule {
    fn ports(&self) -> Vec<(Transport, u16)> {
        let mut all = BTreeSet::new();
        for (udp, ranges) in [(false, &self.tcp), (true, &self.udp)] {
            for range in ranges {
                all.extend([(udp, range.first), (udp, range.last)]);
            }
        }
        let transport = |udp| if udp { Transport::Udp } else { Transport::Tcp };
        let mut ports: Vec<_> = all
            .into_iter()
            .map(|(udp, port)| (transport(udp), port))
            .collect();
        if self.dynamic {
            ports.push((Transport::Tcp, DYNAMIC_PORT));
        }
        if self.icmp_echo {
            // One for each family.
            ports.extend([(Transport::Echo, 0); 2]);
        }
        ports
    }

    /// Who may open it to whom.
    fn ways(&self) -> impl Iterator<Item = (&str, &str)> {
        let there = (self.from.as_str(), self.to.as_str());
        let back = (self.opened_by == OpenedBy::Either).then_some((there.1, there.0));
        std::iter::once(there).chain(back)
    }

    fn over_ipv6(&self, number: u32) -> bool {
        match self.service() {
            "dhcp" => false,
            "dhcpv6" => true,
            _ => number % 2 == 1,
        }
    }

    fn service(&self) -> &str {
        self.id.rsplit('/').next().unwrap_or_default()
    }
}

fn talk(
    computers: &Computers<'_>,
    rule: &Rule,
    (from, to, ipv6): (&str, &str, bool),
    transport: Transport,
    port: u16,
    number: u32,
) -> Talk {
    let source_port = match (transport, port) {
        (Transport::Echo, _) => 0,
        // Where both ends have a port of their own.
        (Transport::Udp, 67) => 68,
        (Transport::Udp, 547) => 546,
        _ => FIRST_SOURCE_PORT + u16::try_from(number % SOURCE_PORTS).expect("it is below 10,000"),
    };
    let initiator = SocketAddr::new(computers.address(from, false, ipv6), source_port);
    let responder = SocketAddr::new(computers.address(to, from == to, ipv6), port);
    let (transport, ending) = match rule.service() {
        // Nobody answers to it.
        "wake-on-lan" => (transport, Ending::Silence),
        // The blocks come from a port that no rule names.
        "tftp" => (Transport::UdpFromElsewhere, Ending::Answered),
        _ => (transport, Ending::Answered),
    };
    Talk {
        ending,
        // Several blocks, in one line for the reader.
        answer_bytes: if transport == Transport::UdpFromElsewhere {
            2_000
        } else {
            500
        },
        ..Talk::new(transport, initiator, responder, number)
    }
}

/// The roles that an edition names, numbered; the computer of a role has its number in its address.
struct Computers<'a> {
    numbers: BTreeMap<&'a str, u8>,
}

impl<'a> Computers<'a> {
    fn of(edition: &'a Edition) -> Self {
        let roles: BTreeSet<&str> = edition
            .rules()
            .flat_map(|rule| [rule.from.as_str(), rule.to.as_str()])
            .collect();
        Self {
            numbers: roles.into_iter().zip(1..).collect(),
        }
    }

    fn address(&self, role: &str, second: bool, ipv6: bool) -> IpAddr {
        address(role, self.numbers[role], second, ipv6)
    }
}

/// Public roles get addresses that documents use for the internet (RFC 5737, RFC 3849).
fn address(role: &str, number: u8, second: bool, ipv6: bool) -> IpAddr {
    let computer = 11 + u8::from(second);
    let number_v6 = u16::from(number);
    // 11 and 12 for whoever reads them, as beside them in IPv4.
    let computer_v6 = 0x11 + u16::from(second);
    match (PUBLIC_ROLES.contains(&role), ipv6) {
        (true, false) => Ipv4Addr::new(203, 0, 113, number).into(),
        (true, true) => Ipv6Addr::new(0x2001, 0xdb8, 0, number_v6, 0, 0, 0, computer_v6).into(),
        (false, false) => Ipv4Addr::new(10, 20, number, computer).into(),
        (false, true) => Ipv6Addr::new(0xfd00, 0x20, 0, number_v6, 0, 0, 0, computer_v6).into(),
    }
}
