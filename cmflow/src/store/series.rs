//! What happened over time, for charts.

use std::collections::BTreeMap;

use cmflow_common::verdict::VerdictKind;
use jiff::Timestamp;
use rusqlite::Connection;

use super::buckets::{DAY, Grain, HOUR, MINUTE};
use super::error::Fault;
use super::value::count_at;
use super::verdicts;

/// How fine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resolution {
    /// Minutes, which are kept for a day as a rule.
    Minute,
    /// Hours, which are kept for a month as a rule.
    Hour,
    /// Days of UTC.
    Day,
}

impl Resolution {
    /// Every one, the finest first.
    pub const ALL: [Self; 3] = [Self::Minute, Self::Hour, Self::Day];

    const fn grain(self) -> Grain {
        match self {
            Self::Minute => MINUTE,
            Self::Hour => HOUR,
            Self::Day => DAY,
        }
    }

    /// Seconds of a step.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.grain().seconds
    }
}

/// What happened in a step of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// Begin of the step.
    pub at: Timestamp,
    /// Packets.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Flows.
    pub flows: u64,
}

/// What happened over time; steps without a packet are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// How fine it is: as was asked for, or coarser where that is all that is kept of the time.
    pub resolution: Resolution,
    /// By kind of verdict.
    pub verdicts: BTreeMap<&'static str, Vec<Point>>,
    /// By the rules that explain it; what several explain counts for each.
    pub rules: BTreeMap<String, Vec<Point>>,
}

/// Steps by their number.
type Steps = BTreeMap<i64, [u64; 3]>;

pub(super) fn read(
    connection: &Connection,
    from: Timestamp,
    to: Timestamp,
    asked: Resolution,
) -> Result<Series, Fault> {
    let reading = connection.unchecked_transaction()?;
    let infos = verdicts::read(&reading)?;
    let mut resolution = asked;
    for coarser in Resolution::ALL.into_iter().filter(|one| *one > asked) {
        let grain = coarser.grain();
        let sql = format!(
            "SELECT EXISTS (SELECT 1 FROM {} WHERE at BETWEEN ?1 AND ?2)",
            grain.table
        );
        let (first, last) = grain.of_window(from, to);
        if reading.query_row(&sql, [first, last], |row| row.get::<_, bool>(0))? {
            resolution = coarser;
        }
    }
    let mut by_kind: BTreeMap<&'static str, Steps> = BTreeMap::new();
    let mut by_rule: BTreeMap<String, Steps> = BTreeMap::new();
    for grain in Resolution::ALL
        .into_iter()
        .filter(|one| *one <= resolution)
        .map(Resolution::grain)
    {
        let mut find = reading.prepare(&format!(
            "SELECT at, verdict, packets, bytes, flows FROM {} WHERE at BETWEEN ?1 AND ?2",
            grain.table
        ))?;
        let (first, last) = grain.of_window(from, to);
        let mut rows = find.query([first, last])?;
        while let Some(row) = rows.next()? {
            let step = row.get::<_, i64>(0)? * grain.seconds / resolution.seconds();
            let more = [count_at(row, 2)?, count_at(row, 3)?, count_at(row, 4)?];
            let Some(info) = infos.get(&row.get(1)?) else {
                continue;
            };
            add(by_kind.entry(info.kind.name()).or_default(), step, more);
            let explains = matches!(
                info.kind,
                VerdictKind::Documented | VerdictKind::Approved | VerdictKind::Baseline
            );
            for rule in info.rules.iter().filter(|_| explains) {
                match by_rule.get_mut(rule) {
                    Some(steps) => add(steps, step, more),
                    None => add(by_rule.entry(rule.clone()).or_default(), step, more),
                }
            }
        }
    }
    let points = |steps: Steps| points(&steps, resolution);
    Ok(Series {
        resolution,
        verdicts: by_kind
            .into_iter()
            .map(|(kind, steps)| (kind, points(steps)))
            .collect(),
        rules: by_rule
            .into_iter()
            .map(|(rule, steps)| (rule, points(steps)))
            .collect(),
    })
}

fn add(steps: &mut Steps, step: i64, more: [u64; 3]) {
    let sums = steps.entry(step).or_default();
    sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
}

fn points(steps: &Steps, resolution: Resolution) -> Vec<Point> {
    let points = steps.iter().map(|(step, [packets, bytes, flows])| Point {
        at: Timestamp::from_second(step * resolution.seconds()).unwrap_or(Timestamp::MAX),
        packets: *packets,
        bytes: *bytes,
        flows: *flows,
    });
    points.collect()
}
