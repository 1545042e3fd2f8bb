//! What a daemon keeps on disk for the next one, beside what the kernel keeps: what the numbers of verdicts stand for,
//! who looks where, and the names of flows that are gone.
//!
//! Written aside and renamed, so that there is always a whole one. It is written before a generation of tables comes
//! into use, at intervals, and at the end. What a kill loses is the names of flows that ended since the last writing;
//! their packets stay counted, by outcome, verdict and rule.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, ensure};
use cmflow_common::verdict::VerdictKind;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::account::Kept;
use crate::answer::Gap;
use crate::clock::Anchor;
use crate::compile::{Basis, VerdictInfo};

/// An interface and the place that its counters have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KnownInterface {
    pub(super) name: String,
    /// The hook's name, or `none`.
    pub(super) hook: String,
    /// Index of the interface when the program was attached.
    pub(super) index: u32,
    /// The interface's own counter then.
    pub(super) received_before: u64,
    /// What earlier interfaces of that name received while they were looked at.
    pub(super) received_earlier: u64,
}

impl KnownInterface {
    /// One that nobody has attached to yet.
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            hook: "none".to_owned(),
            index: 0,
            received_before: 0,
            received_earlier: 0,
        }
    }

    /// Whether a program was there.
    pub(super) fn is_attached(&self) -> bool {
        self.hook != "none"
    }
}

/// What a verdict's number stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KnownVerdict {
    kind: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rules: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    basis: Option<Basis>,
}

impl KnownVerdict {
    pub(super) fn of(info: &VerdictInfo) -> Self {
        Self {
            kind: info.kind.name().to_owned(),
            rules: info.rules.clone(),
            basis: info.basis,
        }
    }

    fn info(&self) -> Option<VerdictInfo> {
        let mut kinds = VerdictKind::ALL.into_iter();
        Some(VerdictInfo {
            kind: kinds.find(|kind| kind.name() == self.kind)?,
            rules: self.rules.clone(),
            basis: self.basis,
        })
    }
}

/// The state of an instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    /// [`State::FORMAT`].
    pub(super) format: u32,
    /// Which counters in the kernel it belongs to.
    pub(super) run: u64,
    /// When they began to count.
    pub(super) since: Timestamp,
    /// When this was written.
    pub(super) written: Timestamp,
    /// By place.
    pub(super) interfaces: Vec<KnownInterface>,
    /// By number.
    pub(super) verdicts: Vec<KnownVerdict>,
    /// When no daemon looked.
    pub(super) gaps: Vec<Gap>,
    /// How the clocks ran beside each other.
    pub(super) clocks: Vec<Anchor>,
    /// Ticks at which the conservation law did not hold.
    pub(super) broken: u64,
    /// Packets of freed slots, by half, of which `gone` tells.
    pub(super) expired: [u64; 2],
    /// Flows that are gone.
    pub(super) gone: Kept,
}

impl State {
    pub(super) const FORMAT: u32 = 1;

    /// What the numbers of verdicts stand for; nothing where one is of a kind that nobody knows.
    pub(super) fn verdicts(&self) -> Option<Vec<VerdictInfo>> {
        self.verdicts.iter().map(KnownVerdict::info).collect()
    }

    /// Reads the state of the counters of that number.
    pub(super) fn read(path: &Path, run: u64) -> anyhow::Result<Self> {
        let text = fs::read(path).with_context(|| path.display().to_string())?;
        let state: Self = serde_json::from_slice(&text).with_context(|| path.display().to_string())?;
        ensure!(
            state.format == Self::FORMAT,
            "{} has format {}, and this version reads {}",
            path.display(),
            state.format,
            Self::FORMAT
        );
        ensure!(state.run == run, "{} belongs to other counters", path.display());
        Ok(state)
    }

    /// Writes it.
    pub(super) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_vec(self)?;
        replace(path, &text).with_context(|| format!("writing {}", path.display()))
    }
}

/// Puts a file in the place of another, whole or not at all. Only root may read it: it tells who talks with whom.
pub(super) fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let aside = path.with_extension("new");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&aside)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&aside, path)?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_read_back_and_only_for_its_own_counters() {
        let folder = std::env::temp_dir().join(format!("cmflow-state-{}", std::process::id()));
        let path = folder.join("x.state");
        let state = State {
            format: State::FORMAT,
            run: 7,
            since: Timestamp::UNIX_EPOCH,
            written: Timestamp::UNIX_EPOCH,
            interfaces: Vec::new(),
            verdicts: vec![KnownVerdict {
                kind: "documented".to_owned(),
                rules: vec!["a/b".to_owned()],
                basis: Some(Basis::Port),
            }],
            gaps: Vec::new(),
            clocks: Vec::new(),
            broken: 0,
            expired: [1, 2],
            gone: Kept::default(),
        };
        state.write(&path).expect("a temporary folder");
        assert_eq!(State::read(&path, 7).expect("its own"), state);
        let infos = state.verdicts().expect("known kinds");
        assert_eq!(
            (infos[0].kind, infos[0].basis),
            (VerdictKind::Documented, Some(Basis::Port))
        );
        let said = State::read(&path, 8).expect_err("another's").to_string();
        assert!(said.contains("other counters"), "{said}");
        for broken in ["", "{", "{\"format\":1}"] {
            fs::write(&path, broken).expect("a temporary folder");
            assert!(State::read(&path, 7).is_err(), "{broken}");
        }
        let _ = fs::remove_dir_all(folder);
    }
}
