//! A table for `nft -f`: of its own, so that it comes and goes without touching others.

use std::fmt::{self, Write as _};

use ipnet::IpNet;

use super::facts::facts;
use super::lines::{Line, RuleSet, Transport};
use super::sets::{Sets, is_all, shown};
use super::{Exported, plain, remark};

/// Bytes that the comment of a rule may have (`NFTNL_UDATA_COMMENT_MAXLEN`).
const COMMENT: usize = 128;

pub(super) fn write(set: &RuleSet<'_>) -> Exported {
    let mut text = String::new();
    table(&mut text, set).expect("a string takes what is written to it");
    Exported {
        text,
        warnings: Vec::new(),
    }
}

fn table(out: &mut String, set: &RuleSet<'_>) -> fmt::Result {
    let sets = Sets::of(&set.lines);
    writeln!(out, "#!/usr/sbin/nft -f")?;
    for fact in facts(set) {
        note(out, 0, &fact)?;
    }
    note(
        out,
        0,
        "load: nft -f FILE; take away: nft delete table inet cmflow_export",
    )?;
    note(
        out,
        0,
        "It filters what is forwarded, nothing to or from the gateway itself. A DHCP relay on the gateway is such: it \
         needs no line here. Where another table has a chain in the forward hook, a packet has to be let through by both.",
    )?;
    note(
        out,
        0,
        "A gateway that bridges shows its packets here only with br_netfilter (net.bridge.bridge-nf-call-iptables and \
         -ip6tables set to 1).",
    )?;
    writeln!(
        out,
        "\n# emptied and made anew in one step, so that it can be loaded again"
    )?;
    writeln!(out, "table inet cmflow_export\ndelete table inet cmflow_export\n")?;
    writeln!(out, "table inet cmflow_export {{")?;
    if set.lines.iter().any(Line::is_tftp) {
        note(
            out,
            1,
            "TFTP answers from another port than it was asked at. The helper reads the request and expects that answer, \
             which then is 'related'; without it every UDP port of the clients would have to be open to the servers.",
        )?;
        writeln!(
            out,
            "    ct helper tftp_answers {{\n        type \"tftp\" protocol udp\n    }}\n"
        )?;
    }
    for (name, addresses) in sets.iter() {
        let kind = if addresses[0].addr().is_ipv6() {
            "ipv6_addr"
        } else {
            "ipv4_addr"
        };
        writeln!(
            out,
            "    set {name} {{\n        type {kind}\n        flags interval"
        )?;
        writeln!(out, "        elements = {{ {} }}\n    }}\n", listed(addresses))?;
    }
    writeln!(out, "    chain forward {{")?;
    writeln!(
        out,
        "        type filter hook forward priority filter; policy drop;\n"
    )?;
    note(
        out,
        2,
        "what belongs to a conversation that was let through, its ICMP errors among them",
    )?;
    writeln!(out, "        ct state established,related accept")?;
    note(
        out,
        2,
        "path MTU and unreachable hosts, also where the conversation is not known here (RFC 4890)",
    )?;
    writeln!(
        out,
        "        icmp type {{ destination-unreachable, time-exceeded, parameter-problem }} accept"
    )?;
    writeln!(
        out,
        "        icmpv6 type {{ destination-unreachable, packet-too-big, time-exceeded, parameter-problem }} accept"
    )?;
    note(
        out,
        2,
        "neighbour discovery: a router does not forward it, so this matches on a bridge only; its hop limit is 255 there",
    )?;
    writeln!(
        out,
        "        icmpv6 type {{ nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert }} ip6 \
         hoplimit 255 accept"
    )?;
    writeln!(
        out,
        "        ct state invalid counter drop comment \"of no conversation that is known\""
    )?;
    for line in &set.lines {
        writeln!(out)?;
        for said in remark::long(line) {
            note(out, 2, &said)?;
        }
        rule(out, line, &sets)?;
    }
    for (title, openings) in [
        (
            "Does not cross a gateway that routes, so that it needs no line:",
            &set.not_crossing,
        ),
        ("Left out:", &set.left_out),
    ] {
        if openings.is_empty() {
            continue;
        }
        writeln!(out)?;
        note(out, 2, title)?;
        for left in openings {
            note(out, 2, &format!("- {}", remark::left_out(left)))?;
        }
    }
    writeln!(out)?;
    note(
        out,
        2,
        "everything else; what is logged is limited, what is counted is not",
    )?;
    writeln!(
        out,
        "        limit rate 10/minute burst 20 packets log prefix \"cmflow_export drop: \""
    )?;
    writeln!(
        out,
        "        counter drop comment \"what no line lets through\"\n    }}\n}}"
    )
}

fn note(out: &mut String, depth: usize, text: &str) -> fmt::Result {
    writeln!(out, "{}# {}", "    ".repeat(depth), plain::comment(text))
}

fn rule(out: &mut String, line: &Line, sets: &Sets) -> fmt::Result {
    let family = if line.ipv6 { "ip6" } else { "ip" };
    write!(out, "        ")?;
    if is_all(&line.sources) && is_all(&line.destinations) {
        write!(out, "meta nfproto {} ", if line.ipv6 { "ipv6" } else { "ipv4" })?;
    }
    for (field, addresses) in [("saddr", &line.sources), ("daddr", &line.destinations)] {
        if is_all(addresses) {
            continue;
        }
        match (sets.name(addresses), addresses.as_slice()) {
            (Some(name), _) => write!(out, "{family} {field} @{name} ")?,
            (None, [one]) => write!(out, "{family} {field} {} ", shown(one))?,
            (None, several) => write!(out, "{family} {field} {{ {} }} ", listed(several))?,
        }
    }
    match line.transport {
        Transport::Echo if line.ipv6 => write!(out, "icmpv6 type echo-request ")?,
        Transport::Echo => write!(out, "icmp type echo-request ")?,
        Transport::Other(number) => write!(out, "meta l4proto {number} ")?,
        Transport::Tcp | Transport::Udp => {
            let name = line.transport.name(line.ipv6);
            match line.ports.as_slice() {
                [] => write!(out, "meta l4proto {name} ")?,
                [one] => write!(out, "{name} dport {one} ")?,
                several => write!(out, "{name} dport {{ {} }} ", remark::ports(several))?,
            }
        }
    }
    write!(out, "ct state new ")?;
    if line.is_tftp() {
        write!(out, "ct helper set \"tftp_answers\" ")?;
    }
    let comment = plain::quoted(&remark::short(line), COMMENT);
    writeln!(out, "counter accept comment \"{comment}\"")
}

fn listed(addresses: &[IpNet]) -> String {
    addresses.iter().map(shown).collect::<Vec<_>>().join(", ")
}
