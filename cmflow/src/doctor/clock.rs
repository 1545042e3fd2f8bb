//! The clock: times of flows are times of day.

use super::Check;

/// What the kernel says of its clock (adjtimex(2)).
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Whether something keeps it right; nothing where the kernel does not tell.
    pub synchronised: Option<bool>,
    /// The error that whoever keeps it right assumes at most, in microseconds.
    pub error_us: i64,
}

pub(super) fn judge(facts: &Facts) -> Vec<Check> {
    const ONE_SECOND: i64 = 1_000_000;
    let warning = |found: String| {
        Check::warning(
            "clock",
            "synchronised",
            found,
            "first and last seen are times of this clock; keep it right with chrony, systemd-timesyncd or ntpd",
        )
    };
    vec![match facts.synchronised {
        None => warning("the kernel does not tell".to_owned()),
        Some(false) => warning("nothing keeps the clock right".to_owned()),
        Some(true) if facts.error_us > ONE_SECOND => {
            warning(format!("it may be {} s off", facts.error_us / ONE_SECOND))
        }
        Some(true) => Check::ok(
            "clock",
            "synchronised",
            format!("to {} ms at most", facts.error_us / 1000 + 1),
        ),
    }]
}

#[cfg(test)]
mod tests {
    use super::super::Grade::{Ok as Fine, Warning};
    use super::super::check::grades;
    use super::*;

    #[test]
    fn a_clock_is_kept_right_or_not() {
        for (synchronised, error_us, grade) in [
            (Some(true), 500, Fine),
            (Some(true), 1_000_001, Warning),
            (Some(false), 0, Warning),
            (None, 0, Warning),
        ] {
            let facts = Facts {
                synchronised,
                error_us,
            };
            assert_eq!(grades(&judge(&facts)), [("synchronised", grade)], "{facts:?}");
        }
    }
}
