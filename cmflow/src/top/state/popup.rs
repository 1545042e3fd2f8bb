//! What lies over a tab: help, and all that is known of one row.

use crate::answer::{Flow, Unexplained, UnexplainedGroup};
use crate::top::wanted::Asked;

/// What lies over a tab.
#[derive(Clone, Debug)]
pub enum Popup {
    /// The keys.
    Help {
        /// Lines scrolled away.
        scrolled: usize,
    },
    /// A flow.
    Flow {
        /// The flow, as it was when it was chosen.
        flow: Box<Flow>,
        /// What `cmflow explain` is asked.
        asked: Asked,
        /// What it says.
        said: Option<Vec<String>>,
        /// Lines scrolled away.
        scrolled: usize,
    },
    /// A group of what nothing explains.
    Group {
        /// The group, as it was when it was chosen.
        group: Box<UnexplainedGroup>,
        /// Its conversations.
        found: Option<Vec<Unexplained>>,
        /// Lines scrolled away.
        scrolled: usize,
    },
    /// Lines that need no more asking.
    Lines {
        /// What they are of.
        title: String,
        /// The lines.
        lines: Vec<String>,
        /// Lines scrolled away.
        scrolled: usize,
    },
}

impl Popup {
    /// Lines scrolled away.
    #[must_use]
    pub const fn scrolled(&self) -> usize {
        match self {
            Self::Help { scrolled }
            | Self::Flow { scrolled, .. }
            | Self::Group { scrolled, .. }
            | Self::Lines { scrolled, .. } => *scrolled,
        }
    }

    /// The same, to be changed.
    pub const fn scrolled_mut(&mut self) -> &mut usize {
        match self {
            Self::Help { scrolled }
            | Self::Flow { scrolled, .. }
            | Self::Group { scrolled, .. }
            | Self::Lines { scrolled, .. } => scrolled,
        }
    }
}
