//! What came of it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use anyhow::Result;

use super::conversation::{Conversation, Expected, Family};
use super::daemon::{Client, Flow};
use super::live::name;
use super::traffic::Traffic;

/// Prints the end of a demo; whether everything went as the table of conversations says.
pub(super) fn print(traffic: &Traffic<'_>, client: Option<&Client>) -> Result<bool> {
    let mut all_well = conversations(traffic);
    substitutes(&traffic.substituted);
    let Some(client) = client else { return Ok(all_well) };

    let flows = client.flows()?;
    rules(client)?;
    undocumented(client)?;
    let surprises: Vec<String> = traffic
        .went()
        .filter(|(conversation, went)| {
            went.held > 0 && !traffic.substituted.contains_key(&conversation.family)
        })
        .filter_map(|(conversation, _)| surprise(conversation, &flows))
        .collect();
    heading("Said and seen");
    if surprises.is_empty() {
        println!("every conversation was judged as the page says");
    }
    for line in &surprises {
        println!("NOT AS EXPECTED  {line}");
    }
    all_well &= surprises.is_empty();

    let status = client.status()?;
    let law = &status.conservation;
    let verdict = if law.ok { "holds" } else { "IS BROKEN" };
    heading("Conservation law");
    println!(
        "{verdict}: {} frames came in, {} are accounted for",
        law.frames, law.accounted
    );
    let interfaces: Vec<String> = status
        .interfaces
        .iter()
        .map(|it| format!("{} ({})", it.name, it.mode))
        .collect();
    println!(
        "counted at ingress of {}, before this gateway's own firewall",
        interfaces.join(", ")
    );
    Ok(all_well && law.ok)
}

fn heading(text: &str) {
    println!("\n{text}\n{}", "-".repeat(text.len()));
}

fn conversations(traffic: &Traffic<'_>) -> bool {
    heading("Conversations held");
    let mut all_well = true;
    for (conversation, went) in traffic.went() {
        let ends = format!(
            "{} -> {} {}/{}",
            name(conversation.source().ip()),
            name(conversation.destination().ip()),
            conversation.port,
            conversation.protocol
        );
        print!("{:>4}x  {:<38} {ends}", went.held, conversation.what);
        match went.failure {
            Some(failure) => println!("\n       FAILED {} times: {failure}", went.failed),
            None => println!(),
        }
        all_well &= went.failed == 0;
    }
    all_well
}

fn substitutes(substituted: &BTreeMap<Family, String>) {
    for (family, why) in substituted {
        println!("{family:?} was held by plain sockets: {why}");
    }
}

fn rules(client: &Client) -> Result<()> {
    let mut rules = client.rules()?;
    rules.retain(|rule| rule.packets > 0);
    rules.sort_by(|one, other| {
        other
            .packets
            .cmp(&one.packets)
            .then_with(|| one.rule.cmp(&other.rule))
    });
    heading("Documented rules that were hit");
    println!("{:>8} {:>6}  rule", "packets", "flows");
    for rule in rules {
        println!("{:>8} {:>6}  {}", rule.packets, rule.flows, rule.rule);
    }
    Ok(())
}

fn undocumented(client: &Client) -> Result<()> {
    let mut groups = client.undocumented()?;
    groups.sort_by_key(|group| Reverse(group.packets));
    heading("What no document explains");
    println!("{:>8} {:>6}  {:<13} flow", "packets", "flows", "verdict");
    for group in groups {
        let port = group.port.map_or_else(String::new, |port| format!(" {port}"));
        println!(
            "{:>8} {:>6}  {:<13} {} -> {}{port}/{}\n{:33}nearest: {}",
            group.packets,
            group.flows,
            group.verdict,
            name(group.initiator),
            name(group.responder),
            group.protocol,
            "",
            group.nearest()
        );
    }
    Ok(())
}

/// In words, where cmflow saw it otherwise than the table expects.
fn surprise(conversation: &Conversation, flows: &[Flow]) -> Option<String> {
    let destination = conversation.destination();
    let seen: Vec<&Flow> = flows
        .iter()
        .filter(|flow| {
            flow.protocol
                .eq_ignore_ascii_case(&conversation.protocol.to_string())
                && flow.initiator.address == conversation.source().ip()
                && flow.responder.address == destination.ip()
                && flow.responder.port == Some(destination.port())
        })
        .collect();
    let as_expected = |flow: &&Flow| match conversation.expected {
        Expected::Rule(rule) => flow.verdict == "documented" && flow.rules.iter().any(|its| its == rule),
        Expected::Verdict(verdict) => flow.verdict == verdict,
    };
    let wanted = match conversation.expected {
        Expected::Rule(rule) => format!("documented by {rule}"),
        Expected::Verdict(verdict) => verdict.to_owned(),
    };
    if seen.is_empty() {
        return Some(format!(
            "{}: no such flow was seen (should be {wanted})",
            conversation.what
        ));
    }
    let wrong = seen.iter().find(|flow| !as_expected(flow))?;
    let rules = wrong.rules.join(", ");
    Some(format!(
        "{}: {} {rules} (should be {wanted})",
        conversation.what, wrong.verdict
    ))
}
