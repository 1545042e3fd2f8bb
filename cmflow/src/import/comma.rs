//! Lists as CSV, with commas, semicolons or tabs.

use super::field::{Field, parts};
use super::{List, Listed};

/// Reads a list; the error is why it is none.
pub(super) fn read(text: &str) -> Result<List, String> {
    let begin = text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    let count = |letter: char| begin.matches(letter).count();
    let delimiter = [(',', b','), (';', b';'), ('\t', b'\t')];
    let (_, delimiter) = delimiter
        .into_iter()
        .max_by_key(|(letter, byte)| (count(*letter), *byte == b','))
        .expect("there are three");
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let mut records = reader.records().flatten();
    let header = records
        .next()
        .ok_or("the file is empty; begin it with name,address,roles,site")?;
    let fields: Vec<Option<Field>> = header.iter().map(Field::named).collect();
    for needed in [Field::Name, Field::Address, Field::Roles] {
        if !fields.contains(&Some(needed)) {
            let known = needed.names();
            let columns: Vec<_> = header.iter().collect();
            return Err(format!(
                "line 1: no column \"{}\" (or {}); there is {}; begin the file with name,address,roles,site",
                known[0],
                known[1..].iter().take(3).copied().collect::<Vec<_>>().join(", "),
                columns.join(", ")
            ));
        }
    }
    let ignored = header.iter().zip(&fields).filter(|(_, field)| field.is_none());
    let mut list = List {
        ignored: ignored.map(|(name, _)| name.to_owned()).collect(),
        ..List::default()
    };
    for record in records {
        let line = record.position().map_or(0, csv::Position::line);
        if record.iter().all(str::is_empty) {
            continue;
        }
        if record.len() != header.len() {
            list.broken.push(format!(
                "line {line}: {} cells, where the header line has {} columns; put a cell with a {} into quotes",
                record.len(),
                header.len(),
                if delimiter == b',' { "comma" } else { "separator" }
            ));
            continue;
        }
        let mut entry = Listed {
            place: format!("line {line}"),
            ..Listed::default()
        };
        for (cell, field) in record.iter().zip(&fields) {
            match field {
                // The first column with a name is it; FQDN beside a short name says nothing new.
                Some(Field::Name) if entry.name.is_empty() => entry.name = cell.to_owned(),
                Some(Field::Address) => entry.addresses.extend(parts(Field::Address, cell)),
                Some(Field::Roles) => entry.roles.extend(parts(Field::Roles, cell)),
                Some(Field::Site) => entry.site = cell.to_owned(),
                Some(Field::Parent) => entry.parent = cell.to_owned(),
                Some(Field::Name) | None => {}
            }
        }
        list.entries.push(entry);
    }
    Ok(list)
}
