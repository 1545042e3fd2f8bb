//! Companions: laid over each other like the rest, their tables built without regard to editions.

use super::draft::{ConnectionDraft, Entry, lay_connection, twice};
use super::error::CatalogueError;
use super::file::{Place, RawCompanion, RawConnection, RawRow, Source};
use super::model::{Companion, Rule};
use super::page::Pages;
use super::row::{Row, under_heading};

/// A companion and its tables, which may come from several files.
pub(super) struct CompanionDraft {
    header: Entry<RawCompanion>,
    connections: Vec<ConnectionDraft>,
}

/// Lays a file's companions over those that are there: the same rule is replaced, everything else is added.
pub(super) fn lay(
    companions: &mut Vec<CompanionDraft>,
    layer: usize,
    source: &Source,
) -> Result<(), CatalogueError> {
    for raw in &source.file.companion {
        let header = Entry {
            raw: raw.clone(),
            place: source.place(&raw.id),
            layer,
        };
        let id = raw.id.get_ref();
        let same = |draft: &CompanionDraft| draft.header.raw.id.get_ref() == id;
        let at = companions.iter().position(same).unwrap_or(companions.len());
        if at == companions.len() {
            companions.push(CompanionDraft {
                header,
                connections: Vec::new(),
            });
        } else {
            let before = &mut companions[at].header;
            if before.layer == layer {
                return Err(twice(&header.place, "companion", id, &before.place));
            }
            let old = std::mem::replace(before, header).raw;
            before.raw.name = before.raw.name.take().or(old.name);
            before.raw.summary = before.raw.summary.take().or(old.summary);
            before.raw.default = before.raw.default.or(old.default);
        }
        for connection in &raw.connection {
            lay_connection(&mut companions[at].connections, connection, source, layer)?;
        }
    }
    Ok(())
}

impl Pages<'_> {
    /// All companions, checked.
    pub(super) fn companions(&self) -> Result<Vec<Companion>, CatalogueError> {
        let drafts = &self.draft.companions;
        drafts.iter().map(|draft| self.companion(draft)).collect()
    }

    fn companion(&self, draft: &CompanionDraft) -> Result<Companion, CatalogueError> {
        let Entry { raw, place, .. } = &draft.header;
        let id = raw.id.get_ref();
        let said = |text: &Option<String>, key: &str| {
            let missing = || CatalogueError::entry(place, format!("the companion '{id}' needs a '{key}'"));
            text.clone().ok_or_else(missing)
        };
        let mut rules = Vec::new();
        for connection in &draft.connections {
            check_table(&connection.header)?;
            for row in &connection.rows {
                rules.push(self.companion_rule(id, connection, row)?);
            }
        }
        Ok(Companion {
            id: id.clone(),
            name: said(&raw.name, "name")?,
            summary: said(&raw.summary, "summary")?,
            default: raw.default.unwrap_or(false),
            rules,
        })
    }

    fn companion_rule(
        &self,
        companion: &str,
        connection: &ConnectionDraft,
        entry: &Entry<RawRow>,
    ) -> Result<Rule, CatalogueError> {
        let header = &connection.header.raw;
        let place = &entry.place;
        let service = entry.raw.service.get_ref();
        let id = format!("{}/{service}", header.id.get_ref());
        check_undated(&entry.raw, place)?;
        let Some(source) = &entry.raw.source else {
            let what =
                format!("'{companion}:{id}' names no source; give 'source', to the row or to its table");
            return Err(CatalogueError::entry(place, what));
        };
        let section = format!("{companion}:{}", header.id.get_ref());
        let rule = self.rule(Row {
            id,
            section: &section,
            service,
            listed: false,
            opened_by: header.opened_by,
            scope: header.scope,
            anchor: Some(source),
            place,
            raw: under_heading(entry.raw.clone(), header),
        })?;
        Ok(Rule {
            id: format!("{companion}:{}", rule.id),
            ..rule
        })
    }
}

/// A companion is no page: it has no anchors and no second table for a pair of roles.
fn check_table(header: &Entry<RawConnection>) -> Result<(), CatalogueError> {
    if header.raw.anchor.is_none() && header.raw.context.is_none() {
        return Ok(());
    }
    let what = "a companion's table has neither 'anchor' nor 'context'; give 'source'";
    Err(CatalogueError::entry(&header.place, what))
}

/// What tells editions apart says nothing there either.
fn check_undated(row: &RawRow, place: &Place) -> Result<(), CatalogueError> {
    if row.editions.is_none() && row.variants.is_empty() {
        return Ok(());
    }
    let what = "a companion is the same in every edition; remove 'editions' and 'variants'";
    Err(CatalogueError::entry(place, what))
}
