//! What a site file means on this machine, read and compiled aside: nothing that runs is touched.

use std::path::PathBuf;
use std::time::SystemTime;

use crate::catalogue::Catalogue;
use crate::compile::{Compiled, Machine, VerdictInfo, compile};
use crate::config::{self, Ended, Reading, SiteFile};
use crate::history::{Generation, Privacy, StoredFile};
use crate::kernel::interface;
use crate::site::SiteModel;

use super::sources::Sources;
use super::start::Settings;

/// A site file that was read.
pub(super) struct Written {
    catalogue: Catalogue,
    site: SiteFile,
    sources: Sources,
    stored: Vec<StoredFile>,
}

/// A site file, read and compiled.
pub(super) struct Prepared {
    pub(super) site: SiteModel,
    pub(super) compiled: Compiled,
    pub(super) sources: Sources,
    /// How much of addresses the history keeps.
    pub(super) privacy: Privacy,
    /// What the history keeps of these tables.
    pub(super) generation: Generation,
    /// What may be a mistake.
    pub(super) warnings: Vec<String>,
}

impl Written {
    /// Reads, which takes no rights.
    pub(super) fn read(settings: &Settings) -> anyhow::Result<Self> {
        let began = SystemTime::now();
        let catalogue = Catalogue::load(settings.catalogue.as_deref())?;
        let reading = Reading {
            today: settings.wall.today(),
            ended: Ended::LeftOut,
        };
        let site = config::read(&catalogue, &settings.site, &reading)?;
        let files = site.model.files.iter().map(PathBuf::from);
        let sources = Sources::read_since(began, files.chain(settings.catalogue.clone()));
        let stored = sources.stored(
            site.model.files.len(),
            site.model.approvals.map(|file| usize::from(file.0)),
        );
        Ok(Self {
            stored,
            catalogue,
            site,
            sources,
        })
    }

    /// Compiles. `previous` are the verdicts whose numbers stay.
    pub(super) fn compile(self, settings: &Settings, previous: &[VerdictInfo]) -> anyhow::Result<Prepared> {
        let machine = machine()?;
        let site = self.site.model;
        let mut warnings: Vec<_> = self.site.warnings.iter().map(ToString::to_string).collect();
        let existing: Vec<_> = machine.interfaces.iter().map(|(name, _)| name.as_str()).collect();
        warnings.extend(interface::unseen_sides(&site, &existing, &settings.interfaces));
        let compiled = compile(&self.catalogue, &site, &machine, previous)?;
        let possible = compiled.rules.iter().filter(|rule| rule.is_possible());
        Ok(Prepared {
            privacy: Privacy::new(&self.catalogue, &site),
            generation: Generation {
                from: settings.wall.now(),
                number: 0,
                edition: site.edition.to_string(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                files: self.stored,
                possible: possible.map(|rule| rule.id.clone()).collect(),
            },
            compiled,
            site,
            sources: self.sources,
            warnings,
        })
    }
}

/// What the compiler is told of this machine.
fn machine() -> anyhow::Result<Machine> {
    let addresses = interface::addresses()?.into_iter().map(|(_, address)| address);
    let interfaces = interface::all()?.into_iter().flat_map(|one| {
        let names = std::iter::once(one.name).chain(one.other_names);
        names.map(move |name| (name, one.index))
    });
    Ok(Machine {
        addresses: addresses.collect(),
        interfaces: interfaces.collect(),
        broadcasts: interface::broadcasts()?,
    })
}
