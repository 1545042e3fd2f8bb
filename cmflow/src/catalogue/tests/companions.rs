//! Companions: what each rule owes its reader, and what a file of the user may add.

use std::collections::HashSet;

use super::embedded;
use crate::catalogue::{Catalogue, CatalogueError, PortRange, Rule};

fn with(text: &str) -> Result<Catalogue, CatalogueError> {
    Catalogue::from_texts(Some(("own.toml", text)))
}

fn rules(catalogue: &Catalogue) -> impl Iterator<Item = &Rule> {
    catalogue.companions.iter().flat_map(|companion| &companion.rules)
}

#[test]
fn there_are_six_and_two_are_on() {
    let found: Vec<_> = embedded()
        .companions
        .iter()
        .map(|companion| (companion.id.as_str(), companion.default))
        .collect();
    let expected = [
        ("windows-domain", true),
        ("client-installation", true),
        ("sql-availability-group", false),
        ("failover-cluster", false),
        ("windows-update", false),
        ("remote-administration", false),
    ];
    assert_eq!(found, expected);
}

#[test]
fn each_rule_names_its_companion_its_roles_and_a_public_source() {
    let catalogue = embedded();
    for companion in &catalogue.companions {
        assert!(!companion.rules.is_empty(), "{}", companion.id);
        for rule in &companion.rules {
            let ends = [rule.from, rule.to].map(|role| catalogue.role_id(role));
            let pair = format!("{}:{}/{}", companion.id, ends[0], ends[1]);
            assert_eq!(rule.section, pair);
            assert!(rule.id.starts_with(&format!("{pair}/")), "{}", rule.id);
            let source = rule.anchor.as_deref().unwrap_or_default();
            let public = source.starts_with("https://learn.microsoft.com/")
                || source
                    .strip_prefix("RFC ")
                    .is_some_and(|number| number.parse::<u16>().is_ok());
            assert!(public, "{}: {source}", rule.id);
        }
    }
}

#[test]
fn ids_stand_once_over_page_and_companions() {
    let catalogue = embedded();
    for page in &catalogue.pages {
        let mut seen = HashSet::new();
        for rule in page.rules().chain(rules(catalogue)) {
            assert!(seen.insert(&rule.id), "{} in {}", rule.id, page.edition);
        }
    }
}

/// A setting's default is what its rules document.
#[test]
fn settings_have_the_ports_of_their_rules() {
    let catalogue = embedded();
    for rule in rules(catalogue).filter(|rule| !rule.dynamic) {
        let Some(setting) = catalogue.setting_of(rule) else {
            continue;
        };
        for ports in rule.udp.iter().chain(&rule.tcp) {
            assert!(setting.default.contains(ports), "{}: {ports}", rule.id);
        }
    }
}

#[test]
fn roles_of_companions_belong_to_no_edition() {
    let catalogue = embedded();
    for id in [
        "member",
        "time-server",
        "cluster-node",
        "windows-update-service",
        "administrator-workstation",
    ] {
        let role = catalogue.roles.iter().find(|role| role.id == id).expect("a role");
        assert!(role.editions.is_empty(), "{id}");
    }
}

const TABLE: &str = "[[companion.connection]]\nid = \"member/domain-controller\"\nopened-by = \"from\"\n\
                     scope = \"anywhere\"\ncadence = \"continuous\"\n";

#[test]
fn a_file_extends_a_companion() {
    let text = format!(
        "[[companion]]\nid = \"windows-domain\"\ndefault = false\n{TABLE}source = \"RFC 4511\"\n\
         rows = [{{ service = \"ldap\", tcp = \"1389\" }}, {{ service = \"http\", tcp = \"80\" }}]\n"
    );
    let catalogue = with(&text).expect("a good file");
    let companion = catalogue.companion("windows-domain").expect("it stays");
    assert!(!companion.default);
    assert_eq!(companion.name, "Windows domain");
    let more = companion.rules.len() - embedded().companions[0].rules.len();
    assert_eq!(more, 1);
    let ldap = companion
        .rules
        .iter()
        .find(|rule| rule.id.ends_with("member/domain-controller/ldap"));
    let ldap = ldap.expect("it is replaced, not removed");
    assert_eq!(
        (&ldap.udp, ldap.tcp.as_slice()),
        (&vec![], [PortRange::single(1389)].as_slice())
    );
    assert_eq!(ldap.anchor.as_deref(), Some("RFC 4511"));
}

#[test]
fn a_file_adds_a_companion() {
    let text = format!(
        "[[companion]]\nid = \"own\"\nname = \"Own\"\nsummary = \"Ours.\"\ndefault = true\n{TABLE}\
         rows = [{{ service = \"http\", tcp = \"80\", source = \"our wiki\" }}]\n"
    );
    let catalogue = with(&text).expect("a good file");
    let own = catalogue.companion("own").expect("it was added");
    assert!(own.default);
    assert_eq!(own.rules[0].id, "own:member/domain-controller/http");
    assert_eq!(catalogue.companions.len(), 7);
}

/// Each line of the table is a file that must not load, and what its reader is told.
#[test]
fn an_error_names_file_line_and_what_to_do() {
    let head = "[[companion]]\nid = \"own\"\nname = \"Own\"\nsummary = \"Ours.\"\n";
    let row = |row: &str| format!("{head}{TABLE}rows = [{row}]\n");
    let cases = [
        (
            row("{ service = \"http\", tcp = \"80\" }"),
            "own.toml:10: 'own:member/domain-controller/http' names no source; give 'source', to the row or to \
             its table",
        ),
        (
            row("{ service = \"http\", tcp = \"80\", source = \"x\", editions = [\"current\"] }"),
            "own.toml:10: a companion is the same in every edition; remove 'editions' and 'variants'",
        ),
        (
            row("{ service = \"htp\", tcp = \"80\", source = \"x\" }"),
            "own.toml:10: there is no service \"htp\"; did you mean \"http\"?",
        ),
        (
            format!("{head}{TABLE}anchor = \"x\"\nrows = []\n"),
            "own.toml:6: a companion's table has neither 'anchor' nor 'context'; give 'source'",
        ),
        (
            "[[companion]]\nid = \"own\"\nname = \"Own\"\n".to_owned(),
            "own.toml:2: the companion 'own' needs a 'summary'",
        ),
        (
            format!("{head}{head}"),
            "own.toml:6: the companion 'own' stands already at own.toml:2",
        ),
        (
            format!("{head}{}", TABLE.replace("member/", "membr/"))
                + "source = \"x\"\nrows = [{ service = \"http\", tcp = \"80\" }]\n",
            "own.toml:11: there is no role \"membr\"; did you mean \"member\"?",
        ),
    ];
    for (text, expected) in cases {
        let message = with(&text).expect_err(&text).to_string();
        assert_eq!(message, expected, "{text}");
    }
}
