//! A row of the page, wherever it stands: its ports, and what it refers to.

use super::error::CatalogueError;
use super::file::{Place, RawConnection, RawRow};
use super::model::{Delivery, OpenedBy, PortRange, RoleId, Rule, Scope};
use super::page::Pages;
use super::ports::{self, Cell};

/// Note 2 of the page is "alternate port available": a row that carries it has one.
const ALTERNATE_PORT_NOTE: u8 = 2;

/// A row with what its heading says about it, before its ports are read.
pub(super) struct Row<'a> {
    pub(super) id: String,
    pub(super) section: &'a str,
    pub(super) service: &'a str,
    pub(super) listed: bool,
    pub(super) opened_by: OpenedBy,
    pub(super) scope: Scope,
    pub(super) anchor: Option<&'a String>,
    pub(super) place: &'a Place,
    pub(super) raw: RawRow,
}

impl Pages<'_> {
    /// Reads the row's ports and checks everything that it names.
    pub(super) fn rule(&self, row: Row<'_>) -> Result<Rule, CatalogueError> {
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
            .clone()
            .or_else(|| service.map(|service| service.raw.name.clone()))
            .ok_or_else(unnamed)?;
        let (udp, tcp) = cells(raw.udp.as_ref(), raw.tcp.as_ref(), place)?;
        if udp.ranges.is_empty() && tcp.ranges.is_empty() && !tcp.dynamic && !raw.icmp_echo {
            let what = format!("'{id}' has no ports; give 'udp', 'tcp' or 'icmp-echo'");
            return Err(CatalogueError::entry(place, what));
        }
        let opened_by = raw.opened_by.unwrap_or(row.opened_by);
        let delivery = delivery(&raw, opened_by, &udp, place)?;
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
            opened_by,
            udp: udp.ranges,
            icmp_echo: raw.icmp_echo,
            delivery,
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

    /// Roles at both ends of `from/to`.
    pub(super) fn ends(&self, pair: &str, place: &Place) -> Result<(RoleId, RoleId), CatalogueError> {
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
}

/// How the row's packets travel. What says something about UDP needs UDP ports to say it about.
fn delivery(
    raw: &RawRow,
    opened_by: OpenedBy,
    udp: &Cell,
    place: &Place,
) -> Result<Delivery, CatalogueError> {
    let refused = |what: &str| Err(CatalogueError::entry(place, what.to_owned()));
    if udp.ranges.is_empty() && !raw.groups.is_empty() {
        return refused("only UDP reaches groups; give 'udp', or remove 'groups'");
    }
    if raw.groups.is_empty() && raw.group_senders.is_some() {
        return refused("'group-senders' says nothing without 'groups'");
    }
    let (udp_at_from, _) = cells(raw.udp_at_from.as_ref(), None, place)?;
    if !udp_at_from.ranges.is_empty() && opened_by != OpenedBy::Either {
        return refused("'udp-at-from' is where the right end sends first; give 'opened-by = \"either\"'");
    }
    Ok(Delivery {
        groups: raw.groups.clone(),
        group_senders: raw.group_senders.unwrap_or(OpenedBy::From),
        udp_at_from: udp_at_from.ranges,
        answered: raw.answered.unwrap_or(true),
    })
}

/// What stands in the UDP and in the TCP column.
pub(super) fn cells(
    udp: Option<&String>,
    tcp: Option<&String>,
    place: &Place,
) -> Result<(Cell, Cell), CatalogueError> {
    let cell = |text: Option<&String>| {
        let text = text.map_or("", String::as_str);
        ports::parse(text).map_err(|what| CatalogueError::entry(place, what))
    };
    let (udp, tcp) = (cell(udp)?, cell(tcp)?);
    if udp.dynamic {
        return Err(CatalogueError::entry(place, "only TCP ports are dynamic"));
    }
    Ok((udp, tcp))
}

/// The row as that edition says it.
pub(super) fn in_edition(row: &RawRow, edition: &str) -> RawRow {
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

/// The row with what its table's heading says of all rows.
pub(super) fn under_heading(mut row: RawRow, header: &RawConnection) -> RawRow {
    row.notes.extend(&header.notes);
    row.conditions.splice(0..0, header.conditions.iter().cloned());
    row.remarks.extend(header.remarks.iter().cloned());
    row.cadence = row.cadence.or(Some(header.cadence));
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
