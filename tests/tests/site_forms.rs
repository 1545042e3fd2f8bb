//! However a site file is written, it means the same: short or long, in one file or in many, in whatever order.

use std::fmt::Write as _;
use std::fs;
use std::net::IpAddr;
use std::path::Path;

use anyhow::Result;
use cmflow::catalogue::Catalogue;
use cmflow::compile::{Machine, compile};
use cmflow::config;
use cmflow_common::address::Address;
use cmflow_common::packet::protocol;
use cmflow_tests::site_files::{judged, read};
use proptest::prelude::*;
use proptest::sample::subsequence;
use xtask::lab::ScratchDir;

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
        let short = compile(&catalogue, &short.model, &Machine::default(), &[]).expect("it compiles");
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
    fs::write(&path, format!("\u{feff}include = \"*.csv\"\n{NETWORKS_SECTION}"))?;
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
    fs::create_dir(folder.path().join("sub"))?;
    write("hosts.csv", "name,address,roles\nsql,10.1.0.1,sql-server\n")?;
    write("a.toml", "include = [\"sub/../hosts.csv\", \"hosts.csv\"]\n")?;
    write(
        "site.toml",
        &format!("include = [\"a.toml\", \"*.csv\"]\n{NETWORKS_SECTION}"),
    )?;
    let (file, _) = read(&catalogue, &folder.path().join("site.toml"))?;
    assert_eq!(file.model.files.len(), 3);
    assert_eq!(file.model.hosts.len(), 1);
    Ok(())
}
