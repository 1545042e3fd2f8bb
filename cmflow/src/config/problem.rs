//! What is wrong with a site file, one line each: file, line, what, and the nearest right spelling.

use std::fmt;
use std::ops::Range;

use crate::site::{FileIndex, Place};

/// One thing that is wrong, or worth a warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Name of the file, as the user gave it.
    pub file: String,
    /// Line that it stands on, from 1; nothing where it concerns the whole file.
    pub line: Option<usize>,
    /// What is wrong, and what would be right.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.what),
            None => write!(f, "{}: {}", self.file, self.what),
        }
    }
}

/// Every problem of a site file and the files that it includes, by file and line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Problems(pub Vec<Problem>);

/// Something to say about a place: file, line, words. Sorts by the first two.
type Remark = (FileIndex, Option<usize>, String);

/// Collects problems of several files, and knows their lines.
#[derive(Default)]
pub(super) struct Report {
    files: Vec<File>,
    /// The file that spans speak of.
    current: FileIndex,
    problems: Vec<Remark>,
    warnings: Vec<Remark>,
}

struct File {
    name: String,
    /// Offsets at which lines begin: a company's file has tens of thousands of entries to place.
    line_starts: Vec<usize>,
}

impl Report {
    /// Takes a file in; nothing where there are more than 16 bits can number.
    pub(super) fn add(&mut self, name: String) -> Option<FileIndex> {
        let index = u16::try_from(self.files.len()).ok()?;
        let line_starts = vec![0];
        self.files.push(File { name, line_starts });
        Some(FileIndex(index))
    }

    /// Learns the lines of a file.
    pub(super) fn learn(&mut self, file: FileIndex, text: &str) {
        let ends = text.match_indices('\n').map(|(end, _)| end + 1);
        self.files[usize::from(file.0)].line_starts.extend(ends);
    }

    /// From here on spans speak of that file.
    pub(super) const fn turn_to(&mut self, file: FileIndex) {
        self.current = file;
    }

    /// Name of a file.
    pub(super) fn name(&self, file: FileIndex) -> &str {
        &self.files[usize::from(file.0)].name
    }

    /// Where a value of the current file begins.
    pub(super) fn place(&self, span: &Range<usize>) -> Place {
        let starts = &self.files[usize::from(self.current.0)].line_starts;
        Place {
            file: self.current,
            line: starts.partition_point(|begin| *begin <= span.start),
        }
    }

    /// What a message at `here` calls another place: `line 3`, or `dps.csv:3` where that is another file.
    pub(super) fn seen_from(&self, here: Place, there: Place) -> String {
        if here.file == there.file {
            format!("line {}", there.line)
        } else {
            format!("{}:{}", self.name(there.file), there.line)
        }
    }

    pub(super) fn problem(&mut self, span: &Range<usize>, what: String) {
        self.problem_at(self.place(span), what);
    }

    pub(super) fn problem_at(&mut self, place: Place, what: String) {
        self.problems.push((place.file, Some(place.line), what));
    }

    /// A problem of a file as a whole.
    pub(super) fn problem_of(&mut self, file: FileIndex, what: String) {
        self.problems.push((file, None, what));
    }

    pub(super) fn warn_at(&mut self, place: Place, what: String) {
        self.warnings.push((place.file, Some(place.line), what));
    }

    /// A warning of the site file as a whole.
    pub(super) fn warn(&mut self, what: String) {
        self.warnings.push((FileIndex::default(), None, what));
    }

    /// The names of the files, and the warnings; or the problems where there are any.
    pub(super) fn finish(self) -> Result<(Vec<String>, Vec<Problem>), Problems> {
        if !self.problems.is_empty() {
            return Err(Problems(placed(&self.files, self.problems)));
        }
        let warnings = placed(&self.files, self.warnings);
        Ok((self.files.into_iter().map(|file| file.name).collect(), warnings))
    }
}

fn placed(files: &[File], mut remarks: Vec<Remark>) -> Vec<Problem> {
    remarks.sort_by_key(|(file, line, _)| (*file, *line));
    let problem = |(file, line, what): Remark| Problem {
        file: files[usize::from(file.0)].name.clone(),
        line,
        what,
    };
    remarks.into_iter().map(problem).collect()
}

/// `"a", "b" and "c"`.
pub(super) fn listed<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<_> = words.into_iter().map(|word| format!("\"{word}\"")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => "nothing".to_owned(),
    }
}
