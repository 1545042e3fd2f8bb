//! What a site file means on this machine, read and compiled aside: nothing that runs is touched.

use std::path::PathBuf;
use std::time::SystemTime;

use crate::catalogue::Catalogue;
use crate::compile::{Compiled, Machine, VerdictInfo, compile};
use crate::config::{self, Ended, Reading, SiteFile};
use crate::kernel::interface;
use crate::site::SiteModel;

use super::sources::Sources;
use super::start::Settings;

/// A site file that was read.
pub(super) struct Written {
    catalogue: Catalogue,
    site: SiteFile,
    sources: Sources,
}

/// A site file, read and compiled.
pub(super) struct Prepared {
    pub(super) site: SiteModel,
    pub(super) compiled: Compiled,
    pub(super) sources: Sources,
    /// What may be a mistake.
    pub(super) warnings: Vec<String>,
}

impl Written {
    /// Reads, which takes no rights.
    pub(super) fn read(settings: &Settings) -> anyhow::Result<Self> {
        let began = SystemTime::now();
        let catalogue = Catalogue::load(settings.catalogue.as_deref())?;
        let site = config::read(&catalogue, &settings.site, &Reading::now(Ended::LeftOut))?;
        let files = site.model.files.iter().map(PathBuf::from);
        let sources = Sources::read_since(began, files.chain(settings.catalogue.clone()));
        Ok(Self {
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
        Ok(Prepared {
            compiled: compile(&self.catalogue, &site, &machine, previous)?,
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
