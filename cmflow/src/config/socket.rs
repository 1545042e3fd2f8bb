//! Single computers as people write them, with a port or without: `10.9.0.8`, `10.9.0.8:8080`, `[fd00::8]:3128`,
//! `proxy01:8080`.

use std::net::{IpAddr, Ipv6Addr};
use std::ops::Range;

use super::draft::Draft;
use super::ports;
use crate::site::Socket;
use crate::spelling::did_you_mean;

/// Who is meant, before names are looked up.
enum Who<'t> {
    Address(IpAddr),
    Name(&'t str),
}

/// The address with its port, or all addresses of a named computer; none where it is neither, which is then reported.
pub(super) fn read(draft: &mut Draft<'_>, text: &str, span: &Range<usize>) -> Vec<Socket> {
    let (who, port) = match split(text) {
        Ok(split) => split,
        Err(what) => {
            draft.report.problem(span, what);
            return Vec::new();
        }
    };
    let addresses = match who {
        Who::Address(address) => vec![address.to_canonical()],
        Who::Name(name) => named(draft, name, span),
    };
    let socket = |address| Socket { address, port };
    addresses.into_iter().map(socket).collect()
}

/// As [`read`], where a port has no place.
pub(super) fn addresses(draft: &mut Draft<'_>, text: &str, span: &Range<usize>) -> Vec<IpAddr> {
    let sockets = read(draft, text, span);
    if let Some(port) = sockets.first().and_then(|socket| socket.port) {
        let what = format!("\"{text}\" has a port; write the address without \":{port}\"");
        draft.report.problem(span, what);
        return Vec::new();
    }
    sockets.into_iter().map(|socket| socket.address).collect()
}

/// The same text with a port after it.
pub(super) fn with_port(text: &str, port: u16) -> String {
    match text.parse::<Ipv6Addr>() {
        Ok(_) => format!("[{text}]:{port}"),
        Err(_) => format!("{text}:{port}"),
    }
}

fn split(text: &str) -> Result<(Who<'_>, Option<u16>), String> {
    if let Ok(address) = text.parse() {
        return Ok((Who::Address(address), None));
    }
    if text.contains('/') {
        return Err(format!("\"{text}\" is a prefix; write single addresses"));
    }
    if let Some((address, after)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        let address = address.parse::<Ipv6Addr>().map_err(|_| neither(text))?;
        let port = match after.strip_prefix(':') {
            Some(port) => Some(number(text, port)?),
            None if after.is_empty() => None,
            None => return Err(neither(text)),
        };
        return Ok((Who::Address(address.into()), port));
    }
    let (who, port) = match text.rsplit_once(':') {
        Some((who, port)) => (who, Some(number(text, port)?)),
        None => (text, None),
    };
    match who.parse() {
        Ok(IpAddr::V4(address)) => Ok((Who::Address(address.into()), port)),
        _ if who.contains(':') || !who.contains(|letter: char| letter.is_ascii_alphabetic()) => {
            Err(neither(text))
        }
        _ => Ok((Who::Name(who), port)),
    }
}

fn number(text: &str, port: &str) -> Result<u16, String> {
    if port.is_empty() || !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(neither(text));
    }
    let number = port.parse().map_err(|_| ports::outside(port))?;
    ports::port(number)
}

fn neither(text: &str) -> String {
    format!(
        "\"{text}\" is no address, with a port or without; write it like \"10.9.0.8:8080\" or \"[fd00::8]:3128\""
    )
}

fn named(draft: &mut Draft<'_>, name: &str, span: &Range<usize>) -> Vec<IpAddr> {
    let hosts = || draft.model.hosts.iter();
    let mut called = hosts()
        .filter(|host| host.name.eq_ignore_ascii_case(name))
        .peekable();
    if called.peek().is_some() {
        let addresses: Vec<_> = called.flat_map(|host| host.addresses.clone()).collect();
        if addresses.is_empty() {
            let what = format!("host \"{name}\" has prefixes only; write an address");
            draft.report.problem(span, what);
        }
        return addresses;
    }
    if draft.complete {
        let hint = did_you_mean(name, hosts().map(|host| host.name.as_str()));
        let what = format!("\"{name}\" is neither an address nor the name of a [[host]]{hint}");
        draft.report.problem(span, what);
    }
    Vec::new()
}
