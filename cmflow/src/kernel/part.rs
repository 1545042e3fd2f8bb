//! The path of a packet cut short, for the benches.

/// How far the path of a packet goes in a program of the benches; each goes on where one before it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Control word, and the counter of the frame's outcome.
    Outcome,
    /// The frame is parsed.
    Parse,
    /// The flow's key is made and hashed.
    Key,
    /// After [`Part::Key`]: a new flow is judged, but neither looked for nor remembered.
    Judge,
    /// After [`Part::Key`]: the flow's slot is found.
    Find,
    /// After [`Part::Find`]: counted in the slot by plain additions.
    Plain,
    /// After [`Part::Find`]: counted in the slot by atomic additions.
    Count,
    /// Counted under the flow's verdict.
    Verdict,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Outcome,
        Self::Parse,
        Self::Key,
        Self::Judge,
        Self::Find,
        Self::Plain,
        Self::Count,
        Self::Verdict,
    ];

    /// The name of its program.
    #[must_use]
    pub const fn program(self) -> &'static str {
        match self {
            Self::Outcome => "part_outcome",
            Self::Parse => "part_parse",
            Self::Key => "part_key",
            Self::Judge => "part_judge",
            Self::Find => "part_find",
            Self::Plain => "part_plain",
            Self::Count => "part_count",
            Self::Verdict => "part_verdict",
        }
    }
}
