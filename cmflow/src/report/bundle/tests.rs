//! A bundle unpacks by what everybody has, its sums hold, and it is the same each time.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};
use std::process::Command;

use cmflow_common::verdict::VerdictKind;

use super::*;
use crate::compile::{Basis, VerdictInfo};
use crate::history::{
    Activity, ConversationKey, Days, Gateway, Generation, Outage, RecordedConversation, Sighting, StoredFile,
    VerdictUse,
};
use crate::report::tests::{at, audit};

fn gateway(name: &str) -> Evidence {
    let file = |path: &str, kind: &str, text: &str| StoredFile {
        path: path.to_owned(),
        sha256: sha256(text.as_bytes()),
        kind: kind.to_owned(),
        text: text.to_owned(),
    };
    let site = file(
        "/etc/cmflow/../site.toml",
        StoredFile::SITE,
        "edition = \"current\"\n",
    );
    let gone = StoredFile {
        text: String::new(),
        ..file("old.toml", StoredFile::SITE, "edition = \"2020-04\"\n")
    };
    let generation = |from: &str, files: Vec<StoredFile>| Generation {
        from: at(from),
        number: 1,
        edition: "current".to_owned(),
        version: "0.1.0".to_owned(),
        files,
        possible: Vec::new(),
    };
    Evidence {
        gateway: Gateway {
            name: name.to_owned(),
            interfaces: Vec::new(),
        },
        from: at("2026-10-12T00:00:00Z"),
        to: at("2026-11-23T12:00:00Z"),
        outages: vec![Outage {
            from: at("2026-10-20T22:00:00Z"),
            to: at("2026-10-22T06:10:00Z"),
            kind: Outage::DOWN.to_owned(),
            note: "=HYPERLINK(\"http://evil.example\")".to_owned(),
        }],
        generations: vec![
            generation("2026-10-01T00:00:00Z", vec![gone]),
            generation("2026-10-12T00:00:00Z", vec![site.clone()]),
            generation(
                "2026-11-12T00:00:00Z",
                vec![site, file("approvals.toml", StoredFile::APPROVALS, "")],
            ),
        ],
        verdicts: vec![VerdictUse {
            info: VerdictInfo {
                kind: VerdictKind::Documented,
                rules: vec!["client/management-point/https".to_owned()],
                basis: Some(Basis::Port),
            },
            total: Activity::default(),
            days: vec![(20_000, 77)],
        }],
        conversations: vec![RecordedConversation {
            key: ConversationKey {
                protocol: 6,
                initiator: "10.10.4.0/24".parse().expect("a prefix"),
                responder: "10.20.0.11/32".parse().expect("a prefix"),
                port: 443,
                verdict: 0,
            },
            total: Activity {
                packets: 77,
                flows: 3,
                answered: 2,
                ..Activity::default()
            },
            first_seen: at("2026-10-13T00:00:00Z"),
            last_seen: at("2026-11-23T00:00:00Z"),
            last_proving: None,
            hit: Days::of(20_000),
            proving: Days::default(),
            ports: (443, 443),
            initiators: 2,
            responders: 1,
            folded: false,
        }],
        sightings: vec![Sighting {
            who: "10.10.4.0/24".parse().expect("a prefix"),
            interface: "eth0".to_owned(),
            here: true,
        }],
        ..Evidence::default()
    }
}

fn packed(evidence: &[Evidence]) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    bundle(&audit(), evidence, &mut out).expect("memory can be written");
    out.into_inner()
}

fn unpacked(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).expect("a ZIP file");
    let mut files = BTreeMap::new();
    for place in 0..zip.len() {
        let mut file = zip.by_index(place).expect("a file in it");
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).expect("it can be read");
        let name = file.name().expect("a name that is text").into_owned();
        files.insert(name, bytes);
    }
    files
}

#[test]
fn the_same_audit_is_the_same_file() {
    let evidence = [gateway("gw-a"), gateway("gw-b")];
    assert_eq!(packed(&evidence), packed(&evidence));
}

#[test]
fn everything_is_in_it_and_in_its_folder() {
    let files = unpacked(&packed(&[gateway("../../gw"), gateway("gw")]));
    let folder = "cmflow-audit-20261123T120030Z/";
    let names: Vec<_> = files
        .keys()
        .map(|name| name.strip_prefix(folder).expect("one folder"))
        .collect();
    let of = |gateway: &str| -> Vec<String> {
        let site = format!("files/{}-site.toml", &sha256(b"edition = \"current\"\n")[..12]);
        let approvals = format!("files/{}-approvals.toml", &sha256(b"")[..12]);
        let mut names = [
            "conversations.csv".to_owned(),
            approvals,
            site,
            "generations.csv".to_owned(),
            "outages.csv".to_owned(),
            "sightings.csv".to_owned(),
            "verdicts.csv".to_owned(),
        ];
        names.sort();
        names
            .iter()
            .map(|name| format!("evidence/{gateway}/{name}"))
            .collect()
    };
    let mut wanted: Vec<String> = [
        "README.txt",
        "SHA256SUMS",
        "audit.json",
        "openings.csv",
        "report.html",
        "report.md",
        "rules.csv",
        "unexplained.csv",
    ]
    .map(str::to_owned)
    .to_vec();
    wanted.extend(of("gw"));
    wanted.extend(of("gw-2"));
    wanted.sort();
    assert_eq!(names, wanted);
    let read = |name: &str| String::from_utf8(files[&format!("{folder}{name}")].clone()).expect("text");
    assert!(read("README.txt").contains("by prefix"));
    assert_eq!(
        serde_json::from_str::<Audit>(&read("audit.json")).expect("an audit"),
        audit()
    );
    assert_eq!(read("rules.csv").lines().count(), audit().rules.len() + 1);
    assert_eq!(read("openings.csv").lines().count(), audit().openings.len() + 1);
    assert!(read("evidence/gw/conversations.csv").contains("tcp,10.10.4.0/24,10.20.0.11/32,443"));
    // A spreadsheet shows what a note says, and does not do it.
    assert!(read("evidence/gw/outages.csv").contains("\"'=HYPERLINK("));
    let generations = read("evidence/gw/generations.csv");
    assert_eq!(generations.lines().count(), 5);
    assert!(generations.contains("old.toml,site,"));
}

#[test]
fn unzip_unpacks_it_and_sha256sum_finds_every_file_as_it_was() {
    let folder = std::env::temp_dir().join(format!("cmflow-bundle-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let zip = folder.join("audit.zip");
    std::fs::write(&zip, packed(&[gateway("gw")])).expect("the folder can be written");
    let run = |program: &str, arguments: &[&str], within: &std::path::Path| {
        let output = Command::new(program).args(arguments).current_dir(within).output();
        let output = output.unwrap_or_else(|error| panic!("{program}: {error}; cargo xtask setup brings it"));
        assert!(
            output.status.success(),
            "{program}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    run("python3", &["-m", "zipfile", "-e", "audit.zip", "."], &folder);
    let inside = folder.join("cmflow-audit-20261123T120030Z");
    let checked = run("sha256sum", &["--check", "--strict", "SHA256SUMS"], &inside);
    assert_eq!(checked.lines().filter(|line| line.ends_with(": OK")).count(), 14);
    std::fs::write(inside.join("rules.csv"), "used\n").expect("it can be written");
    let changed = Command::new("sha256sum")
        .args(["--check", "--quiet", "SHA256SUMS"])
        .current_dir(&inside)
        .output();
    assert!(!changed.expect("it ran before").status.success());
    std::fs::remove_dir_all(folder).expect("it is ours");
}
