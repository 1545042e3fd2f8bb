//! An audit as a document, as a bundle and as a question of what would be: from outside, of a history on disk.

use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Context as _, Result, ensure};
use cmflow::catalogue::Catalogue;
use cmflow::store::sha256;
use cmflow_common::packet::protocol;
use cmflow_tests::binary::run;
use cmflow_tests::recorded::{Recorded, Talk};
use cmflow_tests::site_files::read;
use serde_json::Value;
use xtask::lab::ScratchDir;

const SITE: &str = r#"edition = "current"
companions = []
[networks]
internal = ["10.0.0.0/8"]
[roles]
client = ["10.10.1.0/24"]
management-point = ["10.20.0.11"]
software-update-point = ["10.20.0.31"]
service-connection-point = ["10.20.0.51"]
site-server = ["10.30.0.5"]
sql-server = ["10.30.0.6"]
"#;

const SIDES: &[(&str, &str)] = &[
    ("10.10.1.0/24", "eth0"),
    ("10.20.0.11", "eth1"),
    ("10.20.0.31", "eth1"),
    ("10.20.0.51", "eth0"),
    ("10.30.0.5", "eth1"),
    ("10.30.0.6", "eth1"),
];

const fn talk<'a>(from: &'a str, to: &'a str, port: u16) -> Talk<'a> {
    Talk {
        from,
        to,
        service: (protocol::TCP, port),
        answered: true,
    }
}

const TALKS: &[Talk<'_>] = &[
    talk("10.10.1.0/24", "10.20.0.11", 443),
    talk("10.20.0.51", "10.30.0.6", 1433),
    talk("10.10.1.7", "10.20.0.40", 8530),
];

/// A folder with `site.toml` and a history of 20 days, `gw.db`.
fn history() -> Result<(ScratchDir, String)> {
    let folder = ScratchDir::new("audit-report")?;
    let site = folder.path().join("site.toml");
    std::fs::write(&site, SITE)?;
    let (file, compiled) = read(&Catalogue::embedded()?, &site)?;
    let recorded = Recorded {
        file: &file,
        compiled: &compiled,
        begin: "2026-01-01T00:00:00Z".parse()?,
        days: 20,
        sides: SIDES,
        talks: TALKS,
        down: &[(100, 130)],
    };
    let path = recorded.write(folder.path(), "gw.db")?;
    Ok((folder, path.display().to_string()))
}

fn said(output: &Output, code: i32) -> Result<String> {
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.code() == Some(code),
        "it ended with {}: {error}",
        output.status
    );
    Ok(String::from_utf8(output.stdout.clone())?)
}

/// The other site file beside the history.
fn beside(folder: &ScratchDir, text: &str) -> Result<String> {
    let path = folder.path().join("other.toml");
    std::fs::write(&path, text)?;
    Ok(path.display().to_string())
}

#[test]
fn reports_hold_every_rule_and_what_they_rest_on() -> Result<()> {
    let (_folder, db) = history()?;
    let audit: Value = serde_json::from_str(&said(&run(&["audit", "--from", &db, "--format", "json"]), 0)?)?;
    let rules = audit["rules"].as_array().context("rules")?;
    ensure!(rules.len() > 20, "{} rules", rules.len());
    let sum = sha256(SITE.as_bytes());
    for format in ["html", "markdown"] {
        let text = said(&run(&["audit", "--from", &db, "--format", format]), 0)?;
        for rule in rules {
            let id = rule["rule"].as_str().context("an id")?;
            ensure!(text.contains(id), "{format}: {id} is missing");
        }
        for wanted in [sum.as_str(), "daemon-down", "8530", "site.toml", "eth0 (native)"] {
            ensure!(text.contains(wanted), "{format}: {wanted} is missing");
        }
    }
    // Some grades alone are said to be some.
    let some = said(
        &run(&["audit", "--from", &db, "--format", "html", "--grade", "used"]),
        0,
    )?;
    ensure!(
        some.contains(&format!(
            "Of {} rules that the site file makes possible",
            rules.len()
        )) && some.contains(&format!(" of {} rules are listed", rules.len())),
        "it reads as if it were all"
    );
    Ok(())
}

#[test]
fn a_bundle_can_be_checked_by_whoever_gets_it() -> Result<()> {
    let (folder, db) = history()?;
    let zip = folder.path().join("audit.zip");
    let name = zip.display().to_string();
    let told = said(&run(&["audit", "--from", &db, "--bundle", &name]), 0)?;
    ensure!(
        told == format!("{}  {name}\n", sha256(&std::fs::read(&zip)?)),
        "{told}"
    );
    let unpack = Command::new("python3")
        .args(["-m", "zipfile", "-e", "audit.zip", "out"])
        .current_dir(folder.path())
        .output()
        .context("python3 unpacks it")?;
    said(&unpack, 0)?;
    let inside = std::fs::read_dir(folder.path().join("out"))?
        .next()
        .context("a folder in it")??
        .path();
    let check = Command::new("sha256sum")
        .args(["--check", "--strict", "--quiet", "SHA256SUMS"])
        .current_dir(&inside)
        .output()?;
    said(&check, 0)?;
    let stored = inside.join(format!(
        "evidence/gw/files/{}-site.toml",
        &sha256(SITE.as_bytes())[..12]
    ));
    ensure!(std::fs::read_to_string(&stored)? == SITE, "{}", stored.display());
    let conversations = std::fs::read_to_string(inside.join("evidence/gw/conversations.csv"))?;
    ensure!(conversations.contains("10.10.1.0/24"), "{conversations}");
    Ok(())
}

#[test]
fn a_bundle_that_cannot_be_written_leaves_nothing() -> Result<()> {
    let (folder, db) = history()?;
    let there = folder.path().display().to_string();
    for (path, words) in [
        (there.clone(), "is a folder; name a file in it"),
        (format!("{there}/no/such/folder.zip"), "cannot be written"),
    ] {
        let output = run(&["audit", "--from", &db, "--bundle", &path]);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(
            output.status.code() == Some(2) && error.contains(words),
            "{error}"
        );
    }
    let left = std::fs::read_dir(folder.path())?.filter_map(Result::ok);
    let left: Vec<_> = left
        .map(|entry| entry.file_name())
        .filter(|name| Path::new(name).extension().is_some_and(|end| end == "part"))
        .collect();
    ensure!(left.is_empty(), "{left:?}");
    Ok(())
}

#[test]
fn what_if_tells_what_would_become_of_the_recorded_traffic() -> Result<()> {
    let (folder, db) = history()?;
    let ask = |site: &str, more: &[&str], code| {
        let mut arguments = vec!["audit", "--from", &db, "--what-if", site, "--format", "json"];
        arguments.extend(more);
        let told: Value = serde_json::from_str(&said(&run(&arguments), code)?)?;
        anyhow::Ok(told)
    };
    let count = |told: &Value, list: &str| told[list].as_array().map_or(0, Vec::len);
    let lists = ["unexplained", "explained", "rules", "unflagged"];

    let same = folder.path().join("site.toml").display().to_string();
    let told = ask(&same, &[], 0)?;
    ensure!(lists.iter().all(|list| count(&told, list) == 0), "{told}");
    ensure!(told["conversations"] == 3 && told["unchanged"] == 3, "{told}");

    let better = beside(
        &folder,
        &SITE.replace("\"10.20.0.31\"", "\"10.20.0.31\", \"10.20.0.40\""),
    )?;
    let told = ask(&better, &[], 0)?;
    ensure!(
        count(&told, "explained") == 1 && count(&told, "unexplained") == 0,
        "{told}"
    );
    ensure!(told["explained"][0]["flows"] == 20, "{told}");

    let worse = beside(
        &folder,
        &SITE.replace("management-point = [\"10.20.0.11\"]\n", ""),
    )?;
    let told = ask(&worse, &[], 1)?;
    ensure!(count(&told, "unexplained") == 1, "{told}");

    // What the service connection point asks SQL Server came with the current edition.
    let told = ask(&same, &["--edition", "2020-04"], 1)?;
    ensure!(
        told["now"]["edition"] == "current" && told["then"]["edition"] == "2020-04",
        "{told}"
    );
    let gone = &told["unexplained"][0];
    ensure!(count(&told, "unexplained") == 1 && gone["port"] == 1433, "{told}");

    let table = said(&run(&["audit", "--from", &db, "--what-if", &worse]), 1)?;
    for words in [
        "Would become unexplained\n",
        "tcp/443",
        "client/management-point/https",
        "explained: nothing",
    ] {
        ensure!(table.contains(words), "{words}: {table}");
    }
    Ok(())
}

#[test]
fn what_if_refuses_what_it_cannot_answer() -> Result<()> {
    let (folder, db) = history()?;
    let broken = beside(
        &folder,
        "edition = \"current\"\n[roles]\nclent = [\"10.0.0.0/8\"]\n",
    )?;
    let gone = folder.path().join("none.toml").display().to_string();
    let good = folder.path().join("site.toml").display().to_string();
    for (arguments, words) in [
        (vec!["--what-if", &broken], "client"),
        (vec!["--what-if", &gone], "none.toml"),
        (vec!["--what-if", &good, "--edition", "2019"], "2019"),
        (vec!["--what-if", &good, "--format", "html"], "--format json"),
        (
            vec!["--what-if", &good, "--bundle", "x.zip"],
            "cannot be used with",
        ),
    ] {
        let mut all = vec!["audit", "--from", &db];
        all.extend(arguments);
        let output = run(&all);
        let error = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.code() == Some(2) && error.contains(words),
            "{all:?}: {error}"
        );
        ensure!(output.stdout.is_empty(), "{all:?}");
    }
    Ok(())
}

#[test]
fn a_difference_of_editions_is_marked_by_what_the_site_uses() -> Result<()> {
    let (_folder, db) = history()?;
    let plain = said(&run(&["catalogue", "diff", "2020-04", "current"]), 0)?;
    let marked = said(
        &run(&["catalogue", "diff", "2020-04", "current", "--from", &db]),
        0,
    )?;
    let used = "used here, last hit 2026-01-20";
    let line = |text: &str, begin: &str| {
        let mut lines = text
            .lines()
            .skip_while(|line| !line.starts_with("service-connection-point --> sql-server"));
        lines
            .find(|line| line.trim_start().starts_with(begin))
            .map(str::to_owned)
    };
    ensure!(
        line(&marked, "sql ").is_some_and(|line| line.ends_with(used)),
        "{marked}"
    );
    ensure!(marked.matches(used).count() == 1, "{marked}");
    ensure!(marked.contains("no hit here"), "{marked}");
    ensure!(!plain.contains("here"), "{plain}");
    let json = |more: &[&str]| -> Result<Value> {
        let mut arguments = vec!["catalogue", "diff", "2020-04", "current", "--format", "json"];
        arguments.extend(more);
        Ok(serde_json::from_str(&said(&run(&arguments), 0)?)?)
    };
    let (without, with) = (json(&[])?, json(&["--from", &db])?);
    ensure!(without.get("here").is_none(), "{without}");
    let rule = &with["here"]["service-connection-point/sql-server/sql"];
    ensure!(
        rule["before"].is_null() && rule["after"]["flows"] == 20 && rule["after"]["alone"] == true,
        "{rule}"
    );
    ensure!(
        without["added"] == with["added"] && without["changed"] == with["changed"],
        "the rest is the same"
    );
    Ok(())
}
