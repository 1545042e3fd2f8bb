//! The site file: TOML in, a [`SiteModel`] out, or every problem of it with its file and line.
//!
//! `files` reads the file and what it `include`s. Of all of them together, names are taken in first (roles, sites),
//! then what is said with them: one module a section. `value` tells types apart, `prefix` reads addresses,
//! `statements` is the one way into the model.

mod alerts;
mod approval;
mod conditions;
mod csv_file;
mod custom;
mod draft;
mod files;
mod gaps;
mod general;
mod history;
mod host;
mod include;
mod initiates;
mod interfaces;
mod nat;
mod options;
mod ports;
mod prefix;
mod problem;
mod proxy;
mod reading;
mod ring;
mod roles;
mod rpc;
mod rule;
mod scope;
mod site;
mod socket;
mod sql_instance;
mod standby;
mod statements;
mod swallowed;
#[cfg(test)]
mod tests;
mod value;
mod wsus;

use std::path::{Path, PathBuf};

use crate::catalogue::Catalogue;
use crate::history::StoredFile;
use crate::site::{FileIndex, SiteModel};

pub use prefix::prefix as read_prefix;
pub use problem::{Problem, Problems};
pub use reading::{Ended, Reading};
pub use rule::SOON_DAYS;

use draft::Draft;
use files::{Content, Document, Files};
use value::{Entry, unknown_key};

/// What a file may hold, the site file and an included one alike.
const KEYS: [&str; 19] = [
    "edition",
    "companions",
    "approvals",
    "include",
    "networks",
    "scope",
    "conditions",
    "options",
    "history",
    "alerts",
    "interfaces",
    "roles",
    "site",
    "host",
    "sql-instance",
    "nat",
    "custom-roles",
    "rule",
    "ports",
];

/// A site file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteFile {
    /// What it means.
    pub model: SiteModel,
    /// What may be a mistake.
    pub warnings: Vec<Problem>,
}

/// Reads a site file and what it includes.
pub fn read(catalogue: &Catalogue, path: &Path, reading: &Reading) -> Result<SiteFile, Problems> {
    files::read(path, &mut |files, documents| {
        assemble(catalogue, reading, files, documents)
    })
}

/// Reads a site file and what it includes from the texts that a history holds of them, in their order, the site file
/// first: none of them has to be on this machine. Files of other kinds are left out.
pub fn read_stored(
    catalogue: &Catalogue,
    stored: &[StoredFile],
    reading: &Reading,
) -> Result<SiteFile, Problems> {
    files::read_stored(stored, &mut |files, documents| {
        assemble(catalogue, reading, files, documents)
    })
}

/// The text of an approvals file that is not in it yet.
#[derive(Clone, Debug)]
pub struct ApprovalsText {
    /// Path of the file.
    pub path: PathBuf,
    /// What it would hold.
    pub text: String,
}

/// As [`read`], with an approvals file as it would be after a change, whatever the site file names.
pub fn read_with(
    catalogue: &Catalogue,
    path: &Path,
    reading: &Reading,
    approvals: ApprovalsText,
) -> Result<SiteFile, Problems> {
    files::read_with(path, approvals, &mut |files, documents| {
        assemble(catalogue, reading, files, documents)
    })
}

/// Path of the approvals file that a site file names, whether it is there or not; nothing where it names none, or where
/// its text is not in order.
#[must_use]
pub fn approvals_path(site_file: &Path) -> Option<PathBuf> {
    files::approvals_of(site_file)
}

/// Reads the text of a site file, today and strictly; `file` is what messages call it, and what it includes lies
/// beside that.
pub fn parse(catalogue: &Catalogue, file: &str, text: &str) -> Result<SiteFile, Problems> {
    parse_as(catalogue, file, text, &Reading::now(Ended::Refused))
}

fn parse_as(catalogue: &Catalogue, file: &str, text: &str, reading: &Reading) -> Result<SiteFile, Problems> {
    files::read_text(file, text, &mut |files, documents| {
        assemble(catalogue, reading, files, documents)
    })
}

/// Takes in what the files say: first what names are made of, then what is said with them.
fn assemble(
    catalogue: &Catalogue,
    reading: &Reading,
    files: Files,
    documents: &[Document<'_>],
) -> Result<SiteFile, Problems> {
    let mut draft = Draft::new(catalogue, *reading, files.report, files.complete);
    let sections = Sections::of(documents);
    for (file, entries) in &sections.0 {
        draft.report.turn_to(*file);
        for entry in entries.iter().filter(|entry| !KEYS.contains(&entry.key)) {
            unknown_key(&mut draft.report, entry, "", &KEYS);
        }
    }
    sections.each(&mut draft, "edition", general::edition);
    sections.each(&mut draft, "companions", general::companions);
    sections.each(&mut draft, "networks", general::networks);
    sections.each(&mut draft, "scope", scope::read);
    sections.each(&mut draft, "conditions", conditions::read);
    sections.each(&mut draft, "history", history::read);
    history::check(&mut draft);
    sections.each(&mut draft, "alerts", alerts::read);
    alerts::check(&mut draft);
    sections.each(&mut draft, "ports", ports::hierarchy);
    ports::check_hierarchy(&mut draft);
    sections.each(&mut draft, "custom-roles", custom::declare);
    site::read(&mut draft, &sections);

    sections.each(&mut draft, "roles", roles::read);
    sections.each(&mut draft, "custom-roles", custom::read);
    sections.each(&mut draft, "host", host::read);
    for document in documents {
        if let Content::Csv(text) = document.content {
            draft.report.turn_to(document.file);
            csv_file::read(&mut draft, text);
        }
    }
    sections.each(&mut draft, "options", options::read);
    sections.each(&mut draft, "interfaces", interfaces::read);
    sections.each(&mut draft, "sql-instance", sql_instance::read);
    nat::read(&mut draft, &sections);
    proxy::check(&mut draft);
    sql_instance::check(&mut draft);
    sections.each(&mut draft, "rule", rule::read);
    for document in documents {
        if let Content::Approvals(table) = &document.content {
            draft.report.turn_to(document.file);
            draft.model.approvals = Some(document.file);
            approval::read(&mut draft, &value::entries(table.get_ref()));
        }
    }
    gaps::warn(&mut draft);

    let (files, warnings) = draft.report.finish()?;
    let model = SiteModel { files, ..draft.model };
    Ok(SiteFile { model, warnings })
}

/// The sections of all TOML files.
struct Sections<'d>(Vec<(FileIndex, Vec<Entry<'d>>)>);

impl<'d> Sections<'d> {
    fn of(documents: &'d [Document<'_>]) -> Self {
        let sections = documents
            .iter()
            .map(|document| (document.file, document.sections()));
        Self(sections.collect())
    }

    /// Reads the section of that name in each file that has it.
    fn each<'c>(&self, draft: &mut Draft<'c>, key: &str, mut read: impl FnMut(&mut Draft<'c>, &Entry<'d>)) {
        for (file, entries) in &self.0 {
            draft.report.turn_to(*file);
            for entry in entries.iter().filter(|entry| entry.key == key) {
                read(draft, entry);
            }
        }
    }
}
