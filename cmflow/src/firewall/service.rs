//! Protocols and ports as rule bases write them.

use cmflow_common::packet::protocol;

use super::ranges::{Range, Ranges};
use super::region::{every_service, service, whole};
use crate::spelling::did_you_mean;

/// Protocols by name.
const PROTOCOLS: [(&str, u8); 11] = [
    ("tcp", protocol::TCP),
    ("udp", protocol::UDP),
    ("icmp", protocol::ICMP),
    ("icmpv4", protocol::ICMP),
    ("icmpv6", protocol::ICMPV6),
    ("ipv6-icmp", protocol::ICMPV6),
    ("esp", 50),
    ("ah", 51),
    ("gre", 47),
    ("sctp", 132),
    ("ipip", 4),
];

/// Names of services that everybody means the same port by.
const NAMES: [(&str, u16); 15] = [
    ("ssh", 22),
    ("dns", 53),
    ("domain", 53),
    ("tftp", 69),
    ("http", 80),
    ("kerberos", 88),
    ("ntp", 123),
    ("epmap", 135),
    ("ldap", 389),
    ("https", 443),
    ("smb", 445),
    ("microsoft-ds", 445),
    ("ldaps", 636),
    ("ms-sql-s", 1433),
    ("rdp", 3389),
];

/// Number of a protocol.
pub(super) fn protocol_number(name: &str) -> Result<u8, String> {
    let name = name.to_lowercase();
    if let Ok(number) = name.parse() {
        return Ok(number);
    }
    let known = PROTOCOLS.iter().find(|(known, _)| *known == name);
    known.map(|(_, number)| *number).ok_or_else(|| {
        let hint = did_you_mean(&name, PROTOCOLS.map(|(known, _)| known));
        format!("unknown protocol \"{name}\"{hint}")
    })
}

/// What the cells `protocol` and `port` mean together; the second may name protocols too: `tcp/443`.
pub(super) fn list(protocols: &str, ports: &str) -> Result<Ranges, String> {
    let words = |text: &str| -> Vec<String> {
        let words = text
            .split([';', ',', ' ', '\t', '\n', '|'])
            .filter(|word| !word.is_empty());
        words.map(str::to_lowercase).collect()
    };
    let is_any = |word: &str| ["any", "all", "*", "ip"].contains(&word);
    let named: Vec<String> = words(protocols)
        .iter()
        .flat_map(|word| word.split('/').map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let any_protocol = named.iter().any(|word| is_any(word));
    let numbers: Vec<u8> = named
        .iter()
        .filter(|word| !is_any(word))
        .map(|word| protocol_number(word))
        .collect::<Result<_, _>>()?;
    let mut found: Vec<Range> = Vec::new();
    let ports = words(ports);
    if ports.is_empty() {
        if numbers.is_empty() || any_protocol || numbers.iter().any(|number| has_ports(*number)) {
            return Err("no port; write \"any\" where all are meant".to_owned());
        }
        found.extend(numbers.iter().map(|number| whole(*number)));
    }
    for word in &ports {
        if is_any(word) {
            if any_protocol || numbers.is_empty() && named.is_empty() {
                return Ok(every_service());
            }
            found.extend(numbers.iter().map(|number| whole(*number)));
            continue;
        }
        match word.split_once('/') {
            Some((one, two)) => found.push(with_protocol(one, two)?),
            None if !any_protocol && numbers.iter().any(|number| has_ports(*number)) => {
                let (first, last) = port(word)?;
                let having = numbers.iter().filter(|number| has_ports(**number));
                found.extend(having.map(|number| service(*number, first, last)));
                let without = numbers.iter().filter(|number| !has_ports(**number));
                found.extend(without.map(|number| whole(*number)));
            }
            None => {
                return Err(format!(
                    "port {word} of which protocol? write tcp or udp beside it"
                ));
            }
        }
    }
    Ok(Ranges::of(found))
}

/// Whether a protocol has ports.
pub(super) fn has_ports(number: u8) -> bool {
    [protocol::TCP, protocol::UDP, 132].contains(&number)
}

/// `tcp/443`, `443/tcp`, `icmp/echo`.
fn with_protocol(one: &str, two: &str) -> Result<Range, String> {
    let (name, ports) = if one.starts_with(|first: char| first.is_ascii_digit()) {
        (two, one)
    } else {
        (one, two)
    };
    let number = protocol_number(name)?;
    if !has_ports(number) {
        return Ok(whole(number));
    }
    let (first, last) = port(ports)?;
    Ok(service(number, first, last))
}

/// A port or a range of ports.
pub(super) fn port(word: &str) -> Result<(u16, u16), String> {
    if let Some((_, number)) = NAMES.iter().find(|(name, _)| *name == word) {
        return Ok((*number, *number));
    }
    let (first, last) = word.split_once(['-', ':']).unwrap_or((word, word));
    match (first.parse(), last.parse()) {
        (Ok(first), Ok(last)) if first <= last => Ok((first, last)),
        (Ok(_), Ok(_)) => Err(format!("the ports {word} end before they begin")),
        _ => {
            let hint = did_you_mean(word, NAMES.map(|(name, _)| name));
            Err(format!(
                "\"{word}\" is no port; write its number, as 443 or 49152-65535{hint}"
            ))
        }
    }
}
