//! By which of the site file's interfaces the frames of a capture came in.

use crate::capture::Record;
use crate::compile::Compiled;

/// Numbers from here on are of interfaces that the site file does not call sides: kernels do not give such.
const NO_SIDE: u32 = 1 << 31;

/// Interfaces that the site file calls sides, by name. A capture says by name which one a frame came in by, as pcapng
/// does, or whoever has it knows where it was taken.
#[derive(Clone, Debug, Default)]
pub struct Sides {
    numbers: Vec<(String, u32)>,
    taken_at: Option<u32>,
}

impl Sides {
    /// Those of compiled tables. Where a capture was taken may be said by name; else its own names count.
    #[must_use]
    pub fn new(compiled: &Compiled, taken_at: Option<&str>) -> Self {
        Self {
            numbers: compiled.sides.clone(),
            taken_at: taken_at.and_then(|name| compiled.side_number(name)),
        }
    }

    /// Number of the interface that a frame came in by: that of a side, else one of its own for each interface of the
    /// capture, so that link-local twins stay apart.
    pub(super) fn number(&self, record: &Record<'_>) -> u32 {
        let named = |name| self.numbers.iter().find(|(side, _)| side == name);
        self.taken_at
            .or_else(|| Some(named(record.interface_name?)?.1))
            .unwrap_or(NO_SIDE | record.interface)
    }

    /// Numbers of the interfaces that are told apart: the sides, and one for all others.
    pub(super) fn all(&self) -> Vec<u32> {
        let sides = self.numbers.iter().map(|(_, number)| *number);
        let sides: Vec<u32> = match self.taken_at {
            Some(number) => return vec![number],
            None => sides.collect(),
        };
        sides.into_iter().chain([NO_SIDE]).collect()
    }
}
