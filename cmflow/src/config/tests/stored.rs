//! A site file out of a history means what it meant on the machine where it was read.

use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::history::StoredFile;

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Files with every way to include: patterns, folders, a ring of names for one file, CSV.
const FILES: [(&str, &str); 5] = [
    (
        "gateway.conf",
        "approvals = \"agreed.toml\"\ninclude = [\"branches/*.toml\", \"./branches/../dps.csv\"]\n[roles]\nsite-server = [\"10.30.0.5\"]\n",
    ),
    (
        "branches/a.toml",
        "include = \"../dps.csv\"\n[roles]\nclient = [\"10.1.0.0/16\"]\n",
    ),
    (
        "branches/b.toml",
        "[roles]\nclient = [\"10.2.0.0/16\"]\n[[host]]\nname = \"mp01\"\naddress = \"10.20.0.11\"\nroles = \"management-point\"\n",
    ),
    (
        "agreed.toml",
        "[[approval]]\nid = \"a\"\nby = \"A\"\nwhy = \"CHG1\"\npermanent = true\nfrom = \"client\"\nto = \"10.2.0.9\"\ntcp = 1\n",
    ),
    (
        "dps.csv",
        "name,address,roles\ndp01,10.20.0.12,distribution-point\n",
    ),
];

fn stored(names: &[String]) -> Vec<StoredFile> {
    let stored = names.iter().map(|name| StoredFile {
        path: name.clone(),
        sha256: String::new(),
        kind: match name.ends_with("agreed.toml") {
            true => StoredFile::APPROVALS,
            false => StoredFile::SITE,
        }
        .to_owned(),
        text: fs::read_to_string(name).expect("it was read"),
    });
    stored.collect()
}

#[test]
fn it_means_the_same_without_its_files() {
    let folder = Folder(std::env::temp_dir().join(format!("cmflow-stored-{}", std::process::id())));
    fs::create_dir_all(folder.0.join("branches")).expect("a temporary folder");
    for (name, text) in FILES {
        fs::write(folder.0.join(name), text).expect("a temporary folder");
    }
    let catalogue = Catalogue::embedded().expect("the built-in catalogue");
    let read = read(&catalogue, &folder.0.join("gateway.conf"), &READING).expect("sound files");
    assert_eq!(read.model.files.len(), FILES.len());
    let mut stored = stored(&read.model.files);
    stored.push(StoredFile {
        path: "extra.toml".to_owned(),
        sha256: String::new(),
        kind: StoredFile::CATALOGUE.to_owned(),
        text: "no part of the site file".to_owned(),
    });
    drop(folder);
    assert!(!Path::new(&stored[0].path).exists());
    let again = read_stored(&catalogue, &stored, &READING).expect("the same files");
    assert_eq!(again, read);
}

#[test]
fn mistakes_are_told_with_the_names_of_then() {
    let catalogue = Catalogue::embedded().expect("the built-in catalogue");
    let file = |path: &str, text: &str| StoredFile {
        path: path.to_owned(),
        sha256: String::new(),
        kind: StoredFile::SITE.to_owned(),
        text: text.to_owned(),
    };
    let files = [
        file("/etc/a.toml", "include = \"b.toml\"\n"),
        file("/etc/b.toml", "\n[roles]\nclients = []\n"),
    ];
    let problems = read_stored(&catalogue, &files, &READING).expect_err("there is no such role");
    assert!(
        problems
            .to_string()
            .starts_with("/etc/b.toml:3: unknown role \"clients\""),
        "{problems}"
    );
}
