//! Whether the counts can be believed, in lines.

use super::rows::by_rate_name;
use super::state::Model;
use super::units;
use crate::answer::{InterfaceStatus, Status};

/// A line of the tab, and whether it is a problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its text.
    pub text: String,
    /// Whether somebody should look into it.
    pub problem: bool,
}

impl Line {
    fn plain(text: String) -> Self {
        Self { text, problem: false }
    }
}

/// From this share of slots on, in percent, the table is nearly full.
const NEARLY_FULL: u64 = 90;

/// One-sided flows are a problem from this share on, in percent, where there are flows enough to tell; as
/// `cmflow status` has it.
const LOPSIDED_SHARE: f64 = 20.0;
const LOPSIDED_FLOWS: u64 = 50;

/// What somebody should look into, the worst first.
#[must_use]
pub fn problems(status: &Status) -> Vec<String> {
    let law = &status.conservation;
    let table = &status.flow_table;
    let mut problems = Vec::new();
    if !law.ok {
        problems.push(format!(
            "the conservation law is broken, at {} ticks: counts are not to be trusted",
            law.broken_ticks
        ));
    }
    if status.lacks_places() {
        problems.push(format!(
            "{} packets found no room in the flow table; they are counted, but in no flow",
            units::count(table.packets_without_entry)
        ));
    }
    if fill(status) >= NEARLY_FULL {
        problems.push(format!(
            "the flow table is {} % full; `cmflow run --flows N` makes it larger",
            fill(status)
        ));
    }
    if status.events_lost > 0 {
        problems.push(format!(
            "{} events lost: unexplained flows that were counted, but not logged at once",
            units::count(status.events_lost)
        ));
    }
    let lopsided =
        |one: &&InterfaceStatus| one.one_sided_share > LOPSIDED_SHARE && one.flows >= LOPSIDED_FLOWS;
    problems.extend(status.interfaces.iter().filter(lopsided).map(|interface| {
        format!(
            "{} % of the flows of {} are one-sided: answers go another way, or an undeclared [[nat]]",
            interface.one_sided_share, interface.name
        )
    }));
    problems.extend(status.history.problem.iter().map(|why| format!("history: {why}")));
    problems
}

/// Slots in use, in percent.
fn fill(status: &Status) -> u64 {
    status.flow_table.entries * 100 / status.flow_table.capacity.max(1)
}

/// Share of one-sided flows of all interfaces, in percent.
#[must_use]
pub fn one_sided(status: &Status) -> f64 {
    let sum = |of: fn(&InterfaceStatus) -> u64| -> u64 { status.interfaces.iter().map(of).sum() };
    let flows = sum(|one| one.flows).max(1);
    sum(|one| one.one_sided_flows) as f64 * 100.0 / flows as f64
}

/// Everything, line by line.
#[must_use]
pub fn lines(model: &Model) -> Vec<Line> {
    let Some(status) = model.status() else {
        return Vec::new();
    };
    let problem = |text| Line { text, problem: true };
    let mut lines: Vec<Line> = problems(status).into_iter().map(problem).collect();
    if lines.is_empty() {
        lines.push(Line::plain("nothing is wrong".to_owned()));
    }
    let mut plain = |text: String| lines.push(Line::plain(text));
    plain(String::new());
    let law = &status.conservation;
    plain(format!(
        "law         {}: {} packets parsed into flows, {} judged, {} accounted for",
        if law.ok { "holds" } else { "BROKEN" },
        law.frames,
        law.judged,
        law.accounted
    ));
    plain(format!(
        "window      since {} UTC ({}), {}",
        units::time(status.since),
        units::span(status.since, status.at),
        match status.gaps.len() {
            0 => "no gaps".to_owned(),
            1 => "1 gap, by the kernel alone".to_owned(),
            count => format!("{count} gaps, by the kernel alone"),
        }
    ));
    for gap in status.gaps.iter().rev().take(GAPS) {
        plain(format!(
            "            {} to {} UTC ({})",
            units::time(gap.from),
            units::time(gap.to),
            units::span(gap.from, gap.to)
        ));
    }
    let table = &status.flow_table;
    let rooms = table
        .rooms
        .iter()
        .map(|(room, entries)| format!("{entries} {room}"));
    plain(format!(
        "flow table  {} of {} slots, {} %: {}; {} packets without an entry",
        table.entries,
        table.capacity,
        fill(status),
        rooms.collect::<Vec<_>>().join(", "),
        table.packets_without_entry
    ));
    plain(format!("events lost {}", status.events_lost));
    plain(format!(
        "tables      generation {}, edition {}, {}",
        status.generation, status.edition, status.site
    ));
    let history = &status.history;
    if !history.file.is_empty() {
        plain(format!(
            "history     {}, {}, written {}",
            history.file,
            units::bytes(history.bytes),
            history
                .written
                .map_or("never".to_owned(), |at| units::time(at) + " UTC")
        ));
    }
    plain(format!(
        "daemon      cmflow {}, instance {}",
        status.version, status.instance
    ));
    plain(String::new());
    plain(row([
        "interface",
        "mode",
        "frames",
        "rate",
        "packets",
        "one-sided",
    ]));
    for interface in &status.interfaces {
        let rate = model.answers.interfaces.get(&interface.name).copied();
        plain(row([
            &interface.name,
            &interface.mode,
            &units::count(interface.frames),
            &units::bytes_rate(rate),
            &units::packets_rate(rate),
            &format!("{:.1} %", interface.one_sided_share),
        ]));
    }
    plain(String::new());
    plain(row(["verdict", "", "packets", "rate", "packets/s", "flows"]));
    let mut verdicts: Vec<_> = status.verdicts.iter().collect();
    let rates = &model.answers.verdicts;
    verdicts.sort_by_key(|(kind, _)| by_rate_name(rates, kind));
    for (kind, tally) in verdicts {
        let rate = rates.get(kind).copied();
        plain(row([
            kind,
            "",
            &units::count(tally.packets),
            &units::bytes_rate(rate),
            &units::packets_rate(rate),
            &units::count(tally.flows),
        ]));
    }
    plain(String::new());
    let outcomes = status.outcomes.iter();
    let outcomes: Vec<String> = outcomes
        .map(|(name, frames)| format!("{name} {}", units::count(*frames)))
        .collect();
    plain(format!("frames      {} ({})", status.frames, outcomes.join(", ")));
    lines
}

/// Gaps that are listed: the last ones.
const GAPS: usize = 5;

fn row(cells: [&str; 6]) -> String {
    let [name, mode, frames, rate, packets, last] = cells;
    format!("{name:15} {mode:7} {frames:>7}  {rate:>8}  {packets:>9}  {last:>9}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::top::sample;

    #[test]
    fn what_is_wrong_is_named() {
        type Break = fn(&mut Status);
        let rows: [(Break, Option<&str>); 8] = [
            (|_| {}, None),
            (
                |status| status.conservation.ok = false,
                Some("conservation law is broken"),
            ),
            (
                |status| status.flow_table.packets_without_entry = 20,
                Some("20 packets found no room"),
            ),
            (|status| status.flow_table.entries = 4096, Some("100 % full")),
            (|status| status.events_lost = 5, Some("5 events lost")),
            (
                |status| status.interfaces[1].one_sided_share = 20.5,
                Some("of eth1 are one-sided"),
            ),
            (|status| status.interfaces[1].one_sided_share = 19.5, None),
            (
                |status| status.history.problem = Some("the disk is full".to_owned()),
                Some("history: the disk is full"),
            ),
        ];
        for (break_it, said) in rows {
            let mut status = sample::status(sample::after(10));
            break_it(&mut status);
            let found = problems(&status);
            match said {
                None => assert!(found.is_empty(), "{found:?}"),
                Some(said) => assert!(found.len() == 1 && found[0].contains(said), "{said}: {found:?}"),
            }
        }
    }
}
