//! `cmflow suggest` from outside: a history in, lines of a site file out, and with them what was seen is explained.

use std::fs;
use std::net::IpAddr;
use std::process::{Command, Output};

use anyhow::{Context as _, Result, ensure};
use cmflow::compile::VerdictInfo;
use cmflow::history::{
    Activity, Change, ConversationChange, ConversationKey, Generation, Live, Retention, StoredFile,
};
use cmflow::store::{Store, sha256};
use cmflow_common::packet::protocol::TCP;
use cmflow_common::verdict::VerdictKind;
use cmflow_tests::binary::cmflow;
use jiff::{SignedDuration, Timestamp};
use xtask::lab::ScratchDir;

const SITE: &str = "[networks]\ninternal = \"10.0.0.0/8\"\n[roles]\nclient = \"10.10.0.0/16\"\n\
                    management-point = \"10.20.0.11\"\nsql-server = \"10.30.0.6\"\n";

/// Who opens, who answers, at which port.
const SEEN: [(&str, &str, u16); 3] = [
    ("10.10.1.1", "10.20.0.40", 8530),
    ("10.13.7.7", "10.20.0.11", 443),
    ("10.10.1.1", "10.20.0.11", 8443),
];

fn history(folder: &ScratchDir) -> Result<()> {
    let from: Timestamp = "2026-11-03T10:00:00Z".parse()?;
    let file = StoredFile {
        path: "/gone/site.toml".to_owned(),
        sha256: sha256(SITE.as_bytes()),
        kind: StoredFile::SITE.to_owned(),
        text: SITE.to_owned(),
    };
    let generation = Generation {
        from,
        number: 1,
        edition: "current".to_owned(),
        version: "0.1.0".to_owned(),
        files: vec![file],
        possible: Vec::new(),
    };
    let more = Activity {
        packets: 40,
        bytes: 4000,
        flows: 4,
        answered: 4,
        proving: 4,
        ..Activity::default()
    };
    let conversations = SEEN.map(|(initiator, responder, port)| {
        let net = |text: &str| text.parse::<IpAddr>().expect("an address in the test").into();
        ConversationChange {
            key: ConversationKey {
                protocol: TCP,
                initiator: net(initiator),
                responder: net(responder),
                port,
                verdict: 0,
            },
            more,
            live: Live::default(),
            first_seen: from,
            last_seen: from,
            last_proving: Some(from),
            ports: (port, port),
            initiators: 1,
            responders: 1,
        }
    });
    let change = Change {
        from,
        to: from + SignedDuration::from_secs(60),
        verdicts: vec![VerdictInfo {
            kind: VerdictKind::Foreign,
            rules: Vec::new(),
            basis: None,
        }],
        conversations: conversations.to_vec(),
        ..Change::default()
    };
    let mut store = Store::open(&folder.path().join("gw.db"), from)?.store;
    store.begin_generation(&generation)?;
    store.commit(&change, &Retention::default())?;
    Ok(())
}

fn run(folder: &ScratchDir, arguments: &[&str]) -> Result<Output> {
    let mut command = Command::new(cmflow());
    command.current_dir(folder.path()).args(arguments);
    command.output().context("the binary was just built")
}

#[test]
fn lines_come_of_a_history_and_explain_it() -> Result<()> {
    let folder = ScratchDir::new("suggest")?;
    history(&folder)?;
    let output = run(&folder, &["suggest", "--from", "gw.db"])?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.code() == Some(0), "{said}");
    let lines = String::from_utf8(output.stdout)?;
    for expected in [
        "# 10.20.0.40 answers TCP 8530 for 1 client, from 10.10.1.0/24\n",
        "roles   = [\"software-update-point\"]\n",
        "\"10.13.7.0/24\",\n",
        "# 10.30.0.6 holds sql-server, and nothing was seen of it",
    ] {
        ensure!(lines.contains(expected), "no {expected:?} in\n{lines}");
    }
    // At 443 somebody was answered too, so that 8443 does not stand in its place.
    ensure!(!lines.contains("[ports]"), "{lines}");
    fs::write(folder.path().join("suggested.toml"), lines)?;
    fs::write(
        folder.path().join("site.toml"),
        format!("include = \"suggested.toml\"\n{SITE}"),
    )?;
    for (from, to, port) in &SEEN[..2] {
        let service = format!("tcp/{port}");
        let asked = [
            "explain",
            "--site",
            "site.toml",
            from,
            to,
            &service,
            "--format",
            "json",
        ];
        let output = run(&folder, &asked)?;
        let said: serde_json::Value = serde_json::from_slice(&output.stdout)
            .with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
        ensure!(said["verdict"] == "documented", "{from} {to} {port}: {said}");
    }
    // By the file with the lines there is less to suggest.
    let again = run(
        &folder,
        &[
            "suggest",
            "--from",
            "gw.db",
            "--site",
            "site.toml",
            "--format",
            "json",
        ],
    )?;
    let said: serde_json::Value = serde_json::from_slice(&again.stdout)
        .with_context(|| String::from_utf8_lossy(&again.stderr).into_owned())?;
    let changes = said["suggestions"].as_array().context("a list")?.iter();
    let mut changes = changes.map(|one| &one["change"]);
    ensure!(changes.all(|change| change == "nothing"), "{said}");
    Ok(())
}

#[test]
fn bad_input_is_one_message() -> Result<()> {
    let folder = ScratchDir::new("suggest-bad")?;
    fs::write(folder.path().join("x.db"), "no database")?;
    for (arguments, told) in [
        (&["suggest", "--from", "gone.db"][..], "gone.db"),
        (&["suggest", "--from", "x.db"], "x.db"),
        (
            &["suggest", "--instance", "nobody-runs-this"],
            "nothing is recorded for instance nobody-runs-this",
        ),
    ] {
        let output = run(&folder, arguments)?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.code() == Some(2) && output.stdout.is_empty(),
            "{arguments:?}: {said}"
        );
        ensure!(
            said.contains(told) && !said.contains("panicked"),
            "{arguments:?}: {said}"
        );
    }
    Ok(())
}
