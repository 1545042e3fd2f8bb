//! Verdicts by content: the numbers that tables give them change from one compilation to the next.

use std::collections::HashMap;

use cmflow_common::verdict::VerdictKind;
use rusqlite::types::{FromSqlError, Type};
use rusqlite::{Connection, OptionalExtension as _, Row, Statement, Transaction, params};

use super::error::Fault;
use crate::compile::{Basis, VerdictInfo};

/// From indices in a change to numbers in the history, as far as the change names them.
pub(super) struct Resolver<'t> {
    infos: &'t [VerdictInfo],
    ids: Vec<Option<i64>>,
    find: Statement<'t>,
    add: Statement<'t>,
}

impl<'t> Resolver<'t> {
    pub(super) fn new(transaction: &'t Transaction<'_>, infos: &'t [VerdictInfo]) -> Result<Self, Fault> {
        Ok(Self {
            infos,
            ids: vec![None; infos.len()],
            find: transaction
                .prepare("SELECT id FROM verdict WHERE kind = ?1 AND rules = ?2 AND basis = ?3")?,
            add: transaction
                .prepare("INSERT INTO verdict (kind, rules, basis) VALUES (?1, ?2, ?3) RETURNING id")?,
        })
    }

    /// The number of the verdict with that index.
    pub(super) fn id(&mut self, index: u32) -> Result<i64, Fault> {
        let place = index as usize;
        let (Some(info), Some(known)) = (self.infos.get(place), self.ids.get(place)) else {
            return Err(Fault::UnknownVerdict(index));
        };
        if let Some(known) = known {
            return Ok(*known);
        }
        let rules = serde_json::to_string(&info.rules).unwrap_or_default();
        let basis = info.basis.map_or("", Basis::name);
        let content = params![info.kind.name(), rules, basis];
        let found = self.find.query_row(content, |row| row.get(0)).optional()?;
        let id = match found {
            Some(id) => id,
            None => self.add.query_row(content, |row| row.get(0))?,
        };
        self.ids[place] = Some(id);
        Ok(id)
    }
}

/// Every verdict by its number.
pub(super) fn read(connection: &Connection) -> rusqlite::Result<HashMap<i64, VerdictInfo>> {
    let mut all = connection.prepare("SELECT id, kind, rules, basis FROM verdict")?;
    let read = all.query_map([], |row| Ok((row.get(0)?, info(row)?)))?;
    read.collect()
}

fn info(row: &Row<'_>) -> rusqlite::Result<VerdictInfo> {
    let odd = |column| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(FromSqlError::InvalidType))
    };
    let (kind, rules, basis): (String, String, String) = (row.get(1)?, row.get(2)?, row.get(3)?);
    let kind = VerdictKind::ALL.into_iter().find(|known| known.name() == kind);
    let basis = match basis.as_str() {
        "" => None,
        name => Some(basis_named(name).ok_or_else(|| odd(3))?),
    };
    Ok(VerdictInfo {
        kind: kind.ok_or_else(|| odd(1))?,
        rules: serde_json::from_str(&rules).map_err(|_| odd(2))?,
        basis,
    })
}

fn basis_named(name: &str) -> Option<Basis> {
    let all = [Basis::Port, Basis::Range, Basis::Icmp, Basis::Expectation];
    all.into_iter().find(|basis| basis.name() == name)
}
