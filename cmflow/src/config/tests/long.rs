//! The long form: sites, hosts, custom roles, rules, ports at three levels.

use std::fmt::Write as _;

use super::*;
use crate::site::SiteIndex;

const LONG: &str = r#"
edition = "current"
[networks]
internal = ["10.0.0.0/8", "fd00::/8"]
[roles]
client = ["10.10.0.0/16", "!10.10.250.0/24"]
domain-controller = ["10.40.0.2"]
[[site]]
code = "PR1"
name = "North"
parent = "CAS"
clients = ["10.12.0.0/16", "!10.12.9.0/24"]
ports = { client-https = 8443 }
[[site]]
code = "CAS"
[[host]]
name = "mp01"
address = ["10.20.0.11", "fd00:20::11"]
site = "PR1"
roles = ["management-point", "distribution-point"]
ports = { wsus-http = 8530, wsus-https = 8531 }
[[host]]
name = "dc01"
address = "10.40.0.3"
roles = "domain-controller"
[custom-roles]
backup = { addresses = ["10.9.9.10"] }
scanner = { addresses = ["10.9.9.9"], evidence = false }
[[rule]]
id = "backup-agent"
from = "backup"
to = "site-system"
tcp = [10000, "10010-10019"]
why = "CHG1234"
until = 2027-06-30
[[rule]]
id = "scan"
from = "scanner"
to = "client"
icmp = true
either = true
why = "the weekly scan"
[ports]
client-https = 443
"#;

#[test]
fn the_long_form_is_read() {
    let site = read_text(LONG).expect("a sound text");
    assert_eq!(site.warnings, []);
    let model = site.model;
    assert_eq!(model.files, ["site.toml"]);
    let names: Vec<_> = model
        .sites
        .iter()
        .map(|site| (&*site.code, site.name.as_deref(), site.parent))
        .collect();
    assert_eq!(
        names,
        [("PR1", Some("North"), Some(SiteIndex(1))), ("CAS", None, None)]
    );
    let catalogue = Catalogue::embedded().expect("the built-in catalogue");
    let compiled = crate::compile::compile(&catalogue, &model, &crate::compile::Machine::default(), &[])
        .expect("it compiles");
    let statements = model.statements.iter().fold(String::new(), |mut all, one| {
        let Extent::Prefix(prefix) = one.extent else {
            panic!("the text has prefixes only");
        };
        let site = one.site.map_or("-", |site| model.code(site));
        let sign = if one.given { "" } else { "!" };
        let role = compiled.role(one.role);
        writeln!(all, "{} {role} {site} {sign}{prefix}", one.place.line).expect("a String takes everything");
        all
    });
    assert_eq!(
        statements,
        "12 client PR1 10.12.0.0/16\n12 client PR1 !10.12.9.0/24\n\
         6 client - 10.10.0.0/16\n6 client - !10.10.250.0/24\n7 domain-controller - 10.40.0.2/32\n\
         27 backup - 10.9.9.10/32\n28 scanner - 10.9.9.9/32\n\
         18 management-point PR1 10.20.0.11/32\n18 distribution-point PR1 10.20.0.11/32\n\
         18 management-point PR1 fd00:20::11/128\n18 distribution-point PR1 fd00:20::11/128\n\
         24 domain-controller - 10.40.0.3/32\n"
    );
    let keys = |ports: &crate::site::PortChanges| ports.keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&model.ports), ["client-https"]);
    assert_eq!(keys(&model.sites[0].ports), ["client-https"]);
    assert_eq!(keys(&model.hosts[0].ports), ["wsus-http", "wsus-https"]);
    let evidence: Vec<_> = model
        .custom_roles
        .iter()
        .map(|role| (&*role.id, role.evidence))
        .collect();
    assert_eq!(evidence, [("backup", true), ("scanner", false)]);
    let [backup, scan] = &model.rules[..] else {
        panic!("two rules");
    };
    assert_eq!(backup.until, Some(date(2027, 6, 30)));
    assert_eq!(
        backup.tcp,
        [
            PortRange::single(10_000),
            PortRange {
                first: 10_010,
                last: 10_019
            }
        ]
    );
    assert!(scan.icmp_echo && scan.opened_by == crate::catalogue::OpenedBy::Either);
}

/// A rule of the user's own that ends on that day.
fn ends(day: &str) -> String {
    format!(
        "networks.internal = \"10.0.0.0/8\"\nroles.client = \"10.0.0.0/8\"\n[[rule]]\nid = \"a\"\nfrom = \"client\"\n\
         to = \"client\"\ntcp = 1\nwhy = \"CHG1\"\nuntil = {day}"
    )
}

#[test]
fn an_end_that_is_near_is_warned_of() {
    for (day, expected) in [
        ("2026-06-01", Some("ends on 2026-06-01, today")),
        ("2026-06-02", Some("ends on 2026-06-02, tomorrow")),
        ("2026-07-01", Some("ends on 2026-07-01, in 30 days")),
        ("2026-07-02", None),
        ("9999-12-31", None),
    ] {
        let expected: Vec<_> = expected
            .iter()
            .map(|end| format!("site.toml:9: rule \"a\" {end}"))
            .collect();
        assert_eq!(warnings(&ends(day)), expected, "{day}");
    }
}

#[test]
fn a_rule_that_ended_is_a_mistake_or_is_left_out() {
    let text = ends("2026-05-31");
    let said = "site.toml:9: rule \"a\" ended on 2026-05-31";
    assert_eq!(
        problems(&text),
        [format!("{said}; remove it, or give it a later day")]
    );
    let catalogue = Catalogue::embedded().expect("the built-in catalogue");
    let reading = Reading {
        ended: Ended::LeftOut,
        ..READING
    };
    let site = parse_as(&catalogue, "site.toml", &text, &reading).expect("it can go on without the rule");
    assert_eq!(site.model.rules, []);
    let warned: Vec<_> = site.warnings.iter().map(Problem::to_string).collect();
    assert_eq!(
        warned,
        [format!(
            "{said} and is left out; remove it, or give it a later day"
        )]
    );
}
