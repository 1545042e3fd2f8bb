//! `cmflow check` from outside: what a site file means, and what is wrong with it.

use std::path::PathBuf;

use cmflow_tests::binary::run;
use cmflow_tests::company::{CLIENTS, Company};
use serde_json::Value;
use xtask::lab::ScratchDir;

/// A site file that goes when the test ends.
struct SiteFile(PathBuf);

impl SiteFile {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("cmflow-check-{name}-{}.toml", std::process::id()));
        std::fs::write(&path, text).expect("a temporary file");
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("a path in UTF-8")
    }
}

impl Drop for SiteFile {
    fn drop(&mut self) {
        // Left behind, it harms nobody.
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn a_sound_file_says_what_it_means() {
    let text = "[networks]\ninternal = [\"10.0.0.0/8\"]\n[roles]\nclient = [\"10.10.0.0/16\"]\n\
                management-point = [\"10.20.0.11\"]\n";
    let file = SiteFile::new("sound", text);
    let output = run(&["check", "--site", file.path(), "--format", "json"]);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let meaning: Value = serde_json::from_slice(&output.stdout).expect("stdout is JSON");
    assert_eq!(meaning["edition"], "current");
    assert_eq!(meaning["roles"][0]["role"], "client");
    assert_eq!(meaning["roles"][0]["prefixes"][0], "10.10.0.0/16");
    assert_eq!(meaning["warnings"], Value::Array(vec![]));
    let connections = meaning["rules"]["connections"].as_array().expect("a list");
    let mut possible = connections
        .iter()
        .filter(|one| one["connection"] == "client/management-point");
    let rules = possible
        .next()
        .map(|one| one["possible"].as_array().map(Vec::len));
    assert_eq!(rules, Some(Some(3)));

    let table = run(&["check", "--site", file.path()]);
    let said = String::from_utf8_lossy(&table.stdout).into_owned();
    assert!(said.contains("client-notification, http, https"), "{said}");
}

#[test]
fn three_mistakes_are_three_lines() {
    let text = "edition = \"curent\"\n[roles]\nmanagment-point = []\n[ports]\nsql = 70000\n";
    let file = SiteFile::new("mistakes", text);
    let output = run(&["check", "--site", file.path()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let path = file.path();
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        format!(
            "{path}:1: unknown edition \"curent\"; did you mean \"current\"?\n\
             {path}:3: unknown role \"managment-point\"; did you mean \"management-point\"?\n\
             {path}:5: port 70000 is outside 1 to 65535\n"
        )
    );
}

/// The tree of sites with how many computers each has, ports that differ, own rules with their reasons.
#[test]
fn a_company_says_what_it_means() -> Result<(), Box<dyn std::error::Error>> {
    let folder = ScratchDir::new("check-company")?;
    let path = Company::write(folder.path())?;
    let site = path.to_str().expect("a path in UTF-8");
    let output = run(&["check", "--site", site, "--format", "json"]);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let meaning: Value = serde_json::from_slice(&output.stdout)?;
    let sites = meaning["sites"].as_array().expect("a list");
    let codes: Vec<_> = sites
        .iter()
        .map(|site| (&site["code"], &site["parent"]))
        .collect();
    let expected = [
        ("CAS", None),
        ("PR1", Some("CAS")),
        ("S11", Some("PR1")),
        ("S12", Some("PR1")),
        ("PR2", Some("CAS")),
        ("S21", Some("PR2")),
    ];
    let expected = expected.map(|(code, parent)| (Value::from(code), Value::from(parent)));
    assert_eq!(
        codes,
        expected
            .iter()
            .map(|(code, parent)| (code, parent))
            .collect::<Vec<_>>()
    );
    let computers = |site: &Value, role: &str| -> Value {
        let roles = site["roles"].as_array().expect("a list");
        roles
            .iter()
            .find(|one| one["role"] == role)
            .map_or(Value::Null, |one| one["computers"].clone())
    };
    for (site, role, expected) in [
        // 20 of the 200 pull what they distribute; that one lies in PR2.
        (1, "distribution-point", 100),
        (4, "distribution-point", 80),
        (4, "pull-distribution-point", 20),
        // Two addresses each, and still two computers.
        (1, "management-point", 2),
        (1, "client", CLIENTS / 2),
        (2, "management-point", 1),
    ] {
        assert_eq!(
            computers(&sites[site], role),
            expected,
            "{} {role}",
            sites[site]["code"]
        );
    }
    assert_eq!(computers(&meaning, "management-point"), 7);
    assert_eq!(meaning["files"].as_array().map(Vec::len), Some(7));
    assert_eq!(meaning["own_rules"][1]["why"], "CHG1300: the weekly scan");
    assert_eq!(meaning["own_rules"][1]["possible"], true);

    let table = run(&["check", "--site", site]);
    let said = String::from_utf8_lossy(&table.stdout).into_owned();
    for line in [
        "\n  CAS  Headquarters\n",
        "\n    PR1  North\n",
        "\n      S11\n",
        "\n  client-https  8443 in site PR2\n",
        "\n  sql           14330 on pr2-sql\n",
        "\n  wsus-http     8530\n",
        "\n  wsus-http     80 on pr2-updates\n",
        "\n  backup-agent  backup -> site-system, TCP 10000 10010-10019: CHG1234: backup of all site systems\n",
        "  distribution-point        100 computers: dp",
    ] {
        assert!(said.contains(line), "{line:?} is not in\n{said}");
    }
    Ok(())
}
