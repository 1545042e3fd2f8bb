//! Another site file, catalogue or edition while the daemon counts: read and compiled aside, switched by one store.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::answer::Reloaded;
use crate::config::Problems;
use crate::kernel::FilledTables;

use super::observer::Observer;
use super::prepared::Written;
use super::start::Settings;

/// Reloads, one at a time.
pub(super) struct Reloader {
    observer: Arc<Mutex<Observer>>,
    settings: Settings,
    /// Held by whoever reloads; true once the daemon ends.
    turn: Mutex<bool>,
}

impl Reloader {
    pub(super) fn new(observer: Arc<Mutex<Observer>>, settings: &Settings) -> Self {
        Self {
            observer,
            settings: settings.clone(),
            turn: Mutex::new(false),
        }
    }

    fn observer(&self) -> MutexGuard<'_, Observer> {
        self.observer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a reload that has begun, and lets no other one begin.
    pub(super) fn end(&self) {
        *self.turn.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }

    /// Reloads, and logs what came of it. Where it is refused, what runs goes on as it is.
    pub(super) fn reload(&self) -> Reloaded {
        let ended = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let switched = if *ended {
            Err(anyhow::anyhow!("the daemon ends"))
        } else {
            self.switch()
        };
        match switched {
            Ok(reloaded) => {
                for warning in &reloaded.warnings {
                    log::warn!("{warning}");
                }
                log::info!("reloaded: generation {} is in use", reloaded.generation);
                reloaded
            }
            Err(error) => {
                let problems = match error.downcast_ref::<Problems>() {
                    Some(Problems(all)) => all.iter().map(ToString::to_string).collect(),
                    None => vec![format!("{error:#}")],
                };
                let generation = self.observer().maps.generation();
                log::error!("not reloaded, generation {generation} goes on:");
                for problem in &problems {
                    log::error!("{problem}");
                }
                Reloaded {
                    done: false,
                    generation,
                    files: Vec::new(),
                    warnings: Vec::new(),
                    problems,
                }
            }
        }
    }

    fn switch(&self) -> anyhow::Result<Reloaded> {
        // Numbers are only given here, one reload at a time: nobody adds to them while this one compiles.
        let previous = self.observer().compiled.verdicts.clone();
        let mut prepared = Written::read(&self.settings)?.compile(&self.settings, &previous)?;
        let tables = FilledTables::fill(&prepared.compiled.tables)?;
        let files = prepared.sources.files.clone();
        let warnings = std::mem::take(&mut prepared.warnings);
        let generation = self.observer().switch(prepared, &tables)?;
        Ok(Reloaded {
            done: true,
            generation,
            files,
            warnings,
            problems: Vec::new(),
        })
    }
}
