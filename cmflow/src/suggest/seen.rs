//! What was seen, in words.

use std::collections::BTreeSet;

use cmflow_common::address::Address;
use ipnet::IpNet;

use super::judged::{Did, Flow};
use crate::answer::protocol_name;

/// How many of many are named.
const NAMED: usize = 3;

/// `TCP 443 and 8530`.
pub(super) fn services<'a>(flows: impl IntoIterator<Item = &'a Flow>) -> String {
    let services: BTreeSet<(u8, u16)> = flows.into_iter().map(|flow| (flow.protocol, flow.port)).collect();
    let words = services.into_iter().map(|(protocol, port)| {
        let name = protocol_name(protocol).to_uppercase();
        format!("{name} {port}")
    });
    several(&words.collect::<Vec<_>>())
}

/// `1,234`.
pub(super) fn number(count: u64) -> String {
    let digits = count.to_string();
    let groups: Vec<_> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(String::from_utf8_lossy)
        .collect();
    groups.join(",")
}

/// Since when, and how much.
pub(super) fn volume(did: &Did) -> String {
    let flows = if did.flows == 1 { "flow" } else { "flows" };
    let since = did.first_seen.strftime("%Y-%m-%d");
    format!(
        "{} {flows} since {since}, {} answered",
        number(did.flows),
        number(did.answered)
    )
}

/// Networks, a few of many.
pub(super) fn networks(all: impl IntoIterator<Item = IpNet>) -> String {
    let all: Vec<_> = IpNet::aggregate(&all.into_iter().collect());
    several(&all.into_iter().map(short).collect::<Vec<_>>())
}

/// `a, b and 7 more`.
pub(super) fn several(all: &[String]) -> String {
    match all {
        [] => "nobody".to_owned(),
        [one] => one.clone(),
        _ if all.len() <= NAMED => {
            let (last, rest) = all.split_last().expect("there are two at least");
            format!("{} and {last}", rest.join(", "))
        }
        _ => format!(
            "{} and {} more",
            all[..NAMED - 1].join(", "),
            all.len() - NAMED + 1
        ),
    }
}

/// A prefix of full length as the address that it is.
pub(super) fn short(net: IpNet) -> String {
    if net.prefix_len() == net.max_prefix_len() {
        net.addr().to_string()
    } else {
        net.to_string()
    }
}

/// `IPv4` or `IPv6`, for names of computers: letters and digits alone.
pub(super) fn name_of(address: std::net::IpAddr) -> String {
    let text = address.to_string().replace(['.', ':'], "-");
    format!("host-{text}")
}

/// The network that somebody is counted under, where no prefix is known.
pub(super) fn network_of(net: IpNet) -> IpNet {
    let length = if Address::from(net.addr()).is_v4() { 24 } else { 64 };
    if net.prefix_len() <= length {
        return net;
    }
    IpNet::new(net.addr(), length).map_or(net, |network| network.trunc())
}
