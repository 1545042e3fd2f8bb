//! `cmflow explain` from outside: questions, answers for people and for scripts, and what is no question.

use anyhow::{Context, Result};
use cmflow_tests::binary::run;
use serde_json::Value;
use xtask::lab::ScratchDir;

const SITE: &str = r#"
companions = []
[networks]
internal = ["10.0.0.0/8", "fd00::/8"]
[roles]
client = ["10.10.0.0/16", "fd00:10::/64"]
management-point = ["10.20.0.11", "fd00:20::11"]
software-update-point = ["10.20.0.13"]
sql-server = ["10.30.0.6"]
[ports]
wsus-http = 80
wsus-https = 443
"#;

/// Exit code, stdout and stderr of `cmflow explain` about that site.
fn explain(arguments: &[&str]) -> Result<(Option<i32>, String, String)> {
    let folder = ScratchDir::new("explain")?;
    let file = folder.path().join("site.toml");
    std::fs::write(&file, SITE)?;
    let file = file.to_str().context("a path in UTF-8")?;
    let output = run(&[&["explain", "--site", file], arguments].concat());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok((output.status.code(), text(&output.stdout), text(&output.stderr)))
}

#[test]
fn scripts_read_verdict_rules_roles_and_the_nearest() -> Result<()> {
    let (code, said, error) = explain(&["10.10.0.1", "10.20.0.13", "tcp/8531", "--format", "json"])?;
    assert_eq!(code, Some(0), "{error}");
    let answer: Value = serde_json::from_str(&said)?;
    assert_eq!(answer["verdict"], "undocumented");
    assert_eq!(answer["rules"], Value::Array(vec![]));
    assert_eq!(answer["source_roles"][0], "client");
    assert_eq!(answer["destination_roles"][0], "software-update-point");
    assert_eq!(answer["nearest"][0]["rule"], "client/software-update-point/https");
    assert_eq!(
        answer["nearest"][0]["why_not"],
        "port 8531 is wsus-https, the site file says 443"
    );

    let (_, said, _) = explain(&["fd00:10::1", "fd00:20::11", "tcp/443", "--format", "json"])?;
    let answer: Value = serde_json::from_str(&said)?;
    assert_eq!(answer["verdict"], "documented");
    assert_eq!(answer["rules"][0], "client/management-point/https");
    assert_eq!(answer["basis"], "port");
    assert_eq!(answer["explained_by"][0]["notes"][0], 2);
    assert_eq!(answer["nearest"], Value::Array(vec![]));
    Ok(())
}

#[test]
fn people_read_a_sentence_the_rules_and_their_notes() -> Result<()> {
    let (code, said, error) = explain(&["10.10.0.1", "10.20.0.11", "tcp/443"])?;
    assert_eq!(code, Some(0), "{error}");
    for line in [
        "10.10.0.1 -> 10.20.0.11 tcp/443: documented",
        "  opened by  10.10.0.1  client",
        "  toward     10.20.0.11  management-point",
        "The page documents it, by this rule:",
        "  client/management-point/https",
        "      client --> management-point, HTTPS, TCP 443, note 2",
        "  2 Alternate port available: Configuration Manager lets one choose another port. The chosen one",
    ] {
        assert!(
            said.lines().any(|found| found == line),
            "no line \"{line}\" in:\n{said}"
        );
    }
    assert!(said.lines().all(|line| line.chars().count() <= 100), "{said}");

    let (_, said, _) = explain(&["10.30.0.6", "10.20.0.11", "tcp/1433"])?;
    let sentence = "Opened from the wrong end: 10.20.0.11 should have opened it, by this rule:";
    assert!(said.contains(sentence), "{said}");
    let (_, said, _) = explain(&["10.99.0.1", "10.99.0.2", "tcp/1"])?;
    assert!(
        said.contains("The site file names neither end.\n\nNo rule comes near it."),
        "{said}"
    );
    Ok(())
}

#[test]
fn what_is_no_question_is_refused_in_one_line() -> Result<()> {
    let table: &[(&[&str], &str)] = &[
        (
            &["mp01", "10.20.0.11", "tcp/443"],
            "cmflow: SRC: \"mp01\" is neither an address nor the name of a [[host]] in the site file; names are not \
             resolved, write the address",
        ),
        (
            &["10.10.0.1", "10.20.0.0/24", "tcp/443"],
            "cmflow: DST: \"10.20.0.0/24\" is a prefix; a flow is between two addresses, name one of them",
        ),
        (
            &["10.10.0.1", "fd00:20::11", "tcp/443"],
            "cmflow: 10.10.0.1 and fd00:20::11 have no address family in common; a flow has one",
        ),
        (
            &["10.20.0.11", "10.20.0.11", "tcp/443"],
            "cmflow: SRC and DST are both 10.20.0.11: what a computer says to itself crosses no gateway",
        ),
        (
            &["10.10.0.1", "10.20.0.11", "443/tcp"],
            "error: invalid value '443/tcp' for '<PROTO/PORT>': \"443/tcp\" is turned round; did you mean \"tcp/443\"?",
        ),
        (
            &["10.10.0.1", "10.20.0.11", "tcp/70000"],
            "error: invalid value 'tcp/70000' for '<PROTO/PORT>': port 70000 is outside 1 to 65535",
        ),
    ];
    for (arguments, told) in table {
        let (code, said, error) = explain(arguments)?;
        assert_eq!(code, Some(2), "{arguments:?}");
        assert_eq!(said, "", "{arguments:?}");
        assert_eq!(error.lines().next(), Some(*told), "{arguments:?}");
    }
    Ok(())
}

#[test]
fn what_hides_the_ports_is_named() -> Result<()> {
    for (service, name) in [
        ("esp", "esp"),
        ("gre", "gre"),
        ("udp/500", "ike"),
        ("udp/4500", "ike-nat-t"),
        ("udp/4789", "vxlan"),
    ] {
        let (code, said, error) = explain(&["10.10.0.1", "10.20.0.11", service])?;
        assert_eq!(code, Some(0), "{error}");
        let sentence = format!("Both ends are known, and {name} hides what ports there are inside");
        assert!(said.contains(&sentence), "{service}: {said}");
    }
    Ok(())
}
