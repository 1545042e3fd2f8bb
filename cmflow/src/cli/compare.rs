//! `cmflow compare`: an existing firewall against what crosses and what is documented.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;

use super::audited::{Audited, Sources};
use super::{Format, Outcome, write_json};
use crate::export::has_data;
use crate::firewall;

mod words;

#[derive(Debug, Args)]
#[command(
    after_help = "Each line of the firewall is used, unused, too wide (and what of it would be enough), or lets \
    through what no document explains. A line that is not understood is listed, never guessed. Exits with 1 where there \
    is something to look at.\n\nExamples:\n  nft -j list ruleset > now.json && cmflow compare --firewall now.json\n  \
    cmflow compare --firewall rules.csv --since 2026-10-01 --format json\n\nA CSV file has the columns \
    name,source,destination,protocol,port,action in any order; several values in a cell are separated by ; or spaces:\n  \
    name,source,destination,protocol,port,action\n  clients to mp,10.10.0.0/16,10.20.0.11;10.20.0.12,tcp,80;443,allow"
)]
pub(super) struct Arguments {
    /// The firewall: CSV, or what `nft -j list ruleset` prints
    #[arg(long, value_name = "FILE")]
    firewall: PathBuf,
    #[command(flatten)]
    audited: Audited,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(
    arguments: &Arguments,
    extra: Option<&Path>,
    out: &mut impl Write,
) -> anyhow::Result<Outcome> {
    let name = arguments.firewall.display().to_string();
    let text = fs::read_to_string(&arguments.firewall)
        .with_context(|| format!("the firewall {name} cannot be read"))?;
    let base = firewall::read(&name, &text).map_err(anyhow::Error::msg)?;
    let Sources { audit, evidence } = arguments.audited.read(extra)?;
    has_data(&audit)?;
    let exact = evidence.is_some();
    let traffic = evidence.map_or_else(
        || firewall::of_audit(&audit),
        |evidence| firewall::of_evidence(&evidence),
    );
    let steps = (traffic.len() + audit.openings.len()) * base.chains.len();
    let bar = super::audited::progress(steps, traffic.len() * lines(&base));
    let compared = firewall::compare(&name, &base, &traffic, exact, &audit, || bar.inc(1));
    bar.finish_and_clear();
    match arguments.format {
        Format::Json => write_json(out, &compared)?,
        Format::Table => words::write(out, &compared)?,
    }
    Ok(if compared.findings == 0 {
        Outcome::Done
    } else {
        Outcome::Findings
    })
}

fn lines(base: &firewall::RuleBase) -> usize {
    base.chains.iter().map(|chain| chain.lines.len()).sum()
}
