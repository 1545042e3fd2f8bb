//! `cmflow status`: how the daemon does.

use std::collections::BTreeMap;
use std::io::Write;

use clap::Args;

use super::asking::{AT_INGRESS, Asked, bytes, numbers, table, time};
use super::{Format, Outcome, opaque, paragraph, write_json};
use crate::answer::{AlertStatus, InterfaceStatus, Status};
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

/// One-sided flows are told in words from this share on, in percent, where there are flows enough to tell.
const LOPSIDED_SHARE: f64 = 20.0;
const LOPSIDED_FLOWS: u64 = 50;

fn is_lopsided(interface: &InterfaceStatus) -> bool {
    interface.one_sided_share > LOPSIDED_SHARE && interface.flows >= LOPSIDED_FLOWS
}

fn lopsided(interface: &InterfaceStatus) -> String {
    format!(
        "note: of {} % of the flows that came in by {} the other direction does not cross here as it should. Either the \
         answers take another way (asymmetric routing), or addresses are translated on the way: a load balancer, DNAT or \
         a source NAT, which the site file declares by [[nat]]",
        interface.one_sided_share, interface.name
    )
}

fn show(status: &Status, out: &mut impl Write) -> anyhow::Result<()> {
    writeln!(
        out,
        "cmflow {}, instance {}, edition {}, site {}, generation {}",
        status.version, status.instance, status.edition, status.site, status.generation
    )?;
    writeln!(
        out,
        "counting since {} UTC, read at {} UTC",
        time(status.since),
        time(status.at)
    )?;
    for gap in &status.gaps {
        writeln!(
            out,
            "by the kernel alone, without a daemon, from {} to {} UTC",
            time(gap.from),
            time(gap.to)
        )?;
    }
    writeln!(out)?;

    let mut interfaces = table(&[
        "interface",
        "mode",
        "frames",
        "bytes",
        "received",
        "flows",
        "one-sided",
        "why this mode",
    ]);
    for interface in &status.interfaces {
        interfaces.add_row([
            interface.name.clone(),
            interface.mode.clone(),
            interface.frames.to_string(),
            bytes(interface.bytes),
            interface.received.to_string(),
            interface.flows.to_string(),
            format!("{} ({} %)", interface.one_sided_flows, interface.one_sided_share),
            interface.why.clone(),
        ]);
    }
    numbers(&mut interfaces, &[2, 3, 4, 5, 6]);
    writeln!(out, "{interfaces}\n")?;
    for interface in status.interfaces.iter().filter(|one| is_lopsided(one)) {
        paragraph::write(out, 0, &lopsided(interface))?;
        writeln!(out)?;
    }

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

    if let Some(opaque) = opaque::told(&status.opaque) {
        paragraph::write(out, 0, &opaque)?;
        writeln!(out)?;
    }
    let outcomes: Vec<String> = status
        .outcomes
        .iter()
        .map(|(name, frames)| format!("{name} {frames}"))
        .collect();
    writeln!(out, "frames       {} ({})", status.frames, outcomes.join(", "))?;
    let table = &status.flow_table;
    let rooms: Vec<String> = table
        .rooms
        .iter()
        .map(|(room, entries)| format!("{entries} {room}"))
        .collect();
    writeln!(
        out,
        "flow table   {} of {} entries ({}), {} packets without an entry",
        table.entries,
        table.capacity,
        rooms.join(", "),
        table.packets_without_entry
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
    writeln!(out, "events lost  {}", lost(&status.events_lost_by_kind))?;
    writeln!(out, "alerts       {}", alerted(&status.alerts))?;
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

/// How alerts do.
fn alerted(alerts: &AlertStatus) -> String {
    let mut words = match alerts.learning_until {
        Some(until) => vec![format!("silent until {} UTC, learning", time(until))],
        None => vec![format!("{} letters", alerts.sent)],
    };
    for (count, what) in [
        (alerts.queued, "not there yet"),
        (alerts.failed, "LOST"),
        (alerts.held_back, "groups were held back for a while"),
    ] {
        if count > 0 {
            words.push(format!("{count} {what}"));
        }
    }
    words.extend(alerts.problem.clone());
    words.join(", ")
}

/// How many events were lost, and of what.
fn lost(by_kind: &BTreeMap<String, u64>) -> String {
    let all: u64 = by_kind.values().sum();
    let kinds: Vec<String> = by_kind
        .iter()
        .filter(|(_, lost)| **lost > 0)
        .map(|(kind, lost)| format!("{lost} {kind}"))
        .collect();
    if kinds.is_empty() {
        return all.to_string();
    }
    format!("{all} ({})", kinds.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lost_events_are_told_by_kind() {
        for (counts, told) in [
            ([("foreign", 0), ("reversed", 0), ("undocumented", 0)], "0"),
            (
                [("foreign", 0), ("reversed", 2), ("undocumented", 40)],
                "42 (2 reversed, 40 undocumented)",
            ),
        ] {
            let by_kind = counts.map(|(kind, count)| (kind.to_owned(), count)).into();
            assert_eq!(lost(&by_kind), told);
        }
    }

    #[test]
    fn alerts_are_told_in_a_line() {
        let learning = AlertStatus {
            learning_until: "2026-11-21T12:00:00Z".parse().ok(),
            ..AlertStatus::default()
        };
        let hindered = AlertStatus {
            sent: 7,
            queued: 2,
            failed: 1,
            problem: Some("webhook: http://10.0.0.9 answered 503".to_owned()),
            ..AlertStatus::default()
        };
        for (alerts, told) in [
            (learning, "silent until 2026-11-21 12:00:00 UTC, learning"),
            (
                hindered,
                "7 letters, 2 not there yet, 1 LOST, webhook: http://10.0.0.9 answered 503",
            ),
        ] {
            assert_eq!(alerted(&alerts), told);
        }
    }

    #[test]
    fn a_share_of_one_sided_flows_is_told_in_words_where_it_means_something() {
        for (flows, one_sided_flows, told) in [
            (49, 49, false),
            (50, 10, false),
            (50, 11, true),
            (1000, 200, false),
            (1000, 201, true),
        ] {
            let interface = InterfaceStatus {
                name: "eth1".to_owned(),
                mode: "native".to_owned(),
                why: String::new(),
                frames: 0,
                bytes: 0,
                received: 0,
                flows,
                one_sided_flows,
                one_sided_share: crate::account::InterfaceTotal {
                    flows,
                    one_sided: one_sided_flows,
                }
                .one_sided_share(),
            };
            assert_eq!(is_lopsided(&interface), told, "{one_sided_flows} of {flows}");
            assert!(lopsided(&interface).contains("[[nat]]"));
        }
    }
}
