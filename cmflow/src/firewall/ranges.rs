//! Sets of numbers as ranges: addresses, ports.

/// Numbers from the first to the last one, both included.
pub type Range = (u128, u128);

/// Ranges in order, none of which touches another one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ranges(Vec<Range>);

impl Ranges {
    /// Of ranges in any order.
    #[must_use]
    pub fn of(ranges: impl IntoIterator<Item = Range>) -> Self {
        let mut sorted: Vec<Range> = ranges.into_iter().collect();
        sorted.sort_unstable();
        let mut all: Vec<Range> = Vec::new();
        for (first, last) in sorted {
            match all.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
                _ => all.push((first, last)),
            }
        }
        Self(all)
    }

    /// The ranges.
    pub fn iter(&self) -> impl Iterator<Item = Range> {
        self.0.iter().copied()
    }

    /// What of a range is in it.
    pub fn within(&self, range: Range) -> impl Iterator<Item = Range> {
        let begin = self.0.partition_point(|(_, last)| *last < range.0);
        self.0[begin..].iter().map_while(move |one| overlap(*one, range))
    }

    /// Whether there is no number in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Numbers in both.
    #[must_use]
    pub fn both(&self, other: &Self) -> Self {
        Self::of(self.iter().flat_map(|one| other.within(one)))
    }

    /// Numbers in this one only.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        let mut rest = Vec::new();
        for (first, last) in self.iter() {
            let mut begin = Some(first);
            for (taken, end) in other.within((first, last)) {
                let Some(from) = begin else { break };
                if taken > from {
                    rest.push((from, taken - 1));
                }
                begin = end.checked_add(1).filter(|next| *next <= last);
            }
            rest.extend(begin.map(|from| (from, last)));
        }
        Self::of(rest)
    }
}

/// Numbers in both ranges.
#[must_use]
pub fn overlap(a: Range, b: Range) -> Option<Range> {
    let both = (a.0.max(b.0), a.1.min(b.1));
    (both.0 <= both.1).then_some(both)
}
