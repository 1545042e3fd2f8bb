//! What is said in the demo, and what cmflow should make of it.
//!
//! One table drives the traffic and the summary: a new row is spoken, shown and checked.

use std::fmt;
use std::net::SocketAddr;
use std::ops::RangeInclusive;

use super::place::{self, Place};
use super::tftp;
pub(super) use crate::capture::talk::Ending;

/// One kind of conversation, held again and again.
#[derive(Debug)]
pub(super) struct Conversation {
    pub(super) what: &'static str,
    from: &'static str,
    to: &'static str,
    pub(super) ipv6: bool,
    pub(super) protocol: Protocol,
    pub(super) port: u16,
    /// Whether `port` only stands for the one out of [`DYNAMIC`] that the responder picks.
    pub(super) responder_picks: bool,
    /// Port of the end that opens it; 0 for any.
    pub(super) source_port: u16,
    pub(super) family: Family,
    pub(super) ending: Ending,
    pub(super) expected: Expected,
    /// What cmflow should know a documented flow by.
    pub(super) basis: &'static str,
    /// Packets that come back in one that was held to its end, where cmflow should show them in one line
    /// whatever port they come from; 0 where it does not matter.
    pub(super) answer_packets: u64,
}

/// The basis of most flows: a rule names the port.
pub(super) const BY_PORT: &str = "port";
/// Ports that RPC services listen at, as Windows has them and samba too.
const DYNAMIC: RangeInclusive<u16> = 49_152..=65_535;
/// One of them, where nobody is there to pick.
const PICKED: u16 = 49_670;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Protocol {
    Tcp,
    Udp,
}

/// Which programs hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Family {
    Web,
    Smb,
    Rpc,
    Tftp,
    Dns,
    Dhcp,
    Plain,
    Tagged,
}

/// What cmflow should say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// Documented, by this rule.
    Rule(&'static str),
    /// No rule explains it: the verdict.
    Verdict(&'static str),
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::Tcp { "tcp" } else { "udp" })
    }
}

impl Conversation {
    pub(super) fn initiator(&self) -> &'static Place {
        place::named(self.from)
    }

    pub(super) fn responder(&self) -> &'static Place {
        place::named(self.to)
    }

    pub(super) fn source(&self) -> SocketAddr {
        SocketAddr::new(self.initiator().address(self.ipv6), self.source_port)
    }

    pub(super) fn destination(&self) -> SocketAddr {
        SocketAddr::new(self.responder().address(self.ipv6), self.port)
    }

    /// Whether the responder may listen there.
    pub(super) fn may_be_at(&self, port: u16) -> bool {
        if self.responder_picks {
            DYNAMIC.contains(&port)
        } else {
            port == self.port
        }
    }

    const fn over_ipv6(self) -> Self {
        Self { ipv6: true, ..self }
    }

    const fn by(self, family: Family) -> Self {
        Self { family, ..self }
    }

    const fn ends(self, ending: Ending) -> Self {
        Self { ending, ..self }
    }

    const fn known_by(self, basis: &'static str) -> Self {
        Self { basis, ..self }
    }

    const fn one_line_of(self, answer_packets: u64) -> Self {
        Self {
            answer_packets,
            ..self
        }
    }

    const fn where_responder_picks(self) -> Self {
        Self {
            responder_picks: true,
            ..self
        }
    }

    const fn with_source_port(self, source_port: u16) -> Self {
        Self { source_port, ..self }
    }
}

const fn tcp(
    what: &'static str,
    from: &'static str,
    to: &'static str,
    port: u16,
    expected: Expected,
) -> Conversation {
    Conversation {
        what,
        from,
        to,
        ipv6: false,
        protocol: Protocol::Tcp,
        port,
        responder_picks: false,
        source_port: 0,
        family: Family::Plain,
        ending: Ending::Answered,
        expected,
        basis: BY_PORT,
        answer_packets: 0,
    }
}

const fn udp(
    what: &'static str,
    from: &'static str,
    to: &'static str,
    port: u16,
    expected: Expected,
) -> Conversation {
    Conversation {
        protocol: Protocol::Udp,
        ..tcp(what, from, to, port, expected)
    }
}

use Ending::{Refused, Silence};
use Expected::{Rule, Verdict};
use Family::{Dhcp, Dns, Rpc, Smb, Tagged, Tftp, Web};

/// Everything that is said.
#[rustfmt::skip] // one conversation a line
pub(super) const CONVERSATIONS: &[Conversation] = &[
    // Web: nginx and curl.
    tcp("client policy over HTTPS", "laptop", "mp", 443, Rule("client/management-point/https")).by(Web),
    tcp("client policy over HTTPS, IPv6", "laptop", "mp", 443, Rule("client/management-point/https")).by(Web).over_ipv6(),
    tcp("client policy over HTTP", "desktop", "mp", 80, Rule("client/management-point/http")).by(Web),
    tcp("package download", "desktop", "dp", 80, Rule("client/distribution-point/http")).by(Web),
    tcp("package download over HTTPS, IPv6", "desktop", "dp", 443, Rule("client/distribution-point/https")).by(Web).over_ipv6(),
    tcp("update scan", "laptop", "sup", 8530, Rule("client/software-update-point/http")).by(Web),
    tcp("update scan over HTTPS", "branch-pc", "sup", 8531, Rule("client/software-update-point/https")).by(Web),
    // File shares: smbd and smbclient.
    tcp("user state restored", "laptop", "smp", 445, Rule("client/state-migration-point/smb")).by(Smb),
    tcp("content to distribution point", "site-server", "dp", 445, Rule("site-server/distribution-point/smb")).by(Smb),
    // RPC: samba's endpoint mapper and rpcclient, which asks it before it goes on to the service.
    tcp("endpoint mapper", "site-server", "mp", 135, Rule("management-point/site-server/rpc-endpoint-mapper")).by(Rpc),
    tcp("server info, port asked of the mapper", "site-server", "mp", PICKED, Rule("management-point/site-server/rpc")).by(Rpc).where_responder_picks().known_by("expectation"),
    // Booting: tftpd-hpa and tftp, dnsmasq.
    udp("boot image", "laptop", "pxe", 69, Rule("client/distribution-point-pxe/tftp")).by(Tftp).one_line_of(tftp::BLOCKS),
    udp("boot address", "desktop", "pxe", 67, Rule("client/distribution-point-pxe/dhcp")).by(Dhcp).with_source_port(68),
    // Names: dnsmasq and dig.
    udp("name lookup", "laptop", "dc", 53, Rule("client/windows-server/dns")).by(Dns),
    udp("name lookup over IPv6", "desktop", "dc", 53, Rule("client/windows-server/dns")).by(Dns).over_ipv6(),
    tcp("name lookup over TCP", "mp", "dc", 53, Rule("site-system/windows-server/dns")).by(Dns),
    // Plain sockets.
    tcp("client notification", "laptop", "mp", 10123, Rule("client/management-point/client-notification")),
    tcp("client notification, IPv6", "branch-pc", "mp", 10123, Rule("client/management-point/client-notification")).over_ipv6(),
    tcp("express update, listener closed", "branch-pc", "dp", 8005, Rule("client/distribution-point/express-updates")).ends(Refused),
    tcp("peer cache download", "laptop", "branch-pc", 8003, Rule("client/client/peer-cache-download")),
    tcp("remote control", "console", "branch-pc", 2701, Rule("configuration-manager-console/client/remote-control")),
    tcp("provider lookup", "console", "site-server", 135, Rule("configuration-manager-console/site-server/rpc-wmi")),
    tcp("policy query", "mp", "sql", 1433, Rule("management-point/sql-server/sql")),
    tcp("policy query, IPv6", "mp", "sql", 1433, Rule("management-point/sql-server/sql")).over_ipv6(),
    tcp("migration status query", "smp", "sql", 1433, Rule("state-migration-point/sql-server/sql")),
    tcp("replication between sites", "sql", "parent-sql", 1433, Rule("sql-server/sql-server/sql")),
    tcp("service broker between sites", "sql", "parent-sql", 4022, Rule("sql-server/sql-server/sql-broker")),
    tcp("directory lookup", "mp", "dc", 389, Rule("management-point/domain-controller/ldap")),
    udp("directory ping", "mp", "dc", 389, Rule("management-point/domain-controller/ldap")),
    tcp("RPC at a port nobody asked for", "site-server", "sup", PICKED, Rule("site-server/software-update-point/rpc")).known_by("range"),
    tcp("status to the site server", "mp", "site-server", 445, Rule("management-point/site-server/smb")),
    tcp("update catalogue", "site-server", "microsoft", 443, Rule("site-server/internet/https")),
    udp("wake on LAN", "site-server", "laptop", 9, Rule("site-server/client/wake-on-lan")).ends(Silence),
    // Tagged frames, by raw sockets.
    tcp("client policy in VLAN 30", "voip-pc", "mp", 443, Rule("client/management-point/https")).by(Tagged).with_source_port(50_443),
    // What no document explains.
    tcp("a client asks the database", "laptop", "sql", 1433, Verdict("undocumented")),
    udp("a client asks for SQL instances", "desktop", "sql", 1434, Verdict("undocumented")).ends(Silence),
    tcp("adb between clients", "desktop", "branch-pc", 5555, Verdict("undocumented")),
    tcp("remote desktop to the site server", "branch-pc", "site-server", 3389, Verdict("undocumented")),
    tcp("an unknown computer at the site", "stranger", "mp", 443, Verdict("foreign")).by(Web),
    tcp("a database opens to a management point", "sql", "mp", 1433, Verdict("reversed")),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_conversation_crosses_the_gateway_between_addresses_that_exist() {
        for row in CONVERSATIONS {
            assert_ne!(row.initiator().tier, row.responder().tier, "{}", row.what);
            assert_eq!(
                row.source().is_ipv6(),
                row.destination().is_ipv6(),
                "{}",
                row.what
            );
        }
    }

    #[test]
    fn no_two_look_alike_on_the_wire() {
        for (index, row) in CONVERSATIONS.iter().enumerate() {
            for other in &CONVERSATIONS[..index] {
                let ends = |row: &Conversation| (row.protocol, row.source().ip(), row.destination().ip());
                let alike = row.may_be_at(other.port) || other.may_be_at(row.port);
                assert!(
                    ends(row) != ends(other) || !alike,
                    "{} and {}",
                    row.what,
                    other.what
                );
            }
        }
    }
}
