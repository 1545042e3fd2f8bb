//! What a site file states beside roles and ports, from outside: how `explain` and `check` say it.

use std::process::Command;

use anyhow::{Context, Result};
use cmflow_tests::binary::cmflow;
use serde_json::Value;
use xtask::lab::ScratchDir;

const SITE: &str = r#"
companions = []
[networks]
internal = ["10.0.0.0/8"]
[roles]
client = ["10.10.0.0/16"]
management-point = ["10.20.0.11"]
site-server = ["10.20.0.5"]
sql-server = ["10.30.0.6"]
"#;

/// What a verb says of that site file with more lines before it.
fn said(stated: &str, verb: &str, arguments: &[&str]) -> Result<String> {
    let folder = ScratchDir::new("stated")?;
    std::fs::write(folder.path().join("site.toml"), format!("{stated}{SITE}"))?;
    let output = Command::new(cmflow())
        .args([verb, "--site", "site.toml"])
        .args(arguments)
        .current_dir(folder.path())
        .output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    anyhow::ensure!(output.status.code() == Some(0), "{}", text(&output.stderr));
    Ok(text(&output.stdout))
}

#[test]
fn a_foreign_flow_says_why_it_is_flagged_or_not() -> Result<()> {
    let (client, management_point) = ("10.10.0.1", "10.20.0.11");
    for (scope, known, sentence) in [
        (
            "",
            client,
            "and the other is no more than a client: it is counted, not flagged.",
        ),
        (
            "",
            management_point,
            "and the other is more than a client: it is flagged.",
        ),
        ("all", client, "and [scope] flags all such flows."),
        (
            "none",
            management_point,
            "and [scope] flags no such flow: it is counted.",
        ),
    ] {
        let stated = match scope {
            "" => String::new(),
            choice => format!("scope.flag-foreign = \"{choice}\"\n"),
        };
        let told = said(&stated, "explain", &[known, "10.99.0.1", "tcp/4444"])?;
        let line = format!("The site file does not name 10.99.0.1, {sentence}");
        assert!(
            told.lines().any(|found| found == line),
            "no line \"{line}\" in:\n{told}"
        );
    }
    Ok(())
}

#[test]
fn check_says_what_is_flagged_where_it_is_not_the_default() -> Result<()> {
    for (stated, choice, line) in [
        ("", "site-systems", None),
        ("scope.flag-foreign = \"site-systems\"\n", "site-systems", None),
        (
            "scope.flag-foreign = \"all\"\n",
            "all",
            Some("Every flow with one unknown end is flagged"),
        ),
        (
            "scope.flag-foreign = \"none\"\n",
            "none",
            Some("No flow with one unknown end is flagged"),
        ),
    ] {
        let meaning: Value = serde_json::from_str(&said(stated, "check", &["--format", "json"])?)?;
        assert_eq!(meaning["flag_foreign"], choice, "{stated}");
        let told = said(stated, "check", &[])?;
        let found = told.lines().find(|line| line.contains("unknown end"));
        assert_eq!(found, line, "{told}");
    }
    Ok(())
}

#[test]
fn explain_says_what_the_site_file_states_of_a_condition() -> Result<()> {
    let words = "A site whose database lies on another server is being installed.";
    let question = ["10.20.0.5", "10.30.0.6", "tcp/445"];
    for (stated, lines) in [
        ("", [format!("      only sometimes: {words}"), String::new()]),
        (
            "conditions.remote-sql-installation = true\n",
            [
                "      the site file says so (site.toml:1): A site whose database lies on another server is being"
                    .to_owned(),
                "        installed.".to_owned(),
            ],
        ),
        (
            "conditions = { remote-sql-installation = false, sql-load-balancer = false }\n",
            [
                "  site-server/sql-server/smb".to_owned(),
                "      fits, but the site file says that \"remote-sql-installation\" does not hold (site.toml:1)"
                    .to_owned(),
            ],
        ),
    ] {
        let told = said(stated, "explain", &question)?;
        for line in lines {
            assert!(
                told.lines().any(|found| found == line),
                "no line \"{line}\" in:\n{told}"
            );
        }
    }
    let stated = "conditions = { remote-sql-installation = true }\n";
    let told = said(
        stated,
        "explain",
        &[&question[..], &["--format", "json"]].concat(),
    )?;
    let answer: Value = serde_json::from_str(&told)?;
    let reasons = answer["explained_by"].as_array().context("a list")?;
    let reason = reasons
        .iter()
        .find(|one| one["rule"] == "site-server/sql-server/smb");
    let reason = reason.context("the rule")?;
    assert_eq!(reason["conditions"][0], words);
    assert_eq!(reason["stated_conditions"][0], "remote-sql-installation");
    Ok(())
}

#[test]
fn check_lists_stated_conditions_and_what_they_leave_out() -> Result<()> {
    assert!(
        !said("", "check", &[])?.contains("Conditions"),
        "nothing is stated"
    );
    let stated =
        "edition = \"current\"\nconditions.external-notifications = true\nconditions.wake-up = false\n";
    let told = said(stated, "check", &[])?;
    for line in [
        "Conditions that the site file states",
        "  external-notifications  holds",
        "  wake-up                 does not hold: 4 rules are left out",
    ] {
        assert!(
            told.lines().any(|found| found == line),
            "no line \"{line}\" in:\n{told}"
        );
    }
    let meaning: Value = serde_json::from_str(&said(stated, "check", &["--format", "json"])?)?;
    let condition = &meaning["conditions"][1];
    assert_eq!(condition["condition"], "wake-up");
    assert_eq!(condition["holds"], false);
    assert_eq!(condition["line"], 3);
    assert_eq!(condition["rules_left_out"], 4);
    Ok(())
}

#[test]
fn explain_and_check_say_where_the_site_server_alone_initiates() -> Result<()> {
    let flow = ["10.20.0.11", "10.20.0.5", "tcp/445"];
    let told = said("", "explain", &flow)?;
    assert!(
        told.contains("tcp/445: documented") && !told.contains("initiates"),
        "{told}"
    );
    assert!(
        !said("", "check", &[])?.contains("initiates"),
        "nothing is listed"
    );

    let stated = "options.site-server-initiates = \"10.20.0.11\"\n";
    let told = said(stated, "explain", &flow)?;
    for line in [
        "10.20.0.11 -> 10.20.0.5 tcp/445: reversed",
        "Opened from the wrong end: 10.20.0.5 should have opened it, by this rule:",
        "      site-server-initiates: the site file lets the site server alone open it",
    ] {
        assert!(
            told.lines().any(|found| found == line),
            "no line \"{line}\" in:\n{told}"
        );
    }
    let told = said(stated, "explain", &[&flow[..], &["--format", "json"]].concat())?;
    let answer: Value = serde_json::from_str(&told)?;
    assert_eq!(answer["explained_by"][0]["site_server_initiates"], true);
    assert_eq!(
        answer["nearest"][0]["why_not"],
        "opened from the wrong end: \"site-server\" should open it, as site-server-initiates says (note 5)"
    );
    let told = said(stated, "check", &[])?;
    assert!(
        told.contains("\nThe site server alone initiates toward 10.20.0.11\n"),
        "{told}"
    );
    Ok(())
}
