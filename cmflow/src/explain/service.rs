//! `PROTO/PORT` as people write it: what a flow is opened to.

use std::fmt;
use std::str::FromStr;

use cmflow_common::packet::protocol;

use crate::answer::protocol_name;
use crate::spelling::did_you_mean;

/// An IP protocol and the responder's port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service {
    /// IP protocol number. ICMP is one for both families until the addresses are known.
    pub protocol: u8,
    /// Port of the responder; for ICMP 0 for echo, else the type; 0 for protocols without ports.
    pub port: u16,
}

/// Type of an ICMP echo request (RFC 792), and of an ICMPv6 one (RFC 4443).
const ECHO: [u16; 2] = [8, 128];

/// Protocols by name, and whether they have ports that the parser reads.
const NAMED: [(&str, u8, bool); 10] = [
    ("tcp", protocol::TCP, true),
    ("udp", protocol::UDP, true),
    ("icmp", protocol::ICMP, false),
    ("icmpv6", protocol::ICMP, false),
    ("esp", 50, false),
    ("ah", 51, false),
    ("gre", 47, false),
    ("ipip", 4, false),
    ("6in4", 41, false),
    ("sctp", 132, false),
];

impl Service {
    /// The service between addresses of a family: ICMP has a number for each.
    #[must_use]
    pub const fn in_family(self, ipv6: bool) -> Self {
        Self {
            protocol: if self.protocol == protocol::ICMP && ipv6 {
                protocol::ICMPV6
            } else {
                self.protocol
            },
            ..self
        }
    }

    const fn is_icmp(self) -> bool {
        matches!(self.protocol, protocol::ICMP | protocol::ICMPV6)
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&protocol_name(self.protocol))?;
        match self.port {
            0 if self.is_icmp() => f.write_str("/echo"),
            0 => Ok(()),
            port => write!(f, "/{port}"),
        }
    }
}

impl FromStr for Service {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, port) = match text.split_once('/') {
            Some((name, port)) => (name, Some(port)),
            None => (text, None),
        };
        let name = name.to_ascii_lowercase();
        let Some((_, number, has_ports)) = NAMED.into_iter().find(|(known, ..)| *known == name) else {
            return Err(unknown(text, &name, port));
        };
        let service = |port| Self {
            protocol: number,
            port,
        };
        match port {
            Some(port) if has_ports => port_number(port).map(service),
            None if has_ports => Err(format!("\"{text}\" needs a port, as in \"{name}/443\"")),
            None => Ok(service(0)),
            Some("echo") if number == protocol::ICMP => Ok(service(0)),
            Some(kind) if number == protocol::ICMP => match kind.parse::<u8>() {
                Ok(kind) if ECHO.contains(&kind.into()) => Ok(service(0)),
                Ok(kind) => Ok(service(kind.into())),
                Err(_) => Err(format!(
                    "\"{kind}\" is no ICMP type; write \"icmp\" for echo, or 0 to 255"
                )),
            },
            Some(_) => Err(format!("{name} has no ports; write \"{name}\"")),
        }
    }
}

fn port_number(port: &str) -> Result<u16, String> {
    match port.parse::<u32>().map(u16::try_from) {
        Ok(Ok(number)) if number > 0 => Ok(number),
        Ok(_) => Err(format!("port {port} is outside 1 to 65535")),
        Err(_) => Err(format!(
            "\"{port}\" is no port; write its number, as in \"tcp/443\""
        )),
    }
}

fn unknown(text: &str, name: &str, port: Option<&str>) -> String {
    if let Some(protocol) = port.filter(|port| NAMED.iter().any(|(known, ..)| known == port)) {
        return format!("\"{text}\" is turned round; did you mean \"{protocol}/{name}\"?");
    }
    let names = NAMED.map(|(name, ..)| name);
    match did_you_mean(name, names) {
        none if none.is_empty() => {
            format!(
                "unknown protocol \"{name}\"; write it as in \"tcp/443\", \"udp/69\", \"icmp\" or \"esp\""
            )
        }
        hint => format!("unknown protocol \"{name}\"{hint}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_read_as_they_are_written() {
        for (text, protocol, port, shown) in [
            ("tcp/443", 6, 443, "tcp/443"),
            ("UDP/69", 17, 69, "udp/69"),
            ("icmp", 1, 0, "icmp/echo"),
            ("icmp/echo", 1, 0, "icmp/echo"),
            ("icmp/8", 1, 0, "icmp/echo"),
            ("icmpv6/128", 1, 0, "icmp/echo"),
            ("icmp/13", 1, 13, "icmp/13"),
            ("esp", 50, 0, "esp"),
        ] {
            let service: Service = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!((service.protocol, service.port), (protocol, port), "{text}");
            assert_eq!(service.to_string(), shown);
        }
        let echo = Service { protocol: 1, port: 0 };
        assert_eq!(echo.in_family(true).to_string(), "icmpv6/echo");
    }

    #[test]
    fn what_is_no_service_is_told_with_the_nearest() {
        for (text, told) in [
            ("443", "unknown protocol \"443\"; write it as in"),
            (
                "443/tcp",
                "\"443/tcp\" is turned round; did you mean \"tcp/443\"?",
            ),
            ("tcq/443", "unknown protocol \"tcq\"; did you mean \"tcp\"?"),
            ("tcp", "\"tcp\" needs a port, as in \"tcp/443\""),
            ("tcp/0", "port 0 is outside 1 to 65535"),
            ("udp/65536", "port 65536 is outside 1 to 65535"),
            ("udp/4294967296", "is no port"),
            ("tcp/https", "\"https\" is no port; write its number"),
            ("icmp/ping", "\"ping\" is no ICMP type"),
            ("esp/1", "esp has no ports; write \"esp\""),
        ] {
            let error = text.parse::<Service>().expect_err(text);
            assert!(
                error.starts_with(told) || error.ends_with(told) || error.contains(told),
                "{text}: {error}"
            );
        }
    }
}
