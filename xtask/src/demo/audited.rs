//! What an audit says of the demo, and whether that is what the demo did.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::conversation::{Conversation, Ending, Expected, Family};
use super::summary::{Held, heading};

/// `cmflow audit`
#[derive(Debug, Deserialize)]
pub(super) struct Audit {
    rules: Vec<Rule>,
    openings: Vec<Opening>,
    unexplained: Vec<serde::de::IgnoredAny>,
}

#[derive(Debug, Deserialize)]
struct Rule {
    rule: String,
    grade: String,
    flows: u64,
    answered_flows: u64,
    why: String,
}

#[derive(Debug, Deserialize)]
struct Opening {
    grade: String,
}

/// What the grade of a rule has to be, where the conversations of it went as the table says.
fn wanted(rows: &[&Conversation]) -> &'static [&'static str] {
    let proves = |row: &&Conversation| row.ending != Ending::Refused && row.basis != "range";
    // Both ends of it are documented ports: for its first three minutes a gateway does not know who began.
    let two_faced = |row: &&Conversation| row.family == Family::Dhcp;
    if rows.iter().any(|row| proves(row) && !two_faced(row)) {
        &["used", "shared"]
    } else if rows.iter().any(two_faced) {
        &["used", "shared", "attempted"]
    } else {
        &["attempted"]
    }
}

/// Prints it; whether each rule that the demo used, and each that it tried in vain, has the grade that follows, and none
/// is called unused after so short a time.
pub(super) fn print(audit: &Audit, held: impl Iterator<Item = Held>, seconds: u64) -> bool {
    heading(&format!("What an audit says of these {seconds} seconds"));
    let mut spoken: BTreeMap<&str, Vec<&Conversation>> = BTreeMap::new();
    for (conversation, _) in held.filter(|(_, went)| went.held > 0) {
        if let Expected::Rule(rule) = conversation.expected {
            spoken.entry(rule).or_default().push(conversation);
        }
    }
    let mut well = true;
    println!("{:<10} {:>6} {:>8}  rule", "grade", "flows", "answered");
    for rule in audit.rules.iter().filter(|rule| rule.flows > 0) {
        println!(
            "{:<10} {:>6} {:>8}  {}",
            rule.grade, rule.flows, rule.answered_flows, rule.rule
        );
        let Some(rows) = spoken.remove(rule.rule.as_str()) else {
            continue;
        };
        let wanted = wanted(&rows);
        if !wanted.contains(&rule.grade.as_str()) {
            println!(
                "       NOT AS EXPECTED, it should be {}: {}",
                wanted.join(" or "),
                rule.why
            );
            well = false;
        }
    }
    for rule in spoken.keys() {
        println!("       NOT AS EXPECTED: no hit of {rule}, which was spoken");
        well = false;
    }
    let silent = audit.rules.iter().filter(|rule| rule.flows == 0);
    let mut grades: BTreeMap<&str, u64> = BTreeMap::new();
    for rule in silent {
        *grades.entry(rule.grade.as_str()).or_default() += 1;
    }
    let counts: Vec<_> = grades
        .iter()
        .map(|(grade, count)| format!("{count} {grade}"))
        .collect();
    println!("rules without a flow: {}", counts.join(", "));
    if grades.contains_key("unused") {
        println!("       NOT AS EXPECTED: {seconds} seconds are too short to call a rule unused");
        well = false;
    }
    let used = audit
        .openings
        .iter()
        .filter(|opening| opening.grade == "used")
        .count();
    println!(
        "{} openings, {used} of them used; {} groups that nothing explains",
        audit.openings.len(),
        audit.unexplained.len()
    );
    well
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::conversation::CONVERSATIONS;

    #[test]
    fn refused_and_by_range_alone_prove_nothing() {
        let rows = |rule: &'static str| -> Vec<&Conversation> {
            let of = |row: &&Conversation| row.expected == Expected::Rule(rule);
            CONVERSATIONS.iter().filter(of).collect()
        };
        for (rule, grade) in [
            ("client/management-point/https", "used"),
            ("client/distribution-point/express-updates", "attempted"),
            ("site-server/software-update-point/rpc", "attempted"),
            ("site-server/client/wake-on-lan", "used"),
        ] {
            assert!(wanted(&rows(rule)).contains(&grade), "{rule}");
        }
    }
}
