//! One edition's page, out of the draft: tables first, then the lists beside them.

use std::collections::HashMap;

use super::draft::{ConnectionDraft, Draft, Entry};
use super::error::CatalogueError;
use super::file::{Place, RawEdition};
use super::model::{Connection, EditionId, Page, Role, RoleId, Rule};
use super::row::{Row, in_edition, under_heading};

/// Builds pages; knows everything that the rows refer to.
pub(super) struct Pages<'a> {
    pub(super) draft: &'a Draft,
    pub(super) roles: HashMap<&'a str, RoleId>,
    pub(super) role_ids: Vec<&'a str>,
}

impl<'a> Pages<'a> {
    pub(super) fn new(draft: &'a Draft, roles: &'a [Role]) -> Self {
        let ids = roles
            .iter()
            .zip(0_u16..)
            .map(|(role, index)| (role.id.as_str(), RoleId(index)))
            .collect();
        Self {
            draft,
            roles: ids,
            role_ids: roles.iter().map(|role| role.id.as_str()).collect(),
        }
    }

    pub(super) fn build(&self, edition: &Entry<RawEdition>) -> Result<Page, CatalogueError> {
        let mut connections = Vec::new();
        for connection in self.in_order() {
            let rules = self.table(connection, edition)?;
            if !rules.is_empty() {
                connections.push(self.connection(connection, rules)?);
            }
        }
        let mut page = Page {
            edition: EditionId(edition.raw.id.get_ref().clone()),
            connections,
            lists: Vec::new(),
        };
        for list in &self.draft.lists {
            if self.stands(list.header.raw.editions.as_deref(), &list.header, edition)? {
                let list = self.list(list, edition)?;
                page.lists.push(list);
            }
        }
        self.check_page(&page, edition)?;
        Ok(page)
    }

    /// Tables in the page's order; those that the order does not name come last.
    fn in_order(&self) -> Vec<&'a ConnectionDraft> {
        let place = |connection: &ConnectionDraft| {
            let id = connection.header.raw.id.get_ref();
            self.draft
                .order
                .iter()
                .position(|entry| entry.raw == *id)
                .unwrap_or(usize::MAX)
        };
        let mut connections: Vec<_> = self.draft.connections.iter().collect();
        connections.sort_by_cached_key(|connection| place(connection));
        connections
    }

    pub(super) fn stands<T>(
        &self,
        editions: Option<&[String]>,
        entry: &Entry<T>,
        edition: &Entry<RawEdition>,
    ) -> Result<bool, CatalogueError> {
        self.draft.check_editions(editions, &entry.place)?;
        Ok(self.draft.stands_in(editions, entry.layer, edition))
    }

    fn connection(&self, draft: &ConnectionDraft, rules: Vec<Rule>) -> Result<Connection, CatalogueError> {
        let raw = &draft.header.raw;
        let (pair, context) = split_context(raw.id.get_ref());
        if context != raw.context.as_deref() {
            let what = format!(
                "the id '{}' and its context differ; write 'from/to@context'",
                raw.id.get_ref()
            );
            return Err(CatalogueError::entry(&draft.header.place, what));
        }
        let (from, to) = self.ends(pair, &draft.header.place)?;
        let id = raw.id.get_ref().clone();
        Ok(Connection {
            id,
            from,
            to,
            opened_by: raw.opened_by,
            context: raw.context.clone(),
            rules,
        })
    }

    pub(super) fn table(
        &self,
        draft: &ConnectionDraft,
        edition: &Entry<RawEdition>,
    ) -> Result<Vec<Rule>, CatalogueError> {
        let header = &draft.header.raw;
        self.draft
            .check_editions(header.editions.as_deref(), &draft.header.place)?;
        let (pair, _) = split_context(header.id.get_ref());
        let mut rules = Vec::new();
        for entry in &draft.rows {
            if !self.stands(entry.raw.editions.as_deref(), entry, edition)? {
                continue;
            }
            let raw = under_heading(in_edition(&entry.raw, edition.raw.id.get_ref()), header);
            for variant in &entry.raw.variants {
                self.draft.check_editions(Some(&variant.editions), &entry.place)?;
            }
            rules.push(self.rule(Row {
                id: format!("{pair}/{}", entry.raw.service.get_ref()),
                section: header.id.get_ref(),
                service: entry.raw.service.get_ref(),
                listed: false,
                opened_by: header.opened_by,
                scope: header.scope,
                // A table of the user's own may name a source of its own.
                anchor: entry.raw.source.as_ref().or(header.anchor.as_ref()),
                place: &entry.place,
                raw,
            })?);
        }
        Ok(rules)
    }

    /// What no row can see alone: ids stand once, and aliases lead somewhere.
    fn check_page(&self, page: &Page, edition: &Entry<RawEdition>) -> Result<(), CatalogueError> {
        let mut sections: HashMap<&str, &str> = HashMap::new();
        for rule in page.rules() {
            if let Some(first) = sections.insert(&rule.id, &rule.section) {
                let (place, second) = (self.place_of(&rule.section, edition), &rule.section);
                let what = format!("the rule '{}' stands in '{first}' and in '{second}'", rule.id);
                return Err(CatalogueError::entry(place, what));
            }
        }
        let aliases = page
            .lists
            .iter()
            .flat_map(|list| list.aliases.iter().map(move |alias| (list, alias)));
        for (list, alias) in aliases {
            let missing = alias
                .covered_by
                .iter()
                .find(|id| !sections.contains_key(id.as_str()));
            if let Some(id) = missing {
                let place = self.place_of(&list.id, edition);
                let kind = format!("rule in edition {}, for '{}',", page.edition, alias.id);
                return Err(CatalogueError::unknown(
                    place,
                    &kind,
                    id,
                    sections.keys().copied(),
                ));
            }
        }
        Ok(())
    }

    fn place_of(&self, section: &str, edition: &'a Entry<RawEdition>) -> &'a Place {
        let lists = self
            .draft
            .lists
            .iter()
            .map(|list| (list.header.raw.id.get_ref(), &list.header.place));
        let tables = self
            .draft
            .connections
            .iter()
            .map(|c| (c.header.raw.id.get_ref(), &c.header.place));
        lists
            .chain(tables)
            .find(|(id, _)| *id == section)
            .map_or(&edition.place, |(_, place)| place)
    }
}

/// `from/to@context` in two.
pub(super) fn split_context(id: &str) -> (&str, Option<&str>) {
    id.split_once('@')
        .map_or((id, None), |(pair, context)| (pair, Some(context)))
}
