//! Days that pass in a moment: the clock of a daemon under test is ahead by what a file holds (`cmflow run --clock`).

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use jiff::{SignedDuration, Timestamp};
use xtask::lab::{ScratchDir, eventually};

use crate::gateway_daemon::{Daemon, LIMIT};

/// A calendar that only goes forward.
#[derive(Debug)]
pub struct Calendar {
    folder: ScratchDir,
    /// What the first day begins with, beside the real clock.
    begins: SignedDuration,
    day: i64,
}

impl Calendar {
    /// One whose first day begins at that time.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn beginning(at: &str) -> Result<Self> {
        let begins = at.parse::<Timestamp>()?.duration_since(Timestamp::now());
        let calendar = Self {
            folder: ScratchDir::new("calendar")?,
            begins,
            day: 0,
        };
        calendar.write()?;
        Ok(calendar)
    }

    /// The file to give to `--clock`.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("clock")
    }

    /// Which day it is, from 0.
    #[must_use]
    pub const fn day(&self) -> i64 {
        self.day
    }

    /// What it is on this calendar now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp::now() + self.ahead()
    }

    /// Lets days pass while nobody looks.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn pass(&mut self, days: i64) -> Result<()> {
        self.day += days;
        self.write()
    }

    /// Lets days pass under a daemon, and waits until it knows.
    ///
    /// # Errors
    /// Where it does not come to know.
    pub fn pass_under(&mut self, daemon: &Daemon, days: i64) -> Result<()> {
        self.pass(days)?;
        let today = self.now() - SignedDuration::from_hours(1);
        eventually("the daemon's next day", LIMIT, || {
            let at = daemon.status()?.at;
            ensure!(at >= today, "it is {at}");
            Ok(())
        })
    }

    fn ahead(&self) -> SignedDuration {
        self.begins + SignedDuration::from_hours(24 * self.day)
    }

    /// Whole or not at all: the daemon may read it at any time.
    fn write(&self) -> Result<()> {
        let aside = self.folder.path().join("aside");
        fs::write(&aside, self.ahead().as_secs().to_string())?;
        fs::rename(&aside, self.file())?;
        Ok(())
    }
}

/// What a path is as an argument.
#[must_use]
pub fn argument(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
