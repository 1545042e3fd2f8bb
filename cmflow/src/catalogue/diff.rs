//! What one edition documents and another does not.

use super::model::{Catalogue, Page, Rule};

/// A rule that both pages have, and do not say the same of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change<'a> {
    /// As the first page has it.
    pub before: &'a Rule,
    /// As the second page has it.
    pub after: &'a Rule,
}

/// The way from one page to another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff<'a> {
    /// Rules of the second page alone, in its order.
    pub added: Vec<&'a Rule>,
    /// Rules of the first page alone, in its order.
    pub removed: Vec<&'a Rule>,
    /// Rules of both that differ, in the order of the second page.
    pub changed: Vec<Change<'a>>,
}

impl<'a> Diff<'a> {
    /// Compares what the pages document; anchors, errata and remarks do not count.
    #[must_use]
    pub fn between(before: &'a Page, after: &'a Page) -> Self {
        let mut diff = Self::default();
        for rule in after.rules() {
            match before.rules().find(|old| old.id == rule.id) {
                None => diff.added.push(rule),
                Some(old) if !same_facts(old, rule) => diff.changed.push(Change {
                    before: old,
                    after: rule,
                }),
                Some(_) => {}
            }
        }
        diff.removed.extend(
            before
                .rules()
                .filter(|old| !after.rules().any(|rule| rule.id == old.id)),
        );
        diff
    }
}

fn same_facts(a: &Rule, b: &Rule) -> bool {
    let facts = |rule: &Rule| Rule {
        anchor: None,
        errata: Vec::new(),
        remarks: Vec::new(),
        ..rule.clone()
    };
    facts(a) == facts(b)
}

impl Catalogue {
    /// What changed from the edition `before` to the edition `after`.
    ///
    /// # Errors
    /// Where one of them does not exist.
    pub fn diff(&self, before: &str, after: &str) -> Result<Diff<'_>, super::CatalogueError> {
        Ok(Diff::between(self.edition(before)?, self.edition(after)?))
    }
}
