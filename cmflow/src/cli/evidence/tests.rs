//! What is gathered, from histories that the store wrote.

use std::fs;

use clap::Parser;
use cmflow_common::verdict::VerdictKind;

use super::*;
use crate::compile::VerdictInfo;
use crate::history::{Activity, Change, Retention, VerdictChange};
use crate::store::Store;

#[derive(Debug, Parser)]
struct Command {
    #[command(flatten)]
    drawn: Drawn,
}

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("cmflow-evidence-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a temporary folder");
        Self(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    /// A history of a minute, judged by a site file of that text.
    fn history(&self, name: &str, begun: &str, site: &str) -> String {
        let path = self.0.join(name);
        let from: Timestamp = begun.parse().expect("a time");
        let file = |path: &str, kind: &str, text: &str| StoredFile {
            path: path.to_owned(),
            sha256: sha256(text.as_bytes()),
            kind: kind.to_owned(),
            text: text.to_owned(),
        };
        let generation = Generation {
            from,
            number: 1,
            edition: "current".to_owned(),
            version: "0.1.0".to_owned(),
            files: vec![
                file("/gone/site.toml", StoredFile::SITE, site),
                file("/gone/b.toml", StoredFile::SITE, CLIENTS),
            ],
            possible: Vec::new(),
        };
        let more = Activity {
            packets: 1,
            ..Activity::default()
        };
        let verdict = VerdictInfo {
            kind: VerdictKind::Undocumented,
            rules: Vec::new(),
            basis: None,
        };
        let change = Change {
            from,
            to: from + jiff::SignedDuration::from_secs(60),
            verdicts: vec![verdict],
            counted: vec![VerdictChange { verdict: 0, more }],
            ..Change::default()
        };
        let mut store = Store::open(&path, from).expect("a temporary folder").store;
        store.begin_generation(&generation).expect("room on the disk");
        store
            .commit(&change, &Retention::default())
            .expect("room on the disk");
        path.display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const SITE: &str = "include = \"b.toml\"\n[roles]\nmanagement-point = [\"10.20.0.11\"]\n";
const OTHER: &str = "include = \"b.toml\"\n[roles]\nmanagement-point = [\"10.20.0.12\"]\n";
const CLIENTS: &str = "[roles]\nclient = [\"10.10.0.0/16\"]\n";

fn gather(arguments: &[&str]) -> anyhow::Result<Gathered> {
    let arguments = std::iter::once("cmflow").chain(arguments.iter().copied());
    Command::try_parse_from(arguments)?.drawn.gather(None)
}

fn refused(arguments: &[&str]) -> String {
    match gather(arguments) {
        Ok(_) => panic!("{arguments:?} is refused"),
        Err(error) => format!("{error:#}"),
    }
}

fn holders(gathered: &Gathered, role: &str) -> Vec<String> {
    let role = gathered.catalogue.role(role).expect("a role of the catalogue");
    let statements = gathered.site.statements.iter().filter(|one| one.role == role);
    statements.map(|one| format!("{:?}", one.extent)).collect()
}

#[test]
fn a_history_is_judged_by_the_site_file_that_it_holds() {
    let folder = Folder::new("held");
    let db = folder.history("gw.db", "2026-11-24T12:00:00Z", SITE);
    let gathered = gather(&["--from", &db]).expect("all that it takes");
    assert_eq!(gathered.evidence.len(), 1);
    assert_eq!(gathered.evidence[0].gateway.name, "gw");
    assert_eq!(holders(&gathered, "management-point"), ["Prefix(10.20.0.11/32)"]);
    assert_eq!(holders(&gathered, "client"), ["Prefix(10.10.0.0/16)"]);
    let hashes: Vec<_> = gathered
        .files
        .iter()
        .map(|file| (file.path.as_str(), file.sha256.clone()))
        .collect();
    assert_eq!(
        hashes,
        [
            ("/gone/site.toml", sha256(SITE.as_bytes())),
            ("/gone/b.toml", sha256(CLIENTS.as_bytes()))
        ]
    );
    assert_eq!(gathered.compiled.edition.0, "current");

    let gathered = gather(&["--from", &db, "--edition", "2018-02"]).expect("all that it takes");
    assert_eq!(
        (
            gathered.site.edition.0.as_str(),
            gathered.compiled.edition.0.as_str()
        ),
        ("2018-02", "2018-02")
    );
}

#[test]
fn another_site_file_can_be_named() {
    let folder = Folder::new("named");
    let db = folder.history("gw.db", "2026-11-24T12:00:00Z", SITE);
    let site = folder.path("new.toml");
    let text = "[roles]\nmanagement-point = [\"10.99.0.1\"]\n";
    fs::write(&site, text).expect("a temporary folder");
    let gathered = gather(&["--from", &db, "--site", &site]).expect("all that it takes");
    assert_eq!(holders(&gathered, "management-point"), ["Prefix(10.99.0.1/32)"]);
    assert_eq!(
        gathered.files,
        [SourceFile {
            path: site,
            sha256: sha256(text.as_bytes())
        }]
    );
}

#[test]
fn several_histories_are_judged_by_the_newest_site_file() {
    let folder = Folder::new("several");
    let newer = folder.history("newer.db", "2026-11-24T12:00:00Z", SITE);
    let older = folder.history("older.db", "2026-11-20T12:00:00Z", OTHER);
    let gathered = gather(&["--from", &older, "--from", &newer]).expect("all that it takes");
    let names: Vec<_> = gathered
        .evidence
        .iter()
        .map(|one| one.gateway.name.as_str())
        .collect();
    assert_eq!(names, ["older", "newer"]);
    assert_eq!(holders(&gathered, "management-point"), ["Prefix(10.20.0.11/32)"]);
    assert!(
        gathered
            .warnings
            .iter()
            .any(|what| what.starts_with("older was judged by another site file")),
        "{:?}",
        gathered.warnings
    );
}

#[test]
fn what_cannot_be_answered_says_why() {
    let folder = Folder::new("refused");
    let db = folder.history("gw.db", "2026-11-24T12:00:00Z", SITE);
    let missing = folder.path("missing.db");
    for (arguments, told) in [
        (&["--from", &missing][..], "there is no history at"),
        (&["--from", &missing], "`cmflow run` writes one"),
        (&["--from", &db, "--from", &db], "is given twice"),
        (
            &["--from", &db, "--since", "2026-11-25", "--until", "2026-11-24"],
            "is after --until",
        ),
        (
            &["--from", &db, "--since", "2027-01-01"],
            "it reaches from 2026-11-24T12:00:00Z to 2026-11-24T12:01:00Z",
        ),
        (
            &["--from", &db, "--until", "2025-01-01"],
            "ask for a part of that",
        ),
        (&["--from", &db, "--edition", "2018-2"], "2018-02"),
        (&["--from", &db, "--since", "soon"], "is no time"),
        (&["--from", &db, "--instance", "a"], "cannot be used with"),
        (
            &["--instance", "no-such-instance"],
            "nothing is recorded for instance no-such-instance",
        ),
    ] {
        let error = refused(arguments);
        assert!(error.contains(told), "{arguments:?}: {error}");
    }
}
