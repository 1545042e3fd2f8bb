//! Where a tab stands: which row is selected, which is the first on the screen.

/// Where a tab stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// Place of the selected row.
    pub selected: usize,
    /// Place of the first row on the screen, as drawn last.
    pub first: usize,
    /// Place of the selected column, in the matrix.
    pub column: usize,
    /// Whether the order is turned round.
    pub turned: bool,
    /// Whether the rows are kept as they are.
    pub paused: bool,
    /// Name of the selected row, which the selection follows; nothing while it stands at the top.
    name: Option<String>,
}

impl View {
    /// Moves the selection to a place, or as near as there are rows.
    pub(super) fn select(&mut self, place: usize, names: &[String]) {
        self.selected = place.min(names.len().saturating_sub(1));
        // At the top, whatever comes first stays selected rather than a row that wanders off.
        self.name = names.get(self.selected).filter(|_| self.selected > 0).cloned();
    }

    /// Follows the selected row to where it is now.
    pub(super) fn settle(&mut self, names: &[String]) {
        let place = |name: &String| names.iter().position(|one| one == name);
        let followed = self.name.as_ref().and_then(place);
        let last = names.len().saturating_sub(1);
        self.selected = followed.unwrap_or(self.selected).min(last);
    }

    /// The first of so many rows on a screen of that height, so that the selected one is on it.
    #[must_use]
    pub fn first_of(&self, rows: usize, height: usize) -> usize {
        let lowest = (self.selected + 1).saturating_sub(height);
        self.first
            .clamp(lowest, self.selected.max(lowest))
            .min(rows.saturating_sub(height).max(lowest))
    }
}
