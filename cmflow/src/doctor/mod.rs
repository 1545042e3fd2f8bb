//! `cmflow doctor`: is everything as it must be for the counters to be true?
//!
//! Facts are gathered in [`gather`], where the machine, the kernel and the daemon are asked. What is made of them is
//! pure, one group of checks a file.

mod check;
mod clock;
mod daemon;
mod features;
pub mod gather;
mod interfaces;
mod leftovers;
mod memory;
mod pins;
mod rights;

pub use check::{Check, Grade};

use serde::Serialize;

/// All that is known for a judgement.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The daemon of the instance.
    pub daemon: daemon::Facts,
    /// What processes may.
    pub rights: rights::Facts,
    /// The kernel.
    pub features: features::Facts,
    /// The interfaces.
    pub interfaces: interfaces::Facts,
    /// The BPF file system and the instance's pins.
    pub pins: pins::Facts,
    /// The clock.
    pub clock: clock::Facts,
    /// Memory and other limits.
    pub memory: memory::Facts,
    /// What dead daemons left.
    pub leftovers: leftovers::Facts,
}

/// What a doctor found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Examination {
    /// Name of the instance.
    pub instance: String,
    /// Whether there is no problem; there may be warnings.
    pub ok: bool,
    /// How many problems.
    pub problems: usize,
    /// How many warnings.
    pub warnings: usize,
    /// What was looked at.
    pub checks: Vec<Check>,
}

/// Judges facts.
#[must_use]
pub fn examine(instance: &str, facts: &Facts) -> Examination {
    let checks = [
        daemon::judge(&facts.daemon),
        rights::judge(&facts.rights),
        features::judge(&facts.features),
        interfaces::judge(&facts.interfaces),
        pins::judge(&facts.pins),
        clock::judge(&facts.clock),
        memory::judge(&facts.memory),
        leftovers::judge(&facts.leftovers),
    ]
    .concat();
    let count = |grade| checks.iter().filter(|check| check.grade == grade).count();
    let problems = count(Grade::Problem);
    Examination {
        instance: instance.to_owned(),
        ok: problems == 0,
        problems,
        warnings: count(Grade::Warning),
        checks,
    }
}
