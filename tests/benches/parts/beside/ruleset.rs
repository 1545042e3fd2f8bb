//! A site as an nftables ruleset: the documented rules between its roles, each with a counter, and nothing dropped.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use cmflow_tests::binary;
use serde_json::Value;

/// Who holds which roles.
pub const ROLES: [(&str, &str); 10] = [
    ("client", "10.10.0.0/16"),
    ("configuration-manager-console", "10.10.200.0/28"),
    ("management-point", "10.20.0.11"),
    ("distribution-point", "10.20.0.12"),
    ("software-update-point", "10.20.0.13"),
    ("fallback-status-point", "10.20.0.14"),
    ("site-server", "10.20.0.5"),
    ("sql-server", "10.20.0.6"),
    ("reporting-services-point", "10.20.0.7"),
    ("domain-controller", "10.20.0.2"),
];

/// The same as a site file.
pub fn site_file() -> String {
    let mut text = "edition = \"current\"\ncompanions = []\n[roles]\n".to_owned();
    for (role, address) in ROLES {
        let _ = writeln!(text, "{role} = [\"{address}\"]");
    }
    text
}

/// How a ruleset is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// A rule for each row and direction, one after the other.
    List,
    /// One set with a counter in each element.
    Set,
}

/// The ruleset, and how many rules or elements it has.
pub fn ruleset(style: Style) -> Result<(String, usize)> {
    let said = binary::run(&["catalogue", "show", "--edition", "current", "--format", "json"]);
    let page: Value = serde_json::from_slice(&said.stdout).context("the catalogue")?;
    let mut tuples = std::collections::BTreeSet::new();
    let address = |role: &Value| {
        ROLES
            .iter()
            .find(|(id, _)| role == id)
            .map(|(_, address)| *address)
    };
    for connection in page["connections"].as_array().into_iter().flatten() {
        let (Some(from), Some(to)) = (address(&connection["from"]), address(&connection["to"])) else {
            continue;
        };
        for rule in connection["rules"].as_array().into_iter().flatten() {
            for protocol in ["tcp", "udp"] {
                for ports in rule[protocol].as_array().into_iter().flatten() {
                    let ports = match (ports["first"].as_u64(), ports["last"].as_u64()) {
                        (Some(first), Some(last)) if first != last => format!("{first}-{last}"),
                        (Some(first), _) => first.to_string(),
                        _ => continue,
                    };
                    tuples.insert((from, to, protocol, ports));
                }
            }
            if rule["dynamic"] == true {
                tuples.insert((from, to, "tcp", "49152-65535".to_owned()));
            }
        }
    }
    let mut lines = String::new();
    for (from, to, protocol, ports) in &tuples {
        let _ = match style {
            Style::List => writeln!(
                lines,
                "ip saddr {from} ip daddr {to} {protocol} dport {ports} counter return\n\
                 ip saddr {to} ip daddr {from} {protocol} sport {ports} counter return"
            ),
            Style::Set => writeln!(lines, "{from} . {to} . {protocol} . {ports},"),
        };
    }
    let count = tuples.len();
    Ok(match style {
        Style::List => (
            format!(
                "table ip measured {{ chain forward {{ type filter hook forward priority filter; policy accept;\n\
                 {lines}counter\n}}\n}}\n"
            ),
            2 * count,
        ),
        Style::Set => {
            let kind = "type ipv4_addr . ipv4_addr . inet_proto . inet_service; flags interval; counter;";
            (
                format!(
                    "table ip measured {{ set documented {{ {kind} elements = {{\n{lines}}}\n}}\n\
                     chain forward {{ type filter hook forward priority filter; policy accept;\n\
                     ip saddr . ip daddr . meta l4proto . th dport @documented return\n\
                     ip daddr . ip saddr . meta l4proto . th sport @documented return\ncounter\n}}\n}}\n"
                ),
                count,
            )
        }
    })
}
