//! One edition's page, out of the draft: tables first, then the lists beside them.

use std::collections::HashMap;

use super::draft::{ConnectionDraft, Draft, Entry, ListDraft};
use super::error::CatalogueError;
use super::file::{Place, RawAlias, RawEdition, RawListRule, RawRow};
use super::model::{
    Alias, Connection, EditionId, List, OpenedBy, Page, PortRange, Role, RoleId, Rule, Scope,
};
use super::ports;

/// Note 2 of the page is "alternate port available": a row that carries it has one.
const ALTERNATE_PORT_NOTE: u8 = 2;

/// Builds pages; knows everything that the rows refer to.
pub(super) struct Pages<'a> {
    draft: &'a Draft,
    roles: HashMap<&'a str, RoleId>,
    role_ids: Vec<&'a str>,
}

/// A row with what its heading says about it, before its ports are read.
struct Row<'a> {
    id: String,
    section: &'a str,
    service: &'a str,
    listed: bool,
    opened_by: OpenedBy,
    scope: Scope,
    anchor: Option<&'a String>,
    place: &'a Place,
    raw: RawRow,
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
        connections.sort_by_key(|connection| place(connection));
        connections
    }

    fn stands<T>(
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

    fn table(
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
            let mut raw = in_edition(&entry.raw, edition.raw.id.get_ref());
            for variant in &entry.raw.variants {
                self.draft.check_editions(Some(&variant.editions), &entry.place)?;
            }
            raw.notes.extend(&header.notes);
            raw.conditions.splice(0..0, header.conditions.iter().cloned());
            raw.remarks.extend(header.remarks.iter().cloned());
            raw.cadence = raw.cadence.or(Some(header.cadence));
            rules.push(self.rule(Row {
                id: format!("{pair}/{}", entry.raw.service.get_ref()),
                section: header.id.get_ref(),
                service: entry.raw.service.get_ref(),
                listed: false,
                opened_by: header.opened_by,
                scope: header.scope,
                anchor: header.anchor.as_ref(),
                place: &entry.place,
                raw,
            })?);
        }
        Ok(rules)
    }

    fn rule(&self, row: Row<'_>) -> Result<Rule, CatalogueError> {
        let Row { id, raw, place, .. } = row;
        let pair = id
            .strip_suffix(row.service)
            .and_then(|pair| pair.strip_suffix('/'))
            .unwrap_or(&id);
        let (from, to) = self.ends(pair, place)?;
        let service = self.draft.services.get(row.service);
        let known = self.draft.services.keys().map(String::as_str);
        let unnamed = || CatalogueError::unknown(place, "service", row.service, known);
        let name = raw
            .name
            .or_else(|| service.map(|service| service.raw.name.clone()))
            .ok_or_else(unnamed)?;
        let cell = |text: Option<&String>| {
            let text = text.map_or("", String::as_str);
            ports::parse(text).map_err(|what| CatalogueError::entry(place, what))
        };
        let (udp, tcp) = (cell(raw.udp.as_ref())?, cell(raw.tcp.as_ref())?);
        if udp.dynamic {
            return Err(CatalogueError::entry(place, "only TCP ports are dynamic"));
        }
        if udp.ranges.is_empty() && tcp.ranges.is_empty() && !tcp.dynamic && !raw.icmp_echo {
            let what = format!("'{id}' has no ports; give 'udp', 'tcp' or 'icmp-echo'");
            return Err(CatalogueError::entry(place, what));
        }
        let mut notes = raw.notes;
        notes.sort_unstable();
        notes.dedup();
        for note in &notes {
            if !self
                .draft
                .notes
                .iter()
                .any(|known| known.raw.number.get_ref() == note)
            {
                return Err(CatalogueError::entry(place, format!("there is no note {note}")));
            }
        }
        let setting = raw
            .setting
            .or_else(|| service.and_then(|service| service.raw.setting.clone()));
        if let Some(key) = setting
            .as_ref()
            .filter(|key| !self.draft.settings.contains_key(*key))
        {
            let known = self.draft.settings.keys().map(String::as_str);
            return Err(CatalogueError::unknown(place, "setting", key, known));
        }
        for condition in &raw.conditions {
            if !self.draft.conditions.contains_key(condition) {
                let known = self.draft.conditions.keys().map(String::as_str);
                return Err(CatalogueError::unknown(place, "condition", condition, known));
            }
        }
        let cadence = raw
            .cadence
            .ok_or_else(|| CatalogueError::entry(place, "no cadence"))?;
        Ok(Rule {
            section: row.section.to_owned(),
            listed: row.listed,
            service: name,
            from,
            to,
            opened_by: row.opened_by,
            udp: udp.ranges,
            icmp_echo: raw.icmp_echo,
            dynamic: tcp.dynamic,
            either: udp.either || tcp.either,
            tcp: tcp.ranges,
            alternate: notes.contains(&ALTERNATE_PORT_NOTE),
            notes,
            setting,
            scope: row.scope,
            cadence,
            conditions: raw.conditions,
            anchor: row.anchor.cloned(),
            errata: Vec::new(),
            remarks: raw.remarks,
            id,
        })
    }

    fn list(&self, draft: &ListDraft, edition: &Entry<RawEdition>) -> Result<List, CatalogueError> {
        let header = &draft.header.raw;
        let mut list = List {
            id: header.id.get_ref().clone(),
            name: header.name.clone(),
            anchor: header.anchor.clone(),
            rules: Vec::new(),
            aliases: Vec::new(),
            remarks: header.remarks.clone(),
            errata: Vec::new(),
        };
        for entry in &draft.rules {
            if self.stands(entry.raw.editions.as_deref(), entry, edition)? {
                list.rules.push(self.listed_rule(entry, &list)?);
            }
        }
        for entry in &draft.aliases {
            if self.stands(entry.raw.editions.as_deref(), entry, edition)? {
                self.add_aliases(entry, &mut list)?;
            }
        }
        for entry in &draft.sections {
            if self.stands(entry.raw.editions.as_deref(), entry, edition)? {
                let id = entry.raw.connection.get_ref();
                let connections = &self.draft.connections;
                let Some(target) = connections.iter().find(|c| c.header.raw.id.get_ref() == id) else {
                    let known = connections.iter().map(|c| c.header.raw.id.get_ref().as_str());
                    return Err(CatalogueError::unknown(&entry.place, "connection", id, known));
                };
                let rules = self.table(target, edition)?;
                let (pair, _) = split_context(id);
                let (from, to) = pair.split_once('/').unwrap_or((pair, ""));
                list.aliases.push(Alias {
                    id: format!("{}/{id}", list.id),
                    service: "every row of the table".to_owned(),
                    from: from.to_owned(),
                    to: to.to_owned(),
                    opened_by: target.header.raw.opened_by,
                    udp: Vec::new(),
                    tcp: Vec::new(),
                    dynamic: false,
                    covered_by: rules.into_iter().map(|rule| rule.id).collect(),
                });
            }
        }
        Ok(list)
    }

    fn listed_rule(&self, entry: &Entry<RawListRule>, list: &List) -> Result<Rule, CatalogueError> {
        let raw = &entry.raw;
        let id = raw.id.get_ref().clone();
        let service = id.rsplit('/').next().unwrap_or_default();
        let mut row = RawRow {
            service: raw.id.clone(),
            name: raw.name.clone(),
            udp: raw.udp.clone(),
            tcp: raw.tcp.clone(),
            icmp_echo: raw.icmp_echo,
            notes: raw.notes.clone(),
            setting: raw.setting.clone(),
            editions: None,
            cadence: Some(raw.cadence),
            conditions: raw.conditions.clone(),
            remarks: raw.remarks.clone(),
            variants: Vec::new(),
        };
        row.remarks.dedup();
        self.rule(Row {
            section: &list.id,
            service,
            listed: true,
            opened_by: raw.opened_by.unwrap_or(OpenedBy::From),
            scope: raw.scope,
            anchor: list.anchor.as_ref(),
            place: &entry.place,
            raw: row,
            id: id.clone(),
        })
    }

    fn add_aliases(&self, entry: &Entry<RawAlias>, list: &mut List) -> Result<(), CatalogueError> {
        let raw = &entry.raw;
        let key = raw.service.get_ref();
        let Some(service) = self.draft.services.get(key) else {
            let known = self.draft.services.keys().map(String::as_str);
            return Err(CatalogueError::unknown(&entry.place, "service", key, known));
        };
        let cell = |text: Option<&String>| {
            let text = text.map_or("", String::as_str);
            ports::parse(text).map_err(|what| CatalogueError::entry(&entry.place, what))
        };
        let (udp, tcp) = (cell(raw.udp.as_ref())?, cell(raw.tcp.as_ref())?);
        for from in &raw.from {
            for to in &raw.to {
                self.ends(&format!("{from}/{to}"), &entry.place)?;
                let covered_by = match raw.covered_by.as_slice() {
                    [] => vec![format!("{from}/{to}/{key}")],
                    rules => rules.to_vec(),
                };
                list.aliases.push(Alias {
                    id: format!("{}/{from}/{to}/{}", list.id, raw.row.as_ref().unwrap_or(key)),
                    service: service.raw.name.clone(),
                    from: from.clone(),
                    to: to.clone(),
                    opened_by: raw.opened_by.unwrap_or(OpenedBy::From),
                    udp: udp.ranges.clone(),
                    tcp: tcp.ranges.clone(),
                    dynamic: tcp.dynamic,
                    covered_by,
                });
            }
        }
        Ok(())
    }

    /// Roles at both ends of `from/to`.
    fn ends(&self, pair: &str, place: &Place) -> Result<(RoleId, RoleId), CatalogueError> {
        let Some((from, to)) = pair.split_once('/') else {
            return Err(CatalogueError::entry(place, format!("'{pair}' is not 'from/to'")));
        };
        let role = |id: &str| {
            let known = self.role_ids.iter().copied();
            self.roles
                .get(id)
                .copied()
                .ok_or_else(|| CatalogueError::unknown(place, "role", id, known))
        };
        Ok((role(from)?, role(to)?))
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
        for list in &page.lists {
            for alias in &list.aliases {
                for id in alias
                    .covered_by
                    .iter()
                    .filter(|id| !sections.contains_key(id.as_str()))
                {
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
fn split_context(id: &str) -> (&str, Option<&str>) {
    id.split_once('@')
        .map_or((id, None), |(pair, context)| (pair, Some(context)))
}

/// The row as that edition says it.
fn in_edition(row: &RawRow, edition: &str) -> RawRow {
    let mut row = row.clone();
    let variants = std::mem::take(&mut row.variants);
    for variant in variants
        .into_iter()
        .filter(|variant| variant.editions.iter().any(|id| id == edition))
    {
        row.name = variant.name.or(row.name);
        row.udp = variant.udp.or(row.udp);
        row.tcp = variant.tcp.or(row.tcp);
        row.notes = variant.notes.unwrap_or(row.notes);
    }
    row
}

/// The ranges of a setting's default.
pub(super) fn default_ports(text: &str, place: &Place) -> Result<Vec<PortRange>, CatalogueError> {
    let cell = ports::parse(text).map_err(|what| CatalogueError::entry(place, what))?;
    if cell.ranges.is_empty() {
        return Err(CatalogueError::entry(place, "a setting needs a default port"));
    }
    Ok(cell.ranges)
}
