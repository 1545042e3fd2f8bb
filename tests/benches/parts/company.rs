//! How long a company's site file takes from its files to tables, and from there into the kernel.

use std::time::Instant;

use anyhow::{Context as _, Result};
use cmflow::catalogue::Catalogue;
use cmflow::compile::{Machine, compile};
use cmflow::config::{self, Ended, Reading};
use cmflow_common::memory::MemoryTables;
use cmflow_tests::company::Company;
use xtask::lab::ScratchDir;

use super::asked::Asked;
use super::figure::Figure;
use super::known::few;

/// Reads, compiles and loads the company.
pub fn measure(asked: &Asked) -> Result<Vec<Figure>> {
    let folder = ScratchDir::new("company")?;
    let path = Company::write(folder.path())?;
    let catalogue = Catalogue::embedded()?;
    let reading = Reading::now(Ended::Refused);
    // Reading and compiling take no root.
    let mut rig = few(&MemoryTables::default());
    let (mut reads, mut compiles, mut loads, mut alls) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..asked.rounds.min(31) {
        let started = Instant::now();
        let file = config::read(&catalogue, &path, &reading).context("the company is sound")?;
        let read = started.elapsed();
        let compiled = compile(&catalogue, &file.model, &Machine::default(), &[])?;
        let total = started.elapsed();
        reads.push(read.as_secs_f64() * 1000.0);
        compiles.push(total.as_secs_f64() * 1000.0);
        if let Ok(rig) = &mut rig {
            let began = Instant::now();
            rig.load_tables(&compiled.tables);
            loads.push(began.elapsed().as_secs_f64() * 1000.0);
            alls.push((total + began.elapsed()).as_secs_f64() * 1000.0);
        }
    }
    let reload = match rig {
        Ok(_) => {
            let load = Figure::of("load", "ms", loads);
            Figure::of("reload-full", "ms", alls).with("load", load.value.unwrap_or_default())
        }
        Err(why) => Figure::new("reload-full", "ms", Err(format!("{why:#}"))),
    };
    let read = Figure::of("read", "ms", reads);
    let compiling = Figure::of("compile-company", "ms", compiles);
    Ok(vec![
        compiling.with("read", read.value.unwrap_or_default()),
        reload,
    ])
}
