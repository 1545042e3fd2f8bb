//! `cmflow status`: how the daemon does.

use std::io::Write;

use clap::Args;

use super::asking::{AT_INGRESS, Asked, bytes, numbers, table, time};
use super::{Format, Outcome, write_json};
use crate::answer::Status;
use crate::serve::Question;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    asked: Asked,
}

/// Exit code 1 where the conservation law does not hold: counts are then not to be trusted.
pub(super) fn run(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<Outcome> {
    let status: Status = arguments.asked.answer(&Question::Status)?;
    match arguments.asked.format {
        Format::Json => write_json(out, &status)?,
        Format::Table => show(&status, out)?,
    }
    Ok(if status.conservation.ok {
        Outcome::Done
    } else {
        Outcome::Findings
    })
}

fn show(status: &Status, out: &mut impl Write) -> anyhow::Result<()> {
    writeln!(
        out,
        "cmflow {}, instance {}, edition {}, site {}, generation {}",
        status.version, status.instance, status.edition, status.site, status.generation
    )?;
    writeln!(
        out,
        "counting since {} UTC, read at {} UTC\n",
        time(status.since),
        time(status.at)
    )?;

    let mut interfaces = table(&[
        "interface",
        "mode",
        "frames",
        "bytes",
        "received",
        "why this mode",
    ]);
    for interface in &status.interfaces {
        interfaces.add_row([
            interface.name.clone(),
            interface.mode.clone(),
            interface.frames.to_string(),
            bytes(interface.bytes),
            interface.received.to_string(),
            interface.why.clone(),
        ]);
    }
    numbers(&mut interfaces, &[2, 3, 4]);
    writeln!(out, "{interfaces}\n")?;

    let mut verdicts = table(&["verdict", "packets", "bytes", "flows"]);
    for (kind, tally) in &status.verdicts {
        verdicts.add_row([
            kind.clone(),
            tally.packets.to_string(),
            bytes(tally.bytes),
            tally.flows.to_string(),
        ]);
    }
    numbers(&mut verdicts, &[1, 2, 3]);
    writeln!(out, "{verdicts}\n{AT_INGRESS}\n")?;

    let outcomes: Vec<String> = status
        .outcomes
        .iter()
        .map(|(name, frames)| format!("{name} {frames}"))
        .collect();
    writeln!(out, "frames       {} ({})", status.frames, outcomes.join(", "))?;
    let table = &status.flow_table;
    writeln!(
        out,
        "flow table   {} of {} entries, {} packets without an entry",
        table.entries, table.capacity, table.packets_without_entry
    )?;
    let expectations: Vec<String> = status
        .expectations
        .iter()
        .filter(|(_, one)| one.made > 0)
        .map(|(kind, one)| {
            let crowded = match one.crowded_out {
                0 => String::new(),
                count => format!(", {count} CROWDED OUT"),
            };
            format!(
                "{kind} {} live of {} made, met {} times{crowded}",
                one.live, one.made, one.met
            )
        })
        .collect();
    if !expectations.is_empty() {
        writeln!(out, "announced    {}", expectations.join("; "))?;
    }
    writeln!(out, "events lost  {}", status.events_lost)?;
    let law = &status.conservation;
    let words = if law.ok {
        "holds".to_owned()
    } else {
        format!("BROKEN at {} ticks", law.broken_ticks)
    };
    writeln!(
        out,
        "conservation {words}: {} packets parsed into flows, {} judged, {} accounted for",
        law.frames, law.judged, law.accounted
    )?;
    Ok(())
}
