//! Where the audit comes from that a verb goes on with: histories, or a saved one.

use std::fs;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::audit::made;
use super::evidence::Drawn;
use crate::answer::Audit;
use crate::history::Evidence;

/// Comparisons of a conversation with a line from which on somebody may wonder how long it takes.
const LONG: usize = 2_000_000;

/// How often somebody who waits sees that something goes on.
const TICK: Duration = Duration::from_millis(200);

/// Which audit.
#[derive(Debug, Args)]
pub(super) struct Audited {
    /// A saved audit instead of histories: what `cmflow audit --format json` wrote
    #[arg(long, value_name = "FILE", conflicts_with_all = ["instance", "from", "since", "until", "site", "edition"])]
    audit: Option<PathBuf>,
    #[command(flatten)]
    drawn: Drawn,
}

/// An audit, with what it was made from.
pub(super) struct Sources {
    pub(super) audit: Audit,
    /// What histories say; nothing where the audit was saved.
    pub(super) evidence: Option<Vec<Evidence>>,
}

impl Audited {
    /// Reads it, or makes it.
    pub(super) fn read(&self, catalogue: Option<&Path>) -> anyhow::Result<Sources> {
        if let Some(path) = &self.audit {
            let audit = saved(path)?;
            return Ok(Sources {
                audit,
                evidence: None,
            });
        }
        let waiting = waiting("reading histories");
        let gathered = self.drawn.gather(catalogue)?;
        waiting.set_message("judging what was seen");
        let audit = made(&gathered);
        waiting.finish_and_clear();
        for warning in &gathered.warnings {
            eprintln!("cmflow: {warning}");
        }
        Ok(Sources {
            audit,
            evidence: Some(gathered.evidence),
        })
    }
}

/// Something that moves, for people who wait.
fn waiting(what: &'static str) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner().with_message(what);
    bar.enable_steady_tick(TICK);
    bar
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
    let audit: Audit = serde_json::from_slice(&text)
        .with_context(|| format!("{name} is no audit; make one by cmflow audit --format json > {name}"))?;
    let graded: u64 = audit.grades.values().sum();
    anyhow::ensure!(
        audit.grades.is_empty() || graded == audit.rules.len() as u64,
        "{name} holds {} of {graded} rules; save the whole audit, without --grade",
        audit.rules.len()
    );
    Ok(audit)
}
