//! `cmflow export`: the firewall that follows from what was observed and what is documented.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;

use super::Outcome;
use super::audited::{Audited, Sources};
use crate::export::{Format, Only, export};

#[derive(Debug, Args)]
#[command(
    after_help = "What it writes has to be reviewed: lines that are not known for sure say REVIEW and why, and what \
    is left out is listed at the end. Without data there is no export: exit code 2.\n\nExamples:\n  \
    cmflow export nftables --since 2026-10-01 --output gateway.nft && nft -c -f gateway.nft\n  \
    cmflow export change-request --output change.md\n  \
    cmflow audit --format json > audit.json && cmflow export azure-nsg --audit audit.json"
)]
pub(super) struct Arguments {
    /// What it is written for
    #[arg(value_enum, value_name = "FORMAT")]
    format: Format,
    /// Which openings it has
    #[arg(long, value_enum, default_value_t)]
    only: Only,
    /// Write it to this file instead
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    audited: Audited,
}

pub(super) fn run(
    arguments: &Arguments,
    extra: Option<&Path>,
    out: &mut impl Write,
) -> anyhow::Result<Outcome> {
    let Sources { audit, evidence } = arguments.audited.read(extra)?;
    let evidence = evidence.unwrap_or_default();
    let exported = export(&audit, &evidence, arguments.format, arguments.only)?;
    for warning in &exported.warnings {
        eprintln!("cmflow: {warning}");
    }
    match &arguments.output {
        None => out.write_all(exported.text.as_bytes())?,
        Some(path) => {
            let name = path.display();
            fs::write(path, &exported.text).with_context(|| format!("{name} cannot be written"))?;
            eprintln!("cmflow: {name} is written; review it before it is used");
        }
    }
    Ok(Outcome::Done)
}
