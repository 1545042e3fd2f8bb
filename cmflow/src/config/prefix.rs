//! Addresses and prefixes as people write them.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

use crate::site::Extent;
use crate::spelling::did_you_mean;

/// What an entry under `[roles]` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    Given(Extent),
    Excluded(IpNet),
    /// The networks under `[networks] internal`.
    Internal,
}

const WORDS: [&str; 3] = ["public", "internal", "any-other"];

/// Reads an entry under `[roles]`; the error is what is wrong, in words.
pub(super) fn role_entry(text: &str) -> Result<Written, String> {
    match text {
        "public" => Ok(Written::Given(Extent::Public)),
        "any-other" => Ok(Written::Given(Extent::AnyOther)),
        "internal" => Ok(Written::Internal),
        _ => match text.strip_prefix('!') {
            Some(word) if WORDS.contains(&word.trim()) => Err(format!(
                "\"{text}\" excludes a word; only a prefix or an address can be excluded"
            )),
            Some(excluded) => prefix(excluded.trim()).map(Written::Excluded),
            None => prefix(text)
                .map(|prefix| Written::Given(Extent::Prefix(prefix)))
                .map_err(|what| match did_you_mean(text, WORDS) {
                    hint if hint.is_empty() => what,
                    hint => format!("\"{text}\" is neither an address nor a prefix{hint}"),
                }),
        },
    }
}

/// Reads a prefix, or an address as a prefix of full length; the error is what is wrong, in words.
pub fn prefix(text: &str) -> Result<IpNet, String> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(IpNet::from(address.to_canonical()));
    }
    let prefix: IpNet = text.parse().map_err(|_| not_a_prefix(text))?;
    if prefix.trunc() != prefix {
        return Err(format!(
            "\"{text}\" has bits set beyond its first {}; did you mean \"{}\" or \"{}\"?",
            prefix.prefix_len(),
            prefix.trunc(),
            prefix.addr()
        ));
    }
    Ok(canonical(prefix))
}

fn not_a_prefix(text: &str) -> String {
    if let Some((address, length)) = text.split_once('/')
        && let Ok(address) = address.parse::<IpAddr>()
    {
        let (family, most) = if address.is_ipv4() {
            ("IPv4", 32)
        } else {
            ("IPv6", 128)
        };
        return format!("\"{text}\" is not a prefix: \"{length}\" is not a length of {family}, 0 to {most}");
    }
    if text.contains(|letter: char| letter.is_ascii_alphabetic()) && !text.contains(':') {
        return format!(
            "\"{text}\" is neither an address nor a prefix; names are not resolved, write the address"
        );
    }
    format!("\"{text}\" is neither an address nor a prefix; write it like \"10.20.0.11\" or \"fd00:10::/64\"")
}

/// An IPv6 prefix inside the mapped range is the IPv4 prefix that it maps.
fn canonical(prefix: IpNet) -> IpNet {
    if let IpNet::V6(v6) = prefix
        && let Some(v4) = v6.network().to_ipv4_mapped()
        && let Some(length) = v6.prefix_len().checked_sub(96)
        && let Ok(mapped) = Ipv4Net::new(v4, length)
    {
        return IpNet::V4(mapped);
    }
    prefix
}
