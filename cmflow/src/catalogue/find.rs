//! Rules that somebody asks for by id, by the beginning of one, by connection or by role.

use super::error::CatalogueError;
use super::model::{Catalogue, Companion, OpenedBy, Page, RoleId, Rule};
use crate::spelling::did_you_mean;

/// The edition that is meant where none is named.
const DEFAULT_EDITION: &str = "current";

/// What was found, and in which edition it was looked for.
#[derive(Debug)]
pub struct Selection<'a> {
    /// The page; what is of a companion stands in none.
    pub page: &'a Page,
    /// Rules of the page in its order, then those of companions.
    pub rules: Vec<&'a Rule>,
}

impl Catalogue {
    /// The edition with that id, or the current one.
    ///
    /// # Errors
    /// Where there is none.
    pub fn edition_or_current(&self, edition: Option<&str>) -> Result<&Page, CatalogueError> {
        self.edition(edition.unwrap_or(DEFAULT_EDITION))
    }

    /// The rule with that id, or those whose ids begin with its parts; a companion's name may be left out.
    /// Without an edition, what the current one has not is looked for in the others, newest first.
    ///
    /// # Errors
    /// Where there is none; the error names the nearest.
    pub fn rules_like(&self, wanted: &str, edition: Option<&str>) -> Result<Selection<'_>, CatalogueError> {
        let exact = |rule: &Rule| rule.id == wanted;
        let begins = |rule: &Rule| begins(rule.bare_id(), wanted) || begins(&rule.id, wanted);
        self.select(edition, exact)?
            .map_or_else(|| self.select(edition, begins), |found| Ok(Some(found)))?
            .ok_or_else(|| self.unknown_rule(wanted, edition))
    }

    /// Rules between two roles, `from/to`, those that either end may open from both, with `@context` where a pair has a second table.
    ///
    /// # Errors
    /// Where there are none; the error names the nearest connection, or the one the other way round.
    pub fn connection_rules(
        &self,
        wanted: &str,
        edition: Option<&str>,
    ) -> Result<Selection<'_>, CatalogueError> {
        let turned = wanted.split_once('/').map(|(from, to)| format!("{to}/{from}"));
        // What either end may open stands under one of both, and belongs to the pair all the same.
        let either =
            |rule: &Rule| rule.opened_by == OpenedBy::Either && Some(pair(rule)) == turned.as_deref();
        let fits = |rule: &Rule| pair(rule) == wanted || rule.section == wanted || either(rule);
        self.select(edition, fits)?.ok_or_else(|| {
            let pairs: Vec<&str> = self.all_rules().map(pair).collect();
            let hint = match turned.as_ref().filter(|turned| pairs.contains(&turned.as_str())) {
                Some(turned) => format!("; did you mean \"{turned}\"?"),
                None => did_you_mean(wanted, pairs),
            };
            CatalogueError::missing("connection", wanted, hint)
        })
    }

    /// Rules that name a role at either end, the role itself and not what it implies.
    ///
    /// # Errors
    /// Where there is no such role; the error names the nearest.
    pub fn role_rules(
        &self,
        wanted: &str,
        edition: Option<&str>,
    ) -> Result<(RoleId, Selection<'_>), CatalogueError> {
        let Some(role) = self.role(wanted) else {
            let hint = did_you_mean(wanted, self.roles.iter().map(|role| role.id.as_str()));
            return Err(CatalogueError::missing("role", wanted, hint));
        };
        let found = self.select(edition, |rule| rule.from == role || rule.to == role)?;
        let nothing = Selection {
            page: self.edition_or_current(edition)?,
            rules: Vec::new(),
        };
        Ok((role, found.unwrap_or(nothing)))
    }

    /// The companion with that id.
    ///
    /// # Errors
    /// Where there is none; the error names the nearest, or all.
    pub fn companion_named(&self, wanted: &str) -> Result<&Companion, CatalogueError> {
        self.companion(wanted).ok_or_else(|| {
            let known = || self.companions.iter().map(|companion| companion.id.as_str());
            let hint = match did_you_mean(wanted, known()) {
                none if none.is_empty() => match known().collect::<Vec<_>>().as_slice() {
                    [] => ", nor any other".to_owned(),
                    known => format!("; there are {}", known.join(", ")),
                },
                nearest => nearest,
            };
            CatalogueError::missing("companion", wanted, hint)
        })
    }

    /// Rules that fit, of the edition and of the companions; where an edition is not named and the current one
    /// and the companions have none, of the newest edition that has some.
    fn select(
        &self,
        edition: Option<&str>,
        fits: impl Fn(&Rule) -> bool,
    ) -> Result<Option<Selection<'_>>, CatalogueError> {
        let first = self.edition_or_current(edition)?;
        let companions = self.companions.iter().flat_map(|companion| &companion.rules);
        let rules = first
            .rules()
            .chain(companions)
            .filter(|rule| fits(rule))
            .collect::<Vec<_>>();
        if !rules.is_empty() {
            return Ok(Some(Selection { page: first, rules }));
        }
        let others = self.pages.iter().rev().filter(|_| edition.is_none());
        let found = others.map(|page| Selection {
            page,
            rules: page.rules().filter(|rule| fits(rule)).collect(),
        });
        Ok(found.into_iter().find(|selection| !selection.rules.is_empty()))
    }

    fn unknown_rule(&self, wanted: &str, edition: Option<&str>) -> CatalogueError {
        let standing = self.standing(wanted);
        if let (Some(edition), false) = (edition, standing.is_empty()) {
            let hint = format!(" in edition {edition}; it stands in {}", standing.join(", "));
            return CatalogueError::missing("rule", wanted, hint);
        }
        let ids = self.all_rules().flat_map(|rule| [rule.id.as_str(), pair(rule)]);
        CatalogueError::missing("rule", wanted, did_you_mean(wanted, ids))
    }

    /// Ids of the editions in which a rule of that id stands, oldest first.
    #[must_use]
    pub fn standing(&self, rule: &str) -> Vec<&str> {
        let pages = self.pages.iter();
        let standing = pages.filter(|page| page.rules().any(|known| known.id == rule));
        standing.map(|page| page.edition.0.as_str()).collect()
    }

    fn all_rules(&self) -> impl Iterator<Item = &Rule> {
        let companions = self.companions.iter().flat_map(|companion| &companion.rules);
        self.pages.iter().flat_map(Page::rules).chain(companions)
    }
}

/// `from/to` of a rule.
fn pair(rule: &Rule) -> &str {
    let id = rule.bare_id();
    id.rsplit_once('/').map_or(id, |(pair, _)| pair)
}

/// Whether the parts of `wanted` are the first ones of `id`.
fn begins(id: &str, wanted: &str) -> bool {
    id.strip_prefix(wanted.trim_end_matches('/'))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || rest.starts_with(':'))
}
