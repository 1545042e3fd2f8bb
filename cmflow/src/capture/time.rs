//! Times of a capture into nanoseconds since the Unix epoch.

const SECOND_NS: u64 = 1_000_000_000;

/// How an interface of a pcapng file counts time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Resolution {
    /// Units in a second.
    units: u128,
    /// Nanoseconds in a unit, where they are whole.
    unit_ns: Option<u64>,
    /// Seconds to add.
    offset_s: i64,
}

/// What holds where an interface says nothing.
pub(super) const MICROSECONDS: u8 = 6;

impl Resolution {
    /// By the options `if_tsresol` (a power of ten, or of two where the highest bit is set; negated) and
    /// `if_tsoffset`.
    pub(super) fn new(exponent: u8, offset_s: i64) -> Self {
        let base = if exponent & 0x80 == 0 { 10 } else { 2_u128 };
        // More than 10^38 units: every time that 64 bits can say is a small part of a nanosecond.
        let units = base.checked_pow(u32::from(exponent & 0x7f)).unwrap_or(u128::MAX);
        let whole = u128::from(SECOND_NS).is_multiple_of(units);
        Self {
            units,
            unit_ns: whole.then(|| SECOND_NS / units as u64),
            offset_s,
        }
    }

    /// A count of units in nanoseconds; times that do not fit are the nearest that do.
    pub(super) fn ns(&self, count: u64) -> u64 {
        let since = match self.unit_ns {
            Some(unit_ns) => count.saturating_mul(unit_ns),
            // Below 2^94, so it cannot overflow.
            None => {
                let ns = u128::from(count) * u128::from(SECOND_NS) / self.units;
                u64::try_from(ns).unwrap_or(u64::MAX)
            }
        };
        let offset_ns = self.offset_s.unsigned_abs().saturating_mul(SECOND_NS);
        if self.offset_s < 0 {
            since.saturating_sub(offset_ns)
        } else {
            since.saturating_add(offset_ns)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Resolution;

    #[test]
    fn every_resolution_comes_to_nanoseconds() {
        // exponent, offset in seconds, count, nanoseconds
        for (exponent, offset_s, count, ns) in [
            (6, 0, 1_000_001, 1_000_001_000),
            (9, 0, 1_000_000_001, 1_000_000_001),
            (0, 0, 3, 3_000_000_000),
            (3, 0, 1_500, 1_500_000_000),
            (12, 0, 1_500_000_000_999, 1_500_000_000),
            (0x80, 0, 3, 3_000_000_000),
            (0x80 | 10, 0, 1536, 1_500_000_000),
            (0x80 | 32, 0, 3 << 31, 1_500_000_000),
            (6, 10, 1_000_000, 11_000_000_000),
            (6, -10, 11_000_000, 1_000_000_000),
            (6, -10, 1, 0),
            (6, 0, u64::MAX, u64::MAX),
            (0x7f, 0, u64::MAX, 0),
            (0xff, 0, u64::MAX, 0),
        ] {
            let resolution = Resolution::new(exponent, offset_s);
            assert_eq!(resolution.ns(count), ns, "10^-{exponent} + {offset_s} s, {count}");
        }
    }
}
