//! The tables of a bundle as CSV. Lists in a cell are separated by `;`.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io;

use jiff::Timestamp;

use super::names::{Names, plain};
use crate::answer::{Audit, protocol_name};
use crate::history::{Evidence, date_of};

/// A table that is being written.
struct Sheet(csv::Writer<Vec<u8>>);

impl Sheet {
    fn new<const N: usize>(heading: [&str; N]) -> io::Result<Self> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(heading)?;
        Ok(Self(writer))
    }

    fn row<const N: usize>(&mut self, cells: [String; N]) -> io::Result<()> {
        Ok(self.0.write_record(cells)?)
    }

    fn finish(self) -> io::Result<Vec<u8>> {
        self.0.into_inner().map_err(|error| error.into_error())
    }
}

/// Text from outside: what a spreadsheet would run as a formula is text.
fn text(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

fn all<T: Display>(items: &[T]) -> String {
    let told: Vec<_> = items.iter().map(T::to_string).collect();
    text(&told.join(";"))
}

fn maybe(at: Option<Timestamp>) -> String {
    at.map(|at| at.to_string()).unwrap_or_default()
}

pub(super) fn rules(audit: &Audit) -> io::Result<Vec<u8>> {
    let mut sheet = Sheet::new([
        "rule",
        "verdict",
        "from",
        "to",
        "service",
        "grade",
        "why",
        "packets",
        "bytes",
        "flows",
        "answered_flows",
        "initiators",
        "responders",
        "pairs_possible",
        "pairs_observable",
        "pairs_used",
        "first_seen",
        "last_seen",
        "active_days",
        "since",
        "observed_s",
        "cadence",
        "conditions",
        "shared_with",
        "remarks",
    ])?;
    for rule in &audit.rules {
        sheet.row([
            text(&rule.rule),
            text(&rule.verdict),
            text(&rule.from),
            text(&rule.to),
            text(&rule.service),
            rule.grade.name().to_owned(),
            text(&rule.why),
            rule.packets.to_string(),
            rule.bytes.to_string(),
            rule.flows.to_string(),
            rule.answered_flows.to_string(),
            rule.initiators.to_string(),
            rule.responders.to_string(),
            rule.pairs.possible.to_string(),
            rule.pairs.observable.to_string(),
            rule.pairs.used.to_string(),
            maybe(rule.first_seen),
            maybe(rule.last_seen),
            rule.active_days.to_string(),
            rule.since.to_string(),
            rule.observed_s.to_string(),
            text(&rule.cadence),
            all(&rule.conditions),
            all(&rule.shared_with),
            all(&rule.remarks),
        ])?;
    }
    sheet.finish()
}

pub(super) fn openings(audit: &Audit) -> io::Result<Vec<u8>> {
    let mut sheet = Sheet::new([
        "sources",
        "source_roles",
        "destinations",
        "destination_roles",
        "protocol",
        "ports",
        "dynamic",
        "rules",
        "verdict",
        "grade",
        "why",
        "packets",
        "flows",
        "answered_flows",
        "last_seen",
    ])?;
    for opening in &audit.openings {
        sheet.row([
            all(&opening.sources),
            all(&opening.source_roles),
            all(&opening.destinations),
            all(&opening.destination_roles),
            text(&opening.protocol),
            all(&opening.ports),
            opening.dynamic.to_string(),
            all(&opening.rules),
            text(&opening.verdict),
            opening.grade.name().to_owned(),
            text(&opening.why),
            opening.packets.to_string(),
            opening.flows.to_string(),
            opening.answered_flows.to_string(),
            maybe(opening.last_seen),
        ])?;
    }
    sheet.finish()
}

pub(super) fn unexplained(audit: &Audit) -> io::Result<Vec<u8>> {
    let mut sheet = Sheet::new([
        "initiator_roles",
        "responder_roles",
        "protocol",
        "port",
        "verdict",
        "initiators",
        "responders",
        "packets",
        "bytes",
        "flows",
        "answered_flows",
        "first_seen",
        "last_seen",
        "nearest",
        "why_not",
        "guess",
    ])?;
    for group in &audit.unexplained {
        let nearest = group.nearest.as_ref();
        sheet.row([
            all(&group.initiator_roles),
            all(&group.responder_roles),
            text(&group.protocol),
            group.port.to_string(),
            text(&group.verdict),
            group.initiators.to_string(),
            group.responders.to_string(),
            group.packets.to_string(),
            group.bytes.to_string(),
            group.flows.to_string(),
            group.answered_flows.to_string(),
            group.first_seen.to_string(),
            group.last_seen.to_string(),
            nearest.map(|one| text(&one.rule)).unwrap_or_default(),
            nearest.map(|one| text(&one.why_not)).unwrap_or_default(),
            group.guess.as_deref().map(text).unwrap_or_default(),
        ])?;
    }
    sheet.finish()
}

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
