//! The tabs.

use clap::ValueEnum;

/// What is shown below the head.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Tab {
    /// Flows that live
    #[default]
    Flows,
    /// What each rule explained
    Rules,
    /// Who speaks to whom, by role
    Matrix,
    /// What nothing explains, by roles and service
    Unexplained,
    /// Whether the counts can be believed
    Health,
}

impl Tab {
    /// All of them, in the order of their keys.
    pub const ALL: [Self; 5] = [
        Self::Flows,
        Self::Rules,
        Self::Matrix,
        Self::Unexplained,
        Self::Health,
    ];

    /// Its name on the screen.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flows => "Flows",
            Self::Rules => "Rules",
            Self::Matrix => "Matrix",
            Self::Unexplained => "Unexplained",
            Self::Health => "Health",
        }
    }

    /// The tab so many places further on, round the end.
    #[must_use]
    pub const fn turned(self, places: usize) -> Self {
        Self::ALL[(self as usize + places) % Self::ALL.len()]
    }
}
