//! `cmflow catalogue` from outside: golden files, exit codes, files of the user.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use cmflow_tests::binary::{cmflow, run};
use cmflow_tests::golden;
use serde_json::Value;

const EDITIONS: [&str; 4] = ["2016-09", "2018-02", "2020-04", "current"];

fn json(arguments: &[&str]) -> Value {
    let output = run(arguments);
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        output.stderr.is_empty(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("stdout is JSON")
}

/// The command fails with 2 and says in one line why.
fn refused(arguments: &[&str], words: &str) {
    let output = run(arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
    assert!(said.contains(words), "{arguments:?}: {said}");
    assert_eq!(said.lines().count(), 1, "{arguments:?}: {said}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
}

#[test]
fn each_edition_shows_what_it_showed() {
    for edition in EDITIONS {
        let shown = json(&["catalogue", "show", "--edition", edition, "--format", "json"]);
        golden::check(
            &format!("catalogue-{edition}.json"),
            &golden::a_rule_a_line(&shown),
        );
    }
}

#[test]
fn neighbouring_editions_differ_as_they_did() {
    for pair in EDITIONS.windows(2) {
        let shown = json(&["catalogue", "diff", pair[0], pair[1], "--format", "json"]);
        let name = format!("catalogue-diff-{}-{}.json", pair[0], pair[1]);
        golden::check(&name, &golden::a_rule_a_line(&shown));
    }
}

#[test]
fn tables_for_people_stay_as_they_were() {
    for (name, arguments) in [
        ("catalogue-editions.txt", ["catalogue", "editions"].as_slice()),
        ("catalogue-current.txt", &["catalogue", "show"]),
        (
            "catalogue-diff-2020-04-current.txt",
            &["catalogue", "diff", "2020-04", "current"],
        ),
    ] {
        let output = run(arguments);
        assert!(output.status.success(), "{arguments:?}");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let wide: Vec<&str> = text.lines().filter(|line| line.chars().count() > 100).collect();
        assert!(wide.is_empty(), "wider than 100 columns: {wide:?}");
        golden::check(name, &text);
    }
}

#[test]
fn editions_tell_how_much_stands_in_them() {
    let shown = json(&["catalogue", "editions", "--format", "json"]);
    let editions = shown["editions"].as_array().expect("a list");
    let counts: Vec<_> = editions
        .iter()
        .map(|e| (e["id"].as_str(), e["rules"].as_u64()))
        .collect();
    let expected = [
        ("2016-09", 123),
        ("2018-02", 119),
        ("2020-04", 139),
        ("current", 141),
    ];
    assert_eq!(counts, expected.map(|(id, rules)| (Some(id), Some(rules))));
}

/// From one edition to another and back: what one way adds, the other removes.
#[test]
fn a_diff_turned_round_is_its_opposite() {
    let there = json(&["catalogue", "diff", "2016-09", "current", "--format", "json"]);
    let back = json(&["catalogue", "diff", "current", "2016-09", "--format", "json"]);
    let ids = |value: &Value| {
        let items = value.as_array().expect("a list").iter();
        let mut ids: Vec<_> = items
            .map(|item| item["id"].as_str().expect("an id").to_owned())
            .collect();
        ids.sort();
        ids
    };
    assert!(!ids(&there["added"]).is_empty());
    assert_eq!(ids(&there["added"]), ids(&back["removed"]));
    assert_eq!(ids(&there["removed"]), ids(&back["added"]));
    assert_eq!(ids(&there["changed"]), ids(&back["changed"]));
    let same = json(&["catalogue", "diff", "current", "current", "--format", "json"]);
    assert_eq!(
        same,
        serde_json::json!({"added": [], "removed": [], "changed": []})
    );
}

#[test]
fn what_cannot_be_answered_is_refused_in_one_line() {
    refused(
        &["catalogue", "show", "--edition", "2018-2"],
        "did you mean \"2018-02\"?",
    );
    refused(
        &["catalogue", "diff", "2018-02", "now"],
        "there is no edition \"now\"",
    );
    refused(
        &["--catalogue", "/nonexistent/x.toml", "catalogue", "editions"],
        "/nonexistent/x.toml cannot be read",
    );
}

#[test]
fn a_file_of_the_user_is_laid_over_the_catalogue() {
    let path = std::env::temp_dir().join(format!("cmflow-own-{}.toml", std::process::id()));
    let text = "[[edition]]\nid = \"2027-01\"\nname = \"January 2027\"\nlike = \"current\"\n";
    std::fs::write(&path, text).expect("the temporary folder can be written");
    let name = path.to_str().expect("UTF-8");
    let shown = json(&[
        "catalogue",
        "diff",
        "current",
        "2027-01",
        "--format",
        "json",
        "--catalogue",
        name,
    ]);
    std::fs::write(&path, "[[edition]]\nid = \"x\"\nnmae = \"X\"\n").expect("as above");
    refused(
        &["--catalogue", name, "catalogue", "editions"],
        ":3: unknown field `nmae`",
    );
    std::fs::remove_file(&path).expect("it was just written");
    assert_eq!(shown["added"], serde_json::json!([]));
}

/// As in `cmflow catalogue show --format json | head -1`.
#[test]
fn a_closed_pipe_ends_the_answer_quietly() {
    let mut child = Command::new(cmflow())
        .args(["catalogue", "show", "--format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary was just built");
    let mut line = String::new();
    // Reading one line and dropping the reader closes the pipe, long before the answer is through.
    BufReader::with_capacity(64, child.stdout.take().expect("piped"))
        .read_line(&mut line)
        .expect("a line");
    let output = child.wait_with_output().expect("it was started");
    assert_eq!(line, "{\n");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}
