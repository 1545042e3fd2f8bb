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

#[cfg(test)]
mod tests {
    use super::{Catalogue, Diff, Page};

    fn page(catalogue: &Catalogue, edition: &str) -> Page {
        catalogue.edition(edition).expect("a built-in edition").clone()
    }

    #[test]
    fn a_rule_is_added_removed_or_changed() {
        let catalogue = Catalogue::embedded().expect("the built-in files are good");
        let (before, mut after) = (page(&catalogue, "current"), page(&catalogue, "current"));
        let taken = after.connections.remove(0);
        after.connections[1].rules[0].id = "client/client/new".to_owned();
        after.connections[2].rules[0].dynamic = true;
        after.connections[3].rules[0]
            .remarks
            .push("a remark is no fact of the page".to_owned());
        let diff = Diff::between(&before, &after);
        let ids = |rules: &[&super::Rule]| rules.iter().map(|rule| rule.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&diff.added), ["client/client/new"]);
        let renamed = before.connections[2].rules[0].id.clone();
        assert_eq!(ids(&diff.removed), [taken.rules[0].id.clone(), renamed]);
        let changed: Vec<_> = diff
            .changed
            .iter()
            .map(|change| (change.before.dynamic, change.after))
            .collect();
        assert_eq!(changed, [(false, &after.connections[2].rules[0])]);
    }
}
