//! `--kill-daemon`: the daemon is killed at random while there is traffic, and what has to be true after that.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::daemon::{Daemon, Gap, Status};
use super::moments::Moments;
use super::summary::heading;
use crate::lab::Lab;

/// What a daemon logs of a broken law, which the next one may not know of.
const BROKEN: &str = "conservation law broken";
/// What it logs when it does not go on with what there is.
const ANEW: &str = "counting begins anew";
/// What it logs of flows that ended shortly before a kill. No count is lost with them.
const NAMELESS: &str = "nobody knows any more whose they were";

/// Kills of a daemon; what the gateway carried meanwhile is compared with what was counted.
pub(super) struct Kills<'d, 'l> {
    daemon: &'d mut Daemon<'l>,
    lab: &'l Lab,
    begun: Reading,
    moments: Moments,
    next: Instant,
    /// Whether this one may answer first, and live for a while after that.
    spared: bool,
    count: u32,
    losses: Vec<String>,
    broken: bool,
}

impl<'d, 'l> Kills<'d, 'l> {
    /// The daemon answers, and is killed from now on.
    pub(super) fn begin(daemon: &'d mut Daemon<'l>, lab: &'l Lab) -> Result<Self> {
        let begun = Reading::take(daemon, lab)?;
        let mut moments = Moments::by_the_clock();
        Ok(Self {
            daemon,
            lab,
            begun,
            next: Instant::now() + moments.pause(),
            moments,
            spared: false,
            count: 0,
            losses: Vec::new(),
            broken: false,
        })
    }

    /// Kills it where it is time to. Of those that start slowly, some are killed while they start, and the others after
    /// they have counted: which, is chance too.
    pub(super) fn tick(&mut self) -> Result<()> {
        if Instant::now() < self.next {
            return Ok(());
        }
        if self.spared {
            if self.daemon.answers()? {
                self.spared = false;
                self.next = Instant::now() + self.moments.pause();
            }
            return Ok(());
        }
        let logged = self.daemon.kill_and_start()?;
        self.count += 1;
        self.hear(&logged);
        self.spared = self.moments.either();
        if !self.spared {
            self.next = Instant::now() + self.moments.pause();
        }
        Ok(())
    }

    /// Waits until the last one answers; what came of it.
    pub(super) fn end(mut self) -> Result<Survived> {
        self.daemon
            .wait_answering()
            .with_context(|| format!("after it was killed {} times", self.count))?;
        let end = Reading::take(self.daemon, self.lab)?;
        let logged = self.daemon.logged();
        self.hear(&logged);
        Ok(Survived {
            count: self.count,
            seed: self.moments.seed,
            took_over: end.status.gaps.len(),
            alone: alone(&end.status.gaps),
            carried: carried(&self.begun, &end),
            counted: end.status.frames.saturating_sub(self.begun.status.frames),
            began_anew: end.status.since != self.begun.status.since,
            law_held: end.status.law().holds && !self.broken,
            losses: self.losses,
        })
    }

    fn hear(&mut self, logged: &str) {
        for line in logged.lines() {
            self.broken |= line.contains(BROKEN);
            if [BROKEN, ANEW, NAMELESS].iter().any(|words| line.contains(words)) {
                self.losses.push(line.trim().to_owned());
            }
        }
    }
}

/// What the daemon had counted, and what the interfaces had carried before and after it was asked.
struct Reading {
    before: u64,
    status: Status,
    after: u64,
}

impl Reading {
    fn take(daemon: &Daemon<'_>, lab: &Lab) -> Result<Self> {
        let received = || -> Result<u64> {
            let of = |name: &String| Ok(lab.gateway_counters(name)?.rx_packets);
            lab.gateway_interfaces().iter().map(of).sum()
        };
        Ok(Self {
            before: received()?,
            status: daemon.client().status()?,
            after: received()?,
        })
    }
}

/// The fewest and the most packets that can have come in between two readings of the daemon.
fn carried(begun: &Reading, end: &Reading) -> (u64, u64) {
    (
        end.before.saturating_sub(begun.after),
        end.after.saturating_sub(begun.before),
    )
}

/// How long the kernel counted alone. Where a daemon is killed before it ever looked, the next one's gap begins where
/// that one's did.
fn alone(gaps: &[Gap]) -> Duration {
    let mut gaps = gaps.to_vec();
    gaps.sort_by_key(|gap| gap.from);
    let mut total = Duration::ZERO;
    let mut until = None;
    for gap in gaps {
        let from = until.map_or(gap.from, |until| gap.from.max(until));
        // None where it lies within the one before.
        total += Duration::try_from(gap.to.duration_since(from)).unwrap_or_default();
        until = until.max(Some(gap.to));
    }
    total
}

/// What came of the kills.
pub(super) struct Survived {
    count: u32,
    seed: u64,
    /// Daemons that came as far as to take over.
    took_over: usize,
    alone: Duration,
    carried: (u64, u64),
    counted: u64,
    began_anew: bool,
    law_held: bool,
    losses: Vec<String>,
}

impl Survived {
    /// Prints it; whether all is as it must be.
    pub(super) fn print(&self) -> bool {
        heading("The daemon was killed");
        let wrongs = self.wrongs();
        let lost = if wrongs.is_empty() {
            "nothing lost".to_owned()
        } else {
            wrongs.join(", ")
        };
        println!(
            "killed {} times, kernel alone for {:.1} s in all, {lost}",
            self.count,
            self.alone.as_secs_f64()
        );
        let (least, most) = self.carried;
        println!(
            "{} packets were counted; the interfaces carried {least} to {most} meanwhile",
            self.counted
        );
        println!(
            "{} of {} daemons came as far as to take over; the moments are those of seed {:#x}",
            self.took_over, self.count, self.seed
        );
        for loss in &self.losses {
            println!("it logged: {loss}");
        }
        wrongs.is_empty()
    }

    fn wrongs(&self) -> Vec<String> {
        let (least, most) = self.carried;
        let mut wrongs = Vec::new();
        if self.count == 0 {
            wrongs.push("which is too seldom to say anything".to_owned());
        }
        if self.counted < least {
            wrongs.push(format!("packets MISSING: {}", least - self.counted));
        }
        if self.counted > most {
            wrongs.push(format!("packets counted TWICE: {}", self.counted - most));
        }
        if self.began_anew {
            wrongs.push("counting BEGAN ANEW".to_owned());
        }
        if !self.law_held {
            wrongs.push("the law did NOT hold".to_owned());
        }
        wrongs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_alone_is_counted_once() {
        let gap = |from: i64, to: i64| Gap {
            from: jiff::Timestamp::from_second(from).expect("a time"),
            to: jiff::Timestamp::from_second(to).expect("a time"),
        };
        for (gaps, seconds) in [
            (vec![], 0),
            (vec![gap(1, 2), gap(5, 8)], 4),
            (vec![gap(5, 8), gap(1, 2)], 4),
            // The second daemon was killed before it looked.
            (vec![gap(1, 2), gap(1, 4)], 3),
            (vec![gap(1, 9), gap(2, 3), gap(8, 10)], 9),
        ] {
            assert_eq!(alone(&gaps), Duration::from_secs(seconds), "{gaps:?}");
        }
    }

    #[test]
    fn each_loss_is_told() {
        let well = || Survived {
            count: 9,
            seed: 1,
            took_over: 9,
            alone: Duration::from_secs(1),
            carried: (100, 110),
            counted: 100,
            began_anew: false,
            law_held: true,
            losses: Vec::new(),
        };
        let wrongs = |change: fn(&mut Survived)| {
            let mut survived = well();
            change(&mut survived);
            survived.wrongs().join(", ")
        };
        assert_eq!(wrongs(|_| {}), "");
        assert_eq!(wrongs(|it| it.counted = 110), "");
        assert_eq!(wrongs(|it| it.counted = 99), "packets MISSING: 1");
        assert_eq!(wrongs(|it| it.counted = 111), "packets counted TWICE: 1");
        assert_eq!(wrongs(|it| it.began_anew = true), "counting BEGAN ANEW");
        assert_eq!(wrongs(|it| it.law_held = false), "the law did NOT hold");
        assert!(!wrongs(|it| it.count = 0).is_empty());
    }
}
