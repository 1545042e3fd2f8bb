//! `cmflow undocumented`: what nothing explains.

use std::io::Write;

use clap::Args;
use comfy_table::Table;

use super::asking::{AT_INGRESS, Asked, bytes, numbers, table, time, with_roles};
use super::{Format, Outcome, write_json};
use crate::answer::{Undocumented, Unexplained, UnexplainedGroup};
use crate::serve::Question;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    asked: Asked,
    /// One line for all who do the same: by roles and service
    #[arg(long)]
    groups: bool,
}

/// Exit code 1 where there is anything: it is a command that looks for findings.
pub(super) fn run(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<Outcome> {
    let found: Undocumented = arguments.asked.answer(&Question::Undocumented)?;
    let outcome = if found.undocumented.is_empty() {
        Outcome::Done
    } else {
        Outcome::Findings
    };
    if arguments.asked.format == Format::Json {
        write_json(out, &found)?;
        return Ok(outcome);
    }
    if found.undocumented.is_empty() {
        writeln!(
            out,
            "everything that crossed so far is explained, or neither end is known"
        )?;
        return Ok(outcome);
    }
    if arguments.groups {
        let shown = grouped(&found.groups);
        writeln!(
            out,
            "{shown}\n{} groups, {AT_INGRESS}; times are UTC",
            found.groups.len()
        )?;
        return Ok(outcome);
    }
    let shown = listed(&found.undocumented);
    writeln!(
        out,
        "{shown}\n{} conversations, {AT_INGRESS}; times are UTC",
        found.undocumented.len()
    )?;
    if found.beyond > 0 {
        writeln!(
            out,
            "and {} flows of conversations beyond the {} kept apart",
            found.beyond,
            found.undocumented.len()
        )?;
    }
    Ok(outcome)
}

/// Groups of them as a table.
pub(super) fn grouped(groups: &[UnexplainedGroup]) -> Table {
    let header = [
        "initiators",
        "responders",
        "service",
        "verdict",
        "flows",
        "packets",
        "bytes",
        "first seen",
        "nearest rule",
    ];
    let many = |roles: &[String], count: u64| match roles {
        [] => format!("{count} of no role"),
        roles => format!("{count} {}", roles.join(", ")),
    };
    let mut shown = table(&header);
    for group in groups {
        let nearest = group.nearest.as_ref();
        shown.add_row([
            many(&group.initiator_roles, group.initiators),
            many(&group.responder_roles, group.responders),
            format!("{}/{}", group.protocol, group.port),
            group.verdict.clone(),
            group.flows.to_string(),
            group.packets.to_string(),
            bytes(group.bytes),
            time(group.first_seen),
            nearest
                .map(|nearest| format!("{}: {}", nearest.rule, nearest.why_not))
                .unwrap_or_default(),
        ]);
    }
    numbers(&mut shown, &[4, 5, 6]);
    shown
}

/// Conversations that nothing explains as a table.
pub(super) fn listed(conversations: &[Unexplained]) -> Table {
    let header = [
        "initiator",
        "responder",
        "service",
        "verdict",
        "flows",
        "packets",
        "bytes",
        "first seen",
        "nearest rule",
    ];
    let mut shown = table(&header);
    for line in conversations {
        let nearest = line.nearest.as_ref();
        shown.add_row([
            with_roles(line.initiator, &line.initiator_roles),
            with_roles(line.responder, &line.responder_roles),
            format!("{}/{}", line.protocol, line.port),
            line.verdict.clone(),
            line.flows.to_string(),
            line.packets.to_string(),
            bytes(line.bytes),
            time(line.first_seen),
            nearest
                .map(|nearest| format!("{}: {}", nearest.rule, nearest.why_not))
                .unwrap_or_default(),
        ]);
    }
    numbers(&mut shown, &[4, 5, 6]);
    shown
}
