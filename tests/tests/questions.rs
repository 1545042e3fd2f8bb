//! What an administrator of the company asks, and what `cmflow explain` should answer: each row is a question with
//! the verdict, and the rules that explain the flow or the nearest one with why it does not.

use std::net::IpAddr;

use anyhow::{Context, Result};
use cmflow::catalogue::Catalogue;
use cmflow::compile::{Machine, compile};
use cmflow::config::{self, Ended, Reading};
use cmflow::explain::{Book, Question, Service};
use cmflow_tests::binary::run;
use cmflow_tests::company::Company as C;
use xtask::lab::ScratchDir;

/// Something on the internet, and a group that stays in its network.
const INTERNET: &str = "13.107.4.50";
const LLMNR: &str = "224.0.0.252";

#[rustfmt::skip] // one question a line
const QUESTIONS: &[(&str, &str, &str, &str)] = &[
    // What clients ask of management points, at the ports of the site that answers.
    (C::CLIENT_1, C::MANAGEMENT_POINT_1, "tcp/443", "documented client/management-point/https"),
    (C::CLIENT_1, C::MANAGEMENT_POINT_1, "tcp/80", "documented client/management-point/http"),
    (C::CLIENT_1, C::MANAGEMENT_POINT_1, "tcp/10123", "documented client/management-point/client-notification"),
    (C::CLIENT_1_V6, C::MANAGEMENT_POINT_1_V6, "tcp/443", "documented client/management-point/https"),
    (C::ROAMING_CLIENT_1, C::MANAGEMENT_POINT_1, "tcp/443", "documented client/management-point/https"),
    (C::CLIENT_2, C::MANAGEMENT_POINT_1, "tcp/443", "documented client/management-point/https"),
    (C::CLIENT_2, C::MANAGEMENT_POINT_2, "tcp/8443", "documented client/management-point/https"),
    (C::CLIENT_1, C::MANAGEMENT_POINT_2, "tcp/8443", "documented client/management-point/https"),
    (C::CLIENT_2, C::MANAGEMENT_POINT_2, "tcp/443", "undocumented; client/management-point/https: port 443 is client-https, the site file says 8443"),
    (C::ROAMING_CLIENT_2, C::MANAGEMENT_POINT_2, "tcp/443", "undocumented; client/management-point/https: port 443 is client-https, the site file says 8443"),
    (C::CLIENT_1, C::MANAGEMENT_POINT_1, "udp/443", "undocumented; client/management-point/https: the rule has TCP 443, not UDP 443"),
    (C::MANAGEMENT_POINT_1, C::CLIENT_1, "tcp/443", "reversed client/management-point/https"),
    (C::CLIENT_1, C::SECONDARY_SERVER_2, "tcp/443", "documented client/distribution-point/https client/management-point/https"),
    // Distribution points, PXE, multicast and their neighbours.
    (C::CLIENT_1, C::POINT_1, "tcp/80", "documented client/distribution-point/http"),
    (C::CLIENT_1, C::POINT_2, "tcp/8443", "documented client/distribution-point/https"),
    (C::CLIENT_2, C::POINT_2, "udp/69", "documented client/distribution-point-pxe/tftp"),
    (C::CLIENT_2, C::POINT_2, "udp/4011", "documented client/distribution-point-pxe/binl"),
    (C::CLIENT_1, C::POINT_1, "udp/69", "undocumented; client/distribution-point-pxe/tftp: 10.64.0.10 is client, distribution-point, the rule needs \"distribution-point-pxe\""),
    (C::CLIENT_1, C::CLIENT_2, "tcp/8003", "documented client/client/peer-cache-download"),
    (C::CLIENT_1, C::CLIENT_2, "icmp", "documented client/client/wake-up-proxy-echo"),
    (C::CLIENT_1, C::CLIENT_2, "tcp/5555", "undocumented; client/client/peer-cache-download: the rule has TCP 8003, not TCP 5555"),
    // Updates: the pair of the hierarchy, and the pair of one server.
    (C::CLIENT_1, C::UPDATES_1, "tcp/8530", "documented client/software-update-point/http"),
    (C::CLIENT_1, C::UPDATES_1, "tcp/8531", "documented client/software-update-point/https"),
    (C::CLIENT_1, C::UPDATES_1, "tcp/443", "undocumented; client/software-update-point/https: port 443 is wsus-https, the site file says 8531"),
    (C::CLIENT_2, C::UPDATES_2, "tcp/443", "documented client/software-update-point/https"),
    (C::CLIENT_2, C::UPDATES_2, "tcp/8531", "undocumented; client/software-update-point/https: port 8531 is wsus-https, the site file says 443"),
    (C::UPDATES_1, C::CENTRAL_UPDATES, "tcp/8530", "documented client/software-update-point/http software-update-point/upstream-wsus-server/http"),
    // Databases: of the site, of the parent, of a stranger; at the port of the instance.
    (C::MANAGEMENT_POINT_1, C::SQL_1, "tcp/1433", "documented management-point/sql-server/sql"),
    (C::MANAGEMENT_POINT_2, C::SQL_2, "tcp/14330", "documented management-point/sql-server/sql"),
    (C::MANAGEMENT_POINT_2, C::SQL_2, "tcp/1433", "undocumented; management-point/sql-server/sql: port 1433 is sql, the site file says 14330"),
    (C::MANAGEMENT_POINT_1, C::SQL_2, "tcp/14330", "undocumented; management-point/sql-server/sql: fits, but site PR2: 10.3.0.6 is in PR2, the initiator in PR1, and the rule holds inside a site"),
    (C::SQL_1, C::CENTRAL_SQL, "tcp/1433", "documented sql-server/sql-server/sql"),
    (C::CENTRAL_SQL, C::SQL_2, "tcp/4022", "documented sql-server/sql-server/sql-broker"),
    (C::SQL_1, C::SQL_2, "tcp/14330", "undocumented; sql-server/sql-server/sql: fits, but site PR2: 10.3.0.6 is in PR2, which is neither parent nor child of PR1"),
    (C::SQL_2, C::SQL_1, "tcp/4022", "undocumented; sql-server/sql-server/sql-broker: fits, but site PR1: 10.2.0.6 is in PR1, which is neither parent nor child of PR2"),
    (C::SQL_1, C::MANAGEMENT_POINT_1, "tcp/1433", "reversed management-point/sql-server/sql"),
    (C::CLIENT_1, C::SQL_1, "tcp/1433", "undocumented; asset-intelligence-synchronization-point/sql-server/sql: 10.64.0.77 is client, the rule needs \"asset-intelligence-synchronization-point\""),
    (C::CLIENT_1, C::SQL_1, "udp/1434", "undocumented"),
    // Site servers with their site systems and with each other.
    (C::SITE_SERVER_1, C::MANAGEMENT_POINT_1, "tcp/445", "documented management-point/site-server/smb"),
    (C::MANAGEMENT_POINT_1, C::SITE_SERVER_1, "tcp/445", "documented management-point/site-server/smb"),
    (C::MANAGEMENT_POINT_1, C::SITE_SERVER_1, "tcp/135", "documented management-point/site-server/rpc-endpoint-mapper"),
    (C::MANAGEMENT_POINT_1, C::SITE_SERVER_1, "tcp/50001", "documented management-point/site-server/rpc"),
    (C::SITE_SERVER_1, C::POINT_1, "tcp/445", "documented site-server/distribution-point/smb"),
    (C::SITE_SERVER_1, C::POINT_2, "tcp/135", "undocumented; site-server/distribution-point/rpc-endpoint-mapper: fits, but site PR2: 10.64.1.10 is in PR2, the initiator in PR1, and the rule holds inside a site"),
    (C::SITE_SERVER_1, C::CENTRAL_SITE_SERVER, "tcp/445", "documented site-server/site-server/smb"),
    (C::SECONDARY_SERVER_1, C::SITE_SERVER_1, "tcp/445", "documented site-server/site-server/smb"),
    // No document lets two primary sites talk, but a site server is a client too.
    (C::SITE_SERVER_1, C::SITE_SERVER_2, "tcp/445", "baseline client-installation:client/site-server/smb"),
    (C::SITE_SERVER_1, C::CLIENT_1, "udp/9", "documented client/client/wake-on-lan site-server/client/wake-on-lan"),
    (C::SITE_SERVER_1, INTERNET, "tcp/443", "documented client/cloud-distribution-point/https client/cloud-management-gateway/https site-server/cloud-distribution-point/https site-server/internet/https"),
    // Client push is of a companion.
    (C::SITE_SERVER_1, C::CLIENT_1, "tcp/445", "baseline client-installation:site-server/client/smb"),
    // The console.
    (C::CONSOLE, C::SITE_SERVER_1, "tcp/135", "documented configuration-manager-console/site-server/rpc-wmi configuration-manager-console/sms-provider/rpc-endpoint-mapper"),
    (C::CONSOLE, C::CLIENT_1, "tcp/2701", "documented configuration-manager-console/client/remote-control"),
    (C::CLIENT_1, C::CONSOLE, "tcp/2701", "reversed configuration-manager-console/client/remote-control"),
    // The domain: what the page says of its own computers, and what a companion says of all.
    (C::MANAGEMENT_POINT_1, C::DOMAIN_CONTROLLER, "tcp/389", "documented management-point/domain-controller/ldap"),
    (C::CLIENT_1, C::DOMAIN_CONTROLLER, "tcp/389", "baseline windows-domain:member/domain-controller/ldap"),
    (C::CLIENT_1, C::DOMAIN_CONTROLLER, "udp/123", "baseline windows-domain:member/domain-controller/ntp"),
    (C::CLIENT_1, C::DOMAIN_CONTROLLER, "tcp/445", "baseline windows-domain:member/domain-controller/smb"),
    (C::SCANNER, C::DOMAIN_CONTROLLER, "udp/464", "baseline windows-domain:member/domain-controller/kerberos-password"),
    (C::CLIENT_1, C::DOMAIN_CONTROLLER, "tcp/3389", "undocumented"),
    // The user's own rules.
    (C::BACKUP, C::MANAGEMENT_POINT_1, "tcp/10000", "approved backup-agent"),
    (C::MANAGEMENT_POINT_1, C::BACKUP, "tcp/10000", "reversed backup-agent"),
    (C::BACKUP, C::CLIENT_1, "tcp/10000", "undocumented; backup-agent: 10.64.0.77 is client, the rule needs \"site-system\""),
    (C::SCANNER, C::SQL_1, "icmp", "approved scan"),
    // Who is not in the file, and what does not cross.
    (C::NOBODY, C::MANAGEMENT_POINT_1, "tcp/443", "foreign; client/management-point/https: 10.250.0.1 holds no role, the rule needs \"client\""),
    (C::NOBODY, C::CLIENT_1, "tcp/445", "foreign"),
    (C::NOBODY, "10.250.0.2", "tcp/443", "out-of-scope"),
    (C::CLIENT_1, C::MANAGEMENT_POINT_1, "esp", "opaque"),
    (C::CLIENT_1, LLMNR, "udp/5355", "local"),
];

#[test]
fn the_company_is_answered_as_its_administrator_expects() -> Result<()> {
    let folder = ScratchDir::new("questions")?;
    let catalogue = Catalogue::embedded()?;
    let file = config::read(
        &catalogue,
        &C::write(folder.path())?,
        &Reading::now(Ended::Refused),
    )?;
    let compiled = compile(&catalogue, &file.model, &Machine::default(), &[])?;
    let book = Book {
        catalogue: &catalogue,
        site: &file.model,
        compiled: &compiled,
    };
    let mut wrong = Vec::new();
    for (source, destination, service, expected) in QUESTIONS {
        let question = Question {
            initiator: source.parse::<IpAddr>()?,
            responder: destination.parse::<IpAddr>()?,
            service: service.parse::<Service>().map_err(anyhow::Error::msg)?,
            after: None,
        };
        let found = book.explain(&question);
        let mut said = found.verdict.kind.name().to_owned();
        if let Some(near) = found.nearest.first().filter(|_| expected.contains(';')) {
            said += &format!("; {}: {}", near.rule, near.why_not);
        }
        for rule in &found.verdict.rules {
            said += &format!(" {rule}");
        }
        if said != *expected {
            wrong.push(format!(
                "{source} -> {destination} {service}\n  expected {expected}\n  is told  {said}"
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        QUESTIONS.len(),
        wrong.join("\n")
    );
    Ok(())
}

#[test]
fn computers_may_be_called_by_their_names() -> Result<()> {
    let folder = ScratchDir::new("questions")?;
    let file = C::write(folder.path())?;
    let file = file.to_str().context("a path in UTF-8")?;
    let table = [
        (
            ["pr1-mp1", "pr1-sql", "tcp/1433"],
            "management-point --> sql-server, SQL over TCP, TCP 1433, note 2",
        ),
        (
            ["PR2-MP1", "pr2-sql", "tcp/14330"],
            "changed: TCP 1433 is documented; sql in the site file replaces it",
        ),
        (
            ["dp001", "pr1-mp1", "tcp/443"],
            "10.64.0.10  dp001, client, distribution-point, site PR1",
        ),
        (
            ["10.9.9.10", "pr1-site", "tcp/10000"],
            "why: CHG1234: backup of all site systems",
        ),
    ];
    for (question, told) in table {
        let output = run(&[&["explain", "--site", file], &question[..]].concat());
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            said.contains(told),
            "{question:?}: {said}{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    // A companion explains it, since a server is a client too; the page nearly does, as what the server is.
    let output = run(&["explain", "--site", file, "pr1-site", "pr2-site", "tcp/445"]);
    let said = String::from_utf8_lossy(&output.stdout);
    for told in [
        "10.2.0.5 counts as client: a managed server is one too, where it opens",
        "The page itself nearly documents it\n  site-server/site-server/smb\n      fits, but site PR2",
    ] {
        assert!(said.contains(told), "{said}");
    }
    let output = run(&["explain", "--site", file, C::CLIENT_1, INTERNET, "tcp/443"]);
    let said = String::from_utf8_lossy(&output.stdout);
    let told = "13.107.4.50 counts as cloud-management-gateway: a public address, and the site file gives";
    assert!(said.contains(told), "{said}");
    let output = run(&["explain", "--site", file, "pr1-mp", "pr1-sql", "tcp/1433"]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        error.contains("did you mean \"pr1-mp1\"?") || error.contains("did you mean \"pr1-mp2\"?"),
        "{error}"
    );
    Ok(())
}
