//! CSV files: a header line with `name,address,roles,site`, then a computer a line.

use std::ops::Range;

use super::draft::Draft;
use super::host::{self, Described, Word};
use super::problem::listed;
use crate::spelling::did_you_mean;

/// The columns, in the order in which a message lists them.
const COLUMNS: [&str; 4] = ["name", "address", "roles", "site"];

/// Where each of [`COLUMNS`] stands.
struct Header {
    positions: [Option<usize>; 4],
    count: usize,
}

/// Reads the computers of a file.
pub(super) fn read(draft: &mut Draft<'_>, text: &str) {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let mut header = None;
    for record in reader.records() {
        let Ok(record) = record else {
            // The text is UTF-8, the lines may differ in length, and memory cannot fail to be read.
            continue;
        };
        let begin = record.position().map_or(0, csv::Position::byte);
        let span = span(text, usize::try_from(begin).unwrap_or(0));
        match &header {
            None => match read_header(draft, &record, &span) {
                Some(read) => header = Some(read),
                None => return,
            },
            Some(header) => line(draft, header, &record, &span),
        }
    }
    if header.is_none() {
        let what = format!("no header line; begin the file with {}", COLUMNS.join(","));
        draft.report.problem(&(0..0), what);
    }
}

/// Where a record begins: the reader skips empty lines before it.
fn span(text: &str, begin: usize) -> Range<usize> {
    let rest = text.get(begin..).unwrap_or_default();
    let empty = rest.len() - rest.trim_start_matches(['\r', '\n']).len();
    begin + empty..begin + empty
}

fn read_header(draft: &mut Draft<'_>, record: &csv::StringRecord, span: &Range<usize>) -> Option<Header> {
    let mut positions = [None; 4];
    let mut wrong = Vec::new();
    if record.len() == 1 && record[0].contains([';', '\t']) {
        let what = "columns are separated by commas; several addresses or roles in one by \";\"";
        draft.report.problem(span, what.to_owned());
        return None;
    }
    for (position, name) in record.iter().enumerate() {
        match COLUMNS
            .iter()
            .position(|column| name.eq_ignore_ascii_case(column))
        {
            Some(column) if positions[column].is_some() => {
                wrong.push(format!("the column \"{name}\" is there twice"));
            }
            Some(column) => positions[column] = Some(position),
            None => {
                let hint = match did_you_mean(name, COLUMNS) {
                    none if none.is_empty() => format!("; there is {}", listed(COLUMNS)),
                    hint => hint,
                };
                wrong.push(format!("unknown column \"{name}\"{hint}"));
            }
        }
    }
    if wrong.is_empty() {
        let needs_site = !draft.model.sites.is_empty();
        let columns = COLUMNS.into_iter().zip(positions);
        let missing = columns.filter(|(name, place)| place.is_none() && (*name != "site" || needs_site));
        wrong.extend(
            missing.map(|(name, _)| format!("no column \"{name}\"; a header line is {}", COLUMNS.join(","))),
        );
    }
    let sound = wrong.is_empty();
    for what in wrong {
        draft.report.problem(span, what);
    }
    sound.then_some(Header {
        positions,
        count: record.len(),
    })
}

fn line(draft: &mut Draft<'_>, header: &Header, record: &csv::StringRecord, span: &Range<usize>) {
    if record.len() != header.count {
        let cells = if record.len() == 1 { "cell" } else { "cells" };
        let what = format!(
            "{} {cells}, where the header line has {} columns; put a cell with a comma into quotes",
            record.len(),
            header.count
        );
        draft.report.problem(span, what);
        return;
    }
    let cell = |column: usize| {
        header.positions[column]
            .and_then(|position| record.get(position))
            .unwrap_or("")
    };
    let words = |column: usize| -> Vec<Word<'_>> {
        let words = cell(column).split(|letter: char| letter == ';' || letter.is_whitespace());
        let words = words.filter(|word| !word.is_empty());
        words.map(|word| (word, span.clone())).collect()
    };
    let place = draft.report.place(span);
    if cell(0).is_empty() {
        draft.report.problem_at(place, "the name is empty".to_owned());
    }
    let described = Described {
        name: cell(0),
        place,
        addresses: words(1),
        roles: words(2),
        site: Some((cell(3), span.clone())),
    };
    host::describe(draft, &described);
}
