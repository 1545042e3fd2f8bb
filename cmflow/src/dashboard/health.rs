//! What is wrong with the gateway's own counting: shown on every page, and in whole on the page of health.

use super::quantity::{count, percent};
use super::snapshot::Snapshot;

/// Something to be mended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub remedy: &'static str,
}

/// A share of the flow table from which on it is nearly full, in percent.
const NEARLY_FULL: u64 = 85;

/// Everything that is wrong now.
#[must_use]
pub fn problems(snapshot: &Snapshot) -> Vec<Problem> {
    let status = &snapshot.status;
    let mut found = Vec::new();
    let mut say = |what: String, remedy| found.push(Problem { what, remedy });
    if !status.conservation.ok {
        say(
            format!(
                "The conservation law is broken: {} packets parsed, {} judged, {} accounted for.",
                count(status.conservation.frames),
                count(status.conservation.judged),
                count(status.conservation.accounted)
            ),
            "Counts since then are not to be trusted; the log says which half. Please report it.",
        );
    }
    let table = &status.flow_table;
    if status.lacks_places() {
        say(
            format!(
                "{} packets found no place in the flow table: they are counted by verdict, and in no flow.",
                count(table.packets_without_entry)
            ),
            "Start with a larger table: cmflow run --flows N.",
        );
    } else if table.capacity > 0 && table.entries * 100 >= table.capacity * NEARLY_FULL {
        say(
            format!(
                "The flow table is {} full.",
                percent(table.entries as f64, table.capacity as f64)
            ),
            "Start with a larger table: cmflow run --flows N.",
        );
    }
    if status.events_lost > 0 {
        say(
            format!(
                "{} first packets of unexplained flows were not told at once.",
                count(status.events_lost)
            ),
            "They are counted and shown; only their log lines and alerts came late or not.",
        );
    }
    for (kind, one) in status.expectations.iter().filter(|(_, one)| one.crowded_out > 0) {
        say(
            format!(
                "{} expectations of {kind} made room for others before they ended.",
                count(one.crowded_out)
            ),
            "What should have met them is judged by its port alone. A flood of announcements does that.",
        );
    }
    if let Some(why) = &status.history.problem {
        say(
            format!("The history is not written: {why}."),
            "Counting goes on, and what can be is written later.",
        );
    }
    if status.interfaces.is_empty() {
        say(
            "No interface is looked at.".to_owned(),
            "cmflow doctor says why, and what to do.",
        );
    }
    found
}
