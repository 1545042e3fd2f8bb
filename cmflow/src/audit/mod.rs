//! Which rules are really used, as far as what was seen tells: pure, from histories to an answer.
//!
//! `entries` and `crossing` say who could be seen at all, `prove` and `hits` what was, `demand`, `cadence` and `window`
//! what silence means, `grade` puts them together; `rules` and `openings` tell it.

mod approvals;
mod cadence;
mod contradictions;
mod credited;
mod crossing;
mod demand;
mod entries;
mod grade;
mod guess;
mod hits;
mod limits;
mod openings;
mod prove;
mod rules;
#[cfg(test)]
mod tests;
mod unexplained;
mod window;
mod words;

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use crate::answer::{Audit, AuditedGateway, Grade, SourceFile, TableGeneration};
use crate::explain::Book;
use crate::history::{Evidence, Generation};
use crossing::Map;
use demand::Standing;
use entries::Entries;
use hits::Hits;
use window::Observed;

/// What one gateway saw, by rule.
struct Gateway<'a> {
    evidence: &'a Evidence,
    observed: Observed,
    hits: HashMap<&'a str, Hits>,
    spans: HashMap<&'a str, Timestamp>,
}

/// All gateways, and who could be seen there.
struct Gateways<'a> {
    entries: Entries,
    map: Map,
    standings: HashMap<String, Standing>,
    all: Vec<Gateway<'a>>,
}

impl<'a> Gateways<'a> {
    fn new(book: &Book<'_>, evidence: &'a [Evidence]) -> Self {
        let entries = Entries::new(book);
        let standings = demand::of_rules(book);
        let conditional = |rule: &str| standings.get(rule).is_some_and(|standing| standing.conditional);
        let all = evidence.iter().map(|one| Gateway {
            evidence: one,
            observed: Observed::of(one),
            hits: hits::of_gateway(book, &entries, one, conditional),
            spans: demand::spans(one),
        });
        Self {
            all: all.collect(),
            map: Map::new(&entries, evidence),
            entries,
            standings,
        }
    }
}

/// Judges what was seen at the gateways by the rules of the book. `now` is when somebody asks.
#[must_use]
pub fn audit(book: &Book<'_>, evidence: &[Evidence], now: Timestamp) -> Audit {
    let gateways = Gateways::new(book, evidence);
    let told = gateways.all.iter().map(|gateway| AuditedGateway {
        name: gateway.evidence.gateway.name.clone(),
        interfaces: gateway.evidence.gateway.interfaces.iter().cloned().collect(),
        window: window::told(gateway.evidence, &gateway.observed),
    });
    let told: Vec<_> = told.collect();
    let windows: Vec<_> = told.iter().map(|one| (one.name.as_str(), &one.window)).collect();
    let rules = rules::graded(book, &gateways);
    let mut grades: BTreeMap<String, u64> = Grade::ALL
        .iter()
        .map(|grade| (grade.name().to_owned(), 0))
        .collect();
    for rule in &rules {
        *grades.entry(rule.grade.name().to_owned()).or_default() += 1;
    }
    let unexplained = unexplained::grouped(book, evidence);
    let contradictions = contradictions::found(book, &gateways);
    Audit {
        edition: book.compiled.edition.to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        at: now,
        files: files(evidence),
        window: window::of_all(&windows),
        generations: generations(evidence),
        grades,
        openings: openings::found(book, &gateways),
        approvals: approvals::told(book, &gateways, now),
        limits: limits::told(book, evidence, unexplained.explained_since),
        unexplained: unexplained.groups,
        contradictions,
        rules,
        gateways: told,
    }
}

fn sources(generation: &Generation) -> Vec<SourceFile> {
    let files = generation.files.iter().map(|file| SourceFile {
        path: file.path.clone(),
        sha256: file.sha256.clone(),
    });
    files.collect()
}

/// The files of the last generations; each once.
fn files(evidence: &[Evidence]) -> Vec<SourceFile> {
    let mut all = Vec::new();
    for file in evidence
        .iter()
        .filter_map(|one| one.generations.last())
        .flat_map(sources)
    {
        if !all.contains(&file) {
            all.push(file);
        }
    }
    all
}

fn generations(evidence: &[Evidence]) -> Vec<TableGeneration> {
    let all = evidence.iter().flat_map(|one| &one.generations);
    let mut told: Vec<_> = all
        .map(|generation| TableGeneration {
            from: generation.from,
            edition: generation.edition.clone(),
            files: sources(generation),
        })
        .collect();
    told.sort_by_key(|generation| generation.from);
    told
}
