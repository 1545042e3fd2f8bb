//! A match of nftables: what of a region it leaves.

use std::collections::BTreeMap;

use cmflow_common::packet::protocol;
use serde_json::Value;

use super::address;
use super::nft::family_only;
use super::ranges::{Range, Ranges};
use super::region::{Region, service, whole};
use super::service::{port, protocol_number};

/// Sets by family, table and name.
pub(super) type Sets<'a> = BTreeMap<(&'a str, &'a str, &'a str), &'a Value>;

/// States of conversations that are open already.
const OPEN: [&str; 4] = ["established", "related", "invalid", "untracked"];

/// Leaves what matches; false where nothing that opens a conversation can match.
pub(super) fn narrow(
    region: &mut Region,
    what: &Value,
    sets: &Sets<'_>,
    chain: (&str, &str, &str),
) -> Result<bool, String> {
    let (Some(left), Some(right)) = (what.get("left"), what.get("right")) else {
        return Err("a match without sides".to_owned());
    };
    let op = what.get("op").and_then(Value::as_str).unwrap_or("==");
    let negated = match op {
        "==" | "in" => false,
        "!=" => true,
        other => return Err(format!("the comparison {other} is not understood")),
    };
    let mut elements = Vec::new();
    members(right, sets, chain, &mut elements)?;
    let field = Field::of(left)?;
    match field {
        Field::State => {
            let new = elements.iter().any(|state| state.as_str() == Some("new"));
            let known = |state: &Value| {
                state
                    .as_str()
                    .is_some_and(|state| state == "new" || OPEN.contains(&state))
            };
            if !elements.iter().all(|state| known(state)) {
                return Err("a ct state that is not understood".to_owned());
            }
            return Ok(new != negated);
        }
        Field::Address { family, source } => {
            let mut ranges = Vec::new();
            for element in elements {
                let (of, range) = address_of(element)?;
                if of != family {
                    return Err(format!("{element} is of another address family"));
                }
                ranges.push(range);
            }
            family_only(region, family);
            let side = if source {
                &mut region.sources[family]
            } else {
                &mut region.destinations[family]
            };
            let named = Ranges::of(ranges);
            *side = if negated {
                side.without(&named)
            } else {
                side.both(&named)
            };
        }
        Field::Ports(protocols) => {
            let mut ranges = Vec::new();
            for element in elements {
                let (first, last) = port_of(element)?;
                ranges.extend(protocols.iter().map(|number| service(*number, first, last)));
            }
            let all = Ranges::of(protocols.iter().map(|number| whole(*number)));
            let named = Ranges::of(ranges);
            let named = if negated { all.without(&named) } else { named };
            region.services = region.services.both(&named);
        }
        Field::Protocol => {
            let numbers = elements.iter().map(|element| match element {
                Value::Number(number) => {
                    let number = number.as_u64().and_then(|number| u8::try_from(number).ok());
                    number.ok_or_else(|| format!("{element} is no protocol"))
                }
                other => protocol_number(other.as_str().unwrap_or("")),
            });
            let numbers: Vec<u8> = numbers.collect::<Result<_, _>>()?;
            let named = Ranges::of(numbers.into_iter().map(whole));
            let services = &region.services;
            region.services = if negated {
                services.without(&named)
            } else {
                services.both(&named)
            };
        }
        Field::Family => {
            let [element] = elements.as_slice() else {
                return Err("a match of several families".to_owned());
            };
            let family = match element.as_str() {
                Some("ipv4") => 0,
                Some("ipv6") => 1,
                _ => return Err(format!("the family {element} is not understood")),
            };
            family_only(region, if negated { 1 - family } else { family });
        }
        Field::IcmpType(number) => {
            // Only echo requests open something; errors and neighbour discovery belong to something else.
            let request = |element: &&&Value| {
                let echo = if number == protocol::ICMP { 8 } else { 128 };
                element.as_str() == Some("echo-request") || element.as_u64() == Some(echo)
            };
            if (elements.iter().filter(request).count() > 0) == negated {
                return Ok(false);
            }
            region.services = region.services.both(&Ranges::of([whole(number)]));
        }
    }
    Ok(!region.is_empty())
}

/// Whether a verdict map is about the states of conversations that are open already.
pub(super) fn is_of_open_conversations(what: &Value) -> bool {
    let state = what
        .get("key")
        .is_some_and(|key| matches!(Field::of(key), Ok(Field::State)));
    let pairs = what
        .get("data")
        .and_then(|data| data.get("set"))
        .and_then(Value::as_array);
    let keys = pairs
        .into_iter()
        .flatten()
        .map(|pair| pair.get(0).and_then(Value::as_str));
    state
        && pairs.is_some()
        && keys
            .into_iter()
            .all(|key| key.is_some_and(|key| OPEN.contains(&key)))
}

/// What a match looks at.
enum Field {
    Address { family: usize, source: bool },
    Ports(Vec<u8>),
    Protocol,
    Family,
    State,
    IcmpType(u8),
}

impl Field {
    fn of(left: &Value) -> Result<Self, String> {
        let text = |object: &Value, field: &str| -> String {
            object.get(field).and_then(Value::as_str).unwrap_or("").to_owned()
        };
        if let Some(payload) = left.get("payload") {
            let (of, field) = (text(payload, "protocol"), text(payload, "field"));
            return Ok(match (of.as_str(), field.as_str()) {
                ("ip", "saddr" | "daddr") => Self::Address {
                    family: 0,
                    source: field == "saddr",
                },
                ("ip6", "saddr" | "daddr") => Self::Address {
                    family: 1,
                    source: field == "saddr",
                },
                ("tcp", "dport") => Self::Ports(vec![protocol::TCP]),
                ("udp", "dport") => Self::Ports(vec![protocol::UDP]),
                ("th", "dport") => Self::Ports(vec![protocol::TCP, protocol::UDP, 132]),
                ("ip", "protocol") | ("ip6", "nexthdr") => Self::Protocol,
                ("icmp", "type") => Self::IcmpType(protocol::ICMP),
                ("icmpv6", "type") => Self::IcmpType(protocol::ICMPV6),
                _ => return Err(format!("a match of {of} {field} is not understood")),
            });
        }
        if let Some(meta) = left.get("meta") {
            return match text(meta, "key").as_str() {
                "l4proto" => Ok(Self::Protocol),
                "nfproto" => Ok(Self::Family),
                key @ ("iifname" | "oifname" | "iif" | "oif") => Err(format!(
                    "{key}: which addresses are behind an interface is not known here"
                )),
                key => Err(format!("a match of meta {key} is not understood")),
            };
        }
        if let Some(ct) = left.get("ct") {
            return match text(ct, "key").as_str() {
                "state" => Ok(Self::State),
                key => Err(format!("a match of ct {key} is not understood")),
            };
        }
        let kind = left.as_object().and_then(|object| object.keys().next());
        Err(format!(
            "a match of {} is not understood",
            kind.map_or("something else", String::as_str)
        ))
    }
}

/// Elements of the right side, those of sets one by one.
fn members<'a>(
    right: &'a Value,
    sets: &Sets<'a>,
    chain: (&str, &str, &str),
    into: &mut Vec<&'a Value>,
) -> Result<(), String> {
    match right {
        Value::Array(list) => list.iter().try_for_each(|one| members(one, sets, chain, into)),
        Value::String(name) if name.starts_with('@') => {
            let key = (chain.0, chain.1, &name[1..]);
            let set = sets.get(&key).ok_or_else(|| format!("there is no set {name}"))?;
            set.get("elem")
                .map_or(Ok(()), |elements| members(elements, sets, chain, into))
        }
        Value::Object(object) => match (object.get("set"), object.get("elem")) {
            (Some(set), _) => members(set, sets, chain, into),
            (None, Some(element)) => members(element.get("val").unwrap_or(element), sets, chain, into),
            (None, None) => {
                into.push(right);
                Ok(())
            }
        },
        other => {
            into.push(other);
            Ok(())
        }
    }
}

fn address_of(element: &Value) -> Result<(usize, Range), String> {
    let strange = || format!("the address {element} is not understood");
    if let Some(text) = element.as_str() {
        return address::one(text);
    }
    if let Some(prefix) = element.get("prefix") {
        let text = prefix.get("addr").and_then(Value::as_str).ok_or_else(strange)?;
        let length = prefix.get("len").and_then(Value::as_u64).ok_or_else(strange)?;
        return address::one(&format!("{text}/{length}"));
    }
    let ends = element
        .get("range")
        .and_then(Value::as_array)
        .ok_or_else(strange)?;
    let end = |index: usize| {
        ends.get(index)
            .and_then(Value::as_str)
            .and_then(|text| text.parse().ok())
    };
    let (Some(first), Some(last)) = (end(0), end(1)) else {
        return Err(strange());
    };
    address::range(first, last).ok_or_else(strange)
}

fn port_of(element: &Value) -> Result<(u16, u16), String> {
    let number = |value: &Value| value.as_u64().and_then(|number| u16::try_from(number).ok());
    let strange = || format!("the port {element} is not understood");
    if let Some(number) = number(element) {
        return Ok((number, number));
    }
    if let Some(text) = element.as_str() {
        return port(text);
    }
    let ends = element
        .get("range")
        .and_then(Value::as_array)
        .ok_or_else(strange)?;
    match (ends.first().and_then(number), ends.get(1).and_then(number)) {
        (Some(first), Some(last)) if first <= last => Ok((first, last)),
        _ => Err(strange()),
    }
}
