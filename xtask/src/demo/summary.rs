//! What came of it, of a running daemon and of a replayed capture alike.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::answers::{Answers, Flow, Group, Law, Rule, Unexplained};
use super::conversation::{Conversation, Family};
use super::judged::{judged, wanted};
use super::live::name;
use super::traffic::Went;

/// A conversation and how it went.
pub(super) type Held = (&'static Conversation, Went);

/// Prints the end of a demo; whether everything went as the table of conversations says. `substituted` are
/// the families whose programs others stood in for; there are no answers where no cmflow ran.
pub(super) fn print(
    held: impl Iterator<Item = Held>,
    substituted: &BTreeMap<Family, String>,
    answers: Option<&Answers>,
) -> bool {
    if let Some(answers) = answers {
        rules(&answers.rules);
        undocumented(&answers.unexplained);
    }
    let conversations_well = conversations(held, substituted, answers.map(|answers| &answers.flows[..]));
    substitutes(substituted);
    let law_holds = answers.is_none_or(|answers| conservation_law(&answers.law));
    conversations_well && law_holds
}

/// A line that stands above what belongs together.
pub(super) fn heading(text: &str) {
    println!("\n{text}\n{}", "-".repeat(text.len()));
}

/// Each row of the table: how often it was held and what cmflow said of it.
fn conversations(
    held: impl Iterator<Item = Held>,
    substituted: &BTreeMap<Family, String>,
    flows: Option<&[Flow]>,
) -> bool {
    heading("Said and seen");
    let mut surprises = 0;
    let mut failures = 0;
    for (conversation, went) in held {
        let by_its_programs = !substituted.contains_key(&conversation.family);
        let seen = flows.map(|flows| judged(conversation, flows, by_its_programs));
        let port = match seen.as_ref().and_then(|seen| seen.port) {
            None if conversation.responder_picks => "dynamic".to_owned(),
            port => port.unwrap_or(conversation.port).to_string(),
        };
        let ends = format!(
            "{} -> {} {port}/{}",
            name(conversation.source().ip()),
            name(conversation.destination().ip()),
            conversation.protocol
        );
        let said = seen.as_ref().map_or_else(String::new, |seen| seen.words.clone());
        println!("{:>4}x  {:<38} {ends:<42} {said}", went.held, conversation.what);
        if let Some(failure) = went.failure {
            println!("       FAILED {} times: {failure}", went.failed);
            failures += 1;
        }
        if went.held > 0 && seen.is_some_and(|seen| !seen.as_expected) {
            println!("       NOT AS EXPECTED, it should be {}", wanted(conversation));
            surprises += 1;
        }
    }
    match (flows, surprises) {
        (None, _) => {}
        (Some(_), 0) => println!("every conversation was judged as the page says"),
        (Some(_), _) => println!("{surprises} kinds of conversation were NOT judged as the page says"),
    }
    surprises == 0 && failures == 0
}

fn substitutes(substituted: &BTreeMap<Family, String>) {
    for (family, why) in substituted {
        println!("{family:?} was held by plain sockets instead of its programs: {why}");
    }
}

fn conservation_law(law: &Law) -> bool {
    heading("Conservation law");
    let verdict = if law.holds { "holds" } else { "IS BROKEN" };
    println!("{verdict}: {}\n{}", law.sums, law.place);
    law.holds
}

fn rules(all: &[Rule]) {
    let mut rules: Vec<&Rule> = all.iter().filter(|rule| rule.packets > 0).collect();
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
}

fn undocumented(all: &[Unexplained]) {
    let mut groups: BTreeMap<_, Vec<&Unexplained>> = BTreeMap::new();
    for found in all {
        groups.entry(found.group()).or_default().push(found);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, found)| Reverse(found.iter().map(|one| one.packets).sum::<u64>()));
    heading("What no document explains");
    println!("{:>8} {:>6}  {:<13} flow", "packets", "flows", "verdict");
    for (group, found) in groups {
        let Group {
            initiator,
            responder,
            protocol,
            port,
            verdict,
        } = group;
        let port = port.map_or_else(|| "high ports".to_owned(), |port| port.to_string());
        let nearest = found.first().map(|one| one.nearest()).unwrap_or_default();
        println!(
            "{:>8} {:>6}  {verdict:<13} {} -> {} {port}/{protocol}\n{:31}nearest: {nearest}",
            found.iter().map(|one| one.packets).sum::<u64>(),
            found.iter().map(|one| one.flows).sum::<u64>(),
            name(initiator),
            name(responder),
            "",
        );
    }
}
