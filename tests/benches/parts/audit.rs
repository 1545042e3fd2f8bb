//! How long an audit of a company over a year takes, from the file to the answer, and how large the file is.

use std::time::Instant;

use anyhow::{Context as _, Result};
use cmflow::audit;
use cmflow::catalogue::Catalogue;
use cmflow::compile::{Machine, compile};
use cmflow::config::{self, Ended, Reading};
use cmflow::explain::Book;
use cmflow::store::Archive;
use cmflow_tests::company::{Company, POINTS};
use cmflow_tests::recorded::{Recorded, Talk};
use jiff::Timestamp;
use xtask::lab::ScratchDir;

use super::asked::Asked;
use super::figure::Figure;

const DAYS: i64 = 366;
/// Networks of clients that ask their distribution point, each of them each day.
const NETWORKS: usize = 2_000;

/// Writes the year, and audits it.
pub fn measure(asked: &Asked) -> Result<Vec<Figure>> {
    let folder = ScratchDir::new("audit-year")?;
    let path = Company::write(folder.path())?;
    let catalogue = Catalogue::embedded()?;
    let file =
        config::read(&catalogue, &path, &Reading::now(Ended::Refused)).context("the company is sound")?;
    let compiled = compile(&catalogue, &file.model, &Machine::default(), &[])?;
    let ends: Vec<(String, String)> = (0..NETWORKS)
        .map(|number| {
            let (third, point) = (number % 250, number % POINTS);
            (
                format!("10.{}.{third}.77", 64 + number / 250),
                format!("10.64.{point}.10"),
            )
        })
        .collect();
    let mut talks = Vec::new();
    for (from, to) in &ends {
        for port in [80, 443, 8005] {
            talks.push(Talk {
                from,
                to,
                service: (6, port),
                answered: port != 8005,
            });
        }
    }
    let begin: Timestamp = "2025-11-01T00:00:00Z".parse()?;
    let database = Recorded {
        file: &file,
        compiled: &compiled,
        begin,
        days: DAYS,
        sides: &[("10.64.0.0/10", "eth0"), ("10.2.0.11", "eth1")],
        talks: &talks,
        down: &[(48, 50)],
    }
    .write(folder.path(), "year.db")?;
    let mut samples = Vec::new();
    let (mut rules, mut openings, mut conversations) = (0, 0, 0);
    for _ in 0..asked.rounds.min(5) {
        let started = Instant::now();
        let evidence = Archive::open(&database)?.evidence(None, None)?;
        let book = Book {
            catalogue: &catalogue,
            site: &file.model,
            compiled: &compiled,
        };
        conversations = evidence.conversations.len();
        let audit = audit::audit(&book, &[evidence], Timestamp::now());
        samples.push(started.elapsed().as_secs_f64() * 1000.0);
        (rules, openings) = (audit.rules.len(), audit.openings.len());
    }
    let mib = std::fs::metadata(&database)?.len() as f64 / f64::from(1 << 20);
    let year = Figure::of("audit-year", "ms", samples).at_most(2000.0);
    Ok(vec![
        year.with("rules", rules as f64)
            .with("openings", openings as f64)
            .with("conversations", conversations as f64)
            .with("MiB", mib),
    ])
}
