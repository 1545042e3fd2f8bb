//! A rule base as a table: name, source, destination, protocol, port, action, in any order.

use super::region::Region;
use super::{Action, Chain, FirewallLine, RuleBase, Unread, address, service};
use crate::spelling::did_you_mean;

/// Columns and what else they are called, without spaces and signs.
const COLUMNS: [(&str, &[&str]); 7] = [
    ("name", &["name", "rule", "rulename", "id", "policy", "title"]),
    (
        "source",
        &[
            "source",
            "src",
            "from",
            "saddr",
            "srcaddr",
            "sourceaddress",
            "sourceaddresses",
            "sourceip",
            "sources",
        ],
    ),
    (
        "destination",
        &[
            "destination",
            "dst",
            "dest",
            "to",
            "daddr",
            "dstaddr",
            "destinationaddress",
            "destinationaddresses",
            "destinationip",
            "destinations",
        ],
    ),
    ("protocol", &["protocol", "proto", "protocols", "ipprotocol"]),
    (
        "port",
        &[
            "port",
            "ports",
            "service",
            "services",
            "dport",
            "dstport",
            "destinationport",
            "destinationports",
        ],
    ),
    ("action", &["action", "access", "target", "verdict", "decision"]),
    ("enabled", &["enabled", "active"]),
];

const ACCEPT: [&str; 6] = ["allow", "accept", "permit", "pass", "allowed", "permitted"];
const DROP: [&str; 7] = ["deny", "drop", "block", "reject", "discard", "denied", "blocked"];

/// Reads it.
pub(super) fn read(file: &str, text: &str) -> Result<RuleBase, String> {
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter(text))
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let header = reader
        .headers()
        .map_err(|error| format!("{file} is no table: {error}"))?;
    let places = places(file, header)?;
    let mut base = RuleBase::default();
    let mut lines = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| format!("{file} is no table: {error}"))?;
        let number = record.position().map_or(0, csv::Position::line);
        let cell = |column: usize| places[column].and_then(|place| record.get(place)).unwrap_or("");
        let place = format!("{file}:{number}");
        let off = ["no", "false", "0", "disabled", "off"].contains(&cell(6).to_lowercase().as_str());
        let action = cell(5).to_lowercase();
        // cmflow's own table lists what it leaves out.
        if off || action.starts_with("none") {
            continue;
        }
        match line(cell) {
            Ok((action, region)) => lines.push(FirewallLine {
                place,
                name: cell(0).to_owned(),
                action,
                region,
                policy: false,
            }),
            Err(why) => base.unread.push(Unread {
                place,
                name: cell(0).to_owned(),
                why,
            }),
        }
    }
    lines.push(FirewallLine {
        place: format!("{file}: what no line lets through"),
        name: String::new(),
        action: Action::Drop,
        region: Region::everything(),
        policy: true,
    });
    base.chains.push(Chain {
        lines,
        families: [true; 2],
    });
    Ok(base)
}

fn line<'a>(cell: impl Fn(usize) -> &'a str) -> Result<(Action, Region), String> {
    let word = cell(5).to_lowercase();
    let action = if ACCEPT.contains(&word.as_str()) {
        Action::Accept
    } else if DROP.contains(&word.as_str()) {
        Action::Drop
    } else {
        let hint = did_you_mean(&word, ACCEPT.into_iter().chain(DROP));
        return Err(format!("\"{word}\" is no action; write allow or deny{hint}"));
    };
    let region = Region {
        sources: address::list(cell(1)).map_err(|why| format!("source: {why}"))?,
        destinations: address::list(cell(2)).map_err(|why| format!("destination: {why}"))?,
        services: service::list(cell(3), cell(4))?,
    };
    if region.is_empty() {
        return Err("source and destination are of different address families".to_owned());
    }
    Ok((action, region))
}

/// What separates the columns of the first line.
fn delimiter(text: &str) -> u8 {
    let first = text.lines().next().unwrap_or("");
    let count = |letter: char| first.matches(letter).count();
    [(',', b','), (';', b';'), ('\t', b'\t')]
        .into_iter()
        .max_by_key(|(letter, byte)| (count(*letter), *byte == b','))
        .map_or(b',', |(_, byte)| byte)
}

fn places(file: &str, header: &csv::StringRecord) -> Result<[Option<usize>; 7], String> {
    let plain = |name: &str| -> String {
        let letters = name.chars().filter(|letter| letter.is_alphanumeric());
        letters.collect::<String>().to_lowercase()
    };
    let mut places = [None; 7];
    for (place, name) in header.iter().enumerate() {
        let name = plain(name);
        let column = COLUMNS
            .iter()
            .position(|(_, names)| names.contains(&name.as_str()));
        if let Some(column) = column {
            // Where two columns mean the same, the one that is called so decides.
            if places[column].is_none() || name == COLUMNS[column].0 {
                places[column] = Some(place);
            }
        }
    }
    for (column, (name, names)) in COLUMNS.iter().enumerate() {
        if places[column].is_none() && ["source", "destination", "port", "action"].contains(name) {
            let there: Vec<_> = header.iter().collect();
            let near = there
                .iter()
                .find(|other| !did_you_mean(other, names.iter().copied()).is_empty());
            let hint = near
                .map(|near| format!("; is it \"{near}\"?"))
                .unwrap_or_default();
            return Err(format!(
                "{file}:1: no column \"{name}\"{hint} A rule base has the columns \
                 name,source,destination,protocol,port,action, in any order"
            ));
        }
    }
    Ok(places)
}
