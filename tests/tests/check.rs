//! `cmflow check` from outside: what a site file means, and what is wrong with it.

use std::path::PathBuf;

use cmflow_tests::binary::run;
use serde_json::Value;

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
