//! What a site file states beside roles and ports, from outside: how `explain` and `check` say it.

use std::process::Command;

use anyhow::Result;
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
