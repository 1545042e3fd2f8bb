//! What the command line asks for.

use anyhow::bail;

/// What to measure, how long, and how to print it.
pub struct Asked {
    /// JSON rather than a table.
    pub json: bool,
    /// Whether the path of a packet is cut short too, to see what its parts cost.
    pub parts: bool,
    /// Only sections or figures with this in their name.
    pub only: Option<String>,
    /// Rounds of each measurement.
    pub rounds: usize,
    /// Runs of a program in a round, where the flow is known.
    pub repeat: u32,
}

impl Asked {
    /// Reads the arguments.
    pub fn parse(mut arguments: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let mut asked = Self {
            json: false,
            parts: false,
            only: None,
            rounds: 101,
            repeat: 10_000,
        };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--quick" => asked.rounds = 15,
                "--parts" => asked.parts = true,
                "--only" => asked.only = arguments.next(),
                "--format" => match arguments.next().as_deref() {
                    Some("json") => asked.json = true,
                    Some("table") => asked.json = false,
                    other => bail!("--format takes json or table, not {other:?}"),
                },
                // What cargo itself adds.
                "--bench" => {}
                other => bail!("{other}? Known are --quick, --parts, --only WORD and --format json|table"),
            }
        }
        Ok(asked)
    }

    /// Whether few rounds are enough.
    pub const fn quick(&self) -> bool {
        self.rounds < 50
    }
}
