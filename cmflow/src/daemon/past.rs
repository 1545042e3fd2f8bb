//! What the daemon's own history says, for whoever asks over HTTP.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use crate::answer::Audit;
use crate::catalogue::Catalogue;
use crate::explain::Book;
use crate::serve::http::Past;
use crate::store::{Archive, Resolution, Series};

use super::observer::Observer;
use super::settle::settle;
use super::start::Settings;

/// The history of one daemon.
pub(super) struct OwnPast {
    observer: Arc<Mutex<Observer>>,
    settings: Settings,
}

impl OwnPast {
    pub(super) fn new(observer: Arc<Mutex<Observer>>, settings: &Settings) -> Self {
        Self {
            observer,
            settings: settings.clone(),
        }
    }

    /// The history, with what was counted up to now.
    fn archive(&self) -> anyhow::Result<Archive> {
        if let Err(why) = settle(&self.observer) {
            log::debug!("what was counted in the last minute may be missing: {why}");
        }
        Ok(Archive::open(&self.settings.instance.history())?)
    }
}

impl Past for OwnPast {
    fn audit(&self, since: Option<Timestamp>, until: Option<Timestamp>) -> anyhow::Result<Audit> {
        let evidence = self.archive()?.evidence(since, until)?;
        let catalogue = Catalogue::load(self.settings.catalogue.as_deref())?;
        let (site, compiled, files) = {
            let observer = self.observer.lock().unwrap_or_else(PoisonError::into_inner);
            let tables = (Arc::clone(&observer.site), Arc::clone(&observer.compiled));
            (tables.0, tables.1, observer.sources.files.clone())
        };
        let book = Book {
            catalogue: &catalogue,
            site: &site,
            compiled: &compiled,
        };
        let mut audit = crate::audit::audit(&book, &[evidence], Timestamp::now());
        audit.files = files;
        Ok(audit)
    }

    fn series(
        &self,
        since: Option<Timestamp>,
        until: Option<Timestamp>,
        resolution: Resolution,
    ) -> anyhow::Result<Series> {
        Ok(self.archive()?.series(since, until, resolution)?)
    }
}
