//! One test for each place where the documents err or disagree: the catalogue carries the right reading, and
//! says what stood there.

use super::{embedded, page, rule};
use crate::catalogue::{Catalogue, OpenedBy, PortRange};

const EDITIONS: [&str; 4] = ["2016-09", "2018-02", "2020-04", "current"];

/// The note's meaning has the words.
fn note_says(catalogue: &Catalogue, number: u8, words: &str) {
    let note = catalogue
        .notes
        .iter()
        .find(|note| note.number == number)
        .expect("a note");
    assert!(
        note.meaning.contains(words),
        "note {number} does not say '{words}': {}",
        note.meaning
    );
}

/// An erratum of that number tells, of those documents, what stood there.
fn told(catalogue: &Catalogue, number: u8, documents: &[&str], stood: &str) {
    let found = catalogue
        .errata
        .iter()
        .any(|e| e.number == number && e.documents == documents && e.stood.contains(stood));
    assert!(
        found,
        "erratum {number} of {documents:?} does not tell of '{stood}'"
    );
}

/// The rule's errata, or its remarks, have the words in exactly these editions.
fn carried(catalogue: &Catalogue, id: &str, words: &str, editions: &[&str]) {
    for edition in EDITIONS {
        let Some(rule) = page(catalogue, edition).rules().find(|rule| rule.id == id) else {
            assert!(!editions.contains(&edition), "{id} is not in {edition}");
            continue;
        };
        let said = rule
            .errata
            .iter()
            .chain(&rule.remarks)
            .any(|text| text.contains(words));
        assert_eq!(said, editions.contains(&edition), "{id} in {edition}: '{words}'");
    }
}

#[test]
fn erratum_1_https_of_wsus_is_http_plus_one() {
    let catalogue = embedded();
    note_says(catalogue, 3, "N with N + 1");
    told(catalogue, 1, &["de", "sv", "nl", "en"], "1 or higher");
    let later = ["2018-02", "2020-04", "current"];
    carried(catalogue, "client/software-update-point/https", "plus 1", &later);
}

#[test]
fn erratum_2_tftp_is_rfc_1350() {
    let catalogue = embedded();
    told(catalogue, 2, &["zh", "de"], "RFC 350");
    carried(
        catalogue,
        "client/distribution-point-pxe/tftp",
        "RFC 1350",
        &["2016-09", "2018-02"],
    );
}

#[test]
fn erratum_3_http_to_the_ndes_policy_module_is_tcp() {
    let catalogue = embedded();
    for edition in EDITIONS {
        let rule = rule(catalogue, edition, "client/ndes-policy-module/http");
        assert_eq!(
            (rule.udp.as_slice(), rule.tcp.as_slice()),
            ([].as_slice(), [PortRange::single(80)].as_slice())
        );
    }
    carried(
        catalogue,
        "client/ndes-policy-module/http",
        "UDP column",
        &["current"],
    );
}

#[test]
fn erratum_4_either_end_opens_smb_of_internet_based_site_systems() {
    let catalogue = embedded();
    for edition in EDITIONS {
        let lists = &page(catalogue, edition).lists;
        let list = lists
            .iter()
            .find(|list| list.id == "internet-based-site-systems")
            .expect("the list");
        let smb: Vec<_> = list
            .aliases
            .iter()
            .filter(|alias| alias.id.ends_with("/smb"))
            .collect();
        assert_eq!(smb.len(), 4, "{edition}");
        assert!(
            smb.iter().all(|alias| alias.opened_by == OpenedBy::Either),
            "{edition}"
        );
        assert_eq!(
            list.errata.iter().any(|text| text.contains("-->")),
            edition == "2016-09",
            "{edition}"
        );
    }
}

#[test]
fn erratum_5_note_5_still_applies() {
    let catalogue = embedded();
    let headings = [
        "management-point/site-server",
        "site-server/distribution-point",
        "site-server/fallback-status-point",
        "site-server/reporting-services-point",
        "site-server/software-update-point",
        "site-server/state-migration-point",
    ];
    for page in &catalogue.pages {
        for table in &page.connections {
            let wanted = headings.contains(&table.id.as_str());
            let found = table.rules.iter().all(|rule| rule.notes.contains(&5));
            assert_eq!(found, wanted, "{} in {}", table.id, page.edition);
        }
    }
    carried(
        catalogue,
        "site-server/state-migration-point/smb",
        "Note 5 still applies",
        &["current"],
    );
}

#[test]
fn erratum_6_the_wsus_database_has_notes_2_and_3() {
    let catalogue = embedded();
    for edition in ["2020-04", "current"] {
        let rule = rule(catalogue, edition, "site-server/sql-server-wsus/sql");
        assert_eq!(rule.notes, [2, 3]);
        assert!(rule.alternate && rule.conditions == ["wsus-cleanup"]);
    }
    carried(
        catalogue,
        "site-server/sql-server-wsus/sql",
        "label of note 2",
        &["2020-04", "current"],
    );
}

#[test]
fn erratum_7_the_ports_with_a_stroke_are_alternatives() {
    let catalogue = embedded();
    for (service, ports) in [("http", [80, 8530]), ("https", [443, 8531])] {
        let id = format!("cmg-connection-point/software-update-point/{service}");
        let rule = rule(catalogue, "current", &id);
        assert_eq!(rule.tcp, ports.map(PortRange::single));
        assert!(rule.either && rule.notes == [3]);
        carried(catalogue, &id, "443/8531", &["current"]);
    }
}

#[test]
fn erratum_8_what_translation_turned_round() {
    let catalogue = embedded();
    told(catalogue, 8, &["sv"], "between sites");
    told(catalogue, 8, &["sv", "nl"], "with disks");
    told(catalogue, 8, &["nl"], "answer on port 69");
    told(catalogue, 8, &["sv", "nl"], "one computer can start");
    carried(
        catalogue,
        "client/distribution-point-pxe/tftp",
        "Diskless",
        &["2020-04"],
    );
}

#[test]
fn erratum_9_ldap_over_ssl_is_secure_ldap() {
    let catalogue = embedded();
    let id = "management-point/domain-controller/ldaps";
    for edition in ["2016-09", "2020-04", "current"] {
        let rule = rule(catalogue, edition, id);
        assert_eq!(rule.tcp, [PortRange::single(636)]);
        assert_eq!(rule.service, "Secure LDAP (LDAPS)");
    }
    carried(catalogue, id, "LDAP over an SSL connection", &["2016-09"]);
}

#[test]
fn erratum_10_contradictions_stand_as_printed() {
    let catalogue = embedded();
    let sql = rule(
        catalogue,
        "current",
        "certificate-registration-point/sql-server/sql",
    );
    assert!(sql.listed);
    carried(catalogue, &sql.id, "no table says so", &EDITIONS);
    for edition in EDITIONS {
        let tables = &page(catalogue, edition).connections;
        let migration = tables
            .iter()
            .find(|table| table.id == "site-server/state-migration-point");
        assert!(
            migration
                .expect("the table")
                .rules
                .iter()
                .all(|rule| !rule.dynamic),
            "{edition}"
        );
    }
    let mapper = "site-server/state-migration-point/rpc-endpoint-mapper";
    carried(catalogue, mapper, "no row for the dynamic port", &EDITIONS);
    let update = "site-server/software-update-point/rpc";
    carried(
        catalogue,
        update,
        "no RPC rows",
        &["2016-09", "2018-02", "2020-04"],
    );
    let ldaps = "site-server/domain-controller/ldaps";
    carried(catalogue, ldaps, "UDP 636", &["2016-09", "2020-04", "current"]);
    for page in &catalogue.pages {
        for rule in page.rules() {
            let printed = rule.udp.contains(&PortRange::single(135));
            let told = rule.remarks.iter().any(|remark| remark.contains("UDP 135"));
            assert_eq!(told, printed, "{} in {}", rule.id, page.edition);
        }
    }
}

#[test]
fn erratum_11_a_custom_port_replaces_the_default() {
    let catalogue = embedded();
    note_says(catalogue, 2, "replaces the default");
    told(
        catalogue,
        11,
        &["sv", "nl", "en"],
        "only asks to use the custom port",
    );
}

#[test]
fn erratum_12_with_the_option_the_site_server_starts() {
    let catalogue = embedded();
    note_says(catalogue, 5, "the site system never opens one");
    told(catalogue, 12, &["nl"], "turns round who starts");
}

#[test]
fn erratum_13_the_empty_list_keeps_its_items() {
    let catalogue = embedded();
    let list = |edition| {
        let lists = &page(catalogue, edition).lists;
        lists
            .iter()
            .find(|list| list.id == "external-connections")
            .expect("the list")
    };
    let rows = |edition| {
        list(edition)
            .aliases
            .iter()
            .map(|alias| alias.id.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(rows("current"), rows("2020-04"));
    assert_eq!(rows("2016-09").len(), 10);
    assert_eq!(rows("current").len(), 11);
    assert!(
        list("current")
            .errata
            .iter()
            .any(|text| text.contains("came out empty"))
    );
    assert!(list("2020-04").errata.is_empty());
}

#[test]
fn erratum_14_the_reporting_services_point_may_open() {
    let catalogue = embedded();
    let id = "site-server/reporting-services-point/smb";
    for edition in EDITIONS {
        assert_eq!(rule(catalogue, edition, id).opened_by, OpenedBy::Either);
    }
    carried(catalogue, id, "sends no status", &EDITIONS);
    note_says(
        catalogue,
        5,
        "reporting services points and distribution points report none",
    );
}

#[test]
fn erratum_15_multicast_runs_to_the_group() {
    let catalogue = embedded();
    carried(
        catalogue,
        "client/distribution-point-multicast/multicast",
        "to a group",
        &EDITIONS,
    );
}

#[test]
fn erratum_16_the_rows_decide_what_can_be_changed() {
    let catalogue = embedded();
    let rows = [
        "site-server/sql-server/sql",
        "sql-server/sql-server/sql",
        "sql-server/sql-server/sql-broker",
        "site-server/software-update-point/http",
        "site-server/software-update-point/https",
    ];
    for id in rows {
        carried(catalogue, id, "are called fixed", &EDITIONS);
        let key = rule(catalogue, "current", id).setting.clone().expect("a setting");
        assert!(
            catalogue
                .setting(&key)
                .is_some_and(|setting| setting.configurable),
            "{key}"
        );
    }
}

#[test]
fn errata_are_numbered_without_a_gap() {
    let mut numbers: Vec<u8> = embedded().errata.iter().map(|erratum| erratum.number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers, (1..=16).collect::<Vec<_>>());
}
