//! The daemon with the long form of the site file: sites, ports and own rules decide, and a rule that ended does
//! not keep the gateway from counting.

use anyhow::{Context as _, Result};
use cmflow_tests::gateway_daemon::{Daemon, LIMIT, Plan};
use cmflow_tests::office::{BOTH, Office};
use cmflow_tests::traffic::{conversation, ends};
use xtask::lab::eventually;

const SITE: &str = r#"
companions = []
[networks]
internal = ["10.0.0.0/8", "fd00::/8"]
[[site]]
code = "CAS"
[[site]]
code = "PR1"
parent = "CAS"
clients = ["10.10.0.0/24"]
ports = { client-https = 8443 }
[[site]]
code = "PR2"
parent = "CAS"
[[host]]
name = "mp01"
address = ["10.20.0.11", "fd00:20::11"]
site = "PR1"
roles = "management-point"
[[host]]
name = "sql01"
address = "10.10.1.6"
site = "PR1"
roles = "sql-server"
ports = { sql = 14330 }
[[host]]
name = "mp02"
address = "10.20.0.12"
site = "PR2"
roles = "management-point"
[custom-roles]
backup = { addresses = ["10.10.0.6"] }
[[rule]]
id = "backup-agent"
from = "backup"
to = "site-system"
tcp = 10000
why = "CHG1234"
[[rule]]
id = "old-agent"
from = "backup"
to = "site-system"
tcp = 10001
why = "CHG0001"
until = 2020-12-31
[options]
proxy = ["10.20.0.5:3128"]
[interfaces]
client = "client"
uplink = "client"
[[nat]]
vip = "10.20.99.9:9443"
members = "mp01:8443"
"#;

#[test]
fn sites_ports_and_own_rules_decide() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let daemon = Daemon::start(office.gateway(), SITE, &Plan::on(&BOTH))?;
    let log = daemon.log();
    assert!(
        log.contains("site.toml:45: rule \"old-agent\" ended on 2020-12-31 and is left out"),
        "{log}"
    );
    let side = "site.toml:50: [interfaces] gives \"uplink\" a side, and this machine has no such interface";
    assert!(log.contains(side), "{log}");
    assert!(!log.contains("gives \"client\" a side"), "{log}");
    for (from, to, verdict, rules) in [
        (
            "10.10.0.5:40001",
            "10.20.0.11:8443",
            "documented",
            &["client/management-point/https"][..],
        ),
        ("10.10.0.5:40002", "10.20.0.11:443", "undocumented", &[]),
        (
            "10.20.0.11:40003",
            "10.10.1.6:14330",
            "documented",
            &["management-point/sql-server/sql"],
        ),
        // The database of another site that is neither parent nor child.
        ("10.20.0.12:40004", "10.10.1.6:14330", "undocumented", &[]),
        (
            "10.10.0.6:40005",
            "10.20.0.12:10000",
            "approved",
            &["backup-agent"],
        ),
        ("10.10.0.6:40006", "10.20.0.12:10001", "undocumented", &[]),
        // Note 1: a proxy in place of the internet, at its own port; and a virtual address at its own.
        (
            "10.10.0.5:40007",
            "10.20.0.5:3128",
            "documented",
            &[
                "client/cloud-distribution-point/https",
                "client/cloud-management-gateway/https",
            ],
        ),
        ("10.10.0.5:40008", "10.20.0.5:443", "undocumented", &[]),
        (
            "10.10.0.5:40009",
            "10.20.99.9:9443",
            "documented",
            &["client/management-point/https"],
        ),
        ("10.10.0.5:40010", "10.20.99.9:8443", "undocumented", &[]),
    ] {
        let (from, to) = ends(from, to)?;
        conversation(&office, from, to)?;
        let flow = eventually("the flow", LIMIT, || {
            let flows = daemon.flows(&[])?;
            let mut flows = flows
                .into_iter()
                .filter(|flow| flow.initiator.port == from.port());
            flows.next().context("no flow from there")
        })?;
        assert_eq!(flow.verdict, verdict, "{from} -> {to}");
        assert_eq!(flow.rules, rules, "{from} -> {to}");
    }
    daemon.finish()
}
