//! `cmflow flows`: which flows there are.

use std::io::Write;

use clap::Args;
use comfy_table::Table;

use super::asking::{AT_INGRESS, Asked, bytes, numbers, table, with_roles};
use super::{Format, Outcome, write_json};
use crate::answer::{Flow, Flows};
use crate::serve::{FlowQuery, Question};

/// What people are shown where they set no limit.
const SCREEN: usize = 50;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    query: FlowQuery,
    #[command(flatten)]
    asked: Asked,
}

pub(super) fn run(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<Outcome> {
    let mut query = arguments.query.clone();
    if arguments.asked.format == Format::Json {
        write_json(out, &arguments.asked.json(&Question::Flows(query))?)?;
        return Ok(Outcome::Done);
    }
    query.limit = query.limit.or(Some(SCREEN));
    let flows: Flows = arguments.asked.answer(&Question::Flows(query))?;
    writeln!(out, "{}", listed(&flows.flows))?;
    let hidden = flows.matching - flows.flows.len() as u64;
    if hidden > 0 {
        writeln!(
            out,
            "{hidden} more flows; --limit {} shows all, --verdict and --role fewer",
            flows.matching
        )?;
    }
    writeln!(
        out,
        "{} flows, {AT_INGRESS}; ~> initiator inferred",
        flows.matching
    )?;
    Ok(Outcome::Done)
}

/// Flows as a table.
pub(super) fn listed(flows: &[Flow]) -> Table {
    let mut shown = table(&[
        "initiator",
        "",
        "responder",
        "service",
        "packets",
        "bytes",
        "state",
        "verdict",
        "rules",
    ]);
    for flow in flows {
        shown.add_row([
            with_roles(flow.initiator.address, &flow.initiator.roles),
            if flow.initiator_seen { "->" } else { "~>" }.to_owned(),
            with_roles(flow.responder.address, &flow.responder.roles),
            service(flow),
            format!("{} + {}", flow.forward.packets, flow.reverse.packets),
            bytes(flow.forward.bytes + flow.reverse.bytes),
            flow.state.clone(),
            flow.verdict.clone(),
            rules(flow),
        ]);
    }
    numbers(&mut shown, &[4, 5]);
    shown
}

/// One rule a line, and what all of them depend on.
fn rules(flow: &Flow) -> String {
    let mut lines = flow.rules.clone();
    if !flow.conditions.is_empty() {
        lines.push(format!("(only if {})", flow.conditions.join(" or ")));
    }
    lines.join("\n")
}

fn service(flow: &Flow) -> String {
    match flow.protocol.as_str() {
        "tcp" | "udp" => format!("{}/{}", flow.protocol, flow.responder.port),
        other => other.to_owned(),
    }
}
