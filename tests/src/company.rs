//! A company of real size as a folder of site files: a central site, two primary sites with 200 distribution
//! points, and clients in 5,000 networks and at 40,000 single addresses. The same each time.
//!
//! - `site.toml`: edition, networks, infrastructure, the central site, own rules, ports of the hierarchy;
//! - `branches/*.toml`: a file for each other site with its servers and its clients;
//! - `dps.csv`: the distribution points.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};

/// How many distribution points there are.
pub const POINTS: usize = 200;
/// How many networks of clients.
pub const NETWORKS: usize = 5_000;
/// How many single addresses of clients.
pub const CLIENTS: usize = 40_000;

/// The company. Its addresses have names here, so that tests can ask about them.
pub struct Company;

impl Company {
    /// Site server of the central site.
    pub const CENTRAL_SITE_SERVER: &str = "10.1.0.5";
    /// Database of the central site.
    pub const CENTRAL_SQL: &str = "10.1.0.6";
    /// Software update point of the central site, which the others take updates from.
    pub const CENTRAL_UPDATES: &str = "10.1.0.21";
    /// Service connection point, in the central site.
    pub const SERVICE_CONNECTION: &str = "10.1.0.31";
    /// Site server of PR1.
    pub const SITE_SERVER_1: &str = "10.2.0.5";
    /// Database of PR1, at the documented port.
    pub const SQL_1: &str = "10.2.0.6";
    /// Management point of PR1.
    pub const MANAGEMENT_POINT_1: &str = "10.2.0.11";
    /// Software update point of PR1, at 8530 and 8531 as the hierarchy.
    pub const UPDATES_1: &str = "10.2.0.21";
    /// Site server of PR2.
    pub const SITE_SERVER_2: &str = "10.3.0.5";
    /// Database of PR2, at port 14330.
    pub const SQL_2: &str = "10.3.0.6";
    /// Management point of PR2, whose clients use HTTPS at 8443.
    pub const MANAGEMENT_POINT_2: &str = "10.3.0.11";
    /// Software update point of PR2, at 80 and 443.
    pub const UPDATES_2: &str = "10.3.0.21";
    /// Secondary server S11 below PR1, with management point and distribution point.
    pub const SECONDARY_SERVER_1: &str = "10.2.11.5";
    /// Secondary server S21 below PR2.
    pub const SECONDARY_SERVER_2: &str = "10.3.21.5";
    /// A distribution point of PR1, the first line of the CSV file.
    pub const POINT_1: &str = "10.64.0.10";
    /// A distribution point of PR2, the second line of the CSV file; it answers to PXE too.
    pub const POINT_2: &str = "10.64.1.10";
    /// A client in a network of PR1.
    pub const CLIENT_1: &str = "10.64.0.77";
    /// A client in a network of PR2.
    pub const CLIENT_2: &str = "10.64.1.77";
    /// A client of PR1 at a single address.
    pub const ROAMING_CLIENT_1: &str = "172.16.0.0";
    /// A client of PR2 at a single address.
    pub const ROAMING_CLIENT_2: &str = "172.16.0.1";
    /// A client in an IPv6 network of PR1.
    pub const CLIENT_1_V6: &str = "fd00:64:1194::77";
    /// A management point of PR1.
    pub const MANAGEMENT_POINT_1_V6: &str = "fd00:2::11";
    /// A domain controller that is a global catalog.
    pub const DOMAIN_CONTROLLER: &str = "10.4.0.2";
    /// An administrator's computer with the console.
    pub const CONSOLE: &str = "10.5.0.9";
    /// The server that fetches backups.
    pub const BACKUP: &str = "10.9.9.10";
    /// The scanner, whose hits prove nothing.
    pub const SCANNER: &str = "10.9.9.9";
    /// An internal address that no file speaks of.
    pub const NOBODY: &str = "10.250.0.1";

    /// Writes the company into a folder that exists, and gives the path of its site file.
    ///
    /// # Errors
    /// Where a file cannot be written.
    pub fn write(folder: &Path) -> io::Result<PathBuf> {
        let branches = folder.join("branches");
        fs::create_dir_all(&branches)?;
        let mut chance = Chance(2026);
        let clients = clients(&mut chance);
        for (site, clients) in ["PR1", "PR2"].into_iter().zip(clients) {
            let text = primary(site, &clients);
            fs::write(branches.join(format!("{}.toml", site.to_lowercase())), text)?;
        }
        for (code, parent, network) in [
            ("S11", "PR1", "10.2.11"),
            ("S12", "PR1", "10.2.12"),
            ("S21", "PR2", "10.3.21"),
        ] {
            let path = branches.join(format!("{}.toml", code.to_lowercase()));
            fs::write(path, secondary(code, parent, network))?;
        }
        fs::write(folder.join("dps.csv"), points(&mut chance))?;
        let site = folder.join("site.toml");
        fs::write(&site, SITE)?;
        Ok(site)
    }
}

const SITE: &str = r#"# The company: a central site, two primary sites, three secondary ones.
edition = "current"
include = ["branches/*.toml", "dps.csv"]

[networks]
internal = ["10.0.0.0/8", "172.16.0.0/12", "fd00::/8"]

[roles]
client = ["10.5.0.0/24", "!10.5.0.1"]
configuration-manager-console = ["10.5.0.0/28"]
domain-controller = ["10.4.0.2", "10.4.0.3", "fd00:4::2"]
global-catalog-domain-controller = ["10.4.0.2"]
issuing-certification-authority = ["10.4.0.9"]

[[site]]
code = "CAS"
name = "Headquarters"

[[host]]
name = "cas-site"
address = "10.1.0.5"
site = "CAS"
roles = ["site-server", "sms-provider"]

[[host]]
name = "cas-sql"
address = "10.1.0.6"
site = "CAS"
roles = "sql-server"

[[host]]
name = "cas-updates"
address = "10.1.0.21"
site = "CAS"
roles = ["software-update-point", "upstream-wsus-server"]

[[host]]
name = "cas-cloud"
address = "10.1.0.31"
site = "CAS"
roles = ["service-connection-point", "asset-intelligence-synchronization-point"]

[custom-roles]
backup = { addresses = ["10.9.9.10", "fd00:9::10"] }
scanner = { addresses = ["10.9.9.9"], evidence = false }

[[rule]]
id = "backup-agent"
from = "backup"
to = "site-system"
tcp = [10000, "10010-10019"]
why = "CHG1234: backup of all site systems"

[[rule]]
id = "scan"
from = "scanner"
to = "site-system"
tcp = "1-1024"
icmp = true
why = "CHG1300: the weekly scan"

[ports]
wsus-http = 8530
wsus-https = 8531
"#;

/// Splitmix64: the same numbers each time.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// Shuffles, as nobody writes networks down in their order.
    fn shuffle<T>(&mut self, all: &mut [T]) {
        for last in (1..all.len()).rev() {
            let bound = u64::try_from(last + 1).expect("lengths fit 64 bits");
            all.swap(
                last,
                usize::try_from(self.next() % bound).expect("below the length"),
            );
        }
    }
}

/// Networks and addresses of the clients of both primary sites; every other one is of PR1.
fn clients(chance: &mut Chance) -> [Vec<String>; 2] {
    let mut of_sites = [Vec::new(), Vec::new()];
    for number in 0..NETWORKS {
        let number16 = u16::try_from(number).expect("few networks");
        let network = if number < NETWORKS / 10 * 9 {
            let [high, low] = number16.to_be_bytes();
            format!("10.{}.{low}.0/24", 64 + high)
        } else {
            format!("fd00:64:{number16:x}::/64")
        };
        of_sites[number % 2].push(network);
    }
    for number in 0..CLIENTS {
        let number32 = u32::try_from(number).expect("few clients");
        let address = if number < CLIENTS / 10 * 9 {
            Ipv4Addr::from_bits(Ipv4Addr::new(172, 16, 0, 0).to_bits() + number32).to_string()
        } else {
            let base = Ipv6Addr::new(0xfd00, 0x172, 0, 0, 0, 0, 0, 0).to_bits();
            Ipv6Addr::from_bits(base + u128::from(number32)).to_string()
        };
        of_sites[number % 2].push(address);
    }
    for of_site in &mut of_sites {
        chance.shuffle(of_site);
    }
    of_sites
}

/// A primary site's file.
fn primary(code: &str, clients: &[String]) -> String {
    let (net, name, ports) = match code {
        "PR1" => (2, "North", ""),
        _ => (3, "South", "ports = { client-https = 8443 }\n"),
    };
    let (sql, updates) = match code {
        "PR1" => ("", ""),
        _ => (
            "ports = { sql = 14330 }\n",
            "ports = { wsus-http = 80, wsus-https = 443 }\n",
        ),
    };
    let lower = code.to_lowercase();
    let mut text =
        format!("[[site]]\ncode = \"{code}\"\nname = \"{name}\"\nparent = \"CAS\"\n{ports}clients = [\n");
    for client in clients {
        writeln!(text, "  \"{client}\",").expect("a String takes everything");
    }
    text.push_str("]\n");
    for (name, last, roles, ports) in [
        ("site", 5, "\"site-server\", \"sms-provider\"", ""),
        ("sql", 6, "\"sql-server\"", sql),
        ("mp1", 11, "\"management-point\"", ""),
        ("mp2", 12, "\"management-point\", \"fallback-status-point\"", ""),
        ("updates", 21, "\"software-update-point\"", updates),
        ("reports", 22, "\"reporting-services-point\"", ""),
    ] {
        writeln!(
            text,
            "\n[[host]]\nname = \"{lower}-{name}\"\naddress = [\"10.{net}.0.{last}\", \"fd00:{net}::{last}\"]\n\
             site = \"{code}\"\nroles = [{roles}]\n{ports}"
        )
        .expect("a String takes everything");
    }
    text
}

/// A secondary site's file.
fn secondary(code: &str, parent: &str, network: &str) -> String {
    let lower = code.to_lowercase();
    format!(
        "[[site]]\ncode = \"{code}\"\nparent = \"{parent}\"\n\n[[host]]\nname = \"{lower}\"\n\
         address = \"{network}.5\"\nsite = \"{code}\"\n\
         roles = [\"site-server\", \"sql-server\", \"management-point\", \"distribution-point\"]\n"
    )
}

/// The CSV file: a distribution point in each of the first networks, of the site whose network that is.
fn points(chance: &mut Chance) -> String {
    let mut lines: Vec<String> = (0..POINTS)
        .map(|number| {
            let [high, low] = u16::try_from(number).expect("few points").to_be_bytes();
            let site = ["PR1", "PR2"][number % 2];
            let roles = match number % 10 {
                1 => "distribution-point;distribution-point-pxe",
                7 => "pull-distribution-point",
                _ => "distribution-point",
            };
            let v4 = format!("10.{}.{low}.10", 64 + high);
            let address = match number % 4 {
                3 => format!("{v4};fd00:10:{number:x}::10"),
                _ => v4,
            };
            format!("dp{:03},{address},{roles},{site}\n", number + 1)
        })
        .collect();
    chance.shuffle(&mut lines[2..]);
    format!("name,address,roles,site\n{}", lines.concat())
}
