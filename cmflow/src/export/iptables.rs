//! Lines for iptables-restore and ip6tables-restore: one file, in which each leaves out the other's (`-4`, `-6`).

use std::fmt::{self, Write as _};

use ipnet::IpNet;

use super::facts::facts;
use super::lines::{Line, RuleSet, Transport};
use super::sets::{is_all, shown};
use super::{Exported, plain, remark};
use crate::catalogue::PortRange;

/// Bytes that a comment may have: `XT_MAX_COMMENT_LEN` with the zero at its end.
const COMMENT: usize = 255;

/// Ports that one `multiport` takes; a range counts twice.
const PORTS: usize = 15;

/// Addresses that one option names: a line of iptables-restore has room for 10,240 bytes.
const ADDRESSES: usize = 100;

/// From so many pairs on, destinations get a chain of their own: iptables makes a rule of each pair.
const PAIRS: usize = 16;

const CHAIN: &str = "CMFLOW-EXPORT";
const HELPERS: &str = "CMFLOW-HELPERS";

pub(super) fn write(set: &RuleSet<'_>) -> Exported {
    let mut text = String::new();
    file(&mut text, set).expect("a string takes what is written to it");
    Exported {
        text,
        warnings: Vec::new(),
    }
}

/// A line and, where its sources and destinations are many, the chain in which its destinations are looked at.
struct Written<'a> {
    line: &'a Line,
    chain: Option<String>,
}

fn file(out: &mut String, set: &RuleSet<'_>) -> fmt::Result {
    for fact in facts(set) {
        note(out, &fact)?;
    }
    for said in [
        "load: iptables-restore --noflush FILE and ip6tables-restore --noflush FILE. Without --noflush everything else in \
         the tables filter and raw goes. Loaded once more it adds a second jump, which is never reached.",
        "It filters what is forwarded, nothing to or from the gateway itself, such as a DHCP relay on it. Rules that stand \
         in FORWARD before the jump come first.",
    ] {
        note(out, said)?;
    }
    let lines: Vec<Written<'_>> = set
        .lines
        .iter()
        .enumerate()
        .map(|(index, line)| {
            let pairs = line.sources.len() * line.destinations.len();
            let chain = (pairs > PAIRS && line.sources.len() > 1 && line.destinations.len() > 1)
                .then(|| format!("CMFLOW-TO-{}", index + 1));
            Written { line, chain }
        })
        .collect();
    if set.lines.iter().any(Line::is_tftp) {
        helpers(out, set)?;
    }
    writeln!(out, "*filter\n:FORWARD DROP [0:0]\n:{CHAIN} - [0:0]")?;
    for written in &lines {
        if let Some(chain) = &written.chain {
            writeln!(out, ":{chain} - [0:0]")?;
        }
    }
    writeln!(out, "-A FORWARD -j {CHAIN}")?;
    writeln!(
        out,
        "-A {CHAIN} -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT"
    )?;
    note(
        out,
        "path MTU and unreachable hosts, also where the conversation is not known here (RFC 4890)",
    )?;
    for kind in ["destination-unreachable", "time-exceeded", "parameter-problem"] {
        writeln!(out, "-4 -A {CHAIN} -p icmp --icmp-type {kind} -j ACCEPT")?;
    }
    for kind in [
        "destination-unreachable",
        "packet-too-big",
        "time-exceeded",
        "parameter-problem",
    ] {
        writeln!(out, "-6 -A {CHAIN} -p ipv6-icmp --icmpv6-type {kind} -j ACCEPT")?;
    }
    note(
        out,
        "neighbour discovery: a router does not forward it, so this matches on a bridge only; its hop limit is 255 there",
    )?;
    for kind in [
        "router-solicitation",
        "router-advertisement",
        "neighbour-solicitation",
        "neighbour-advertisement",
    ] {
        writeln!(
            out,
            "-6 -A {CHAIN} -p ipv6-icmp --icmpv6-type {kind} -m hl --hl-eq 255 -j ACCEPT"
        )?;
    }
    writeln!(out, "-A {CHAIN} -m conntrack --ctstate INVALID -j DROP")?;
    for written in &lines {
        for said in remark::long(written.line) {
            note(out, &said)?;
        }
        rules(out, written)?;
    }
    for (title, openings) in [
        (
            "Does not cross a gateway that routes, so that it needs no line:",
            &set.not_crossing,
        ),
        ("Left out:", &set.left_out),
    ] {
        if !openings.is_empty() {
            note(out, title)?;
        }
        for left in openings {
            note(out, &format!("- {}", remark::left_out(left)))?;
        }
    }
    note(
        out,
        "everything else; what is logged is limited, what is counted is not",
    )?;
    writeln!(
        out,
        "-A {CHAIN} -m limit --limit 10/minute --limit-burst 20 -j LOG --log-prefix \"cmflow_export drop: \""
    )?;
    writeln!(out, "-A {CHAIN} -j DROP\nCOMMIT")
}

/// Answers of TFTP come from another port: the helper that expects them is given to requests before they are tracked.
fn helpers(out: &mut String, set: &RuleSet<'_>) -> fmt::Result {
    note(
        out,
        "TFTP answers from another port than it was asked at. The kernel's helper (module nf_conntrack_tftp) reads the \
         request and expects that answer, which then is RELATED.",
    )?;
    writeln!(out, "*raw\n:{HELPERS} - [0:0]\n-A PREROUTING -j {HELPERS}")?;
    for line in set.lines.iter().filter(|line| line.is_tftp()) {
        let name = if line.ipv6 { "-6" } else { "-4" };
        let sources = options("-s", &line.sources);
        let destinations = options("-d", &line.destinations);
        for (source, destination) in pairs(&sources, &destinations) {
            writeln!(
                out,
                "{name} -A {HELPERS} {source}{destination}-p udp --dport 69 -j CT --helper tftp"
            )?;
        }
    }
    writeln!(out, "COMMIT")
}

fn note(out: &mut String, text: &str) -> fmt::Result {
    writeln!(out, "# {}", plain::comment(text))
}

fn rules(out: &mut String, written: &Written<'_>) -> fmt::Result {
    let line = written.line;
    let family = if line.ipv6 { "-6" } else { "-4" };
    let comment = plain::quoted(&remark::short(line), COMMENT);
    let ending = format!("-m conntrack --ctstate NEW -m comment --comment \"{comment}\"");
    let sources = options("-s", &line.sources);
    let destinations = options("-d", &line.destinations);
    for transport in transports(line) {
        match &written.chain {
            None => {
                for (source, destination) in pairs(&sources, &destinations) {
                    writeln!(
                        out,
                        "{family} -A {CHAIN} {source}{destination}{transport}{ending} -j ACCEPT"
                    )?;
                }
            }
            Some(chain) => {
                for source in &sources {
                    writeln!(out, "{family} -A {CHAIN} {source}{transport}{ending} -j {chain}")?;
                }
            }
        }
    }
    if let Some(chain) = &written.chain {
        for destination in &destinations {
            writeln!(out, "{family} -A {chain} {destination}-j ACCEPT")?;
        }
    }
    Ok(())
}

fn pairs<'a>(sources: &'a [String], destinations: &'a [String]) -> impl Iterator<Item = (&'a str, &'a str)> {
    sources
        .iter()
        .flat_map(|source| destinations.iter().map(|one| (source.as_str(), one.as_str())))
}

/// An option with as many addresses as fit into a line; empty where everybody is meant.
fn options(option: &str, addresses: &[IpNet]) -> Vec<String> {
    if is_all(addresses) {
        return vec![String::new()];
    }
    let listed = |some: &[IpNet]| some.iter().map(shown).collect::<Vec<_>>().join(",");
    addresses
        .chunks(ADDRESSES)
        .map(|some| format!("{option} {} ", listed(some)))
        .collect()
}

fn transports(line: &Line) -> Vec<String> {
    match line.transport {
        Transport::Echo if line.ipv6 => vec!["-p ipv6-icmp --icmpv6-type echo-request ".to_owned()],
        Transport::Echo => vec!["-p icmp --icmp-type echo-request ".to_owned()],
        Transport::Other(number) => vec![format!("-p {number} ")],
        Transport::Tcp | Transport::Udp => {
            let name = line.transport.name(line.ipv6);
            if line.ports.is_empty() {
                return vec![format!("-p {name} ")];
            }
            groups(&line.ports)
                .iter()
                .map(|ports| format!("-p {name} -m multiport --dports {} ", colons(ports)))
                .collect()
        }
    }
}

/// As many ports together as one `multiport` takes.
fn groups(ports: &[PortRange]) -> Vec<Vec<PortRange>> {
    let size = |port: &PortRange| if port.first == port.last { 1 } else { 2 };
    let mut groups: Vec<Vec<PortRange>> = Vec::new();
    for port in ports {
        match groups.last_mut() {
            Some(last) if last.iter().map(size).sum::<usize>() + size(port) <= PORTS => last.push(*port),
            _ => groups.push(vec![*port]),
        }
    }
    groups
}

fn colons(ports: &[PortRange]) -> String {
    let one = |port: &PortRange| port.to_string().replace('-', ":");
    ports.iter().map(one).collect::<Vec<_>>().join(",")
}
