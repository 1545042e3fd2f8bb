use std::collections::{BTreeMap, BTreeSet};

use super::{embedded, page, rule};
use crate::catalogue::{Alias, Cadence, Level, OpenedBy, PortRange, Rule, Scope};

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
    let cell = |ranges: &[PortRange]| {
        ranges
            .iter()
            .map(PortRange::to_string)
            .collect::<Vec<_>>()
            .join(" ")
    };
    // edition, rule, UDP, TCP, dynamic, either, notes
    let table: [(&str, &str, &str, &str, bool, bool, &[u8]); 14] = [
        (
            "current",
            "client/management-point/https",
            "",
            "443",
            false,
            false,
            &[2],
        ),
        (
            "current",
            "client/distribution-point-pxe/tftp",
            "69",
            "",
            false,
            false,
            &[4],
        ),
        (
            "current",
            "client/distribution-point-pxe/dhcp",
            "67 68",
            "",
            false,
            false,
            &[],
        ),
        (
            "current",
            "client/software-update-point/https",
            "",
            "443 8531",
            false,
            true,
            &[3],
        ),
        (
            "current",
            "client/distribution-point-multicast/multicast",
            "63000-64000",
            "",
            false,
            false,
            &[],
        ),
        (
            "current",
            "management-point/site-server/rpc",
            "",
            "",
            true,
            false,
            &[5, 6],
        ),
        (
            "current",
            "site-server/internet/http",
            "",
            "80",
            false,
            false,
            &[1],
        ),
        (
            "2018-02",
            "management-point/domain-controller/ldap",
            "",
            "389",
            false,
            false,
            &[],
        ),
        (
            "2020-04",
            "management-point/domain-controller/ldap",
            "389",
            "389",
            false,
            false,
            &[],
        ),
        (
            "2018-02",
            "management-point/domain-controller/rpc-endpoint-mapper",
            "135",
            "135",
            false,
            false,
            &[],
        ),
        (
            "2020-04",
            "management-point/domain-controller/rpc-endpoint-mapper",
            "",
            "135",
            false,
            false,
            &[],
        ),
        (
            "2016-09",
            "site-server/domain-controller/global-catalog-ldaps",
            "",
            "3269",
            false,
            false,
            &[],
        ),
        (
            "2020-04",
            "cmg-connection-point/software-update-point/http",
            "",
            "80",
            false,
            false,
            &[],
        ),
        (
            "current",
            "site-server/software-update-point/http",
            "",
            "80 8530",
            false,
            true,
            &[3, 5],
        ),
    ];
    for (edition, id, udp, tcp, dynamic, either, notes) in table {
        let rule = rule(&catalogue, edition, id);
        let found = (
            cell(&rule.udp),
            cell(&rule.tcp),
            rule.dynamic,
            rule.either,
            rule.notes.as_slice(),
        );
        assert_eq!(
            found,
            (udp.to_owned(), tcp.to_owned(), dynamic, either, notes),
            "{edition} {id}"
        );
    }
}

#[test]
fn the_installation_table_is_one_of_its_own() {
    let catalogue = embedded();
    for edition in EDITIONS {
        let tables = &page(&catalogue, edition).connections;
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
    let rules: Vec<&Rule> = catalogue.pages.iter().flat_map(|page| page.rules()).collect();
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
        let rule = rule(&catalogue, "current", id);
        assert_eq!((rule.scope, rule.cadence), (scope, cadence), "{id}");
    }
}

#[test]
fn each_edition_has_its_lists() {
    let catalogue = embedded();
    let always = [
        "client-to-server-shares",
        "connections-to-sql-server",
        "external-connections",
        "internet-based-site-systems",
        "client-installation",
        "migration",
        "windows-server",
        "without-a-port",
    ];
    for edition in EDITIONS {
        let mut expected = BTreeSet::from(always);
        if edition != "2016-09" {
            expected.extend(["sql-load-balancer", "discovery-and-publishing"]);
        }
        let lists: BTreeSet<_> = page(&catalogue, edition)
            .lists
            .iter()
            .map(|list| list.id.as_str())
            .collect();
        assert_eq!(lists, expected, "{edition}");
    }
}

/// An alias may be printed the other way round where either end opens the table's row.
fn covers(rule: &Rule, alias: &Alias, from: &str, to: &str) -> bool {
    let forward = (from, to) == (alias.from.as_str(), alias.to.as_str());
    let backward = (to, from) == (alias.from.as_str(), alias.to.as_str());
    let either = rule.opened_by == OpenedBy::Either || alias.opened_by == OpenedBy::Either;
    forward || (backward && either)
}

#[test]
fn an_alias_says_what_its_rules_say() {
    let catalogue = embedded();
    for page in &catalogue.pages {
        for alias in page.lists.iter().flat_map(|list| &list.aliases) {
            let rules = page
                .rules()
                .filter(|rule| alias.covered_by.contains(&rule.id))
                .collect::<Vec<_>>();
            assert_eq!(rules.len(), alias.covered_by.len(), "{}", alias.id);
            assert!(!rules.is_empty(), "{} leads nowhere", alias.id);
            for rule in &rules {
                let (from, to) = (catalogue.role_id(rule.from), catalogue.role_id(rule.to));
                assert!(covers(rule, alias, from, to), "{} and {}", alias.id, rule.id);
            }
            let dynamic = rules.iter().any(|rule| rule.dynamic);
            assert!(dynamic || !alias.dynamic, "{}", alias.id);
            for ports in &alias.udp {
                assert!(
                    rules.iter().any(|rule| rule.udp.contains(ports)),
                    "{} UDP {ports}",
                    alias.id
                );
            }
            for ports in &alias.tcp {
                let printed = rules.iter().any(|rule| rule.tcp.contains(ports));
                // The list of discovery prints the two ranges that dynamic ports come from.
                let range = dynamic && [1024, 49152].contains(&ports.first);
                assert!(printed || range, "{} TCP {ports}", alias.id);
            }
        }
    }
}

/// What an alias says of `<-->` holds in both directions, by its rules together.
#[test]
fn an_alias_that_either_end_opens_is_open_both_ways() {
    let catalogue = embedded();
    for page in &catalogue.pages {
        let either = |alias: &&Alias| alias.opened_by == OpenedBy::Either;
        for alias in page.lists.iter().flat_map(|list| &list.aliases).filter(either) {
            let opens = |role: &str| {
                page.rules()
                    .filter(|rule| alias.covered_by.contains(&rule.id))
                    .any(|rule| {
                        catalogue.role_id(rule.from) == role
                            || (rule.opened_by == OpenedBy::Either && catalogue.role_id(rule.to) == role)
                    })
            };
            assert!(
                opens(&alias.from) && opens(&alias.to),
                "{} in {}",
                alias.id,
                page.edition
            );
        }
    }
}

#[test]
fn lists_have_the_rules_that_no_table_covers() {
    let catalogue = embedded();
    let ids = |edition: &str| {
        let lists = page(&catalogue, edition).lists.iter();
        lists
            .flat_map(|list| &list.rules)
            .map(|rule| rule.id.clone())
            .collect::<BTreeSet<_>>()
    };
    let (first, second) = (ids("2016-09"), ids("2018-02"));
    let (third, current) = (ids("2020-04"), ids("current"));
    let set = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<BTreeSet<_>>();
    let balancer = set(&[
        "site-server/sql-server/load-balancer-rpc-endpoint-mapper",
        "site-server/sql-server/load-balancer-smb",
    ]);
    assert_eq!(&second - &first, balancer);
    let kerberos = set(&[
        "client/windows-server/kerberos",
        "site-system/windows-server/kerberos",
    ]);
    assert_eq!(&third - &second, kerberos);
    let rpc = set(&[
        "site-server/software-update-point/rpc",
        "site-server/software-update-point/rpc-endpoint-mapper",
    ]);
    assert_eq!(&third - &current, rpc);
    assert_eq!(&current - &third, set(&[]));
    assert!(current.contains("client/share-server/smb"));
    assert!(rule(&catalogue, "current", "client/client/wake-up-proxy-echo").icmp_echo);
}

#[test]
fn a_row_may_move_from_a_list_into_a_table() {
    let catalogue = embedded();
    let id = "site-server/software-update-point/rpc";
    let (old, new) = (rule(&catalogue, "2020-04", id), rule(&catalogue, "current", id));
    assert!(old.listed && old.section == "internet-based-site-systems");
    assert!(!new.listed && new.section == "site-server/software-update-point");
}
