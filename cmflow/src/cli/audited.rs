//! Where the audit comes from that a verb goes on with.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;

use crate::answer::Audit;

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
}

fn saved(path: &Path) -> anyhow::Result<Audit> {
    let name = path.display();
    let text = fs::read(path).with_context(|| format!("the audit {name} cannot be read"))?;
    serde_json::from_slice(&text)
        .with_context(|| format!("{name} is no audit; make one by cmflow audit --format json > {name}"))
}
