//! The site file and the tables that come of it: what verbs go by that judge without a daemon.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::catalogue::Catalogue;
use crate::compile::{Compiled, Machine, compile};
use crate::config::{self, Ended, Reading, SiteFile};
use crate::site::SiteModel;
use crate::spelling::did_you_mean;

/// By which site file.
#[derive(Debug, Args)]
pub(super) struct By {
    /// The site file: which addresses hold which roles
    #[arg(long, value_name = "FILE")]
    pub(super) site: PathBuf,
}

/// A site file that was read, and its tables.
pub(super) struct Judging {
    pub(super) catalogue: Catalogue,
    pub(super) file: SiteFile,
    pub(super) compiled: Compiled,
}

impl By {
    /// Reads the site file by the catalogue with the user's own laid over it, and compiles both. A rule that has
    /// ended is a mistake: whoever asks now is there to mend it.
    pub(super) fn read(&self, extra: Option<&Path>) -> anyhow::Result<Judging> {
        let catalogue = Catalogue::load(extra)?;
        let file = config::read(&catalogue, &self.site, &Reading::now(Ended::Refused))?;
        let machine = without_a_machine(&file.model);
        let compiled = compile(&catalogue, &file.model, &machine, &[])?;
        Ok(Judging {
            catalogue,
            file,
            compiled,
        })
    }
}

/// The interfaces that a site file calls sides, numbered as it names them: of the machine that it is for, nothing else
/// is known here.
pub(super) fn without_a_machine(site: &SiteModel) -> Machine {
    Machine::named_by(site)
}

impl Judging {
    /// Says on stderr that there are warnings, and who tells them.
    pub(super) fn point_at_warnings(&self, by: &By) {
        let site = by.site.display();
        match self.file.warnings.len() {
            0 => {}
            1 => eprintln!("cmflow: a warning about {site}; `cmflow check --site {site}` tells it"),
            count => {
                eprintln!("cmflow: {count} warnings about {site}; `cmflow check --site {site}` tells them")
            }
        }
    }
}

/// Refuses an interface that the site file says nothing about: the answer would be the same without it.
pub(super) fn is_side(interface: &str, site: &SiteModel) -> anyhow::Result<()> {
    if site.interfaces.iter().any(|side| side.name == interface) {
        return Ok(());
    }
    let hint = match did_you_mean(interface, site.interfaces.iter().map(|side| side.name.as_str())) {
        none if none.is_empty() => {
            format!("; add it, as in [interfaces] {interface} = \"client\", or leave --interface out")
        }
        hint => hint,
    };
    anyhow::bail!("the site file says nothing of the interface \"{interface}\"{hint}");
}
