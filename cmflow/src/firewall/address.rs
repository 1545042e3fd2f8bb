//! Addresses as rule bases write them.

use std::net::IpAddr;

use ipnet::IpNet;

use super::ranges::{Range, Ranges};
use super::region::{everybody, prefix};

/// Reads several, separated by `;`, `,` or spaces.
pub(super) fn list(text: &str) -> Result<[Ranges; 2], String> {
    let words = text
        .split([';', ',', ' ', '\t', '\n', '|'])
        .filter(|word| !word.is_empty());
    let mut both = [Vec::new(), Vec::new()];
    let mut found = false;
    for word in words {
        found = true;
        if ["any", "all", "*"].contains(&word.to_lowercase().as_str()) {
            return Ok(everybody());
        }
        let (family, range) = one(word)?;
        both[family].push(range);
    }
    if !found {
        return Err("the cell is empty; write \"any\" where everybody is meant".to_owned());
    }
    Ok(both.map(Ranges::of))
}

/// One: an address, a prefix, a network with its mask, a range.
pub(super) fn one(word: &str) -> Result<(usize, Range), String> {
    if let Ok(net) = word.parse::<IpNet>() {
        return Ok(prefix(&net));
    }
    if let Ok(address) = word.parse::<IpAddr>() {
        return Ok(prefix(&address.into()));
    }
    if let Some((address, mask)) = word.split_once('/')
        && let (Ok(address), Ok(mask)) = (address.parse(), mask.parse())
    {
        let net = IpNet::with_netmask(address, mask);
        return net
            .map(|net| prefix(&net))
            .map_err(|_| format!("\"{word}\" has no contiguous mask"));
    }
    if let Some((first, last)) = word.split_once('-')
        && let (Ok(first), Ok(last)) = (first.parse::<IpAddr>(), last.parse::<IpAddr>())
    {
        return range(first, last).ok_or_else(|| format!("the range {word} ends before it begins"));
    }
    Err(format!(
        "\"{word}\" is no address; names and groups are not looked up, write 10.0.0.0/8, 10.0.0.1-10.0.0.9 or any"
    ))
}

/// From one address to another of the same family.
pub(super) fn range(first: IpAddr, last: IpAddr) -> Option<(usize, Range)> {
    let ((family, (first, _)), (other, (last, _))) = (prefix(&first.into()), prefix(&last.into()));
    (family == other && first <= last).then_some((family, (first, last)))
}
