//! Rules by the two roles that they are between, in the order in which the audit has them.

use crate::answer::AuditedRule;

/// Rules between two roles, of one kind of verdict.
pub(super) struct Connection<'a> {
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    pub(super) rules: Vec<&'a AuditedRule>,
}

/// A part of the list of rules: those that one kind of verdict comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Documented,
    Approved,
    Companions,
}

impl Part {
    pub(super) const ALL: [Self; 3] = [Self::Documented, Self::Approved, Self::Companions];

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Documented => "Documented rules",
            Self::Approved => "Own rules and approvals",
            Self::Companions => "Companion rules",
        }
    }

    /// What stands where it has no rule.
    pub(super) const fn nothing(self) -> &'static str {
        match self {
            Self::Documented => {
                "The site file makes no rule of the page possible: it names nobody at both ends of one."
            }
            Self::Approved => "The site file has no rule of its own, and nothing was approved.",
            Self::Companions => "No companion is on, or the site file names nobody for one.",
        }
    }

    /// The word in anchors.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Documented => "rules",
            Self::Approved => "own",
            Self::Companions => "companions",
        }
    }

    /// Whether a rule stands in it.
    pub(super) fn holds(self, rule: &AuditedRule) -> bool {
        let part = match rule.verdict.as_str() {
            "approved" => Self::Approved,
            "baseline" => Self::Companions,
            _ => Self::Documented,
        };
        part == self
    }

    /// Its rules.
    pub(super) fn rules(self, all: &[AuditedRule]) -> Vec<&AuditedRule> {
        all.iter().filter(|rule| self.holds(rule)).collect()
    }
}

/// Rules by their roles.
pub(super) fn connections<'a>(rules: &[&'a AuditedRule]) -> Vec<Connection<'a>> {
    let mut found: Vec<Connection<'a>> = Vec::new();
    for rule in rules {
        match found
            .iter_mut()
            .find(|one| one.from == rule.from && one.to == rule.to)
        {
            Some(connection) => connection.rules.push(rule),
            None => found.push(Connection {
                from: &rule.from,
                to: &rule.to,
                rules: vec![rule],
            }),
        }
    }
    found
}

/// Whether a rule of a companion has nothing to say: such rules are many, and stand at the end.
pub(super) fn is_silent(rule: &AuditedRule) -> bool {
    rule.packets == 0 && rule.remarks.is_empty()
}
