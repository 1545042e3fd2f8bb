//! What runs at a well-known port as a rule. The service behind a port is whatever listens there: it is a guess.

use cmflow_common::packet::protocol;

const TCP: u8 = protocol::TCP;
const UDP: u8 = protocol::UDP;

/// Protocol, first and last port, what it is as a rule.
const WELL_KNOWN: &[(u8, u16, u16, &str)] = &[
    (TCP, 20, 21, "FTP"),
    (TCP, 22, 22, "SSH"),
    (TCP, 23, 23, "Telnet"),
    (TCP, 25, 25, "SMTP, mail between servers"),
    (TCP, 53, 53, "DNS"),
    (UDP, 53, 53, "DNS"),
    (UDP, 67, 68, "DHCP"),
    (UDP, 69, 69, "TFTP"),
    (TCP, 80, 80, "a web server"),
    (TCP, 88, 88, "Kerberos"),
    (UDP, 88, 88, "Kerberos"),
    (UDP, 123, 123, "NTP, time"),
    (TCP, 135, 135, "RPC endpoint mapper: DCOM, WMI"),
    (UDP, 137, 138, "NetBIOS names and datagrams"),
    (TCP, 139, 139, "SMB over NetBIOS"),
    (UDP, 161, 161, "SNMP, monitoring"),
    (UDP, 162, 162, "SNMP traps"),
    (TCP, 389, 389, "LDAP"),
    (UDP, 389, 389, "LDAP ping, how domain controllers are found"),
    (TCP, 443, 443, "a web server with TLS"),
    (TCP, 445, 445, "SMB: shares, administration"),
    (UDP, 514, 514, "syslog"),
    (TCP, 514, 514, "syslog"),
    (TCP, 515, 515, "LPD printing"),
    (TCP, 631, 631, "IPP printing"),
    (TCP, 636, 636, "LDAP with TLS"),
    (TCP, 1433, 1433, "SQL Server"),
    (UDP, 1434, 1434, "SQL Browser: looks for named instances"),
    (TCP, 1521, 1521, "Oracle database"),
    (TCP, 2049, 2049, "NFS"),
    (TCP, 2701, 2701, "Configuration Manager remote control"),
    (TCP, 3128, 3128, "a web proxy"),
    (TCP, 3268, 3269, "global catalog"),
    (TCP, 3306, 3306, "MySQL or MariaDB"),
    (TCP, 3389, 3389, "Remote Desktop"),
    (UDP, 3389, 3389, "Remote Desktop"),
    (UDP, 3702, 3702, "WS-Discovery: looks for printers and devices"),
    (TCP, 5357, 5358, "WS-Discovery of devices"),
    (UDP, 5353, 5353, "mDNS: looks for devices by name"),
    (UDP, 5355, 5355, "LLMNR: looks for computers by name"),
    (TCP, 5432, 5432, "PostgreSQL"),
    (TCP, 5666, 5666, "NRPE, Nagios agents"),
    (TCP, 5900, 5903, "VNC"),
    (TCP, 5985, 5985, "WinRM, PowerShell remoting"),
    (TCP, 5986, 5986, "WinRM with TLS, PowerShell remoting"),
    (TCP, 6556, 6556, "Checkmk agents"),
    (TCP, 7680, 7680, "Delivery Optimization: clients share updates"),
    (TCP, 8005, 8005, "Configuration Manager express updates"),
    (TCP, 8080, 8080, "a web server or a proxy"),
    (TCP, 8443, 8443, "a web server with TLS"),
    (TCP, 8530, 8531, "WSUS"),
    (
        TCP,
        9100,
        9100,
        "raw printing (JetDirect); or a Prometheus exporter",
    ),
    (TCP, 9182, 9182, "a Prometheus exporter for Windows"),
    (TCP, 9389, 9389, "Active Directory web services"),
    (TCP, 10050, 10051, "Zabbix"),
    (TCP, 10123, 10123, "Configuration Manager client notification"),
    (
        TCP,
        49152,
        65535,
        "a dynamic port: RPC, or whatever was started there",
    ),
];

/// What it may be; nothing where no service is known for its port.
pub(super) fn at_port(protocol: u8, port: u16) -> Option<&'static str> {
    let mut known = WELL_KNOWN.iter();
    known
        .find(|(of, first, last, _)| *of == protocol && (*first..=*last).contains(&port))
        .map(|(.., what)| *what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_guessed_by_its_protocol() {
        for (protocol, port, guess) in [
            (TCP, 3389, Some("Remote Desktop")),
            (UDP, 1434, Some("SQL Browser: looks for named instances")),
            (TCP, 1434, None),
            (UDP, 161, Some("SNMP, monitoring")),
            (TCP, 4711, None),
        ] {
            assert_eq!(at_port(protocol, port), guess, "{port}");
        }
    }

    #[test]
    fn each_port_is_known_once() {
        for (index, (protocol, first, last, what)) in WELL_KNOWN.iter().enumerate() {
            assert!(first <= last, "{what}");
            let again = WELL_KNOWN[index + 1..]
                .iter()
                .any(|(of, begin, end, _)| of == protocol && begin <= last && first <= end);
            assert!(!again, "{what}");
        }
    }
}
