//! `cmflow audit` from outside: histories in, grades, openings and reasons out.

use std::process::Output;

use anyhow::{Context as _, Result, ensure};
use cmflow::catalogue::Catalogue;
use cmflow_common::packet::protocol;
use cmflow_tests::binary::run;
use cmflow_tests::company::Company;
use cmflow_tests::recorded::{Recorded, Talk};
use cmflow_tests::site_files::read;
use xtask::lab::ScratchDir;

const SITE: &str = r#"edition = "current"
companions = []
[networks]
internal = ["10.0.0.0/8"]
[roles]
client = ["10.10.1.0/24"]
management-point = ["10.20.0.11"]
distribution-point-pxe = ["10.20.0.22"]
software-update-point = ["10.20.0.31"]
site-server = ["10.30.0.5"]
sql-server = ["10.30.0.6"]
"#;

const SIDES: &[(&str, &str)] = &[
    ("10.10.1.0/24", "eth0"),
    ("10.20.0.11", "eth1"),
    ("10.20.0.22", "eth1"),
    ("10.20.0.31", "eth1"),
    ("10.30.0.5", "eth1"),
    ("10.30.0.6", "eth1"),
];

const fn talk<'a>(from: &'a str, to: &'a str, port: u16, answered: bool) -> Talk<'a> {
    Talk {
        from,
        to,
        service: (protocol::TCP, port),
        answered,
    }
}

const TALKS: &[Talk<'_>] = &[
    talk("10.10.1.0/24", "10.20.0.11", 443, true),
    talk("10.10.1.0/24", "10.20.0.31", 8531, false),
    talk("10.10.1.7", "10.20.0.11", 3389, true),
];

/// A folder with the history `gw.db`, of so many days.
fn history(days: i64, down: &[(i64, i64)]) -> Result<(ScratchDir, String)> {
    let folder = ScratchDir::new("audit")?;
    let site = folder.path().join("site.toml");
    std::fs::write(&site, SITE)?;
    let (file, compiled) = read(&Catalogue::embedded()?, &site)?;
    let recorded = Recorded {
        file: &file,
        compiled: &compiled,
        begin: "2026-01-01T00:00:00Z".parse()?,
        days,
        sides: SIDES,
        talks: TALKS,
        down,
    };
    let path = recorded.write(folder.path(), "gw.db")?;
    // The history has to do without the machine that counted.
    std::fs::remove_file(site)?;
    Ok((folder, path.display().to_string()))
}

fn said(output: &Output) -> Result<String> {
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "it ended with {}: {error}",
        output.status
    );
    Ok(String::from_utf8(output.stdout.clone())?)
}

#[test]
fn each_rule_has_its_grade_and_reason() -> Result<()> {
    let (_folder, db) = history(60, &[(30, 57)])?;
    let text = said(&run(&["audit", "--from", &db, "--format", "json"]))?;
    let audit: serde_json::Value = serde_json::from_str(&text)?;
    let rules = audit["rules"].as_array().context("rules")?;
    for (id, grade, words) in [
        (
            "client/management-point/https",
            "used",
            "60 flows answered that only this rule explains",
        ),
        (
            "client/software-update-point/https",
            "attempted",
            "60 flows, and none proves use: 60 refused",
        ),
        (
            "client/management-point/client-notification",
            "unused",
            "unused on this gateway: no hit in 58 days observed",
        ),
        (
            "client/distribution-point-pxe/tftp",
            "expected-idle",
            "used only while a computer starts over",
        ),
        (
            "site-server/sql-server/sql",
            "not-observable",
            "both ends are on the same side of this gateway (eth1)",
        ),
        (
            "client/state-migration-point/https",
            "not-observable",
            "no address of the site file holds state-migration-point",
        ),
    ] {
        let rule = rules.iter().find(|rule| rule["rule"] == id).context(id)?;
        assert_eq!(rule["grade"], grade, "{rule:#}");
        let why = rule["why"].as_str().context("a reason")?;
        assert!(why.starts_with(words), "{id}: {why}");
    }
    let group = &audit["unexplained"][0];
    assert_eq!(
        (&group["port"], &group["guess"]),
        (&3389.into(), &"Remote Desktop".into())
    );
    assert_eq!(audit["window"]["observed_s"], (60 * 24 - 27) * 3600);
    assert_eq!(audit["window"]["gaps"][0]["kind"], "daemon-down");
    assert!(
        audit["files"][0]["path"]
            .as_str()
            .is_some_and(|path| path.ends_with("site.toml"))
    );
    Ok(())
}

#[test]
fn a_short_window_says_what_it_lacks() -> Result<()> {
    let (_folder, db) = history(7, &[(30, 57)])?;
    let text = said(&run(&["audit", "--from", &db, "--grade", "insufficient-window"]))?;
    assert!(
        text.contains("5 of 7 days observed; 1 day 3 h lost to gaps"),
        "{text}"
    );
    assert!(
        text.contains("client/management-point/client-notification"),
        "{text}"
    );
    Ok(())
}

#[test]
fn people_read_it_at_a_hundred_columns_and_learn_what_to_do() -> Result<()> {
    let (_folder, db) = history(60, &[])?;
    let text = said(&run(&["audit", "--from", &db]))?;
    let wide: Vec<_> = text.lines().filter(|line| line.chars().count() > 100).collect();
    assert_eq!(wide, [""; 0]);
    for part in [
        "Edition current, 2026-01-01 00:00 to 2026-03-02 00:00 UTC, 60 days of 60 days observed.",
        "used: answered, and only this rule explains it",
        "attempted: tried, and nothing proves use",
        "Openings, the lines of a firewall",
        "client [10.10.1.0/24] -> management-point [10.20.0.11]  tcp/443",
        "What no document explains",
        "tcp/3389, Remote Desktop?",
        "10.20.0.31 is software-update-point in the site file, was asked 60 times at tcp/8531",
        "What to do next",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let markdown = said(&run(&["audit", "--from", &db, "--format", "markdown"]))?;
    for part in [
        "# Firewall audit of gw",
        "| used | `client/management-point/https` |",
        "### What the method cannot see",
    ] {
        assert!(markdown.contains(part), "{part} is not in\n{markdown}");
    }
    Ok(())
}

#[test]
fn lists_are_tables_for_spreadsheets() -> Result<()> {
    let (_folder, db) = history(60, &[])?;
    for (list, header, line) in [
        (
            "rules",
            "rule,verdict,service,",
            "client/management-point/https,documented,",
        ),
        (
            "openings",
            "sources,source_roles,",
            "10.10.1.0/24,client,10.20.0.11,management-point,tcp,443,false,",
        ),
        (
            "unexplained",
            "initiator_roles,",
            "client,management-point,tcp,3389,undocumented,1,1,10.10.1.7>10.20.0.11,",
        ),
    ] {
        let text = said(&run(&["audit", "--from", &db, "--format", "csv", "--list", list]))?;
        assert!(text.starts_with(header), "{text}");
        assert!(
            text.lines().any(|one| one.starts_with(line)),
            "{line} is not in\n{text}"
        );
        let columns = header.split(',').count();
        assert!(columns > 1);
    }
    Ok(())
}

#[test]
fn what_cannot_be_done_is_said() -> Result<()> {
    let (_folder, db) = history(1, &[])?;
    for (arguments, words) in [
        (
            &["audit", "--from", &db, "--grade", "unsed"][..],
            "no grade; did you mean \"unused\"?",
        ),
        (
            &["audit", "--from", &db, "--list", "openings"],
            "--list chooses what a CSV file holds; add --format csv, or leave --list out",
        ),
        (&["audit", "--from", &db, "--since", "2026-05-01"], ""),
    ] {
        let output = run(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains(words), "{error}");
        assert!(output.stdout.is_empty());
    }
    Ok(())
}

/// Two thousand computers and forty thousand clients, with conversations of each distribution point.
#[test]
fn a_company_is_audited_with_openings_that_a_person_can_read() -> Result<()> {
    let folder = ScratchDir::new("audit-company")?;
    let (file, compiled) = read(&Catalogue::embedded()?, &Company::write(folder.path())?)?;
    let points = file.model.hosts.iter().filter(|host| host.name.starts_with("dp"));
    let points: Vec<String> = points.map(|host| host.addresses[0].to_string()).collect();
    let mut talks = Vec::new();
    for (index, point) in points.iter().enumerate() {
        let from = [Company::SITE_SERVER_1, Company::SITE_SERVER_2][index % 2];
        talks.push(talk(Company::CLIENT_1, point, 443, index % 3 > 0));
        talks.push(talk(from, point, 445, true));
    }
    let mut sides: Vec<_> = points.iter().map(|point| (point.as_str(), "eth1")).collect();
    sides.extend([
        (Company::CLIENT_1, "eth0"),
        (Company::SITE_SERVER_1, "eth0"),
        (Company::SITE_SERVER_2, "eth0"),
    ]);
    let recorded = Recorded {
        file: &file,
        compiled: &compiled,
        begin: "2026-01-01T00:00:00Z".parse()?,
        days: 50,
        sides: &sides,
        talks: &talks,
        down: &[],
    };
    let db = recorded.write(folder.path(), "gw.db")?.display().to_string();
    let text = said(&run(&["audit", "--from", &db, "--format", "json"]))?;
    let audit: serde_json::Value = serde_json::from_str(&text)?;
    let rules = audit["rules"].as_array().context("rules")?;
    let smb = rules
        .iter()
        .find(|rule| rule["rule"] == "site-server/distribution-point/smb");
    assert_eq!(smb.context("SMB")?["grade"], "used");
    let openings = audit["openings"].as_array().context("openings")?;
    assert!(openings.len() < 2_000, "{} openings", openings.len());
    Ok(())
}
