//! An approval on its way into the file: read as it will be, and written if that is in order.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::civil::Date;

use super::{Approval, Covered, Locked, Patience, Refusal, Request, covered, replace, with_approvals};
use crate::catalogue::Catalogue;
use crate::compile::{Machine, compile};
use crate::config::{self, ApprovalsText, Problem, Problems, Reading, SiteFile};
use crate::site::SiteModel;

/// The name that a site file's approvals file is given.
const NAME: &str = "approvals.toml";

/// Where, by what and for whom it is written.
#[derive(Clone, Copy, Debug)]
pub struct Desk<'a> {
    /// The site file, which names the approvals file.
    pub site: &'a Path,
    /// Roles and rules.
    pub catalogue: &'a Catalogue,
    /// The day.
    pub reading: Reading,
    /// How long others are waited for.
    pub patience: Patience,
    /// Whether the line that names the file is added to the site file where there is none.
    pub write_site: bool,
    /// What whoever asks calls the last day.
    pub until: &'a str,
    /// What else they can do where the site file names no approvals file.
    pub or: &'static str,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Its id.
    pub id: String,
    /// The approvals file.
    pub file: PathBuf,
    /// The line on which it begins.
    pub line: usize,
    /// Whether the site file names the approvals file from now on.
    pub site_file_changed: bool,
    /// Its last day.
    pub until: Option<Date>,
    /// Other rules of the user's own that cover a part of it.
    pub approved_before: BTreeSet<String>,
    /// What is to be known of it, in sentences.
    pub notes: Vec<String>,
}

impl Desk<'_> {
    /// Writes an approval, or says why not; then nothing is changed.
    ///
    /// # Errors
    /// Where it is wrong, is so already, or cannot be written.
    pub fn approve(&self, request: &Request) -> Result<Made, Refusal> {
        let lock = config::approvals_path(self.site).unwrap_or_else(|| self.site.to_owned());
        let _locked = Locked::folder_of(&lock, self.patience)
            .map_err(|error| Refusal::Unlocked { path: lock, error })?;
        let change = Change::prepare(self, request)?;
        let (covered, notes) = change.examine(self)?;
        change.write()?;
        Ok(change.made(covered, notes))
    }
}

struct Change {
    approval: Approval,
    file: PathBuf,
    /// Lines of the file before.
    lines: usize,
    text: String,
    /// The site file with the line that names the file, where that has to be added.
    site: Option<(PathBuf, String)>,
}

impl Change {
    /// Reads the files as they are, and makes the text that is to be.
    fn prepare(desk: &Desk<'_>, request: &Request) -> Result<Self, Refusal> {
        let named = config::approvals_path(desk.site);
        let (file, text, model, site) = match named {
            Some(file) => {
                let text = text_of(&file)?;
                let now = ApprovalsText {
                    path: file.clone(),
                    text: text.clone(),
                };
                let model = config::read_with(desk.catalogue, desk.site, &desk.reading, now)?.model;
                (file, text, model, None)
            }
            None => {
                let model = config::read(desk.catalogue, desk.site, &desk.reading)?.model;
                let file = desk.site.with_file_name(NAME);
                let line = naming(desk)?;
                let text = text_of(&file)?;
                (file, text, model, Some(line))
            }
        };
        let approval = request.approval(&model, desk.reading.today, desk.until)?;
        Ok(Self {
            text: approval.appended(&text),
            lines: text.lines().count(),
            approval,
            file,
            site,
        })
    }

    /// Reads the file as it would be, and asks what explains the same already.
    fn examine(&self, desk: &Desk<'_>) -> Result<(Covered, Vec<String>), Refusal> {
        let text = ApprovalsText {
            path: self.file.clone(),
            text: self.text.clone(),
        };
        let read = config::read_with(desk.catalogue, desk.site, &desk.reading, text);
        let SiteFile { model, warnings } = read.map_err(|problems| self.without_lines(problems))?;
        let machine = Machine::named_by(&model);
        let compiled = compile(desk.catalogue, &model, &machine, &[])
            .map_err(|error| Refusal::Other(anyhow::Error::new(error)))?;
        let id = &self.approval.id;
        let covered = covered(&compiled, id);
        let documented = listed(&covered.documented);
        if !covered.alone && !covered.documented.is_empty() && covered.approved.is_empty() {
            return Err(Refusal::Already(format!(
                "{documented} explains it already; nothing was written"
            )));
        }
        if !covered.alone && !covered.approved.is_empty() {
            let by = covered.approved.iter().map(|rule| located(&model, rule));
            let by = by.collect::<Vec<_>>().join(", ");
            return Err(Refusal::Already(format!(
                "it is approved already, by {by}; nothing was written"
            )));
        }
        let mut notes = Vec::new();
        if !covered.documented.is_empty() {
            notes.push(format!("a part of it is documented and stays so: {documented}"));
        }
        let mut rules = compiled.rules.iter();
        if !rules.any(|rule| rule.id == *id && rule.is_possible()) {
            notes.push(
                "the site file names nobody at one of its ends; it explains nothing until it does".to_owned(),
            );
        }
        notes.extend(
            warnings
                .into_iter()
                .filter(|one| self.is_new(one))
                .map(|one| one.what),
        );
        Ok((covered, notes))
    }

    fn is_new(&self, problem: &Problem) -> bool {
        problem.file == self.file.display().to_string() && problem.line.is_some_and(|line| line > self.lines)
    }

    /// What is wrong with the new lines is wrong with what was asked for: nobody can look them up.
    fn without_lines(&self, problems: Problems) -> Refusal {
        if !problems.0.iter().any(|one| self.is_new(one)) {
            return problems.into();
        }
        let new = problems.0.into_iter().filter(|one| self.is_new(one));
        let what = new.map(|one| one.what).collect::<Vec<_>>().join("; ");
        Refusal::Impossible(format!("{what}; nothing was written"))
    }

    fn write(&self) -> Result<(), Refusal> {
        let site = self.site.as_ref().map(|(path, text)| (path, text));
        for (path, text) in [(&self.file, &self.text)].into_iter().chain(site) {
            replace(path, text).map_err(|error| Refusal::Unwritable {
                path: path.clone(),
                error,
            })?;
        }
        Ok(())
    }

    fn made(self, covered: Covered, notes: Vec<String>) -> Made {
        let line = self.text.lines().count() + 1 - self.approval.to_toml().lines().count();
        Made {
            id: self.approval.id,
            file: self.file,
            line,
            site_file_changed: self.site.is_some(),
            until: self.approval.until,
            approved_before: covered.approved,
            notes,
        }
    }
}

/// The site file with the line that names the approvals file; a refusal that says the line, where nobody asked for that.
fn naming(desk: &Desk<'_>) -> Result<(PathBuf, String), Refusal> {
    if !desk.write_site {
        return Err(Refusal::NoFile {
            site: desk.site.display().to_string(),
            or: desk.or,
            name: NAME.to_owned(),
        });
    }
    let path = desk.site.to_owned();
    let text = fs::read_to_string(&path).map_err(|error| Refusal::Unreadable {
        path: path.clone(),
        error,
    })?;
    Ok((path, with_approvals(&text, NAME)))
}

/// What a file holds; nothing where it is not there yet.
fn text_of(path: &Path) -> Result<String, Refusal> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(Refusal::Unreadable {
            path: path.to_owned(),
            error,
        }),
    }
}

fn located(site: &SiteModel, id: &str) -> String {
    let rule = site.rules.iter().find(|rule| rule.id == id);
    match rule {
        Some(rule) => format!("\"{id}\" ({})", site.located(rule.place)),
        None => format!("\"{id}\""),
    }
}

fn listed(rules: &BTreeSet<String>) -> String {
    rules.iter().cloned().collect::<Vec<_>>().join(", ")
}
