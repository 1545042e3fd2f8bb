//! What the notes of the page mean, as tables of cases: site file, what is said, what is told of it.
//!
//! `tests/tests/notes.rs` holds each case against `explain`, `replay` and the program in the kernel.

use anyhow::{Context as _, Result};

pub mod cloud;
pub mod conditions;
pub mod dynamic;
pub mod lists;
pub mod openers;
pub mod ports;
pub mod said;
pub mod sites;
pub mod startup;
pub mod told;
pub mod unseen;

/// Editions, oldest first.
pub const EDITIONS: [&str; 4] = ["2016-09", "2018-02", "2020-04", "current"];

/// The tables.
const TABLES: [&str; 8] = [
    openers::CASES,
    dynamic::CASES,
    startup::CASES,
    ports::CASES,
    conditions::CASES,
    cloud::CASES,
    unseen::CASES,
    lists::CASES,
];

/// One case.
///
/// A table is a text. A heading says where the cases below it come from, and in which editions they hold; lines that
/// begin with `+` are added to the site file of [`sites::whole`]; then each case says, before and behind the arrow,
/// what is said (see [`said`]) and what is told of it (see [`told`]). `//` begins a comment.
///
/// ```text
/// note 6, strict; 2020-04 current
/// + options.rpc = "strict"
///   mp > ss tcp/50000 => undocumented
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Note, table or list of the page that it comes from.
    pub note: &'static str,
    /// The edition.
    pub edition: &'static str,
    /// Lines of its site file.
    pub lines: String,
    /// What is said.
    pub said: &'static str,
    /// What is told of it.
    pub told: &'static str,
}

/// All cases, once for each edition.
///
/// # Errors
/// Where a table cannot be read.
pub fn all() -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for table in TABLES {
        let (mut note, mut editions, mut lines, mut said) = ("", Vec::new(), String::new(), "");
        for line in table.lines().filter(|line| !line.trim_start().starts_with("//")) {
            if let Some(added) = line.strip_prefix("+ ") {
                lines = lines + added + "\n";
            } else if !line.starts_with(' ') {
                let Some((heading, held)) = line.rsplit_once("; ") else {
                    continue;
                };
                note = heading;
                lines.clear();
                editions = match held {
                    "every edition" => EDITIONS.to_vec(),
                    some => some.split(' ').collect(),
                };
            } else if let Some((before, told)) = line.split_once("=> ") {
                let before = before.trim();
                let said = if before.is_empty() { said } else { before };
                cases.extend(editions.iter().map(|edition| Case {
                    note,
                    edition,
                    lines: lines.clone(),
                    said,
                    told,
                }));
            } else {
                said = line.trim();
            }
        }
        let last = cases.last().context("a table without cases")?;
        anyhow::ensure!(!last.note.is_empty(), "cases without a heading");
    }
    Ok(cases)
}
