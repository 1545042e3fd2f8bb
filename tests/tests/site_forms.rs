//! However a site file is written, it means the same: short or long, in one file or in many, in whatever order.

use std::fmt::Write as _;
use std::fs;
use std::net::IpAddr;
use std::path::Path;

use anyhow::{Context as _, Result};
use cmflow::catalogue::Catalogue;
use cmflow::compile::{Compiled, VerdictInfo, compile};
use cmflow::config::{self, Ended, Reading, SiteFile};
use cmflow_common::address::Address;
use cmflow_common::flow::state;
use cmflow_common::judge::judge;
use cmflow_common::packet::{Packet, protocol};
use cmflow_tests::company::{CLIENTS, Company, NETWORKS, POINTS};
use proptest::prelude::*;
use proptest::sample::subsequence;
use xtask::lab::ScratchDir;

/// Reads a file and makes tables of it.
fn read(catalogue: &Catalogue, path: &Path) -> Result<(SiteFile, Compiled)> {
    let file = config::read(catalogue, path, &Reading::now(Ended::Refused))?;
    let compiled = compile(catalogue, &file.model, &[], &[])?;
    Ok((file, compiled))
}

/// What is said of a flow whose opening was seen.
fn judged(compiled: &Compiled, from: &str, to: &str, protocol: u8, port: u16) -> VerdictInfo {
    let address = |text: &str| Address::from(text.parse::<IpAddr>().expect("an address in the test"));
    let packet = Packet {
        source: address(from),
        destination: address(to),
        source_port: if protocol == protocol::ICMP { 0 } else { 61_000 },
        destination_port: port,
        protocol,
        signs: 0,
        tags: 0,
        header_length: 0,
    };
    let id = judge(&&compiled.tables, &packet, true, state::INITIATOR_SEEN);
    compiled.verdict(id).expect("every verdict has its entry").clone()
}

const ROLES: [&str; 6] = [
    "client",
    "management-point",
    "distribution-point",
    "sql-server",
    "site-server",
    "domain-controller",
];
const HOSTS: [&str; 5] = ["10.0.0.1", "10.0.0.2", "10.0.1.1", "10.0.2.1", "fd00::1"];
const FLOWS: [(u8, u16); 6] = [
    (protocol::TCP, 80),
    (protocol::TCP, 443),
    (protocol::TCP, 1433),
    (protocol::TCP, 50_000),
    (protocol::UDP, 53),
    (protocol::ICMP, 0),
];

/// The roles of each host, none for some of them.
fn holdings() -> impl Strategy<Value = Vec<Vec<&'static str>>> {
    prop::collection::vec(subsequence(ROLES.to_vec(), 0..3), HOSTS.len())
}

const NETWORKS_SECTION: &str = "[networks]\ninternal = [\"10.0.0.0/8\", \"fd00::/8\"]\n";

fn short_form(holdings: &[Vec<&str>]) -> String {
    let mut text = format!("{NETWORKS_SECTION}[roles]\n");
    for role in ROLES {
        let holders = HOSTS
            .iter()
            .zip(holdings)
            .filter(|(_, roles)| roles.contains(&role));
        let mut holders: Vec<_> = holders.map(|(host, _)| *host).collect();
        if role == "client" {
            holders.extend(["10.0.0.0/23", "!10.0.1.0/24"]);
        }
        writeln!(text, "{role} = {holders:?}").expect("a String takes everything");
    }
    text
}

/// The same as hosts of a site, the even ones in TOML and the odd ones in CSV.
fn long_form(folder: &Path, holdings: &[Vec<&str>]) -> Result<()> {
    let mut toml = format!(
        "include = \"hosts.csv\"\n{NETWORKS_SECTION}[[site]]\ncode = \"PR1\"\n\
         clients = [\"10.0.0.0/23\", \"!10.0.1.0/24\"]\n"
    );
    let mut csv = "roles,site,name,address\n".to_owned();
    let named = HOSTS.iter().zip(holdings).filter(|(_, roles)| !roles.is_empty());
    for (number, (host, roles)) in named.enumerate() {
        if number % 2 == 0 {
            writeln!(
                toml,
                "[[host]]\nname = \"h{number}\"\naddress = \"{host}\"\nsite = \"PR1\"\nroles = {roles:?}"
            )?;
        } else {
            writeln!(csv, "{},PR1,h{number},{host}", roles.join(";"))?;
        }
    }
    fs::write(folder.join("site.toml"), toml)?;
    fs::write(folder.join("hosts.csv"), csv)?;
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_forms_say_the_same(holdings in holdings()) {
        let catalogue = Catalogue::embedded().expect("the built-in catalogue");
        let folder = ScratchDir::new("forms").expect("a folder");
        let short = config::parse(&catalogue, "site.toml", &short_form(&holdings)).expect("it is sound");
        let short = compile(&catalogue, &short.model, &[], &[]).expect("it compiles");
        long_form(folder.path(), &holdings).expect("the folder can be written");
        let (_, long) = read(&catalogue, &folder.path().join("site.toml")).expect("it is sound");
        for from in HOSTS.iter().chain(&["10.0.0.9", "10.0.1.9"]) {
            for to in HOSTS {
                for (protocol, port) in FLOWS {
                    let of = |compiled| judged(compiled, from, to, protocol, port);
                    prop_assert_eq!(of(&short), of(&long), "{} -> {} {}/{}", from, to, protocol, port);
                }
            }
        }
    }

    #[test]
    fn the_order_of_includes_does_not_matter(order in Just(FILES.to_vec()).prop_shuffle()) {
        let catalogue = Catalogue::embedded().expect("the built-in catalogue");
        let folder = ScratchDir::new("order").expect("a folder");
        let tables = |files: &[(&str, &str)]| {
            for (name, text) in files {
                fs::write(folder.path().join(name), text).expect("the folder can be written");
            }
            let names: Vec<_> = files.iter().map(|(name, _)| *name).collect();
            let path = folder.path().join("site.toml");
            fs::write(&path, format!("include = {names:?}")).expect("the folder can be written");
            let (file, compiled) = read(&catalogue, &path).expect("it is sound");
            (file.warnings.len(), compiled.tables, compiled.verdicts)
        };
        prop_assert!(tables(&FILES) == tables(&order));
    }
}

/// Each names things that others define.
const FILES: [(&str, &str); 5] = [
    (
        "a.toml",
        "[[site]]\ncode = \"PR1\"\nparent = \"CAS\"\nclients = [\"10.1.0.0/16\"]\nports = { client-https = 8443 }\n",
    ),
    (
        "b.toml",
        "[[host]]\nname = \"mp\"\naddress = \"10.9.0.1\"\nsite = \"PR1\"\nroles = [\"management-point\", \"backup\"]\n\
         [roles]\ndomain-controller = [\"internal\"]\n",
    ),
    (
        "c.toml",
        "[[site]]\ncode = \"CAS\"\n[custom-roles]\nbackup = { addresses = [\"10.9.0.9\"] }\n\
         [networks]\ninternal = \"10.0.0.0/8\"\n",
    ),
    (
        "d.csv",
        "name,address,roles,site\nsql,10.9.0.2,sql-server,CAS\nss,10.9.0.3,site-server,PR1\n",
    ),
    (
        "e.toml",
        "[[rule]]\nid = \"copy\"\nfrom = \"backup\"\nto = \"site-system\"\ntcp = 10000\nwhy = \"CHG1\"\n\
         [ports]\nclient-https = 9443\n",
    ),
];

/// As spreadsheets write it: a mark at the beginning, quotes, line ends of two bytes, columns in any order.
#[test]
fn csv_as_spreadsheets_write_it() -> Result<()> {
    let catalogue = Catalogue::embedded()?;
    let folder = ScratchDir::new("csv")?;
    let csv = "\u{feff}Roles,Name,Address\r\n\"distribution-point; distribution-point-pxe\",\"dp, north\",10.1.0.10 fd00::10\r\n\
               \r\nsql-server,sql,\"10.1.0.0/30;10.2.0.1\"\r\n";
    fs::write(folder.path().join("hosts.csv"), csv)?;
    let path = folder.path().join("site.toml");
    fs::write(&path, format!("include = \"*.csv\"\n{NETWORKS_SECTION}"))?;
    let (file, compiled) = read(&catalogue, &path)?;
    assert_eq!(file.warnings, []);
    let names: Vec<_> = file
        .model
        .hosts
        .iter()
        .map(|host| (&*host.name, host.addresses.len()))
        .collect();
    // A prefix is no address of a host.
    assert_eq!(names, [("dp, north", 2), ("sql", 1)]);
    let lines: Vec<_> = file.model.statements.iter().map(|one| one.place.line).collect();
    assert_eq!(lines, [2, 2, 2, 2, 4, 4]);
    let roles = |address: &str| {
        let address = Address::from(address.parse::<IpAddr>().expect("an address in the test"));
        compiled.role_names(compiled.class(address).named)
    };
    assert_eq!(
        roles("fd00::10"),
        ["distribution-point", "distribution-point-pxe"]
    );
    assert_eq!(roles("10.1.0.2"), ["sql-server"]);
    Ok(())
}

/// One file by two ways is read once: twice, each of its hosts would have the address of another.
#[test]
fn one_file_by_two_ways_is_read_once() -> Result<()> {
    let catalogue = Catalogue::embedded()?;
    let folder = ScratchDir::new("once")?;
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text);
    write("hosts.csv", "name,address,roles\nsql,10.1.0.1,sql-server\n")?;
    write("a.toml", "include = [\"./hosts.csv\", \"hosts.csv\"]\n")?;
    write(
        "site.toml",
        &format!("include = [\"a.toml\", \"*.csv\"]\n{NETWORKS_SECTION}"),
    )?;
    let (file, _) = read(&catalogue, &folder.path().join("site.toml"))?;
    assert_eq!(file.model.files.len(), 3);
    assert_eq!(file.model.hosts.len(), 1);
    Ok(())
}

/// The company is sound, and is what it says that it is.
#[test]
fn the_company_is_as_large_as_it_says() -> Result<()> {
    let catalogue = Catalogue::embedded()?;
    let folder = ScratchDir::new("company")?;
    let (file, compiled) = read(&catalogue, &Company::write(folder.path())?)?;
    assert_eq!(file.warnings, []);
    let client = catalogue.role("client").context("the catalogue has clients")?;
    let of_clients = || {
        file.model
            .statements
            .iter()
            .filter(|one| one.role == client && one.site.is_some())
    };
    assert_eq!(of_clients().count(), NETWORKS + CLIENTS);
    for code in ["PR1", "PR2"] {
        let of_site = of_clients().filter(|one| one.site.map(|site| file.model.code(site)) == Some(code));
        assert_eq!(of_site.count(), (NETWORKS + CLIENTS) / 2, "{code}");
    }
    assert_eq!(
        file.model
            .hosts
            .iter()
            .filter(|host| host.name.starts_with("dp"))
            .count(),
        POINTS
    );
    // Classes grow with combinations of roles, sites and ports, not with computers.
    assert!(compiled.classes.len() < 64, "{} classes", compiled.classes.len());
    assert!(compiled.tables.hosts.len() > CLIENTS + POINTS);
    for (address, site, roles) in [
        (
            Company::CENTRAL_SITE_SERVER,
            "CAS",
            &["site-server", "sms-provider"][..],
        ),
        (Company::CENTRAL_SQL, "CAS", &["sql-server"]),
        (
            Company::CENTRAL_UPDATES,
            "CAS",
            &["software-update-point", "upstream-wsus-server"],
        ),
        (
            Company::SERVICE_CONNECTION,
            "CAS",
            &[
                "asset-intelligence-synchronization-point",
                "service-connection-point",
            ],
        ),
        (Company::SITE_SERVER_1, "PR1", &["site-server", "sms-provider"]),
        (Company::SQL_1, "PR1", &["sql-server"]),
        (Company::MANAGEMENT_POINT_1, "PR1", &["management-point"]),
        (Company::MANAGEMENT_POINT_1_V6, "PR1", &["management-point"]),
        (Company::UPDATES_1, "PR1", &["software-update-point"]),
        (Company::SITE_SERVER_2, "PR2", &["site-server", "sms-provider"]),
        (Company::SQL_2, "PR2", &["sql-server"]),
        (Company::MANAGEMENT_POINT_2, "PR2", &["management-point"]),
        (Company::UPDATES_2, "PR2", &["software-update-point"]),
        (
            Company::SECONDARY_SERVER_1,
            "S11",
            &[
                "distribution-point",
                "management-point",
                "site-server",
                "sql-server",
            ],
        ),
        (
            Company::SECONDARY_SERVER_2,
            "S21",
            &[
                "distribution-point",
                "management-point",
                "site-server",
                "sql-server",
            ],
        ),
        // Each stands in a network of clients.
        (Company::POINT_1, "PR1", &["client", "distribution-point"]),
        (
            Company::POINT_2,
            "PR2",
            &["client", "distribution-point", "distribution-point-pxe"],
        ),
        (Company::CLIENT_1, "PR1", &["client"]),
        (Company::CLIENT_2, "PR2", &["client"]),
        (Company::ROAMING_CLIENT_1, "PR1", &["client"]),
        (Company::ROAMING_CLIENT_2, "PR2", &["client"]),
        (Company::CLIENT_1_V6, "PR1", &["client"]),
        (
            Company::DOMAIN_CONTROLLER,
            "-",
            &["domain-controller", "global-catalog-domain-controller"],
        ),
        (
            Company::CONSOLE,
            "-",
            &["client", "configuration-manager-console"],
        ),
        (Company::BACKUP, "-", &["backup"]),
        (Company::SCANNER, "-", &["scanner"]),
        (Company::NOBODY, "-", &[]),
    ] {
        let class = compiled.class(Address::from(address.parse::<IpAddr>()?));
        assert_eq!(compiled.role_names(class.named), roles, "{address}");
        assert_eq!(
            class.site.map_or("-", |site| file.model.code(site)),
            site,
            "{address}"
        );
    }
    Ok(())
}

/// Sites and the ports of sites and hosts decide.
#[test]
fn a_company_is_judged_by_its_sites_and_ports() -> Result<()> {
    let catalogue = Catalogue::embedded()?;
    let folder = ScratchDir::new("judged")?;
    let (_, compiled) = read(&catalogue, &Company::write(folder.path())?)?;
    for (from, to, port, kind) in [
        (Company::CLIENT_1, Company::MANAGEMENT_POINT_1, 443, "documented"),
        (Company::CLIENT_2, Company::MANAGEMENT_POINT_2, 8443, "documented"),
        (
            Company::CLIENT_2,
            Company::MANAGEMENT_POINT_2,
            443,
            "undocumented",
        ),
        (Company::CLIENT_1, Company::UPDATES_1, 8531, "documented"),
        (Company::CLIENT_2, Company::UPDATES_2, 443, "documented"),
        (Company::CLIENT_2, Company::UPDATES_2, 8531, "undocumented"),
        (Company::MANAGEMENT_POINT_2, Company::SQL_2, 14_330, "documented"),
        (Company::MANAGEMENT_POINT_2, Company::SQL_2, 1433, "undocumented"),
        // A management point has its own site's database.
        (Company::MANAGEMENT_POINT_2, Company::SQL_1, 1433, "undocumented"),
        // Databases of parent and child replicate; those of sisters do not.
        (Company::SQL_1, Company::CENTRAL_SQL, 1433, "documented"),
        (Company::SQL_2, Company::SQL_1, 1433, "undocumented"),
        (Company::BACKUP, Company::POINT_1, 10_019, "approved"),
        (Company::BACKUP, Company::CLIENT_1, 10_000, "undocumented"),
        (Company::SCANNER, Company::SQL_1, 22, "approved"),
        (Company::SQL_1, Company::BACKUP, 10_000, "reversed"),
    ] {
        let found = judged(&compiled, from, to, protocol::TCP, port);
        assert_eq!(
            found.kind.name(),
            kind,
            "{from} -> {to} TCP {port}: {:?}",
            found.rules
        );
    }
    Ok(())
}
