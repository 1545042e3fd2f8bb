//! Lists as people have them, read back by the site file's own reader: roles as in the source.

use std::collections::BTreeSet;
use std::net::IpAddr;

use cmflow_common::address::Address;

use super::*;
use crate::catalogue::Catalogue;
use crate::compile::{Machine, compile};
use crate::config;

const JSON: &str = r#"[
  { "FullQualifiedDomainName": "CM01.corp.example", "IPAddress": "10.30.0.5", "SiteCode": "PR1", "ParentSiteCode": "CAS",
    "RoleList": ["SiteServer", "SMSProvider", "SiteSystem", "SMS Component Server"] },
  { "FullQualifiedDomainName": "cas01.corp.example", "IPAddress": ["10.30.0.4", "fd00:30::4"], "SiteCode": "CAS",
    "ParentSiteCode": "", "RoleList": ["SMS Site Server", "SMS SQL Server"] },
  { "FullQualifiedDomainName": "mp01.corp.example", "IPAddress": ["10.20.0.11"], "SiteCode": "PR1", "ParentSiteCode": "CAS",
    "RoleList": ["Management Point", "SMS Distribution Point", "FallbackStatusPoint", "StateMigrationPoint"] },
  { "FullQualifiedDomainName": "sql01.corp.example", "IPAddress": "10.30.0.6", "SiteCode": "pr1", "RoleList": "SiteSQLServer" },
  { "FullQualifiedDomainName": "sup01.corp.example", "IPAddress": "10.20.0.13", "SiteCode": "PR1",
    "RoleList": ["software-update-point"], "OperatingSystem": "x" }
]"#;

fn catalogue() -> Catalogue {
    Catalogue::embedded().expect("the built-in catalogue")
}

fn import(source: Source, text: &str) -> (Checked, String) {
    let list = read(source, text).expect("a list");
    let checked = checked(&catalogue(), &list);
    let text = document(&checked, "servers.txt");
    (checked, text)
}

/// Roles by address as the reader of site files has them.
fn roles_of(text: &str, address: &str) -> BTreeSet<String> {
    let catalogue = catalogue();
    let read =
        config::parse(&catalogue, "site.toml", text).unwrap_or_else(|problems| panic!("{problems}\n{text}"));
    let compiled = compile(&catalogue, &read.model, &Machine::default(), &[]).expect("it compiles");
    let address: IpAddr = address.parse().expect("an address in the test");
    compiled.roles_of(Address::from(address)).into_iter().collect()
}

#[test]
fn what_goes_in_comes_out() {
    let csv = "Server;IP;Site Code;Parent Site Code;Role Name\n\
               cm01;10.30.0.5;PR1;CAS;SMS Site Server\n\
               CM01;10.30.0.5;PR1;CAS;SMS Provider\n\
               cas01;\"10.30.0.4, fd00:30::4\";CAS;CAS;SMS Site Server, SMS SQL Server\n\
               mp01;10.20.0.11;PR1;CAS;management-point distribution-point fallback-status-point smp\n\
               sql01;10.30.0.6;PR1;CAS;SMS SQL Server\n\
               sup01;10.20.0.13;PR1;;SMS Software Update Point\n";
    for (source, text) in [(Source::Json, JSON), (Source::Csv, csv)] {
        let (checked, file) = import(source, text);
        assert_eq!(checked.left_out, [] as [&str; 0]);
        assert_eq!(checked.hosts.len(), 5, "{file}");
        for (address, roles) in [
            ("10.30.0.5", &["site-server", "sms-provider"][..]),
            ("10.30.0.4", &["site-server", "sql-server"]),
            ("fd00:30::4", &["site-server", "sql-server"]),
            (
                "10.20.0.11",
                &[
                    "management-point",
                    "distribution-point",
                    "fallback-status-point",
                    "state-migration-point",
                ],
            ),
            ("10.30.0.6", &["sql-server"]),
            ("10.20.0.13", &["software-update-point"]),
        ] {
            let expected: BTreeSet<String> = roles.iter().map(|role| (*role).to_owned()).collect();
            assert_eq!(roles_of(&file, address), expected, "{address} in\n{file}");
        }
        let site = config::parse(&catalogue(), "site.toml", &file)
            .expect("it was read")
            .model;
        let parents: Vec<_> = site
            .sites
            .iter()
            .map(|site| (site.code.as_str(), site.parent.map(|up| site_code(&file, up.0))))
            .collect();
        assert_eq!(parents, [("PR1", Some("CAS".to_owned())), ("CAS", None)]);
        assert!(site.hosts.iter().any(|host| host.name == "mp01"), "{file}");
    }
}

fn site_code(text: &str, index: u16) -> String {
    let site = config::parse(&catalogue(), "site.toml", text)
        .expect("it was read")
        .model;
    site.sites[usize::from(index)].code.clone()
}

#[test]
fn what_cannot_be_taken_over_is_listed_and_the_rest_is() {
    let json = r#"[
      { "FullQualifiedDomainName": "a.x", "IPAddress": "10.0.0.1", "SiteCode": "PR1", "ParentSiteCode": "XXX", "RoleList": ["ManagmentPoint", "DistributionPoint"] },
      { "FullQualifiedDomainName": "b.x", "IPAddress": null, "SiteCode": "PR1", "RoleList": ["ManagementPoint"] },
      { "FullQualifiedDomainName": "c.x", "IPAddress": ["10.0.0.1", "c.x", "169.254.1.1"], "SiteCode": "PR1", "RoleList": ["ManagementPoint"] },
      { "FullQualifiedDomainName": "d.x", "IPAddress": "10.0.0.4", "RoleList": ["ManagementPoint"] },
      { "FullQualifiedDomainName": "e.x", "IPAddress": "10.0.0.5", "RoleList": ["DomainController"] },
      { "FullQualifiedDomainName": "f.x", "IPAddress": "10.0.0.6", "SiteCode": "PRIMARY", "RoleList": ["Toaster"] },
      { "IPAddress": "10.0.0.7", "RoleList": [] },
      "g.x",
      { "FullQualifiedDomainName": "h.x", "IPAddress": 7 }
    ]"#;
    let (checked, file) = import(Source::Json, json);
    let expected = [
        "entry 8: no object; write { \"FullQualifiedDomainName\": … }",
        "entry 9: IPAddress is 7; it must be a string or a list of strings",
        "entry 1 (a.x): unknown role \"ManagmentPoint\"; did you mean \"management-point\"?",
        "entry 3 (c.x): \"c.x\" is neither an address nor a prefix; names are not resolved, write the address",
        "entry 3 (c.x): 169.254.1.1 is an address that does not cross a gateway",
        "entry 6 (f.x): unknown role \"Toaster\"",
        "entry 7: no name",
        "entry 6 (f.x): \"PRIMARY\" is no site code; it has three letters or digits",
        "entry 1 (a.x): site PR1 has the parent XXX, and no computer is in that",
        "entry 2 (b.x): no address; nothing is looked up, so write it into the list",
        "entry 3 (c.x): 10.0.0.1 is an address of a.x already",
        "entry 3 (c.x): no address; nothing is looked up, so write it into the list",
        "entry 4 (d.x): no site, where others have one",
        "entry 6 (f.x): no role that is known",
    ];
    assert_eq!(checked.left_out, expected);
    for what in expected {
        assert!(file.contains(&format!("#   {what}\n")), "{file}");
    }
    let names: Vec<_> = checked.hosts.iter().map(|host| host.name.as_str()).collect();
    assert_eq!(names, ["a", "e"]);
    assert_eq!(
        roles_of(&file, "10.0.0.1"),
        BTreeSet::from(["distribution-point".to_owned()])
    );
}

#[test]
fn what_is_no_list_is_told() {
    for (source, text, told) in [
        (Source::Csv, "", "the file is empty"),
        (
            Source::Csv,
            "name,roles\na,b",
            "line 1: no column \"address\" (or addresses, ip, ips); there is name, roles",
        ),
        (Source::Json, "{", "not JSON: EOF while parsing"),
        (Source::Json, "7", "a list of objects was expected"),
    ] {
        let error = read(source, text).expect_err(text);
        assert!(error.starts_with(told), "{text}: {error}");
    }
}

#[test]
fn every_role_is_found_by_its_id_and_its_name() {
    let catalogue = catalogue();
    for role in &catalogue.roles {
        for name in [
            role.id.clone(),
            role.name.clone(),
            role.name.to_uppercase(),
            format!("SMS {}", role.name),
        ] {
            let expected = match role.id.as_str() {
                "site-system" if name.to_lowercase().contains("any computer") => continue,
                "site-system" => RoleName::Everybodys,
                id => RoleName::Role(id.to_owned()),
            };
            assert_eq!(role_named(&catalogue, &name), expected, "{name}");
        }
    }
}

#[test]
fn texts_of_windows_are_read() {
    let wide: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain("[] ä".encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    assert_eq!(text_of(&wide).as_deref(), Ok("[] ä"));
    assert_eq!(text_of(b"\xef\xbb\xbf[]").as_deref(), Ok("[]"));
    assert_eq!(
        text_of(b"a\n\xff"),
        Err("line 2 is not UTF-8; save the file as UTF-8".to_owned())
    );
}

#[test]
fn a_list_cannot_break_out_of_its_quotes() {
    let csv = "name,address,roles\n\"x\"\"\n[roles]\nclient = \"\"public\",10.0.0.1,management-point\n\"#\ny\",bad\u{7},mp\n";
    let (checked, file) = import(Source::Csv, csv);
    assert_eq!(checked.hosts.len(), 1, "{file}");
    assert_eq!(
        roles_of(&file, "10.0.0.1"),
        BTreeSet::from(["management-point".to_owned()])
    );
}
