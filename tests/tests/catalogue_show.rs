//! `cmflow catalogue show` of single things, and the companions: for people, for scripts, and misspelt.

use cmflow_tests::binary::run;
use cmflow_tests::golden;
use serde_json::Value;

const COMPANIONS: [&str; 6] = [
    "windows-domain",
    "client-installation",
    "sql-availability-group",
    "failover-cluster",
    "windows-update",
    "remote-administration",
];

fn said(arguments: &[&str]) -> String {
    let output = run(&[&["catalogue"], arguments].concat());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && errors.is_empty(),
        "{arguments:?}: {errors}"
    );
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn json(arguments: &[&str]) -> Value {
    let text = said(&[arguments, &["--format", "json"]].concat());
    serde_json::from_str(&text).expect("stdout is JSON")
}

fn ids(rules: &Value) -> Vec<&str> {
    let rules = rules.as_array().expect("a list of rules").iter();
    rules.map(|rule| rule["id"].as_str().expect("an id")).collect()
}

#[test]
fn what_people_read_stays_as_it_was() {
    let table: [(&str, &[&str]); 7] = [
        ("companions", &["companions"]),
        ("show-rule", &["show", "client/software-update-point/https"]),
        ("show-beginning", &["show", "client/management-point"]),
        (
            "show-connection",
            &["show", "--connection", "site-server/sql-server-wsus"],
        ),
        ("show-role", &["show", "--role", "fallback-status-point"]),
        ("show-companion", &["show", "--companion", "windows-domain"]),
        (
            "show-companion-rule",
            &["show", "windows-domain:member/domain-controller/netbios-name"],
        ),
    ];
    for (name, arguments) in table {
        let text = said(arguments);
        // An address is not broken into lines.
        let long = |line: &&str| line.chars().count() > 100 && !line.contains("https://");
        let wide: Vec<&str> = text.lines().filter(long).collect();
        assert!(wide.is_empty(), "wider than 100 columns: {wide:?}");
        golden::check(&format!("catalogue-{name}.txt"), &text);
    }
}

#[test]
fn each_companion_shows_what_it_showed() {
    for companion in COMPANIONS {
        let shown = json(&["show", "--companion", companion]);
        golden::check(
            &format!("catalogue-companion-{companion}.json"),
            &golden::a_rule_a_line(&shown),
        );
    }
}

#[test]
fn companions_are_counted() {
    let shown = json(&["companions"]);
    let companions = shown["companions"].as_array().expect("a list");
    assert_eq!(companions.len(), COMPANIONS.len());
    for (companion, id) in companions.iter().zip(COMPANIONS) {
        assert_eq!(companion["id"], id);
        let rules = json(&["show", "--companion", id]);
        assert_eq!(
            companion["rules"].as_u64(),
            Some(ids(&rules["rules"]).len() as u64),
            "{id}"
        );
        assert_eq!(companion["default"], rules["default"], "{id}");
    }
}

#[test]
fn a_rule_comes_with_what_it_refers_to() {
    let shown = json(&["show", "site-server/sql-server-wsus/sql"]);
    assert_eq!(shown["edition"], "current");
    assert_eq!(shown["companion"], Value::Null);
    assert_eq!(shown["rule"]["id"], "site-server/sql-server-wsus/sql");
    assert_eq!(shown["setting"]["key"], "sql-wsus");
    assert_eq!(shown["setting"]["level"], "host");
    assert_eq!(shown["conditions"][0]["id"], "wsus-cleanup");
    assert_eq!(shown["notes"][1]["number"], 3);
    assert_eq!(shown["errata"][0]["number"], 6);
    let editions = shown["editions"].as_array().expect("a list");
    let editions: Vec<_> = editions
        .iter()
        .map(|one| one["edition"].as_str().expect("an id"))
        .collect();
    assert_eq!(editions, ["2020-04", "current"]);
}

#[test]
fn a_companions_rule_stands_in_no_edition() {
    let id = "windows-domain:member/domain-controller/kerberos";
    for wanted in [id, "member/domain-controller/kerberos"] {
        let shown = json(&["show", "--rule", wanted]);
        assert_eq!(shown["rule"]["id"], id);
        assert_eq!(shown["companion"], "windows-domain");
        assert_eq!(shown["edition"], Value::Null);
        assert_eq!(shown["editions"], Value::Array(vec![]));
    }
}

/// The page of today has lost it; the newest edition that has it is taken, unless one is named.
#[test]
fn a_rule_that_is_gone_is_shown_as_it_last_stood() {
    let shown = json(&["show", "mobile-device/microsoft-intune/https"]);
    assert_eq!(shown["edition"], "2018-02");
    let named = json(&[
        "show",
        "mobile-device/microsoft-intune/https",
        "--edition",
        "2016-09",
    ]);
    assert_eq!(named["edition"], "2016-09");
}

#[test]
fn a_port_that_differs_between_editions_is_said() {
    let text = said(&["show", "cmg-connection-point/software-update-point/https"]);
    let editions = text
        .lines()
        .find(|line| line.contains("editions"))
        .expect("a line");
    assert!(
        editions.contains("2020-04 with TCP 443; current (shown)"),
        "{editions}"
    );
}

#[test]
fn connections_roles_and_beginnings_select_rules() {
    let connection = json(&["show", "--connection", "client/state-migration-point"]);
    let expected = ["http", "https", "smb"].map(|service| format!("client/state-migration-point/{service}"));
    assert_eq!(ids(&connection["rules"]), expected);
    assert_eq!(connection["edition"], "current");

    let beginning = json(&["show", "client/state-migration-point/"]);
    assert_eq!(beginning, connection);

    let role = json(&["show", "--role", "cluster-node"]);
    assert_eq!(role["role"]["kind"], "infrastructure");
    let rules = ids(&role["rules"]);
    let theirs = |id: &&str| id.starts_with("failover-cluster:cluster-node/cluster-node/");
    assert!(!rules.is_empty() && rules.iter().all(theirs), "{rules:?}");

    // The second table of a pair has a context; the pair alone has both.
    let both = json(&["show", "--connection", "site-server/sql-server"]);
    let second = json(&["show", "--connection", "site-server/sql-server@installation"]);
    let (both, second) = (ids(&both["rules"]), ids(&second["rules"]));
    assert!(
        both.len() > second.len() && second.iter().all(|id| both.contains(id)),
        "{both:?} {second:?}"
    );
}

/// A role without rules of its own in an edition is no mistake.
#[test]
fn a_role_without_rules_is_shown() {
    let shown = json(&["show", "--role", "microsoft-intune", "--edition", "current"]);
    assert_eq!(shown["rules"], Value::Array(vec![]));
}

#[test]
fn what_is_misspelt_is_told_with_the_nearest() {
    let table: [(&[&str], &str); 8] = [
        (
            &["client/managment-point/http"],
            "there is no rule \"client/managment-point/http\"; did you mean \"client/management-point/http\"?",
        ),
        (
            &["client/managment-point"],
            "there is no rule \"client/managment-point\"; did you mean \"client/management-point\"?",
        ),
        (
            &["windows-domian:member/domain-controller/ldap"],
            "did you mean \"windows-domain:member/domain-controller/ldap\"?",
        ),
        (
            &["mobile-device/microsoft-intune/https", "--edition", "current"],
            "there is no rule \"mobile-device/microsoft-intune/https\" in edition current; it stands in 2016-09, 2018-02",
        ),
        (
            &["--connection", "management-point/client"],
            "there is no connection \"management-point/client\"; did you mean \"client/management-point\"?",
        ),
        (
            &["--role", "managment-point"],
            "there is no role \"managment-point\"; did you mean \"management-point\"?",
        ),
        (
            &["--companion", "windows-domian"],
            "there is no companion \"windows-domian\"; did you mean \"windows-domain\"?",
        ),
        (
            &["--companion", "xyz"],
            "there is no companion \"xyz\"; there are windows-domain, client-installation,",
        ),
    ];
    for (arguments, expected) in table {
        let output = run(&[&["catalogue", "show"], arguments].concat());
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {errors}");
        assert_eq!(errors.lines().count(), 1, "{arguments:?}: {errors}");
        assert!(errors.contains(expected), "{arguments:?}: {errors}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn two_things_at_once_are_refused() {
    let table: [&[&str]; 3] = [
        &["client/client", "--role", "client"],
        &["--connection", "client/client", "--companion", "windows-domain"],
        &["--companion", "windows-domain", "--edition", "current"],
    ];
    for arguments in table {
        let output = run(&[&["catalogue", "show"], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(errors.contains("cannot be used with"), "{arguments:?}: {errors}");
    }
}

#[test]
fn nothing_changed_is_said_in_a_line() {
    let text = said(&["diff", "current", "current"]);
    assert_eq!(
        text.trim_end(),
        "From current to current: 0 rules changed, none added, none removed"
    );
}

#[test]
fn a_connection_that_either_end_may_open_is_found_from_both() {
    for wanted in ["site-server/management-point", "management-point/site-server"] {
        let output = run(&["catalogue", "show", "--connection", wanted]);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            said.contains("\nmanagement-point/site-server/smb\n"),
            "{wanted}: {said}"
        );
    }
}
