//! The conservation law: what was parsed into flows is what was judged, and what the flow table holds, held,
//! or had no room for. Exact for a half of the counters that is at rest.

use cmflow_common::gateway::Count;

/// One half of every counter, at rest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Half {
    /// Packets whose outcome is "flow".
    pub flow_outcome: u64,
    /// Packets of all verdicts.
    pub verdicts: u64,
    /// Packets in slots of the flow table.
    pub live: u64,
    /// Packets in slots that were freed.
    pub expired: u64,
    /// Packets that found no slot, or one that could not be touched any more.
    pub without_entry: u64,
}

impl Half {
    /// Whether the law holds.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.flow_outcome == self.verdicts && self.flow_outcome == self.accounted()
    }

    /// Packets that were parsed into flows and not judged, and those not accounted for.
    #[must_use]
    pub fn lacks(&self) -> [i128; 2] {
        [self.verdicts, self.accounted()].map(|side| i128::from(self.flow_outcome) - i128::from(side))
    }

    /// What the flow table accounts for.
    #[must_use]
    pub const fn accounted(&self) -> u64 {
        self.live + self.expired + self.without_entry
    }
}

/// Both halves, each as it was when it last came to rest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conservation {
    /// The halves.
    pub halves: [Half; 2],
    /// Ticks at which the law did not hold.
    pub broken: u64,
}

impl Conservation {
    /// Takes a half that came to rest; says whether the law holds for it.
    pub const fn settle(&mut self, number: usize, half: Half) -> bool {
        self.halves[number & 1] = half;
        if !half.holds() {
            self.broken += 1;
        }
        half.holds()
    }

    /// Whether the law holds, now and at every tick before.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.broken == 0
    }

    /// Packets whose outcome is "flow", in both halves.
    #[must_use]
    pub const fn parsed(&self) -> u64 {
        self.halves[0].flow_outcome + self.halves[1].flow_outcome
    }

    /// Packets that the flow table accounts for, in both halves.
    #[must_use]
    pub const fn accounted(&self) -> u64 {
        self.halves[0].accounted() + self.halves[1].accounted()
    }
}

/// Sums counters into one.
#[must_use]
pub(crate) fn sum<'a>(counts: impl IntoIterator<Item = &'a Count>) -> Count {
    let mut total = Count::default();
    for count in counts {
        total.add(count.packets, count.bytes);
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_packet_on_either_side_breaks_the_law() {
        let good = Half {
            flow_outcome: 10,
            verdicts: 10,
            live: 6,
            expired: 3,
            without_entry: 1,
        };
        let mut law = Conservation::default();
        assert!(law.settle(0, good) && law.holds());
        for broken in [
            Half {
                flow_outcome: 11,
                ..good
            },
            Half { verdicts: 9, ..good },
            Half { live: 5, ..good },
            Half { expired: 4, ..good },
            Half {
                without_entry: 0,
                ..good
            },
        ] {
            let mut law = Conservation::default();
            assert!(!law.settle(1, broken), "{broken:?}");
            assert!(!law.settle(0, broken) && !law.holds());
        }
    }
}
