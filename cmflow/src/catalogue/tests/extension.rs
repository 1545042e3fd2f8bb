//! A catalogue file of the user: added, replacing, or wrong.

use super::{embedded, rule};
use crate::catalogue::{Catalogue, CatalogueError, PortRange};

fn with(text: &str) -> Result<Catalogue, CatalogueError> {
    Catalogue::from_texts(Some(("own.toml", text)))
}

const HEAD: &str = "opened-by = \"from\"\nscope = \"hierarchy\"\ncadence = \"monthly\"\n";

#[test]
fn a_file_adds_roles_and_tables() {
    let role = "[[role]]\nid = \"scanner\"\nname = \"Scanner\"\nkind = \"infrastructure\"\n";
    let table = format!(
        "[[connection]]\nid = \"scanner/client\"\n{HEAD}rows = [{{ service = \"smb\", tcp = \"445\" }}]\n"
    );
    let catalogue = with(&format!("{role}{table}")).expect("a good file");
    for edition in ["2016-09", "current"] {
        assert_eq!(
            rule(&catalogue, edition, "scanner/client/smb").tcp,
            [PortRange::single(445)]
        );
    }
    let more = catalogue.pages[3].rules().count() - embedded().pages[3].rules().count();
    assert_eq!(more, 1);
}

#[test]
fn the_same_rule_is_overridden_and_its_neighbours_stay() {
    let rows = "rows = [{ service = \"https\", tcp = \"8443\", setting = \"client-https\" }]\n";
    let catalogue = with(&format!(
        "[[connection]]\nid = \"client/management-point\"\n{HEAD}{rows}"
    ))
    .expect("a good file");
    let https = rule(&catalogue, "current", "client/management-point/https");
    assert_eq!(https.tcp, [PortRange::single(8443)]);
    assert_eq!(
        rule(&catalogue, "current", "client/management-point/http").tcp,
        [PortRange::single(80)]
    );
    assert_eq!(catalogue.editions_view().editions[3].rules, 141);
}

#[test]
fn an_edition_may_start_from_another() {
    let edition = "[[edition]]\nid = \"2027-01\"\nname = \"January 2027\"\nlike = \"current\"\n";
    let catalogue = with(edition).expect("a good file");
    let ids = |edition: &str| {
        let page = catalogue.edition(edition).expect("an edition");
        page.rules().map(|rule| rule.id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids("2027-01"), ids("current"));
    let bare = with("[[edition]]\nid = \"2027-01\"\nname = \"January 2027\"\n").expect("a good file");
    assert_eq!(bare.edition("2027-01").expect("an edition").rules().count(), 0);
}

#[test]
fn a_file_may_stand_alone() {
    let text = format!(
        "replace = true\n[[edition]]\nid = \"mine\"\nname = \"Mine\"\n\
         [[role]]\nid = \"a\"\nname = \"A\"\nkind = \"end-point\"\n\
         [[connection]]\nid = \"a/a\"\n{HEAD}rows = [{{ service = \"x\", name = \"X\", tcp = \"7\" }}]\n"
    );
    let catalogue = with(&text).expect("a good file");
    assert_eq!(catalogue.pages.len(), 1);
    assert_eq!(
        catalogue.pages[0]
            .rules()
            .map(|rule| rule.id.as_str())
            .collect::<Vec<_>>(),
        ["a/a/x"]
    );
}

/// Each line of the table is a file that must not load, and what its reader is told.
#[test]
fn an_error_names_file_line_and_the_nearest_right_spelling() {
    let table =
        |rows: &str| format!("[[connection]]\nid = \"client/management-point\"\n{HEAD}rows = [{rows}]\n");
    let list = |row: &str| format!("[[list]]\nid = \"own\"\nname = \"Own\"\n{row}\n");
    let cases = [
        (
            format!(
                "\n[[connection]]\nid = \"client/managment-point\"\n{HEAD}rows = [{{ service = \"smb\", tcp = \"1\" }}]"
            ),
            "own.toml:7: there is no role \"managment-point\"; did you mean \"management-point\"?",
        ),
        (
            table("{ service = \"htps\", tcp = \"443\" }"),
            "own.toml:6: there is no service \"htps\"; did you mean \"https\"?",
        ),
        (
            table("{ service = \"http\", tcp = \"80\", setting = \"client-htp\" }"),
            "own.toml:6: there is no setting \"client-htp\"; did you mean \"client-http\"?",
        ),
        (
            table("{ service = \"http\", tcp = \"80\", conditions = [\"wake\"] }"),
            "own.toml:6: there is no condition \"wake\"; did you mean \"wake-up\"?",
        ),
        (
            table("{ service = \"http\", tcp = \"80\", editions = [\"2018-2\"] }"),
            "own.toml:6: there is no edition \"2018-2\"; did you mean \"2018-02\"?",
        ),
        (
            table("{ service = \"http\", tcp = \"80\", notes = [9] }"),
            "own.toml:6: there is no note 9",
        ),
        (
            table("{ service = \"http\", tcp = \"90-80\" }"),
            "own.toml:6: the range '90-80' ends before it begins",
        ),
        (
            table("{ service = \"http\", tcp = \"0\" }"),
            "own.toml:6: '0' is not a port",
        ),
        (
            table("{ service = \"http\" }"),
            "own.toml:6: 'client/management-point/http' has no ports",
        ),
        (
            table("{ service = \"rpc\", udp = \"dynamic\" }"),
            "own.toml:6: only TCP ports are dynamic",
        ),
        (
            table("{ service = \"http\", tcp = \"80\" }, { service = \"http\", tcp = \"81\" }"),
            "own.toml:6: the service 'http' stands already at own.toml:6",
        ),
        (
            list(
                "aliases = [{ service = \"smb\", from = [\"client\"], to = [\"management-point\"], tcp = \"445\" }]",
            ),
            "own.toml:2: there is no rule in edition 2016-09, for 'own/client/management-point/smb', \
             \"client/management-point/smb\"",
        ),
        (
            list(
                "rules = [{ id = \"client/share-server/smb\", tcp = \"445\", scope = \"anywhere\", cadence = \"monthly\" }]",
            ),
            "own.toml:2: the rule 'client/share-server/smb' stands in 'client-to-server-shares' and in 'own'",
        ),
        (
            "[[erratum]]\nnumber = 1\ndocuments = [\"fr\"]\nstood = \"\"\nreading = \"\"".to_owned(),
            "own.toml:2: there is no document in the language \"fr\"",
        ),
        (
            "order = [\"client/nobody\"]".to_owned(),
            "own.toml:1: there is no connection \"client/nobody\"",
        ),
        (
            "[[rolle]]\nid = \"x\"".to_owned(),
            "own.toml:1: unknown field `rolle`",
        ),
        ("edition = ".to_owned(), "own.toml:1: "),
        (
            "replace = true".to_owned(),
            "own.toml:1: 'replace = true' leaves no edition",
        ),
    ];
    for (text, expected) in cases {
        let message = with(&text).expect_err(&text).to_string();
        assert!(message.starts_with(expected), "{message}\nexpected: {expected}");
        assert!(!message.contains('\n'), "{message}");
    }
}

#[test]
fn an_unknown_edition_is_told_with_the_nearest() {
    let catalogue = embedded();
    let error = catalogue
        .edition("2018-2")
        .expect_err("no such edition")
        .to_string();
    assert_eq!(error, "there is no edition \"2018-2\"; did you mean \"2018-02\"?");
    let error = catalogue.edition("xyz").expect_err("no such edition").to_string();
    assert_eq!(
        error,
        "there is no edition \"xyz\"; there are 2016-09, 2018-02, 2020-04, current"
    );
}
