//! `cmflow approve` from outside: what it writes, what it refuses, and that nothing is lost.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::thread;

use anyhow::{Context as _, Result, ensure};
use cmflow_tests::binary::cmflow;
use xtask::lab::ScratchDir;

const SITE: &str = "[networks]\ninternal = \"10.0.0.0/8\"\n[roles]\nclient = \"10.10.0.0/16\"\n\
                    management-point = \"10.20.0.11\"\n";
const NAMED: &str = "approvals = \"approvals.toml\"\n";
const RIGHT: [&str; 9] = [
    "--from",
    "client",
    "--to",
    "management-point",
    "tcp/8081",
    "--why",
    "CHG1",
    "--by",
    "A. Admin",
];

/// A folder with a site file, and what `cmflow approve` says there.
struct Desk(ScratchDir);

impl Desk {
    fn new(site: &str) -> Result<Self> {
        let folder = ScratchDir::new("approve")?;
        fs::write(folder.path().join("site.toml"), site)?;
        Ok(Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap_or_default()
    }

    fn run(&self, arguments: &[&str]) -> Result<Output> {
        let mut command = Command::new(cmflow());
        command.current_dir(self.path()).args(arguments);
        command.output().context("the binary was just built")
    }

    fn approve(&self, arguments: &[&str]) -> Result<Output> {
        self.run(&[&["approve", "--site", "site.toml"], arguments].concat())
    }

    fn approved(&self, arguments: &[&str]) -> Result<String> {
        let output = self.approve(arguments)?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(output.status.success(), "{arguments:?}: {said}");
        Ok(String::from_utf8(output.stdout)?)
    }

    fn verdict(&self, from: &str, to: &str, service: &str) -> Result<(String, String)> {
        let asked = [
            "explain",
            "--site",
            "site.toml",
            from,
            to,
            service,
            "--format",
            "json",
        ];
        let output = self.run(&asked)?;
        let said: serde_json::Value = serde_json::from_slice(&output.stdout)
            .with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
        let verdict = said["verdict"].as_str().unwrap_or_default().to_owned();
        Ok((verdict, said["rules"].to_string()))
    }
}

#[test]
fn what_is_approved_is_explained() -> Result<()> {
    let desk = Desk::new(&format!("# Who is who.\n{SITE}"))?;
    // Nothing is written that would have no effect.
    let until = ["--until", "2097-06-30"];
    let output = desk.approve(&[&RIGHT[..], &until].concat())?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        said == "cmflow: site.toml names no approvals file; add this line above its first section, or say --write-site: \
                 approvals = \"approvals.toml\"\n",
        "{said}"
    );
    ensure!(output.status.code() == Some(2) && !desk.path().join("approvals.toml").exists());

    let told = desk.approved(&[&RIGHT[..], &until, &["--write-site"]].concat())?;
    ensure!(
        told.contains("approved until 2097-06-30: \"client-to-management-point-tcp-8081\", approvals.toml:3"),
        "{told}"
    );
    ensure!(
        told.contains("cmflow reload") && told.contains("git add site.toml approvals.toml"),
        "{told}"
    );
    let site = desk.text("site.toml");
    ensure!(site == format!("# Who is who.\n{NAMED}{SITE}"), "{site}");
    let (verdict, rules) = desk.verdict("10.10.4.7", "10.20.0.11", "tcp/8081")?;
    ensure!(
        verdict == "approved" && rules.contains("client-to-management-point-tcp-8081"),
        "{verdict} {rules}"
    );

    // By address; a comment of a person stays.
    let file = desk.path().join("approvals.toml");
    fs::write(&file, format!("{}\n# mine", desk.text("approvals.toml")))?;
    let told = desk.approved(&[
        "--from",
        "10.10.0.0/16,10.11.0.0/16",
        "--to",
        "10.20.0.40",
        "udp/514",
        "tcp/6514-6515",
        "icmp",
        "--why",
        "syslog",
        "--by",
        "A. Admin",
        "--permanent",
        "--id",
        "syslog",
        "--format",
        "json",
    ])?;
    let written: serde_json::Value = serde_json::from_str(&told)?;
    ensure!(
        written["id"] == "syslog" && written["file"] == "approvals.toml",
        "{written}"
    );
    ensure!(
        desk.text("approvals.toml")
            .contains("\n# mine\n\n[[approval]]\nid    = \"syslog\"\n")
    );
    for (from, to, service, verdict) in [
        ("10.11.0.1", "10.20.0.40", "udp/514", "approved"),
        ("10.11.0.1", "10.20.0.40", "tcp/6515", "approved"),
        ("10.11.0.1", "10.20.0.40", "icmp", "approved"),
        ("10.11.0.1", "10.20.0.40", "tcp/6516", "out-of-scope"),
        ("10.10.0.1", "10.20.0.40", "tcp/6516", "foreign"),
        ("10.10.0.1", "10.20.0.11", "tcp/443", "documented"),
    ] {
        let (is, rules) = desk.verdict(from, to, service)?;
        ensure!(is == verdict, "{from} {to} {service}: {is} {rules}");
    }
    let listed: serde_json::Value = serde_json::from_str(&desk.approved(&["--list", "--format", "json"])?)?;
    ensure!(listed["file"] == "approvals.toml", "{listed}");
    let syslog = &listed["approvals"][1];
    ensure!(
        syslog["state"] == "holds" && syslog["until"].is_null(),
        "{syslog}"
    );
    ensure!(
        syslog["from"] == serde_json::json!(["10.10.0.0/16", "10.11.0.0/16"]),
        "{syslog}"
    );
    Ok(())
}

#[test]
fn what_is_wrong_is_told_and_nothing_is_written() -> Result<()> {
    let before = "[[approval]]\nid = \"agent\"\nby = \"B\"\nwhy = \"CHG0\"\npermanent = true\nfrom = \"client\"\n\
                  to = \"management-point\"\ntcp = 9000\n";
    let desk = Desk::new(&format!("{NAMED}{SITE}"))?;
    fs::write(desk.path().join("approvals.toml"), before)?;
    let end = |from: &'static str, to: &'static str, service: &'static str| {
        vec![
            "--from",
            from,
            "--to",
            to,
            service,
            "--why",
            "CHG1",
            "--by",
            "A",
            "--permanent",
        ]
    };
    let with = |extra: &[&'static str]| [&RIGHT[..], extra].concat();
    let rows = [
        (
            end("clinet", "management-point", "tcp/1"),
            "unknown role \"clinet\"; did you mean \"client\"?; nothing was written",
        ),
        (
            end("client", "10.20.0", "tcp/1"),
            "\"10.20.0\" is neither an address nor a prefix",
        ),
        (
            end("client", "10.20.0.1/16", "tcp/1"),
            "did you mean \"10.20.0.0/16\" or \"10.20.0.1\"?",
        ),
        (
            end("client", "management-point", "tcp/0"),
            "\"tcp/0\": \"0\" is no port from 1 to 65535",
        ),
        (
            end("client", "management-point", "tcp/9-3"),
            "\"tcp/9-3\" ends before it begins; did you mean 3-9?",
        ),
        (
            end("client", "management-point", "https"),
            "\"https\" is no service; write tcp/8081",
        ),
        (
            with(&["--until", "2024-02-29"]),
            "--until 2024-02-29 has passed; today is ",
        ),
        (
            with(&["--until", "tomorrow"]),
            "--until tomorrow is no day; write it as in 2027-06-30",
        ),
        (
            with(&["--permanent", "--id", "a b"]),
            "\"a b\" is no id of an approval; use letters, digits and \"-\"",
        ),
        (
            with(&["--permanent", "--id", "agent"]),
            "two approvals have the id \"agent\"",
        ),
        (
            with(&["--permanent", "--why", " "]),
            "cannot be used multiple times",
        ),
        (
            end("client", "management-point", "tcp/443"),
            "client/management-point/https explains it already; nothing was written",
        ),
        (
            end("10.10.7.7", "10.20.0.11", "tcp/9000"),
            "it is approved already, by \"agent\" (approvals.toml:1); nothing was written",
        ),
        (with(&[]), "--until <DATE>"),
    ];
    for (arguments, told) in rows {
        let output = desk.approve(&arguments)?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.code() == Some(2),
            "{arguments:?}: {} {said}",
            output.status
        );
        ensure!(said.contains(told), "{arguments:?}: {said}");
        ensure!(output.stdout.is_empty(), "{arguments:?}");
        ensure!(
            desk.text("approvals.toml") == before,
            "{arguments:?}: it was written"
        );
    }
    // A file that is wrong already is told as what it is.
    fs::write(desk.path().join("approvals.toml"), "[[approval]]\n")?;
    let output = desk.approve(&end("client", "management-point", "tcp/1"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        said.starts_with("approvals.toml:1: an [[approval]] has no id; write id = \"dp-agent\"\n"),
        "{said}"
    );
    let left = fs::read_dir(desk.path())?.count();
    ensure!(left == 2, "files are left behind: {left}");
    Ok(())
}

#[test]
fn a_part_that_is_documented_is_said() -> Result<()> {
    let desk = Desk::new(&format!("{NAMED}{SITE}"))?;
    let arguments = [
        "--from",
        "client",
        "--to",
        "management-point",
        "tcp/443",
        "tcp/8081",
        "--why",
        "CHG1",
        "--by",
        "A",
        "--permanent",
    ];
    let output = desk.approve(&arguments)?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        said == "cmflow: a part of it is documented and stays so: client/management-point/https\n",
        "{said}"
    );
    ensure!(desk.verdict("10.10.1.1", "10.20.0.11", "tcp/443")?.0 == "documented");
    let nobody = desk.approve(&[
        "--from",
        "client",
        "--to",
        "sql-server",
        "tcp/1",
        "--why",
        "w",
        "--by",
        "A",
        "--permanent",
    ])?;
    let said = String::from_utf8_lossy(&nobody.stderr);
    ensure!(
        said.contains("the site file names nobody at one of its ends"),
        "{said}"
    );
    Ok(())
}

#[test]
fn two_at_a_time_lose_nothing() -> Result<()> {
    let desk = Desk::new(&format!("{NAMED}{SITE}"))?;
    thread::scope(|scope| {
        let one = |number: u16| {
            let desk = &desk;
            scope.spawn(move || {
                let service = format!("tcp/{}", 9000 + number);
                desk.approved(&[
                    "--from",
                    "client",
                    "--to",
                    "10.20.0.40",
                    &service,
                    "--why",
                    "w",
                    "--by",
                    "A",
                    "--permanent",
                ])
            })
        };
        let all: Vec<_> = (0..6).map(one).collect();
        all.into_iter()
            .try_for_each(|one| one.join().expect("it does not panic").map(drop))
    })?;
    let listed: serde_json::Value = serde_json::from_str(&desk.approved(&["--list", "--format", "json"])?)?;
    ensure!(
        listed["approvals"].as_array().is_some_and(|all| all.len() == 6),
        "{listed}"
    );
    Ok(())
}
