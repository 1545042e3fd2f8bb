//! What is wrong with a site file, one line each: file, line, what, and the nearest right spelling.

use std::fmt;
use std::ops::Range;

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

/// Every problem of a site file, in the order of its lines.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Problems(pub Vec<Problem>);

/// Collects problems of one file, and knows its lines.
pub(super) struct Report<'a> {
    file: &'a str,
    /// Offsets at which lines begin: a company's file has tens of thousands of entries to place.
    line_starts: Vec<usize>,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
}

impl<'a> Report<'a> {
    pub(super) fn new(file: &'a str, text: &'a str) -> Self {
        Self {
            file,
            line_starts: std::iter::once(0)
                .chain(text.match_indices('\n').map(|(end, _)| end + 1))
                .collect(),
            problems: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Line of the file, from 1, on which a value begins.
    pub(super) fn line(&self, span: &Range<usize>) -> usize {
        self.line_starts.partition_point(|begin| *begin <= span.start)
    }

    pub(super) fn problem(&mut self, span: &Range<usize>, what: String) {
        let problem = self.at(Some(self.line(span)), what);
        self.problems.push(problem);
    }

    pub(super) fn warn(&mut self, line: Option<usize>, what: String) {
        let warning = self.at(line, what);
        self.warnings.push(warning);
    }

    fn at(&self, line: Option<usize>, what: String) -> Problem {
        Problem {
            file: self.file.to_owned(),
            line,
            what,
        }
    }

    /// The problems, in the order of their lines.
    pub(super) fn problems(mut self) -> Problems {
        self.problems.sort_by_key(|problem| problem.line);
        Problems(self.problems)
    }

    /// The warnings, or the problems where there are any.
    pub(super) fn warnings(mut self) -> Result<Vec<Problem>, Problems> {
        if !self.problems.is_empty() {
            return Err(self.problems());
        }
        self.warnings.sort_by_key(|warning| warning.line);
        Ok(self.warnings)
    }
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
