//! Catalogue files laid over each other: the built-in ones first, the user's after them.

use std::collections::BTreeMap;

use super::companion::{self, CompanionDraft};
use super::error::CatalogueError;
use super::file::{
    Place, RawAlias, RawConnection, RawEdition, RawErratum, RawList, RawListRule, RawNote, RawRole, RawRow,
    RawSection, RawService, RawSetting, Source,
};

/// Something that a file says, with where it says so.
pub(super) struct Entry<T> {
    pub(super) raw: T,
    pub(super) place: Place,
    /// 0 for the built-in catalogue, 1 for the user's file.
    pub(super) layer: usize,
}

/// A connection and its rows, which may come from several files.
pub(super) struct ConnectionDraft {
    pub(super) header: Entry<RawConnection>,
    pub(super) rows: Vec<Entry<RawRow>>,
}

/// A list and its rows, which may come from several files.
pub(super) struct ListDraft {
    pub(super) header: Entry<RawList>,
    pub(super) rules: Vec<Entry<RawListRule>>,
    pub(super) aliases: Vec<Entry<RawAlias>>,
    pub(super) sections: Vec<Entry<RawSection>>,
}

/// Everything the files say; a later layer wins over an earlier one, entry by entry.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) editions: Vec<Entry<RawEdition>>,
    pub(super) order: Vec<Entry<String>>,
    pub(super) roles: Vec<Entry<RawRole>>,
    pub(super) services: BTreeMap<String, Entry<RawService>>,
    pub(super) settings: BTreeMap<String, Entry<RawSetting>>,
    pub(super) conditions: BTreeMap<String, String>,
    pub(super) notes: Vec<Entry<RawNote>>,
    pub(super) connections: Vec<ConnectionDraft>,
    pub(super) lists: Vec<ListDraft>,
    pub(super) companions: Vec<CompanionDraft>,
    pub(super) errata: Vec<Entry<RawErratum>>,
}

impl Draft {
    /// Lays the files of one layer over what is there.
    pub(super) fn add(&mut self, layer: usize, sources: Vec<Source>) -> Result<(), CatalogueError> {
        for source in sources {
            self.add_tables(layer, &source)?;
            companion::lay(&mut self.companions, layer, &source)?;
            self.add_rest(layer, &source)?;
        }
        Ok(())
    }

    fn add_tables(&mut self, layer: usize, source: &Source) -> Result<(), CatalogueError> {
        for raw in &source.file.connection {
            lay_connection(&mut self.connections, raw, source, layer)?;
        }
        for raw in &source.file.list {
            let place = source.place(&raw.id);
            let header = Entry {
                raw: raw.clone(),
                place,
                layer,
            };
            let same = |draft: &ListDraft| draft.header.raw.id.get_ref() == raw.id.get_ref();
            let at = self.lists.iter().position(same).unwrap_or(self.lists.len());
            if at == self.lists.len() {
                let rules = Vec::new();
                self.lists.push(ListDraft {
                    header,
                    rules,
                    aliases: Vec::new(),
                    sections: Vec::new(),
                });
            } else {
                let existing = &mut self.lists[at];
                if existing.header.layer == layer {
                    return Err(twice(
                        &header.place,
                        "list",
                        raw.id.get_ref(),
                        &existing.header.place,
                    ));
                }
                existing.header = header;
            }
            let list = &mut self.lists[at];
            let rules = raw.rules.iter().map(|rule| Entry {
                raw: rule.clone(),
                place: source.place(&rule.id),
                layer,
            });
            lay_all(&mut list.rules, rules.collect(), "rule", |rule| {
                rule.id.get_ref().clone()
            })?;
            list.aliases.extend(raw.aliases.iter().map(|alias| Entry {
                raw: alias.clone(),
                place: source.place(&alias.service),
                layer,
            }));
            list.sections.extend(raw.sections.iter().map(|section| Entry {
                raw: section.clone(),
                place: source.place(&section.connection),
                layer,
            }));
        }
        Ok(())
    }

    fn add_rest(&mut self, layer: usize, source: &Source) -> Result<(), CatalogueError> {
        let file = &source.file;
        let order = file.order.iter().map(|id| Entry {
            raw: id.get_ref().clone(),
            place: source.place(id),
            layer,
        });
        self.order.extend(order);
        let editions = file.edition.iter().map(|raw| Entry {
            raw: raw.clone(),
            place: source.place(&raw.id),
            layer,
        });
        lay_all(&mut self.editions, editions.collect(), "edition", |raw| {
            raw.id.get_ref().clone()
        })?;
        let roles = file.role.iter().map(|raw| Entry {
            raw: raw.clone(),
            place: source.place(&raw.id),
            layer,
        });
        lay_all(&mut self.roles, roles.collect(), "role", |raw| {
            raw.id.get_ref().clone()
        })?;
        let notes = file.note.iter().map(|raw| Entry {
            raw: raw.clone(),
            place: source.place(&raw.number),
            layer,
        });
        lay_all(&mut self.notes, notes.collect(), "note", |raw| {
            raw.number.get_ref().to_string()
        })?;
        for (key, raw) in &file.service {
            let entry = Entry {
                raw: raw.get_ref().clone(),
                place: source.place(raw),
                layer,
            };
            self.services.insert(key.clone(), entry);
        }
        for (key, raw) in &file.setting {
            let entry = Entry {
                raw: raw.get_ref().clone(),
                place: source.place(raw),
                layer,
            };
            self.settings.insert(key.clone(), entry);
        }
        self.conditions.extend(file.condition.clone());
        self.errata.extend(file.erratum.iter().map(|raw| Entry {
            raw: raw.clone(),
            place: source.place(&raw.number),
            layer,
        }));
        Ok(())
    }

    /// The edition with that id.
    fn edition(&self, id: &str) -> Option<&Entry<RawEdition>> {
        self.editions
            .iter()
            .find(|edition| edition.raw.id.get_ref() == id)
    }

    /// Whether an entry of `layer` that names `editions` stands in `edition`. One that names none stands in all
    /// that were known when it was written.
    pub(super) fn stands_in(
        &self,
        editions: Option<&[String]>,
        layer: usize,
        edition: &Entry<RawEdition>,
    ) -> bool {
        let named = editions.map_or(edition.layer <= layer, |ids| {
            ids.contains(edition.raw.id.get_ref())
        });
        let like = edition.raw.like.as_ref().and_then(|id| self.edition(id));
        named
            || like.is_some_and(|like| {
                layer < edition.layer && like.layer < edition.layer && self.stands_in(editions, layer, like)
            })
    }

    /// Ids of the editions that an entry stands in; an unknown one is an error.
    pub(super) fn check_editions(
        &self,
        editions: Option<&[String]>,
        place: &Place,
    ) -> Result<(), CatalogueError> {
        for id in editions.unwrap_or_default() {
            if self.edition(id).is_none() {
                let known = self
                    .editions
                    .iter()
                    .map(|edition| edition.raw.id.get_ref().as_str());
                return Err(CatalogueError::unknown(place, "edition", id, known));
            }
        }
        Ok(())
    }
}

/// Lays a table over those that are there: the heading is the last one's, rows replace rows of their service.
pub(super) fn lay_connection(
    connections: &mut Vec<ConnectionDraft>,
    raw: &RawConnection,
    source: &Source,
    layer: usize,
) -> Result<(), CatalogueError> {
    let rows = raw
        .rows
        .iter()
        .map(|row| {
            // A row says its editions and its source itself, or its heading does for all rows.
            let editions = row.editions.clone().or_else(|| raw.editions.clone());
            let documented = row.source.clone().or_else(|| raw.source.clone());
            Entry {
                raw: RawRow {
                    editions,
                    source: documented,
                    ..row.clone()
                },
                place: source.place(&row.service),
                layer,
            }
        })
        .collect::<Vec<_>>();
    let header = Entry {
        raw: raw.clone(),
        place: source.place(&raw.id),
        layer,
    };
    let same = |draft: &ConnectionDraft| draft.header.raw.id.get_ref() == raw.id.get_ref();
    let at = connections.iter().position(same).unwrap_or(connections.len());
    if at == connections.len() {
        connections.push(ConnectionDraft {
            header,
            rows: Vec::new(),
        });
    } else {
        let existing = &mut connections[at];
        if existing.header.layer == layer {
            let first = &existing.header.place;
            return Err(twice(&header.place, "connection", raw.id.get_ref(), first));
        }
        existing.header = header;
    }
    let id = |row: &RawRow| row.service.get_ref().clone();
    lay_all(&mut connections[at].rows, rows, "service", id)
}

/// Lays `new` over `old`: the same id of an earlier layer is replaced in its place, of the same layer an error.
fn lay_all<T>(
    old: &mut Vec<Entry<T>>,
    new: Vec<Entry<T>>,
    kind: &str,
    id: impl Fn(&T) -> String,
) -> Result<(), CatalogueError> {
    for entry in new {
        match old
            .iter_mut()
            .find(|existing| id(&existing.raw) == id(&entry.raw))
        {
            Some(existing) if existing.layer == entry.layer => {
                return Err(twice(&entry.place, kind, &id(&entry.raw), &existing.place));
            }
            Some(existing) => *existing = entry,
            None => old.push(entry),
        }
    }
    Ok(())
}

pub(super) fn twice(place: &Place, kind: &str, id: &str, first: &Place) -> CatalogueError {
    CatalogueError::entry(
        place,
        format!(
            "the {kind} '{id}' stands already at {}:{}",
            first.file, first.line
        ),
    )
}
