//! The site file that the cases add their lines to.

use anyhow::{Context as _, Result};
use cmflow::site::SiteModel;
use std::net::IpAddr;

/// Computers by the names that cases use. Those without a role are only named.
const COMPUTERS: &str = r#"
aisp     | 10.20.0.31  | asset-intelligence-synchronization-point
catalog  | 10.20.0.32  | application-catalog-website-point
catalog2 | 10.20.0.33  | application-catalog-web-service-point
crp      | 10.20.0.34  | certificate-registration-point
cmgcp    | 10.20.0.35  | cmg-connection-point
dw       | 10.20.0.36  | data-warehouse-service-point
dp       | 10.20.0.12 fd00:20::12 | distribution-point
mcast    | 10.20.0.13 fd00:20::13 | distribution-point-multicast
pxe      | 10.20.0.14 fd00:20::14 | distribution-point-pxe
pull     | 10.20.0.15  | pull-distribution-point
source   | 10.20.0.16  | distribution-point-source
ep       | 10.20.0.37  | endpoint-protection-point
enroll   | 10.20.0.38  | enrollment-point
enrollp  | 10.20.0.39  | enrollment-proxy-point
exchange | 10.20.0.40  | exchange-server-connector
fsp      | 10.20.0.17  | fallback-status-point
mp       | 10.20.0.11 fd00:20::11 | management-point
rsp      | 10.20.0.41  | reporting-services-point
scp      | 10.20.0.42  | service-connection-point
provider | 10.20.0.43  | sms-provider
sup      | 10.20.0.18  | software-update-point
smp      | 10.20.0.19  | state-migration-point
ss       | 10.30.0.5 fd00:30::5 | site-server
ss2      | 10.30.0.15  | site-server
sql      | 10.30.0.6 fd00:30::6 | sql-server
sql2     | 10.30.0.7   | sql-server
susdb    | 10.30.0.8   | sql-server-wsus
wsus     | 10.30.0.9   | upstream-wsus-server
content  | 10.30.0.10  | remote-content-library-server
share    | 10.30.0.11  | share-server
dc       | 10.40.0.2   | domain-controller
gc       | 10.40.0.3   | global-catalog-domain-controller
ca       | 10.40.0.4   | issuing-certification-authority
ndes     | 10.40.0.5   | ndes-policy-module
onprem   | 10.40.0.6   | on-premises-exchange-server
winserv  | 10.40.0.7   | windows-server
console  | 10.50.0.2   | configuration-manager-console
mac      | 10.51.0.2   | mac-computer
phone    | 10.51.0.3   | mobile-device
both     | 10.20.0.21  | management-point distribution-point
"#;

/// Addresses that cases name, and the site file does not.
const OTHERS: [(&str, &str); 11] = [
    ("client", "10.10.0.1"),
    ("client2", "10.10.0.2"),
    ("client6", "fd00:10::1"),
    ("client26", "fd00:10::2"),
    ("mp6", "fd00:20::11"),
    ("mcast6", "fd00:20::13"),
    ("pxe6", "fd00:20::14"),
    ("ss6", "fd00:30::5"),
    ("public", "52.1.2.3"),
    ("stranger", "10.99.0.9"),
    ("stranger2", "10.99.0.10"),
];

/// The site file of a case, in the edition. Lines that begin a table (`[[host]]`) go behind the others.
#[must_use]
pub fn whole(edition: &str, lines: &str) -> String {
    let (keys, tables) = match lines.find("[[") {
        Some(at) => lines.split_at(at),
        None => (lines, ""),
    };
    let companions = if keys.contains("companions") {
        ""
    } else {
        "companions = []\n"
    };
    let computers = COMPUTERS.lines().filter(|line| !line.is_empty());
    let hosts = computers.map(|line| {
        let mut cells = line.split('|').map(str::trim);
        let mut cell = || cells.next().expect("a computer has three cells");
        let (name, addresses, roles) = (cell(), cell(), cell());
        let list = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        format!(
            "[[host]]\nname = \"{name}\"\naddress = {:?}\nroles = {:?}\n",
            list(addresses),
            list(roles)
        )
    });
    let hosts: String = hosts.collect();
    format!(
        "edition = \"{edition}\"\n{companions}networks.internal = [\"10.0.0.0/8\", \"fd00::/8\"]\n\
         roles.client = [\"10.10.0.0/16\", \"fd00:10::/64\"]\n{keys}\n{hosts}{tables}"
    )
}

/// The address of whom a case names: a computer of its site file, one of those above, or an address.
///
/// # Errors
/// Where it is none of these.
pub fn address(site: &SiteModel, name: &str) -> Result<IpAddr> {
    if let Some(host) = site.hosts.iter().find(|host| host.name == name) {
        return Ok(host.addresses[0]);
    }
    let other = OTHERS.iter().find(|(known, _)| *known == name);
    let text = other.map_or(name, |(_, address)| *address);
    text.parse().with_context(|| format!("{name} is nobody"))
}
