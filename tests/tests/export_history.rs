//! `cmflow export` and `cmflow compare` from a history, as a daemon leaves it behind.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use cmflow::answer::FirewallComparison;
use cmflow::compile::{Basis, VerdictInfo};
use cmflow::history::{
    Activity, Change, ConversationChange, ConversationKey, Generation, Live, Retention, StoredFile,
    VerdictChange,
};
use cmflow::store::{Store, sha256};
use cmflow_common::verdict::VerdictKind;
use cmflow_tests::audits::{at, prefix};
use cmflow_tests::binary::run;
use cmflow_tests::firewall_tools::{bench, read};
use xtask::lab::ScratchDir;
use xtask::setup::programs;

const SITE: &str = r#"
edition = "current"
companions = []
[networks]
internal = ["10.0.0.0/8"]
[roles]
client = ["10.10.0.0/24"]
management-point = ["10.20.0.11"]
distribution-point-pxe = ["10.20.0.12"]
site-server = ["10.30.0.5"]
"#;

/// Initiator, responder, protocol, port, lowest and highest port, verdict, rule, packets.
type Row = (
    &'static str,
    &'static str,
    u8,
    u16,
    (u16, u16),
    VerdictKind,
    &'static str,
    u64,
);

const ROWS: [Row; 5] = [
    (
        "10.10.0.0/24",
        "10.20.0.11",
        6,
        443,
        (443, 443),
        VerdictKind::Documented,
        "client/management-point/https",
        500,
    ),
    (
        "10.10.0.0/24",
        "10.20.0.12",
        17,
        69,
        (69, 69),
        VerdictKind::Documented,
        "client/distribution-point-pxe/tftp",
        60,
    ),
    (
        "10.30.0.5",
        "10.20.0.11",
        6,
        135,
        (135, 135),
        VerdictKind::Documented,
        "site-server/management-point/rpc-endpoint-mapper",
        30,
    ),
    (
        "10.30.0.5",
        "10.20.0.11",
        6,
        0,
        (49_664, 49_702),
        VerdictKind::Documented,
        "site-server/management-point/rpc",
        90,
    ),
    (
        "10.10.0.7",
        "10.20.0.11",
        6,
        3389,
        (3389, 3389),
        VerdictKind::Undocumented,
        "",
        44,
    ),
];

/// A history of a week, with all of it in its last hour.
fn record(path: &Path) -> Result<()> {
    let (begin, end) = (at("2026-11-13T00:00:00Z"), at("2026-11-20T12:00:00Z"));
    let mut store = Store::open(path, begin)?.store;
    store.begin_generation(&Generation {
        from: begin,
        number: 1,
        edition: "current".to_owned(),
        version: "0.1.0".to_owned(),
        files: vec![StoredFile {
            path: "/etc/cmflow/site.toml".to_owned(),
            sha256: sha256(SITE.as_bytes()),
            kind: StoredFile::SITE.to_owned(),
            text: SITE.to_owned(),
        }],
        possible: ROWS
            .iter()
            .map(|row| row.6.to_owned())
            .filter(|rule| !rule.is_empty())
            .collect(),
    })?;
    let mut change = Change {
        from: begin,
        to: end,
        ..Change::default()
    };
    for (number, (initiator, responder, protocol, port, ports, kind, rule, packets)) in (0..).zip(ROWS) {
        change.verdicts.push(VerdictInfo {
            kind,
            rules: if rule.is_empty() {
                Vec::new()
            } else {
                vec![rule.to_owned()]
            },
            basis: Some(if port == 0 {
                Basis::Expectation
            } else {
                Basis::Port
            })
            .filter(|_| !rule.is_empty()),
        });
        let more = Activity {
            packets,
            bytes: packets * 100,
            flows: 4,
            answered: 4,
            proving: 4,
            ..Activity::default()
        };
        change.counted.push(VerdictChange {
            verdict: number,
            more,
        });
        change.conversations.push(ConversationChange {
            key: ConversationKey {
                protocol,
                initiator: prefix(initiator),
                responder: prefix(responder),
                port,
                verdict: number,
            },
            more,
            live: Live::default(),
            first_seen: at("2026-11-20T11:00:00Z"),
            last_seen: at("2026-11-20T11:30:00Z"),
            last_proving: Some(at("2026-11-20T11:30:00Z")),
            ports,
            initiators: 1,
            responders: 1,
        });
    }
    store.commit(&change, &Retention::default())?;
    Ok(())
}

#[test]
fn a_history_becomes_a_firewall_and_an_old_one_is_held_against_it() -> Result<()> {
    let folder = ScratchDir::new("export-history")?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    record(Path::new(&path("a.db")))?;
    let output = run(&[
        "export",
        "nftables",
        "--from",
        &path("a.db"),
        "--output",
        &path("gateway.nft"),
    ]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(
        output.status.success() && output.stdout.is_empty() && said.contains("review it"),
        "{said}"
    );
    let written = fs::read_to_string(path("gateway.nft"))?;
    for told in [
        "client/management-point/https",
        "observed 7 d",
        "/etc/cmflow/site.toml",
        &sha256(SITE.as_bytes()),
        "those asked at lay in 49664-49702, 39 at most",
        "udp dport 69 ct state new ct helper set",
    ] {
        ensure!(written.contains(told), "{told}: {written}");
    }
    if let Some(inside) = bench(&[programs::NFT])? {
        read(&inside, "nft", &["-c", "-f", "-"], &written)?;
    }

    fs::write(
        path("rules.csv"),
        "name,source,destination,protocol,port,action\n\
         web,10.10.0.0/24,10.20.0.11,tcp,443;3389,allow\n\
         old,10.10.0.0/24,10.20.0.11,tcp,21,allow\n\
         rpc,10.30.0.5,10.20.0.11,tcp,135;49152-65535,allow\n",
    )?;
    let output = run(&[
        "compare",
        "--firewall",
        &path("rules.csv"),
        "--from",
        &path("a.db"),
        "--format",
        "json",
    ]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let compared: FirewallComparison = serde_json::from_slice(&output.stdout).context(said)?;
    let lines: Vec<_> = compared
        .lines
        .iter()
        .map(|line| {
            (
                line.name.as_str(),
                line.state.as_str(),
                line.packets,
                line.unexplained.len(),
            )
        })
        .collect();
    assert_eq!(
        lines,
        [
            ("web", "used", 544, 1),
            ("old", "unused", 0, 0),
            ("rpc", "used", 120, 0)
        ]
    );
    assert_eq!((compared.by.as_str(), output.status.code()), ("history", Some(1)));
    let missing = compared
        .missing
        .iter()
        .filter(|one| one.wanted)
        .map(|one| one.rules.join(" "));
    let missing: Vec<_> = missing.collect();
    ensure!(
        missing
            .iter()
            .any(|rules| rules.contains("client/distribution-point-pxe/tftp")),
        "{missing:?}"
    );
    ensure!(
        !missing
            .iter()
            .any(|rules| rules.contains("client/management-point/https")),
        "{missing:?}"
    );
    Ok(())
}

#[test]
fn without_a_history_or_data_there_is_no_firewall() -> Result<()> {
    let folder = ScratchDir::new("export-nothing")?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    record(Path::new(&path("a.db")))?;
    for arguments in [
        vec!["--from", "/nonexistent/a.db"],
        vec!["--from", "DB", "--since", "2027-01-01"],
        vec!["--from", "DB", "--audit", "audit.json"],
        vec!["--audit", "DB"],
    ] {
        let database = path("a.db");
        let arguments: Vec<_> = arguments
            .into_iter()
            .map(|word| if word == "DB" { database.as_str() } else { word })
            .collect();
        let output = run(&[&["export", "nftables"], arguments.as_slice()].concat());
        let said = String::from_utf8(output.stderr)?;
        ensure!(
            output.status.code() == Some(2) && output.stdout.is_empty() && !said.is_empty(),
            "{arguments:?}: {said}"
        );
    }
    Ok(())
}
