//! Jiffies into times of day.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use cmflow_common::control::Clock;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Frequencies that kernels are built with (kernel/Kconfig.hz).
const FREQUENCIES: [u64; 5] = [100, 250, 300, 1000, 1200];

/// Where jiffies begin: as if five minutes before the 32-bit counter wraps (include/linux/jiffies.h).
const WRAP: i128 = 1 << 32;
const LEAD_S: i128 = 300;

/// From when on which wall clock held: both clocks, read together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// Jiffies.
    pub jiffies: u64,
    /// The wall clock.
    pub wall: Timestamp,
}

impl Anchor {
    fn time_of(self, at: u64, hz: u64) -> Timestamp {
        let since = i64::try_from(i128::from(self.jiffies) - i128::from(at)).unwrap_or(0);
        let millis = since.saturating_mul(1000) / i64::try_from(hz).unwrap_or(1000);
        self.wall
            .checked_sub(SignedDuration::from_millis(millis))
            .unwrap_or(self.wall)
    }
}

/// Both clocks, sampled at every tick: what is remembered of how they ran beside each other. A suspend and a step of
/// the wall clock begin a new stretch, and times before them stay what they were.
#[derive(Clone, Debug)]
pub struct Timeline {
    hz: u64,
    /// Where each stretch began, oldest first.
    stretches: Arc<[Anchor]>,
}

impl Timeline {
    /// The two clocks may drift so far apart within a stretch.
    const TOLERANCE: SignedDuration = SignedDuration::from_millis(250);
    /// Stretches remembered at most; times before them are told by the oldest.
    const MOST: usize = 1024;

    /// One with these stretches, for jiffies of that many a second.
    #[must_use]
    pub fn new(hz: u64, stretches: &[Anchor]) -> Self {
        Self {
            hz,
            stretches: stretches.into(),
        }
    }

    /// Takes a sample; gives the moment that it is.
    pub fn sample(&mut self, jiffies: u64, wall: Timestamp) -> Moment {
        let now = Anchor { jiffies, wall };
        let expected = self.stretches.last().map(|last| last.time_of(jiffies, self.hz));
        let off = expected.map(|expected| wall.duration_since(expected).abs());
        if off.is_none_or(|off| off > Self::TOLERANCE) {
            let kept = self.stretches.len().saturating_sub(Self::MOST - 1);
            self.stretches = self.stretches[kept..].iter().copied().chain([now]).collect();
        }
        Moment {
            jiffies,
            wall,
            hz: self.hz,
            stretches: Some(Arc::clone(&self.stretches)),
        }
    }

    /// Where each stretch began, oldest first.
    #[must_use]
    pub fn stretches(&self) -> &[Anchor] {
        &self.stretches
    }
}

/// Jiffies and the wall clock, read at one moment, and what is remembered of them.
#[derive(Clone, Debug)]
pub struct Moment {
    jiffies: u64,
    wall: Timestamp,
    hz: u64,
    stretches: Option<Arc<[Anchor]>>,
}

impl Moment {
    /// A moment of which nothing before is remembered.
    #[must_use]
    pub const fn new(jiffies: u64, wall: Timestamp, hz: u64) -> Self {
        Self {
            jiffies,
            wall,
            hz,
            stretches: None,
        }
    }

    /// The jiffies of that moment.
    #[must_use]
    pub const fn jiffies(&self) -> u64 {
        self.jiffies
    }

    /// The wall clock of that moment.
    #[must_use]
    pub const fn wall(&self) -> Timestamp {
        self.wall
    }

    /// The time of day when the jiffies were `at`.
    #[must_use]
    pub fn time_of(&self, at: u64) -> Timestamp {
        let now = Anchor {
            jiffies: self.jiffies,
            wall: self.wall,
        };
        let stretches = self.stretches.as_deref().unwrap_or_default();
        let after = stretches.partition_point(|anchor| anchor.jiffies <= at);
        let anchor = match after.checked_sub(1) {
            // What has no stretch of its own was before the first one.
            None => stretches.first(),
            Some(last) => stretches.get(last),
        };
        anchor.copied().unwrap_or(now).time_of(at, self.hz)
    }

    /// The jiffies that long before this moment; never before the counter's beginning.
    #[must_use]
    pub fn before(&self, span: Duration) -> u64 {
        let ticks = span.as_millis() * u128::from(self.hz) / 1000;
        self.jiffies
            .saturating_sub(u64::try_from(ticks).unwrap_or(u64::MAX))
    }
}

/// The kernel's jiffies a second, from two readings of both clocks some time apart.
///
/// The longer they lie apart, the surer it is: a tenth of a second is enough to tell the frequencies that
/// kernels are built with. Where the machine has run longer, the count since boot decides.
#[must_use]
pub fn frequency(first: Clock, second: Clock, awake: Duration) -> u64 {
    let error = |hz: u64| -> u128 {
        let seconds_ns = i128::try_from(awake.as_nanos()).unwrap_or(i128::MAX) - LEAD_S * 1_000_000_000;
        if seconds_ns.abs() > 5_000_000_000 {
            let expected = WRAP + i128::from(hz) * seconds_ns / 1_000_000_000;
            (i128::from(second.jiffies) - expected).unsigned_abs()
        } else {
            let span_ns = second.boot_ns.saturating_sub(first.boot_ns);
            let expected = u128::from(hz) * u128::from(span_ns) / 1_000_000_000;
            u128::from(second.jiffies.saturating_sub(first.jiffies)).abs_diff(expected)
        }
    };
    FREQUENCIES
        .into_iter()
        .min_by_key(|hz| error(*hz))
        .unwrap_or(1000)
}

/// The wall clock, and the time that a machine was awake beside it.
///
/// A test may let time pass that does not: a file holds how many seconds both clocks are ahead of the real ones.
#[derive(Clone, Debug, Default)]
pub struct Wall {
    ahead: Option<PathBuf>,
}

impl Wall {
    /// One that is ahead by the seconds that the file holds; by none where it cannot be read.
    #[must_use]
    pub const fn ahead_by(file: PathBuf) -> Self {
        Self { ahead: Some(file) }
    }

    fn ahead(&self) -> SignedDuration {
        let text = self.ahead.as_ref().and_then(|file| fs::read_to_string(file).ok());
        let seconds = text.and_then(|text| text.trim().parse().ok()).unwrap_or(0);
        SignedDuration::from_secs(seconds)
    }

    /// Now, and the time since boot without suspend.
    #[must_use]
    pub fn both(&self) -> (Timestamp, SignedDuration) {
        let ahead = self.ahead();
        let now = Timestamp::now();
        let awake = SignedDuration::try_from(awake()).unwrap_or(SignedDuration::MAX);
        (now.checked_add(ahead).unwrap_or(now), awake.saturating_add(ahead))
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.both().0
    }

    /// Today, in UTC.
    #[must_use]
    pub fn today(&self) -> Date {
        self.now().to_zoned(TimeZone::UTC).date()
    }
}

/// Time since boot without suspend, which is what jiffies count.
#[must_use]
pub fn awake() -> Duration {
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: a struct to write into.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(jiffies: i128, boot_s: f64) -> Clock {
        Clock {
            jiffies: u64::try_from(jiffies).expect("in range"),
            boot_ns: (boot_s * 1e9) as u64,
        }
    }

    #[test]
    fn the_frequency_is_read_from_a_machine_that_has_run_a_while() {
        for hz in [100_i128, 250, 300, 1000] {
            let at = clock(WRAP + hz * (4059 - 300) + 3, 4059.0);
            assert_eq!(i128::from(frequency(at, at, Duration::from_secs(4059))), hz);
        }
    }

    #[test]
    fn five_minutes_after_boot_two_readings_decide() {
        for hz in [100_i128, 250, 300, 1000] {
            let first = clock(WRAP, 300.0);
            let second = clock(WRAP + hz / 10, 300.1);
            assert_eq!(
                i128::from(frequency(first, second, Duration::from_millis(300_100))),
                hz
            );
        }
    }

    #[test]
    fn times_go_back_from_the_moment() {
        let wall: Timestamp = "2026-11-20T12:00:00Z".parse().expect("a time");
        let moment = Moment::new(10_000, wall, 250);
        assert_eq!(moment.time_of(10_000), wall);
        assert_eq!(moment.time_of(9_750).to_string(), "2026-11-20T11:59:59Z");
        assert_eq!(moment.before(Duration::from_secs(4)), 9_000);
    }

    /// A machine whose two clocks a test sets.
    struct Machine {
        timeline: Timeline,
        jiffies: u64,
        wall: Timestamp,
    }

    impl Machine {
        fn new() -> Self {
            Self {
                timeline: Timeline::new(250, &[]),
                jiffies: 1_000_000,
                wall: "2026-11-20T12:00:00Z".parse().expect("a time"),
            }
        }

        /// Both clocks run for that many seconds, with a sample at each.
        fn run(&mut self, seconds: u64) -> Moment {
            for _ in 0..seconds {
                self.jiffies += 250;
                self.step(1000);
                self.sample();
            }
            self.sample()
        }

        /// The wall clock alone moves.
        fn step(&mut self, millis: i64) {
            self.wall += SignedDuration::from_millis(millis);
        }

        fn sample(&mut self) -> Moment {
            self.timeline.sample(self.jiffies, self.wall)
        }
    }

    #[test]
    fn times_before_a_step_or_a_suspend_stay_what_they_were() {
        // Forward, backward, and asleep for a night: the wall clock alone moves.
        for step in [3_600_000, -3_600_000, 30_000, -400, 8 * 3_600_000] {
            let mut machine = Machine::new();
            machine.run(60);
            let (before, told) = (machine.jiffies, machine.wall);
            machine.step(step);
            let moment = machine.run(60);
            assert_eq!(moment.time_of(before), told, "{step}");
            assert_eq!(
                moment.time_of(before - 250 * 30),
                told - SignedDuration::from_secs(30)
            );
            assert_eq!(moment.time_of(machine.jiffies), machine.wall, "{step}");
            let stretches = machine.timeline.stretches().len();
            assert_eq!(stretches, 2, "{step}");
        }
    }

    #[test]
    fn drift_within_the_tolerance_begins_no_stretch_and_beyond_it_one() {
        let mut machine = Machine::new();
        let mut moment = machine.sample();
        for _ in 0..10_000 {
            machine.jiffies += 250;
            // One in ten thousand too fast.
            machine.wall += SignedDuration::from_micros(1_000_100);
            moment = machine.sample();
            let off = moment.time_of(machine.jiffies).duration_since(machine.wall).abs();
            assert!(off <= Timeline::TOLERANCE, "{off}");
        }
        assert_eq!(machine.timeline.stretches().len(), 4, "one each 2,500 s");
        assert!(moment.time_of(1_000_000) == Machine::new().wall);
    }

    #[test]
    fn a_clock_that_jumps_all_day_takes_no_more_memory_than_is_stated() {
        let mut machine = Machine::new();
        for _ in 0..5000 {
            machine.run(1);
            machine.step(10_000);
        }
        let moment = machine.run(1);
        assert_eq!(machine.timeline.stretches().len(), Timeline::MOST);
        assert_eq!(moment.time_of(machine.jiffies), machine.wall);
        // Whoever takes the remembered stretches over tells the same times.
        let mut heir = Timeline::new(250, machine.timeline.stretches());
        let told = heir.sample(machine.jiffies, machine.wall);
        for ago in [0, 1000, 100_000, 500_000] {
            let at = machine.jiffies - ago;
            assert_eq!(told.time_of(at), moment.time_of(at), "{ago}");
        }
    }
}
