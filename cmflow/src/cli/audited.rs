//! Where the audit comes from that a verb goes on with.

use std::fs;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;

use indicatif::{ProgressBar, ProgressStyle};

use crate::answer::Audit;
use crate::firewall::{self, Traffic};

/// Comparisons of a conversation with a line from which on somebody may wonder how long it takes.
const LONG: usize = 2_000_000;

/// Which audit.
#[derive(Debug, Args)]
pub(super) struct Audited {
    /// A saved audit: what `cmflow audit --format json` wrote
    #[arg(long, value_name = "FILE")]
    audit: Option<PathBuf>,
}

impl Audited {
    /// The audit.
    pub(super) fn read(&self, _extra: Option<&Path>) -> anyhow::Result<Audit> {
        let path = self.audit.as_deref().context("name a saved audit by --audit")?;
        saved(path)
    }

    /// The audit, and what crossed.
    pub(super) fn with_traffic(&self, extra: Option<&Path>) -> anyhow::Result<Sources> {
        let audit = self.read(extra)?;
        let traffic = firewall::of_audit(&audit);
        Ok(Sources {
            audit,
            traffic,
            exact: false,
        })
    }
}

/// An audit, with the traffic that it is of.
pub(super) struct Sources {
    pub(super) audit: Audit,
    pub(super) traffic: Vec<Traffic>,
    /// The traffic is single conversations.
    pub(super) exact: bool,
}

/// A bar for what takes long and people who wait; hidden otherwise.
pub(super) fn progress(steps: usize, work: usize) -> ProgressBar {
    if work < LONG || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos} of {len}, {eta} left");
    let style = style.expect("the template is right");
    ProgressBar::new(steps as u64).with_style(style)
}

fn saved(path: &Path) -> anyhow::Result<Audit> {
    let name = path.display();
    let text = fs::read(path).with_context(|| format!("the audit {name} cannot be read"))?;
    serde_json::from_slice(&text)
        .with_context(|| format!("{name} is no audit; make one by cmflow audit --format json > {name}"))
}
