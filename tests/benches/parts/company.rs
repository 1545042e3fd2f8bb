//! How long a company's site file takes from its files to tables.

use std::fmt;
use std::time::Instant;

use anyhow::Context as _;
use cmflow::catalogue::Catalogue;
use cmflow::compile::{Machine, compile};
use cmflow::config::{self, Ended, Reading};
use cmflow_tests::company::Company;
use serde_json::json;
use xtask::lab::ScratchDir;

/// What the bench calls it.
pub const NAME: &str = "compile-company";

/// Milliseconds, medians.
pub struct Compiling {
    read_ms: f64,
    compile_ms: f64,
    total_ms: f64,
}

/// Reads and compiles the company that many times.
pub fn measure(rounds: usize) -> anyhow::Result<Compiling> {
    let folder = ScratchDir::new("company")?;
    let path = Company::write(folder.path())?;
    let catalogue = Catalogue::embedded()?;
    let reading = Reading::now(Ended::Refused);
    let (mut reads, mut compiles, mut totals) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let started = Instant::now();
        let file = config::read(&catalogue, &path, &reading).context("the company is sound")?;
        let read = started.elapsed();
        let compiled = compile(&catalogue, &file.model, &Machine::default(), &[])?;
        let total = started.elapsed();
        drop(compiled);
        for (times, time) in [
            (&mut reads, read),
            (&mut compiles, total - read),
            (&mut totals, total),
        ] {
            times.push(time.as_secs_f64() * 1000.0);
        }
    }
    let [read_ms, compile_ms, total_ms] =
        [reads, compiles, totals].map(|mut times| super::median(&mut times));
    Ok(Compiling {
        read_ms,
        compile_ms,
        total_ms,
    })
}

impl Compiling {
    pub fn json(&self) -> serde_json::Value {
        json!({ "ms": self.total_ms, "read_ms": self.read_ms, "compile_ms": self.compile_ms })
    }
}

impl fmt::Display for Compiling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            read_ms,
            compile_ms,
            total_ms,
        } = self;
        write!(
            f,
            "{NAME:<24}{total_ms:>10.0} ms: read {read_ms:.0}, compile {compile_ms:.0}"
        )
    }
}
