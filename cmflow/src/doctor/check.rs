//! One check: what was found, and what to do.

use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// As it must be.
    Ok,
    /// It works; counts may be worse than they could be.
    Warning,
    /// It does not work, or counts are not to be trusted.
    Problem,
}

impl Grade {
    /// The name that tables and JSON use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What it is about: `daemon`, `rights`, `kernel`, `interfaces`, `pins`, `clock`, `memory`, `leftovers`.
    pub group: &'static str,
    /// What was looked at.
    pub check: String,
    /// How bad it is.
    pub grade: Grade,
    /// What was found.
    pub found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Check {
    pub(super) fn ok(group: &'static str, check: &str, found: impl Into<String>) -> Self {
        Self {
            group,
            check: check.to_owned(),
            grade: Grade::Ok,
            found: found.into(),
            remedy: None,
        }
    }

    pub(super) fn warning(
        group: &'static str,
        check: &str,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            grade: Grade::Warning,
            remedy: Some(remedy.into()),
            ..Self::ok(group, check, found)
        }
    }

    pub(super) fn problem(
        group: &'static str,
        check: &str,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            grade: Grade::Problem,
            ..Self::warning(group, check, found, remedy)
        }
    }
}

/// Grades of checks by their names, for tables.
#[cfg(test)]
pub(super) fn grades(checks: &[Check]) -> Vec<(&str, Grade)> {
    checks.iter().map(|one| (one.check.as_str(), one.grade)).collect()
}
