//! The site file and everything that it includes: each file is read once, whichever ways lead to it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::DeTable;

use super::ApprovalsText;
use super::include::{self, Kind};
use super::problem::Report;
use super::ring::ring;
use super::value::{Entry, entries, strings, wrong_type};
use crate::history::StoredFile;
use crate::site::{FileIndex, Place};

/// What a file says.
pub(super) enum Content<'t> {
    Toml(Spanned<DeTable<'t>>),
    Approvals(Spanned<DeTable<'t>>),
    Csv(&'t str),
}

/// The key that names the approvals file.
const APPROVALS: &str = "approvals";

/// A file that was read.
pub(super) struct Document<'t> {
    pub(super) file: FileIndex,
    /// The folder that it lies in.
    folder: PathBuf,
    pub(super) content: Content<'t>,
}

impl Document<'_> {
    /// The sections of a TOML file.
    pub(super) fn sections(&self) -> Vec<Entry<'_>> {
        match &self.content {
            Content::Toml(table) => entries(table.get_ref()),
            Content::Approvals(_) | Content::Csv(_) => Vec::new(),
        }
    }
}

/// A file whose text was read and not yet understood.
struct Text {
    file: FileIndex,
    path: PathBuf,
    kind: Kind,
    text: String,
}

/// What is known of the files while they are read.
pub(super) struct Files {
    pub(super) report: Report,
    /// False where a file could not be read: names may be in it that nobody knows now.
    pub(super) complete: bool,
    /// True where all files were given, and none is looked for.
    is_all: bool,
    /// Files by the path that is the same however one writes it.
    known: HashMap<PathBuf, FileIndex>,
    /// The approvals file, and where the name of it is written.
    approvals: Option<(FileIndex, Place)>,
    /// What it would hold after a change.
    instead: Option<ApprovalsText>,
    /// Which file includes which, and where.
    links: Vec<(FileIndex, FileIndex, Place)>,
}

/// Reads the file, all that it includes, and hands them to `finish`.
pub(super) fn read<R>(path: &Path, finish: &mut dyn FnMut(Files, &[Document<'_>]) -> R) -> R {
    let mut files = Files::new();
    let file = files.report.add(path.display().to_string()).unwrap_or_default();
    files.known.insert(identity(path), file);
    let root = files.text(file, path, Kind::Toml);
    files.level(root.into_iter().collect(), Vec::new(), finish)
}

/// The same, with an approvals file as it would be after a change.
pub(super) fn read_with<R>(
    path: &Path,
    approvals: ApprovalsText,
    finish: &mut dyn FnMut(Files, &[Document<'_>]) -> R,
) -> R {
    let mut files = Files::new();
    let file = files.report.add(path.display().to_string()).unwrap_or_default();
    files.known.insert(identity(path), file);
    let root = files.text(file, path, Kind::Toml);
    let named = files.report.add(approvals.path.display().to_string());
    let added = named.map(|file| {
        files.report.learn(file, &approvals.text);
        Text {
            file,
            path: approvals.path.clone(),
            kind: Kind::Approvals,
            text: approvals.text.clone(),
        }
    });
    files.instead = Some(approvals);
    files.level(root.into_iter().chain(added).collect(), Vec::new(), finish)
}

/// The approvals file that a site file names.
pub(super) fn approvals_of(path: &Path) -> Option<PathBuf> {
    read(path, &mut |_, documents| {
        let named = documents.iter().find_map(|document| {
            let sections = document.sections();
            let entry = sections.iter().find(|entry| entry.key == APPROVALS)?;
            Some((document.file, entry.value.get_ref().as_str()?.to_owned()))
        });
        let (file, name) = named?;
        let document = documents.iter().find(|document| document.file == file)?;
        Some(document.folder.join(name))
    })
}

/// The same for a text that is in no file; what it includes is looked for beside `name`.
pub(super) fn read_text<R>(name: &str, text: &str, finish: &mut dyn FnMut(Files, &[Document<'_>]) -> R) -> R {
    let mut files = Files::new();
    let file = files.report.add(name.to_owned()).unwrap_or_default();
    files.report.learn(file, text);
    let root = Text {
        file,
        path: PathBuf::from(name),
        kind: Kind::Toml,
        text: text.to_owned(),
    };
    files.level(vec![root], Vec::new(), finish)
}

/// The same for texts of the site file and of all that it included, as a history holds them: what includes which is
/// not asked again.
pub(super) fn read_stored<R>(
    stored: &[StoredFile],
    finish: &mut dyn FnMut(Files, &[Document<'_>]) -> R,
) -> R {
    let mut files = Files::new();
    files.is_all = true;
    let mut texts = Vec::new();
    for one in stored {
        let path = PathBuf::from(&one.path);
        let kind = match one.kind.as_str() {
            // What the site file is called is its user's business; included files have a kind by their names.
            StoredFile::SITE if texts.is_empty() => Kind::Toml,
            StoredFile::SITE => Kind::of(&path).unwrap_or(Kind::Toml),
            StoredFile::APPROVALS => Kind::Approvals,
            _ => continue,
        };
        let Some(file) = files.report.add(one.path.clone()) else {
            break;
        };
        files.report.learn(file, &one.text);
        let text = one.text.clone();
        texts.push(Text {
            file,
            path,
            kind,
            text,
        });
    }
    files.level(texts, Vec::new(), finish)
}

impl Files {
    fn new() -> Self {
        Self {
            report: Report::default(),
            complete: true,
            is_all: false,
            known: HashMap::new(),
            approvals: None,
            instead: None,
            links: Vec::new(),
        }
    }

    /// Understands these texts, then those that they include. Values borrow from the texts, so what comes after
    /// is called from here.
    fn level<R>(
        mut self,
        texts: Vec<Text>,
        earlier: Vec<Document<'_>>,
        finish: &mut dyn FnMut(Self, &[Document<'_>]) -> R,
    ) -> R {
        // From here on no document lives longer than these texts.
        let mut documents: Vec<Document<'_>> = earlier;
        if texts.is_empty() {
            self.report_rings();
            return finish(self, &documents);
        }
        let mut next = Vec::new();
        for text in &texts {
            self.report.turn_to(text.file);
            let Some(document) = self.document(text) else {
                self.complete = false;
                continue;
            };
            next.extend(self.included(text, &document));
            next.extend(self.approvals(text, &document));
            documents.push(document);
        }
        self.level(next, documents, finish)
    }

    fn document<'t>(&mut self, text: &'t Text) -> Option<Document<'t>> {
        let content = match text.kind {
            Kind::Csv => Content::Csv(&text.text),
            Kind::Toml | Kind::Approvals => {
                let (table, errors) = DeTable::parse_recoverable(&text.text);
                for error in &errors {
                    // A message is one line; toml says what it expected on lines of their own.
                    let what = error.message().lines().collect::<Vec<_>>().join(", ");
                    let span = error.span().unwrap_or(0..0);
                    self.report.problem(&span, format!("not TOML: {what}"));
                }
                let table = errors.is_empty().then_some(table)?;
                match text.kind {
                    Kind::Approvals => Content::Approvals(table),
                    Kind::Toml | Kind::Csv => Content::Toml(table),
                }
            }
        };
        Some(Document {
            file: text.file,
            folder: folder(&text.path).to_owned(),
            content,
        })
    }

    /// The texts that a document includes and that were not read before.
    fn included(&mut self, text: &Text, document: &Document<'_>) -> Vec<Text> {
        let sections = document.sections();
        let Some(section) = sections.iter().find(|entry| entry.key == "include") else {
            return Vec::new();
        };
        if self.is_all {
            return Vec::new();
        }
        let folder = folder(&text.path);
        let mut texts = Vec::new();
        for (written, span) in strings(&mut self.report, "include", section.value) {
            let place = self.report.place(&span);
            let found = include::paths(folder, written).and_then(|paths| {
                let kinds = paths.into_iter().map(|path| Ok((Kind::of(&path)?, path)));
                kinds.collect::<Result<Vec<_>, String>>()
            });
            match found {
                Ok(found) => {
                    let included = found
                        .into_iter()
                        .filter_map(|(kind, path)| self.include(text.file, place, kind, &path));
                    texts.extend(included);
                }
                Err(what) => {
                    self.complete = false;
                    self.report.problem(&span, what);
                }
            }
        }
        texts
    }

    /// The approvals file that a document names.
    fn approvals(&mut self, text: &Text, document: &Document<'_>) -> Option<Text> {
        let sections = document.sections();
        let section = sections.iter().find(|entry| entry.key == APPROVALS)?;
        let place = self.report.place(&section.span);
        let Some(written) = section.value.get_ref().as_str() else {
            let expected = "the name of one file, as in \"approvals.toml\"";
            wrong_type(&mut self.report, APPROVALS, expected, section.value);
            return None;
        };
        if let Some((_, there)) = self.approvals {
            let there = self.report.seen_from(place, there);
            let what = format!("approvals is set twice, here and in {there}; remove one");
            self.report.problem_at(place, what);
            return None;
        }
        self.approvals = Some((text.file, place));
        if self.instead.is_some() || self.is_all {
            return None;
        }
        let path = match include::file(folder(&text.path), written) {
            Ok(path) => path,
            Err(what) => {
                self.complete = false;
                self.report.problem(&section.value.span(), what);
                return None;
            }
        };
        if self.known.contains_key(&identity(&path)) {
            let what = format!(
                "\"{written}\" is read already, as a part of the site file; approvals are a file of their own"
            );
            self.report.problem_at(place, what);
            return None;
        }
        let file = self.report.add(path.display().to_string())?;
        self.known.insert(identity(&path), file);
        self.text(file, &path, Kind::Approvals)
    }

    fn include(&mut self, from: FileIndex, place: Place, kind: Kind, path: &Path) -> Option<Text> {
        let identity = identity(path);
        if let Some(known) = self.known.get(&identity) {
            self.links.push((from, *known, place));
            return None;
        }
        let Some(file) = self.report.add(path.display().to_string()) else {
            self.report
                .problem_at(place, "more than 65,536 files are included".to_owned());
            return None;
        };
        self.known.insert(identity, file);
        self.links.push((from, file, place));
        self.text(file, path, kind)
    }

    /// Reads the text of a file.
    fn text(&mut self, file: FileIndex, path: &Path, kind: Kind) -> Option<Text> {
        let bytes = std::fs::read(path)
            .map_err(|error| self.report.problem_of(file, format!("cannot be read: {error}")))
            .ok();
        let text = bytes.and_then(|bytes| match String::from_utf8(bytes) {
            Ok(text) => Some(text),
            Err(error) => {
                let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
                let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
                let what = "not UTF-8; save the file as UTF-8".to_owned();
                self.report.problem_at(Place { file, line }, what);
                None
            }
        });
        let Some(text) = text else {
            self.complete = false;
            return None;
        };
        self.report.learn(file, &text);
        Some(Text {
            file,
            path: path.to_owned(),
            kind,
            text,
        })
    }

    fn report_rings(&mut self) {
        let mut left = self.links.clone();
        while let Some(ring) = ring(&left, |(from, to, _)| (*from, *to)) {
            let last = *ring.last().expect("a ring has links");
            let names: Vec<_> = ring.iter().map(|(from, ..)| self.report.name(*from)).collect();
            let first = names[0];
            let what = match ring.len() {
                1 => format!(
                    "{first} includes itself; name the other files, or put them into a folder of their own"
                ),
                _ => format!(
                    "{first} includes itself: {} -> {first}; remove one of these",
                    names.join(" -> ")
                ),
            };
            self.report.problem_at(last.2, what);
            left.retain(|link| *link != last);
        }
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// The same for every way of writing one path.
fn identity(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}
