//! The lists beside the tables: rows of their own, aliases of table rows, pointers at tables.

use super::draft::{Entry, ListDraft};
use super::error::CatalogueError;
use super::file::{RawAlias, RawEdition, RawListRule, RawRow, RawSection};
use super::model::{Alias, List, OpenedBy, Rule};
use super::page::{Pages, split_context};
use super::row::{Row, cells};

impl Pages<'_> {
    /// The list as that edition has it.
    pub(super) fn list(
        &self,
        draft: &ListDraft,
        edition: &Entry<RawEdition>,
    ) -> Result<List, CatalogueError> {
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
                list.aliases.push(self.section(entry, &list.id, edition)?);
            }
        }
        Ok(list)
    }

    fn listed_rule(&self, entry: &Entry<RawListRule>, list: &List) -> Result<Rule, CatalogueError> {
        let raw = &entry.raw;
        let id = raw.id.get_ref().clone();
        let service = id.rsplit('/').next().unwrap_or_default();
        let row = RawRow {
            service: raw.id.clone(),
            name: raw.name.clone(),
            source: None,
            opened_by: None,
            udp: raw.udp.clone(),
            tcp: raw.tcp.clone(),
            icmp_echo: raw.icmp_echo,
            groups: raw.groups.clone(),
            group_senders: raw.group_senders,
            answered: raw.answered,
            udp_at_from: raw.udp_at_from.clone(),
            notes: raw.notes.clone(),
            setting: raw.setting.clone(),
            editions: None,
            cadence: Some(raw.cadence),
            conditions: raw.conditions.clone(),
            remarks: raw.remarks.clone(),
            variants: Vec::new(),
        };
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
        let (udp, tcp) = cells(raw.udp.as_ref(), raw.tcp.as_ref(), &entry.place)?;
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

    fn section(
        &self,
        entry: &Entry<RawSection>,
        list: &str,
        edition: &Entry<RawEdition>,
    ) -> Result<Alias, CatalogueError> {
        let id = entry.raw.connection.get_ref();
        let connections = &self.draft.connections;
        let Some(target) = connections.iter().find(|c| c.header.raw.id.get_ref() == id) else {
            let known = connections.iter().map(|c| c.header.raw.id.get_ref().as_str());
            return Err(CatalogueError::unknown(&entry.place, "connection", id, known));
        };
        let (pair, _) = split_context(id);
        let (from, to) = pair.split_once('/').unwrap_or((pair, ""));
        Ok(Alias {
            id: format!("{list}/{id}"),
            service: "every row of the table".to_owned(),
            from: from.to_owned(),
            to: to.to_owned(),
            opened_by: target.header.raw.opened_by,
            udp: Vec::new(),
            tcp: Vec::new(),
            dynamic: false,
            covered_by: self
                .table(target, edition)?
                .into_iter()
                .map(|rule| rule.id)
                .collect(),
        })
    }
}
