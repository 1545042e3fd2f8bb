//! Test runs of two programs in turn: what one costs over the other.

use anyhow::Result;
use cmflow::kernel::Program;

use super::asked::Asked;
use super::figure::{Figure, median};

/// Runs of each program in a round, of which the shortest counts.
const RUNS_A_ROUND: usize = 4;

/// Nanoseconds of one path over those of another.
#[derive(Clone, Debug)]
pub struct Cost {
    /// Of the median round.
    pub ns: f64,
    /// The shortest of all runs less the shortest of the other program.
    pub lowest_ns: f64,
}

impl Cost {
    /// The same without what the harness itself cost.
    pub fn without(&self, other: &Self) -> Self {
        Self {
            ns: self.ns - other.ns,
            lowest_ns: self.lowest_ns - other.ns,
        }
    }

    /// As a figure.
    pub fn figure(&self, name: impl Into<String>) -> Figure {
        Figure {
            lowest: Some(self.lowest_ns),
            ..Figure::new(name, "ns", Ok(self.ns))
        }
    }
}

/// Interleaved rounds of a program to compare with and the measured one, with something to do before each.
pub fn rounds(
    asked: &Asked,
    base: &mut Program,
    measured: &mut Program,
    frame: &[u8],
    repeat: u32,
    mut between: impl FnMut(),
) -> Result<Cost> {
    let (mut bases, mut times, mut differences) = (Vec::new(), Vec::new(), Vec::new());
    // The first round warms caches and makes the flow, and does not count.
    for round in 0..=asked.rounds {
        // The shorter of a few runs: other work on the machine only ever adds to a time.
        let (mut base_ns, mut time) = (f64::MAX, f64::MAX);
        for _ in 0..RUNS_A_ROUND {
            between();
            let base_run = base.test_run(frame, asked.repeat)?.duration;
            let run = measured.test_run(frame, repeat)?.duration;
            base_ns = base_ns.min(base_run.as_nanos() as f64);
            time = time.min(run.as_nanos() as f64);
        }
        if round > 0 {
            bases.push(base_ns);
            times.push(time);
            differences.push(time - base_ns);
        }
    }
    between();
    let ns = median(&mut differences);
    median(&mut bases);
    median(&mut times);
    Ok(Cost {
        ns,
        lowest_ns: times[0] - bases[0],
    })
}
