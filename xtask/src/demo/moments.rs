//! When to kill: random times within bounds.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The shortest and the longest time from one kill to the next, in milliseconds.
const BETWEEN: (u64, u64) = (500, 2000);

/// Random times between kills.
pub(super) struct Moments {
    /// What they all follow from.
    pub(super) seed: u64,
    state: u64,
}

impl Moments {
    /// Others each time.
    pub(super) fn by_the_clock() -> Self {
        let seed = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs() ^ u64::from(since.subsec_nanos()) << 32);
        Self { seed, state: seed }
    }

    /// The time until the next one.
    pub(super) fn pause(&mut self) -> Duration {
        let (shortest, longest) = BETWEEN;
        Duration::from_millis(shortest + self.word() % (longest - shortest + 1))
    }

    /// A coin.
    pub(super) fn either(&mut self) -> bool {
        self.word() & 1 == 0
    }

    /// The next word of splitmix64.
    fn word(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.state;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_lie_within_their_bounds() {
        let mut moments = Moments { seed: 1, state: 1 };
        let pauses: Vec<Duration> = (0..1000).map(|_| moments.pause()).collect();
        let bounds = Duration::from_millis(BETWEEN.0)..=Duration::from_millis(BETWEEN.1);
        assert!(pauses.iter().all(|pause| bounds.contains(pause)));
        assert!(pauses.windows(2).any(|two| two[0] != two[1]));
    }
}
