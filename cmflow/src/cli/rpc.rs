//! `cmflow rpc`: which dynamic ports are used.

use std::io::Write;

use clap::{Args, ValueEnum};
use comfy_table::Table;

use super::asking::{AT_INGRESS, numbers, table, time, with_roles};
use super::{Outcome, write_json};
use crate::answer::{PortStretch, Rpc, RpcPair};
use crate::daemon::Instance;
use crate::serve::{self, Question};

/// Stretches of ports that people are shown of a pair.
const STRETCHES: usize = 8;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Name of the daemon to ask
    #[arg(long, value_name = "NAME", default_value = "default")]
    instance: Instance,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    format: Form,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For people
    #[default]
    Table,
    /// For scripts
    Json,
    /// For spreadsheets
    Csv,
}

pub(super) fn run(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<Outcome> {
    let answer = serve::ask(&arguments.instance.socket(), &Question::Rpc)?;
    if arguments.format == Form::Json {
        write_json(out, &answer)?;
        return Ok(Outcome::Done);
    }
    let found: Rpc = serde_json::from_value(answer)?;
    match arguments.format {
        Form::Csv => csv(out, &found.rpc)?,
        Form::Table | Form::Json => show(out, &found)?,
    }
    Ok(Outcome::Done)
}

fn show(out: &mut impl Write, found: &Rpc) -> anyhow::Result<()> {
    if found.rpc.is_empty() {
        writeln!(out, "no flow to a dynamic port was seen so far")?;
        return Ok(());
    }
    writeln!(out, "{}", listed(&found.rpc))?;
    let pairs = if found.rpc.len() == 1 { "pair" } else { "pairs" };
    writeln!(
        out,
        "{} {pairs} of computers, {AT_INGRESS}; times are UTC",
        found.rpc.len()
    )?;
    writeln!(out, "{}", suggested(found))?;
    Ok(())
}

/// What the range could be narrowed to, as one line.
pub(super) fn suggested(found: &Rpc) -> String {
    match (&found.narrowest, &found.setting) {
        (Some(range), Some(setting)) => format!(
            "all ports that were used lie in {}; once the computers are held to that range, the site file says so by: \
             [ports] {setting}",
            stretch(range)
        ),
        _ => "more pairs or ports were used than are kept apart: no narrower range can be named".to_owned(),
    }
}

/// Pairs as a table.
pub(super) fn listed(pairs: &[RpcPair]) -> Table {
    let mut shown = table(&[
        "initiator",
        "responder",
        "dynamic ports used",
        "announced",
        "by range",
        "verdict",
        "rules",
        "first seen",
        "last seen",
    ]);
    for pair in pairs {
        shown.add_row([
            with_roles(pair.initiator, &pair.initiator_roles),
            with_roles(pair.responder, &pair.responder_roles),
            ports(pair, STRETCHES, ", "),
            pair.flows_by_expectation.to_string(),
            pair.flows_by_range.to_string(),
            pair.verdict.clone(),
            pair.rules.join("\n"),
            time(pair.first_seen),
            time(pair.last_seen),
        ]);
    }
    numbers(&mut shown, &[3, 4]);
    shown
}

/// No cell holds a comma or a quotation mark: addresses, ports, ids and times have none.
fn csv(out: &mut impl Write, pairs: &[RpcPair]) -> anyhow::Result<()> {
    writeln!(
        out,
        "initiator,initiator_roles,responder,responder_roles,ports,flows_beyond,flows_by_expectation,\
         flows_by_range,verdict,rules,first_seen,last_seen"
    )?;
    for pair in pairs {
        writeln!(
            out,
            "{},{},{},{},{},{},{},{},{},{},{},{}",
            pair.initiator,
            pair.initiator_roles.join(";"),
            pair.responder,
            pair.responder_roles.join(";"),
            ports(
                &RpcPair {
                    beyond: 0,
                    ..pair.clone()
                },
                usize::MAX,
                ";"
            ),
            pair.beyond,
            pair.flows_by_expectation,
            pair.flows_by_range,
            pair.verdict,
            pair.rules.join(";"),
            pair.first_seen,
            pair.last_seen
        )?;
    }
    Ok(())
}

fn ports(pair: &RpcPair, most: usize, between: &str) -> String {
    let mut told: Vec<String> = pair.ports.iter().take(most).map(stretch).collect();
    if pair.ports.len() > most {
        told.push(format!("{} more", pair.ports.len() - most));
    }
    if pair.beyond > 0 {
        told.push(format!("{} flows beyond", pair.beyond));
    }
    told.join(between)
}

fn stretch(stretch: &PortStretch) -> String {
    if stretch.first == stretch.last {
        stretch.first.to_string()
    } else {
        format!("{}-{}", stretch.first, stretch.last)
    }
}
