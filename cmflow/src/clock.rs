//! Jiffies into times of day.

use std::time::Duration;

use cmflow_common::control::Clock;
use jiff::Timestamp;

/// Frequencies that kernels are built with (kernel/Kconfig.hz).
const FREQUENCIES: [u64; 5] = [100, 250, 300, 1000, 1200];

/// Where jiffies begin: as if five minutes before the 32-bit counter wraps (include/linux/jiffies.h).
const WRAP: i128 = 1 << 32;
const LEAD_S: i128 = 300;

/// Jiffies and the wall clock, read at one moment. Sampled anew at every tick, so that suspend and steps of
/// the wall clock do not add up.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    jiffies: u64,
    wall: Timestamp,
    hz: u64,
}

impl Moment {
    /// A moment.
    #[must_use]
    pub const fn new(jiffies: u64, wall: Timestamp, hz: u64) -> Self {
        Self { jiffies, wall, hz }
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
        let since = i64::try_from(i128::from(self.jiffies) - i128::from(at)).unwrap_or(0);
        let millis = since.saturating_mul(1000) / i64::try_from(self.hz).unwrap_or(1000);
        self.wall
            .checked_sub(jiff::SignedDuration::from_millis(millis))
            .unwrap_or(self.wall)
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
}
