//! The evidence of a bundle as tables.

use std::collections::BTreeMap;
use std::io;

use super::names::{Names, plain};
use crate::answer::protocol_name;
use crate::history::{Evidence, date_of};
use crate::report::sheet::{Sheet, all, maybe, text};

pub(super) fn conversations(evidence: &Evidence) -> io::Result<Vec<u8>> {
    let mut sheet = Sheet::new([
        "protocol",
        "initiator",
        "responder",
        "port",
        "lowest_port",
        "highest_port",
        "verdict",
        "basis",
        "rules",
        "packets",
        "bytes",
        "flows",
        "answered_flows",
        "proving_flows",
        "refused_flows",
        "one_sided_flows",
        "initiators",
        "responders",
        "first_seen",
        "last_seen",
        "last_proving",
        "days",
        "proving_days",
        "folded",
    ])?;
    for one in &evidence.conversations {
        let info = evidence
            .verdicts
            .get(one.key.verdict as usize)
            .map(|verdict| &verdict.info);
        sheet.row([
            protocol_name(one.key.protocol),
            one.key.initiator.to_string(),
            one.key.responder.to_string(),
            one.key.port.to_string(),
            one.ports.0.to_string(),
            one.ports.1.to_string(),
            info.map(|info| info.kind.name().to_owned()).unwrap_or_default(),
            info.and_then(|info| info.basis)
                .map(|basis| basis.name().to_owned())
                .unwrap_or_default(),
            info.map(|info| all(&info.rules)).unwrap_or_default(),
            one.total.packets.to_string(),
            one.total.bytes.to_string(),
            one.total.flows.to_string(),
            one.total.answered.to_string(),
            one.total.proving.to_string(),
            one.total.refused.to_string(),
            one.total.one_sided.to_string(),
            one.initiators.to_string(),
            one.responders.to_string(),
            one.first_seen.to_string(),
            one.last_seen.to_string(),
            maybe(one.last_proving),
            one.hit.iter().count().to_string(),
            one.proving.iter().count().to_string(),
            one.folded.to_string(),
        ])?;
    }
    sheet.finish()
}

pub(super) fn verdicts(evidence: &Evidence) -> io::Result<Vec<u8>> {
    let mut sheet = Sheet::new(["verdict", "basis", "rules", "day", "packets"])?;
    for one in &evidence.verdicts {
        for (day, packets) in &one.days {
            sheet.row([
                one.info.kind.name().to_owned(),
                one.info
                    .basis
                    .map(|basis| basis.name().to_owned())
                    .unwrap_or_default(),
                all(&one.info.rules),
                date_of(*day).to_string(),
                packets.to_string(),
            ])?;
        }
    }
    sheet.finish()
}

pub(super) fn sightings(evidence: &Evidence) -> io::Result<Vec<u8>> {
    let mut sheet = Sheet::new(["who", "interface", "where"])?;
    for one in &evidence.sightings {
        let side = if one.here {
            "came in here"
        } else {
            "behind another interface"
        };
        sheet.row([one.who.to_string(), text(&one.interface), side.to_owned()])?;
    }
    sheet.finish()
}

pub(super) fn outages(evidence: &Evidence) -> io::Result<Vec<u8>> {
    let mut sheet = Sheet::new(["from", "to", "kind", "note", "hides_traffic"])?;
    for one in &evidence.outages {
        sheet.row([
            one.from.to_string(),
            one.to.to_string(),
            text(&one.kind),
            text(&one.note),
            one.hides().to_string(),
        ])?;
    }
    sheet.finish()
}

/// Generations and the files that they were made from; each file once, under the name that the table gives.
pub(super) fn generations(evidence: &Evidence) -> io::Result<(Vec<u8>, BTreeMap<String, String>)> {
    let mut sheet = Sheet::new([
        "from",
        "number",
        "edition",
        "version",
        "file",
        "kind",
        "sha256",
        "stored_as",
    ])?;
    let mut names = Names::default();
    // By sum and name: the same text under two names is two files to whoever reads the table.
    let mut known: BTreeMap<(&str, &str), String> = BTreeMap::new();
    let mut stored = BTreeMap::new();
    for generation in &evidence.generations {
        for file in &generation.files {
            // The history may have kept the sum alone, of what is long gone.
            let kept = !file.text.is_empty() || file.sha256 == crate::store::sha256(b"");
            let name = known.entry((&file.sha256, &file.path)).or_insert_with(|| {
                let sum: String = plain(&file.sha256).chars().take(12).collect();
                names.unique(&format!("{sum}-{}", plain(&file.path)), "file")
            });
            if kept {
                stored.insert(name.clone(), file.text.clone());
            }
            sheet.row([
                generation.from.to_string(),
                generation.number.to_string(),
                text(&generation.edition),
                text(&generation.version),
                text(&file.path),
                text(&file.kind),
                text(&file.sha256),
                if kept {
                    format!("files/{name}")
                } else {
                    String::new()
                },
            ])?;
        }
    }
    Ok((sheet.finish()?, stored))
}
