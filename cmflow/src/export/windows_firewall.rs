//! A PowerShell script for Windows Defender Firewall. It may run on every server: a rule holds only where the computer
//! has one of its local addresses.

use std::fmt::{self, Write as _};

use ipnet::IpNet;

use super::facts::facts;
use super::lines::{Line, RuleSet, Transport};
use super::sets::{is_all, shown};
use super::{Exported, plain, remark};

const GROUP: &str = "cmflow export";

/// Letters that a description may have; longer ones are cut by us rather than refused by Windows.
const DESCRIPTION: usize = 1000;

pub(super) fn write(set: &RuleSet<'_>) -> Exported {
    let mut text = String::new();
    script(&mut text, set).expect("a string takes what is written to it");
    Exported {
        text,
        warnings: Vec::new(),
    }
}

fn script(out: &mut String, set: &RuleSet<'_>) -> fmt::Result {
    for fact in facts(set) {
        note(out, &fact)?;
    }
    note(
        out,
        "It opens what each computer answers, on that computer: inbound rules with -LocalAddress. Windows lets answers to \
         what a computer opens itself come in. What nothing opens stays shut where inbound connections are blocked, which \
         is the default: Get-NetFirewallProfile tells.",
    )?;
    writeln!(
        out,
        "#Requires -RunAsAdministrator\n$ErrorActionPreference = 'Stop'"
    )?;
    note(out, "what an earlier export made")?;
    writeln!(
        out,
        "Get-NetFirewallRule -Group {} -ErrorAction SilentlyContinue | Remove-NetFirewallRule",
        literal(GROUP)
    )?;
    for (number, line) in set.lines.iter().enumerate() {
        writeln!(out)?;
        for said in remark::long(line) {
            note(out, &said)?;
        }
        if line.is_tftp() {
            note(
                out,
                "a client that runs Windows needs this answer let in by a rule of its program; one that boots has no firewall yet",
            )?;
        }
        if line.leads_outside() {
            note(
                out,
                "who answers is outside: no computer here needs an inbound rule for it. Where outbound connections are \
                 blocked too, the sources need an outbound rule",
            )?;
        } else {
            rule(out, number + 1, line)?;
        }
    }
    for (title, openings) in [
        (
            "Heard on the link only, so that no gateway saw it; a server there answers it by rules of its role:",
            &set.not_crossing,
        ),
        ("Left out:", &set.left_out),
    ] {
        if !openings.is_empty() {
            writeln!(out)?;
            note(out, title)?;
        }
        for left in openings {
            note(out, &format!("- {}", remark::left_out(left)))?;
        }
    }
    Ok(())
}

fn note(out: &mut String, text: &str) -> fmt::Result {
    // With the space it is never the instruction `#Requires`.
    writeln!(out, "# {}", plain::comment(text))
}

fn rule(out: &mut String, number: usize, line: &Line) -> fmt::Result {
    let title = format!(
        "cmflow {number:03} {} from {}",
        remark::service(line),
        remark::roles(&line.source_roles)
    );
    write!(
        out,
        "New-NetFirewallRule -DisplayName {} -Group {} -Description {} -Direction Inbound -Action Allow -Enabled True \
         -Profile Any",
        literal(&plain::cut(&title, 200)),
        literal(GROUP),
        literal(&plain::cut(&remark::long(line).join("; "), DESCRIPTION)),
    )?;
    match line.transport {
        Transport::Tcp => write!(out, " -Protocol TCP")?,
        Transport::Udp => write!(out, " -Protocol UDP")?,
        Transport::Echo if line.ipv6 => write!(out, " -Protocol ICMPv6 -IcmpType 128")?,
        Transport::Echo => write!(out, " -Protocol ICMPv4 -IcmpType 8")?,
        Transport::Other(protocol) => write!(out, " -Protocol {protocol}")?,
    }
    if !line.ports.is_empty() && matches!(line.transport, Transport::Tcp | Transport::Udp) {
        let ports = line.ports.iter().map(|range| literal(&range.to_string()));
        write!(out, " -LocalPort {}", ports.collect::<Vec<_>>().join(", "))?;
    }
    // A group is nobody's own address.
    if !line.is_multicast() {
        write!(out, " -LocalAddress {}", addresses(&line.destinations))?;
    }
    writeln!(out, " -RemoteAddress {} | Out-Null", addresses(&line.sources))
}

/// Everybody of one family is written as its two halves: the word Any means both families.
fn addresses(list: &[IpNet]) -> String {
    let halves;
    let list = if is_all(list) {
        halves = list[0]
            .subnets(1)
            .map(Iterator::collect::<Vec<_>>)
            .unwrap_or_default();
        halves.as_slice()
    } else {
        list
    };
    list.iter()
        .map(|one| literal(&shown(one)))
        .collect::<Vec<_>>()
        .join(", ")
}

/// A literal string. PowerShell takes four more letters for a single quote, so that they become one.
fn literal(text: &str) -> String {
    let letters = plain::one_line(text).replace(['\u{2018}', '\u{2019}', '\u{201a}', '\u{201b}'], "'");
    format!("'{}'", letters.replace('\'', "''"))
}
