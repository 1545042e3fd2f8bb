//! The tables: counts, ids, ports, settings, scope and cadence.

use std::collections::{BTreeMap, BTreeSet};

use super::{embedded, page, rule};
use crate::catalogue::{Cadence, Level, PortRange, Rule, Scope};

const EDITIONS: [&str; 4] = ["2016-09", "2018-02", "2020-04", "current"];

/// Counted in the documents by hand and by script, twice.
#[test]
fn counts_are_those_of_the_documents() {
    let catalogue = embedded();
    let view = catalogue.editions_view();
    let counted: Vec<_> = view
        .editions
        .iter()
        .map(|e| {
            (
                e.id,
                e.connections,
                e.rules,
                e.opened_by_either,
                e.alternate,
                e.roles,
            )
        })
        .collect();
    let expected = [
        ("2016-09", 63, 123, 14, 32, 35),
        ("2018-02", 63, 119, 14, 32, 35),
        ("2020-04", 71, 139, 16, 35, 41),
        ("current", 70, 141, 14, 34, 43),
    ];
    assert_eq!(counted, expected);
}

#[test]
fn a_role_stands_in_the_editions_whose_tables_name_it() {
    let catalogue = embedded();
    for role in &catalogue.roles {
        let id = catalogue.role(&role.id).expect("its own id");
        let named: Vec<_> = catalogue
            .pages
            .iter()
            .filter(|page| page.connections.iter().any(|c| c.from == id || c.to == id))
            .map(|page| page.edition.clone())
            .collect();
        assert_eq!(named, role.editions, "{}", role.id);
    }
}

#[test]
fn implications_reach_their_end() {
    let catalogue = embedded();
    let implied = |id: &str| {
        let role = catalogue.role(id).expect("a role");
        let implies = &catalogue.roles[usize::from(role.0)].implies;
        implies
            .iter()
            .map(|role| catalogue.role_id(*role))
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(
        implied("global-catalog-domain-controller"),
        BTreeSet::from(["domain-controller", "windows-server"])
    );
    assert_eq!(
        implied("distribution-point-pxe"),
        BTreeSet::from(["distribution-point", "site-system"])
    );
    assert_eq!(implied("client"), BTreeSet::new());
}

#[test]
fn ids_are_made_of_roles_and_service_and_stand_once_an_edition() {
    let catalogue = embedded();
    for page in &catalogue.pages {
        let mut seen = BTreeSet::new();
        for rule in page.rules() {
            assert!(seen.insert(&rule.id), "{} twice in {}", rule.id, page.edition);
            let pair = format!("{}/{}/", catalogue.role_id(rule.from), catalogue.role_id(rule.to));
            assert!(rule.id.starts_with(&pair), "{}", rule.id);
        }
    }
}

/// One id is one service: its name and ends are the same wherever it stands.
#[test]
fn an_id_means_the_same_in_every_edition() {
    let catalogue = embedded();
    let mut known: BTreeMap<&str, &Rule> = BTreeMap::new();
    for rule in catalogue.pages.iter().flat_map(|page| page.rules()) {
        let first = known.entry(&rule.id).or_insert(rule);
        assert_eq!(
            (&first.service, first.from, first.to),
            (&rule.service, rule.from, rule.to),
            "{}",
            rule.id
        );
    }
}

#[test]
fn rows_say_what_the_page_prints() {
    let catalogue = embedded();
    let table = [
        ("current", "client/management-point/https", "tcp 443 note 2"),
        ("current", "client/distribution-point-pxe/tftp", "udp 69 note 4"),
        ("current", "client/distribution-point-pxe/dhcp", "udp 67 udp 68"),
        (
            "current",
            "client/software-update-point/https",
            "either tcp 443 tcp 8531 note 3",
        ),
        (
            "current",
            "client/distribution-point-multicast/multicast",
            "udp 63000-64000",
        ),
        (
            "current",
            "management-point/site-server/rpc",
            "dynamic note 5 note 6",
        ),
        ("current", "site-server/internet/http", "tcp 80 note 1"),
        ("2018-02", "management-point/domain-controller/ldap", "tcp 389"),
        (
            "2020-04",
            "management-point/domain-controller/ldap",
            "udp 389 tcp 389",
        ),
        (
            "2018-02",
            "management-point/domain-controller/rpc-endpoint-mapper",
            "udp 135 tcp 135",
        ),
        (
            "2020-04",
            "management-point/domain-controller/rpc-endpoint-mapper",
            "tcp 135",
        ),
        (
            "2016-09",
            "site-server/domain-controller/global-catalog-ldaps",
            "tcp 3269",
        ),
        (
            "2020-04",
            "cmg-connection-point/software-update-point/http",
            "tcp 80",
        ),
        (
            "current",
            "site-server/software-update-point/http",
            "either tcp 80 tcp 8530 note 3 note 5",
        ),
    ];
    for (edition, id, expected) in table {
        assert_eq!(printed(rule(catalogue, edition, id)), expected, "{edition} {id}");
    }
}

/// What the page prints of a rule, in words.
fn printed(rule: &Rule) -> String {
    let flags = [(rule.dynamic, "dynamic"), (rule.either, "either")];
    let mut words: Vec<String> = flags
        .iter()
        .filter(|(holds, _)| *holds)
        .map(|(_, word)| (*word).to_owned())
        .collect();
    words.extend(rule.udp.iter().map(|ports| format!("udp {ports}")));
    words.extend(rule.tcp.iter().map(|ports| format!("tcp {ports}")));
    words.extend(rule.notes.iter().map(|note| format!("note {note}")));
    words.join(" ")
}

#[test]
fn the_installation_table_is_one_of_its_own() {
    let catalogue = embedded();
    for edition in EDITIONS {
        let tables = &page(catalogue, edition).connections;
        let installation = tables
            .iter()
            .find(|table| table.id == "site-server/sql-server@installation");
        let installation = installation.expect("the second table of the pair");
        assert_eq!(installation.context.as_deref(), Some("installation"));
        let ids: Vec<_> = installation.rules.iter().map(|rule| rule.id.as_str()).collect();
        let prefix = "site-server/sql-server";
        assert_eq!(
            ids,
            ["smb", "rpc-endpoint-mapper", "rpc"].map(|service| format!("{prefix}/{service}"))
        );
        let standing = tables.iter().filter(|table| table.id == prefix).count();
        assert_eq!(standing, 1, "{edition}");
    }
}

#[test]
fn a_setting_changes_ports_that_its_rows_print() {
    let catalogue = embedded();
    for rule in catalogue.pages.iter().flat_map(|page| page.rules()) {
        let Some(key) = &rule.setting else {
            assert!(
                !rule.alternate,
                "{} has an alternate port and no setting",
                rule.id
            );
            continue;
        };
        let setting = catalogue.setting(key).expect("checked by the loader");
        let printed = rule.udp.iter().chain(&rule.tcp);
        for ports in printed {
            assert!(
                setting.default.contains(ports),
                "{}: {ports} is not a default of {key}",
                rule.id
            );
        }
        assert_eq!(rule.dynamic, key == "rpc-dynamic", "{}", rule.id);
        assert!(
            setting.configurable || !rule.alternate,
            "{}: {key} is called fixed",
            rule.id
        );
    }
}

#[test]
fn every_setting_and_condition_has_a_row() {
    let catalogue = embedded();
    let companions = catalogue.companions.iter().flat_map(|companion| &companion.rules);
    let pages = catalogue.pages.iter().flat_map(|page| page.rules());
    let rules: Vec<&Rule> = pages.chain(companions).collect();
    for setting in &catalogue.settings {
        let used = rules
            .iter()
            .any(|rule| rule.setting.as_deref() == Some(&setting.key));
        assert!(used, "{}", setting.key);
    }
    for condition in &catalogue.conditions {
        assert!(
            rules.iter().any(|rule| rule.conditions.contains(&condition.id)),
            "{}",
            condition.id
        );
    }
}

#[test]
fn settings_differ_at_the_level_that_the_product_lets_them() {
    let catalogue = embedded();
    let table = [
        ("sql", Level::Host, true),
        ("client-http", Level::Site, true),
        ("client-https", Level::Site, true),
        ("wsus-http", Level::Host, true),
        ("wsus-https", Level::Host, true),
        ("reporting-https", Level::Host, true),
        ("rpc-dynamic", Level::Host, true),
        ("smb", Level::Hierarchy, false),
        ("cloud-https", Level::Hierarchy, false),
        ("console-internet-http", Level::Hierarchy, false),
    ];
    for (key, level, configurable) in table {
        let setting = catalogue
            .setting(key)
            .unwrap_or_else(|| panic!("no setting {key}"));
        assert_eq!(
            (setting.level, setting.configurable),
            (level, configurable),
            "{key}"
        );
    }
    let dynamic = catalogue.setting("rpc-dynamic").expect("a setting");
    assert!(dynamic.ranges);
    assert_eq!(
        dynamic.default,
        [PortRange {
            first: 49152,
            last: 65535
        }]
    );
}

#[test]
fn scope_and_cadence_follow_what_the_ends_are() {
    let catalogue = embedded();
    let table = [
        (
            "site-server/distribution-point/smb",
            Scope::SameSite,
            Cadence::Continuous,
        ),
        (
            "management-point/sql-server/sql",
            Scope::SameSite,
            Cadence::Continuous,
        ),
        (
            "client/management-point/https",
            Scope::Hierarchy,
            Cadence::Continuous,
        ),
        (
            "client/management-point/http",
            Scope::Hierarchy,
            Cadence::OnDemand,
        ),
        (
            "client/software-update-point/https",
            Scope::Hierarchy,
            Cadence::Monthly,
        ),
        (
            "client/distribution-point/express-updates",
            Scope::Hierarchy,
            Cadence::OnDemand,
        ),
        (
            "client/distribution-point-pxe/tftp",
            Scope::Hierarchy,
            Cadence::OnDemand,
        ),
        (
            "site-server/site-server/smb",
            Scope::ParentChild,
            Cadence::Continuous,
        ),
        (
            "sql-server/sql-server/sql-broker",
            Scope::ParentChild,
            Cadence::Continuous,
        ),
        (
            "software-update-point/upstream-wsus-server/https",
            Scope::ParentChild,
            Cadence::Monthly,
        ),
        (
            "site-server/domain-controller/ldap",
            Scope::Anywhere,
            Cadence::Continuous,
        ),
        (
            "site-server/issuing-certification-authority/rpc",
            Scope::Anywhere,
            Cadence::OnDemand,
        ),
        ("site-server/sql-server/smb", Scope::SameSite, Cadence::OnDemand),
    ];
    for (id, scope, cadence) in table {
        let rule = rule(catalogue, "current", id);
        assert_eq!((rule.scope, rule.cadence), (scope, cadence), "{id}");
    }
}
