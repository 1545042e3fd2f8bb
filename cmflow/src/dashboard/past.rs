//! What the history says of a time, in steps of equal length.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::answer::Tally;

/// What happened in a time that has passed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// Its begin.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
    /// Seconds of a step.
    pub step_s: i64,
    /// By kind of verdict; steps without a packet are left out.
    pub verdicts: BTreeMap<String, Vec<Step>>,
    /// By rule; what several explain counts for each.
    pub rules: BTreeMap<String, Vec<Step>>,
}

/// A step of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its begin.
    pub at: Timestamp,
    /// What happened.
    pub tally: Tally,
}

impl Past {
    /// What all steps of a rule hold together.
    #[must_use]
    pub fn of_rule(&self, rule: &str) -> Tally {
        sum(self.rules.get(rule).map_or(&[], Vec::as_slice))
    }

    /// Seconds of the time.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.to.duration_since(self.from).as_secs_f64().max(1.0)
    }

    /// Packets of a rule in `count` equal parts of the time, oldest first.
    #[must_use]
    pub fn spark(&self, rule: &str, count: usize) -> Vec<u64> {
        let mut parts = vec![0; count];
        let whole = self.seconds();
        for step in self.rules.get(rule).into_iter().flatten() {
            let into = step.at.duration_since(self.from).as_secs_f64().max(0.0);
            let index = (into / whole * count as f64) as usize;
            if let Some(part) = parts.get_mut(index.min(count.saturating_sub(1))) {
                *part += step.tally.packets;
            }
        }
        parts
    }
}

/// What steps hold together.
pub(super) fn sum(steps: &[Step]) -> Tally {
    steps.iter().fold(Tally::default(), |sum, step| Tally {
        packets: sum.packets + step.tally.packets,
        bytes: sum.bytes + step.tally.bytes,
        flows: sum.flows + step.tally.flows,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    #[test]
    fn steps_fall_into_the_parts_that_they_begin_in() {
        let step = |second, packets| Step {
            at: at(second),
            tally: Tally {
                packets,
                ..Tally::default()
            },
        };
        let past = Past {
            from: at(1000),
            to: at(1100),
            step_s: 10,
            rules: [(
                "a/b/c".to_owned(),
                vec![step(990, 1), step(1000, 2), step(1050, 4), step(1100, 8)],
            )]
            .into(),
            ..Past::default()
        };
        assert_eq!(past.spark("a/b/c", 4), [3, 0, 4, 8]);
        assert_eq!(past.spark("another", 4), [0; 4]);
        assert_eq!(past.of_rule("a/b/c").packets, 15);
    }
}
