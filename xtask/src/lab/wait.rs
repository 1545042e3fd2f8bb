//! Waiting for something to become true, within bounds.

use std::fmt::Debug;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// Asks until the answer is yes; fails after `limit` with what was waited for.
pub fn wait_until(what: &str, limit: Duration, mut holds: impl FnMut() -> bool) -> Result<()> {
    eventually(what, limit, || {
        if holds() { Ok(()) } else { Err("it did not happen") }
    })
}

/// Tries until it works; fails after `limit` with what was waited for and the last refusal.
pub fn eventually<T, E: Debug>(
    what: &str,
    limit: Duration,
    mut attempt: impl FnMut() -> Result<T, E>,
) -> Result<T> {
    let deadline = Instant::now() + limit;
    let mut pause = Duration::from_millis(1);
    loop {
        match attempt() {
            Ok(value) => return Ok(value),
            Err(refusal) if Instant::now() >= deadline => {
                bail!("{what}: not within {:.1} s ({refusal:?})", limit.as_secs_f64())
            }
            Err(_) => thread::sleep(pause),
        }
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn returns_as_soon_as_it_holds() {
        let mut asked = 0;
        let counted = eventually("three tries", Duration::from_secs(5), || {
            asked += 1;
            if asked == 3 { Ok(asked) } else { Err("not yet") }
        });
        assert_eq!(counted.expect("holds at the third try"), 3);
    }

    #[test]
    fn says_what_did_not_happen() {
        let error = wait_until("the moon", Duration::ZERO, || false).expect_err("never holds");
        assert!(error.to_string().contains("the moon"), "{error}");
    }
}
