//! A replay for people.

use std::cmp::Reverse;
use std::io::Write;

use crate::account::{Conversation, ConversationTotal};
use crate::answer::{Flow, Replay};
use crate::cli::asking::{bytes, numbers, table, time};
use crate::cli::{flows, opaque, paragraph, rpc, undocumented};
use crate::findings::Findings;
use crate::serve::FlowQuery;

/// What people are shown of each list where they set no limit.
const SCREEN: usize = 50;

pub(super) fn write(
    out: &mut impl Write,
    replay: &Replay,
    findings: &Findings<'_>,
    query: &FlowQuery,
) -> anyhow::Result<()> {
    summary(out, replay)?;
    verdicts(out, replay)?;
    rules(out, replay)?;
    flow_list(out, findings, query)?;
    dynamic_ports(out, findings, query)?;
    unexplained(out, replay, findings, query)?;
    for problem in &replay.problems {
        paragraph::write(out, 0, &format!("note: {problem}"))?;
    }
    Ok(())
}

fn summary(out: &mut impl Write, replay: &Replay) -> anyhow::Result<()> {
    let capture = &replay.capture;
    writeln!(
        out,
        "{}: {} frames, {} on the wire",
        capture.file,
        capture.frames,
        bytes(capture.bytes)
    )?;
    if let (Some(first), Some(last)) = (capture.first_seen, capture.last_seen) {
        writeln!(out, "from {} to {} UTC", time(first), time(last))?;
    }
    if capture.cut > 0 {
        let were = if capture.cut == 1 {
            "frame was"
        } else {
            "frames were"
        };
        writeln!(
            out,
            "{} {were} cut when captured; counted by the length on the wire",
            capture.cut
        )?;
    }
    let others: Vec<String> = replay
        .outcomes
        .iter()
        .filter(|(name, _)| *name != "flow")
        .map(|(name, frames)| format!("{name} {frames}"))
        .collect();
    if !others.is_empty() {
        paragraph::write(out, 0, &format!("frames of no flow: {}", others.join(", ")))?;
    }
    Ok(())
}

fn verdicts(out: &mut impl Write, replay: &Replay) -> anyhow::Result<()> {
    if replay.verdicts.is_empty() {
        return Ok(());
    }
    let mut shown = table(&["verdict", "packets", "bytes", "flows"]);
    for (kind, tally) in &replay.verdicts {
        shown.add_row([
            kind.clone(),
            tally.packets.to_string(),
            bytes(tally.bytes),
            tally.flows.to_string(),
        ]);
    }
    numbers(&mut shown, &[1, 2, 3]);
    writeln!(out, "\n{shown}")?;
    if let Some(opaque) = opaque::told(&replay.opaque) {
        paragraph::write(out, 0, &opaque)?;
    }
    Ok(())
}

fn dynamic_ports(out: &mut impl Write, findings: &Findings<'_>, query: &FlowQuery) -> anyhow::Result<()> {
    let mut found = findings.rpc();
    if found.rpc.is_empty() {
        return Ok(());
    }
    let pairs = found.rpc.len();
    found.rpc.truncate(query.limit.unwrap_or(SCREEN));
    writeln!(out, "\ndynamic ports used\n{}", rpc::listed(&found.rpc))?;
    if pairs > found.rpc.len() {
        writeln!(out, "{} of {pairs} pairs of computers", found.rpc.len())?;
    }
    paragraph::write(out, 0, &rpc::suggested(&found))?;
    Ok(())
}

fn rules(out: &mut impl Write, replay: &Replay) -> anyhow::Result<()> {
    if replay.rules.is_empty() {
        return Ok(());
    }
    let mut shown = table(&["rule", "packets", "bytes", "flows"]);
    for rule in &replay.rules {
        shown.add_row([
            rule.rule.clone(),
            rule.packets.to_string(),
            bytes(rule.bytes),
            rule.flows.to_string(),
        ]);
    }
    numbers(&mut shown, &[1, 2, 3]);
    writeln!(
        out,
        "\n{shown}\na packet that several rules explain counts for each of them"
    )?;
    Ok(())
}

fn flow_list(out: &mut impl Write, findings: &Findings<'_>, query: &FlowQuery) -> anyhow::Result<()> {
    let mut found = findings.matching(query);
    let matching = found.len();
    if matching == 0 {
        return Ok(());
    }
    found.truncate(query.limit.unwrap_or(SCREEN));
    if found.is_empty() {
        return Ok(());
    }
    let told: Vec<Flow> = found.iter().map(|flow| findings.flow(flow)).collect();
    writeln!(out, "\n{}", flows::listed(&told))?;
    if matching > told.len() {
        writeln!(
            out,
            "{} more flows; --limit {matching} shows all, --verdict and --role fewer",
            matching - told.len()
        )?;
    }
    writeln!(out, "{matching} flows; ~> initiator inferred")?;
    Ok(())
}

fn unexplained(
    out: &mut impl Write,
    replay: &Replay,
    findings: &Findings<'_>,
    query: &FlowQuery,
) -> anyhow::Result<()> {
    let largest = |_: &Conversation, total: &ConversationTotal| Reverse(total.count.bytes);
    // A limit is for flows: what nothing explains is what a reader must not miss.
    let (told, conversations) =
        findings.unexplained(query, query.limit.unwrap_or(SCREEN).max(SCREEN), largest);
    if told.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nwhat nothing explains\n{}", undocumented::listed(&told))?;
    writeln!(
        out,
        "{} of {conversations} conversations; times are UTC",
        told.len()
    )?;
    // Of a handful of conversations the list above is the shorter one.
    if replay.groups.len() < conversations {
        let groups = &replay.groups[..replay.groups.len().min(SCREEN)];
        writeln!(out, "\nthe same by roles\n{}", undocumented::grouped(groups))?;
        writeln!(out, "{} of {} groups", groups.len(), replay.groups.len())?;
    }
    Ok(())
}
