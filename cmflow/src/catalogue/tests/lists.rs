//! The lists beside the tables: which there are, what they add, and what their aliases lead to.

use std::collections::BTreeSet;

use super::{embedded, page, rule};
use crate::catalogue::{Alias, OpenedBy, Rule};

const EDITIONS: [&str; 4] = ["2016-09", "2018-02", "2020-04", "current"];

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
        if edition == "current" {
            expected.insert("administration-service");
        }
        let lists: BTreeSet<_> = page(catalogue, edition)
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
        let lists = page(catalogue, edition).lists.iter();
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
    let service = set(&["member/sms-provider/administration-service"]);
    assert_eq!(&current - &third, service);
    assert!(current.contains("client/share-server/smb"));
    assert!(rule(catalogue, "current", "client/client/wake-up-proxy-echo").icmp_echo);
}

#[test]
fn a_row_may_move_from_a_list_into_a_table() {
    let catalogue = embedded();
    let id = "site-server/software-update-point/rpc";
    let (old, new) = (rule(catalogue, "2020-04", id), rule(catalogue, "current", id));
    assert!(old.listed && old.section == "internet-based-site-systems");
    assert!(!new.listed && new.section == "site-server/software-update-point");
}
