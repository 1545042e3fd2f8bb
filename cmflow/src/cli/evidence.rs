//! Histories that a verb draws on: whose, of which time, and by which site file they are judged.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use jiff::Timestamp;

use super::judging::without_a_machine;
use crate::answer::SourceFile;
use crate::catalogue::{Catalogue, EditionId};
use crate::compile::{Compiled, compile};
use crate::config::{self, Ended, Reading, SiteFile};
use crate::daemon::Instance;
use crate::explain::Book;
use crate::history::{Evidence, Generation, StoredFile};
use crate::moment::Moment;
use crate::serve::{self, Question};
use crate::site::SiteModel;
use crate::store::{Archive, StoreError, sha256};

/// Which histories, and of which time.
#[derive(Debug, Args)]
pub(super) struct Drawn {
    /// Name of the daemon whose history it is
    #[arg(long, value_name = "NAME", default_value = "default", conflicts_with = "from")]
    pub(super) instance: Instance,
    /// A history's file instead, of this gateway or another; may be given several times
    #[arg(long, value_name = "DB")]
    pub(super) from: Vec<PathBuf>,
    /// Begin of the time: 2026-11-01, 2026-11-01T08:00:00Z, or back from now: 7d, 12h, 30m
    #[arg(long, value_name = "TIME")]
    pub(super) since: Option<Moment>,
    /// End of the time, in the same words; a day counts whole
    #[arg(long, value_name = "TIME")]
    pub(super) until: Option<Moment>,
    /// Judge by this site file instead of the one that the history was written by
    #[arg(long, value_name = "FILE")]
    pub(super) site: Option<PathBuf>,
    /// Judge by this edition of the page instead of the site file's
    #[arg(long, value_name = "ID")]
    pub(super) edition: Option<String>,
}

/// What there is to judge, and what by.
pub(super) struct Gathered {
    pub(super) catalogue: Catalogue,
    pub(super) site: SiteModel,
    pub(super) compiled: Compiled,
    /// One of each history, in the order of the command line; at least one, and none of them empty.
    pub(super) evidence: Vec<Evidence>,
    /// The files that it is judged by.
    pub(super) files: Vec<SourceFile>,
    /// What a reader should know.
    pub(super) warnings: Vec<String>,
}

impl Gathered {
    /// What it is judged by.
    pub(super) const fn book(&self) -> Book<'_> {
        Book {
            catalogue: &self.catalogue,
            site: &self.site,
            compiled: &self.compiled,
        }
    }
}

impl Drawn {
    /// All that a history holds, by its own site file: of an instance, or of files.
    pub(super) fn whole(instance: Option<Instance>, from: Vec<PathBuf>) -> Self {
        let by_default = || "default".parse().expect("a name that instances may have");
        Self {
            instance: instance.unwrap_or_else(by_default),
            from,
            since: None,
            until: None,
            site: None,
            edition: None,
        }
    }

    /// Reads the histories and what they are judged by; `catalogue` is a catalogue file of the command line.
    pub(super) fn gather(&self, catalogue: Option<&Path>) -> anyhow::Result<Gathered> {
        self.gather_as(catalogue, self.edition.as_deref())
    }

    /// The same by an edition, or by the site file's where none is named.
    pub(super) fn gather_as(
        &self,
        catalogue: Option<&Path>,
        edition: Option<&str>,
    ) -> anyhow::Result<Gathered> {
        let now = Timestamp::now();
        let since = self.since.map(|moment| moment.begin(now)).transpose()?;
        let until = self.until.map(|moment| moment.end(now)).transpose()?;
        let mut evidence = Vec::new();
        for path in self.histories()? {
            evidence.push(Archive::open(&path)?.evidence(since, until)?);
        }
        let mut warnings = Vec::new();
        let judged_by = self.newest(&evidence, &mut warnings);
        let (catalogue, mut files) = read_catalogue(catalogue, judged_by)?;
        let reading = Reading::now(Ended::LeftOut);
        let site = match &self.site {
            Some(path) => {
                let site = config::read(&catalogue, path, &reading)?;
                let read = site.model.files.iter().map(|name| of_disk(Path::new(name)));
                files.splice(..0, read.collect::<anyhow::Result<Vec<_>>>()?);
                site
            }
            None => {
                let (site, read) = stored_site(&catalogue, judged_by, &reading)?;
                files.splice(..0, read);
                site
            }
        };
        let SiteFile {
            model: mut site,
            warnings: of_site,
        } = site;
        warnings.extend(of_site.iter().map(ToString::to_string));
        if let Some(id) = edition {
            catalogue.edition(id)?;
            site.edition = EditionId(id.to_owned());
        }
        let compiled = compile(&catalogue, &site, &without_a_machine(&site), &[])?;
        Ok(Gathered {
            catalogue,
            site,
            compiled,
            evidence,
            files,
            warnings,
        })
    }

    /// Paths of the histories. A daemon whose history it is writes first what it has.
    fn histories(&self) -> anyhow::Result<Vec<PathBuf>> {
        if !self.from.is_empty() {
            let mut seen: Vec<PathBuf> = Vec::new();
            for path in &self.from {
                let same = path.canonicalize().unwrap_or_else(|_| path.clone());
                anyhow::ensure!(
                    !seen.contains(&same),
                    "--from {} is given twice; leave one out, or everything counts double",
                    path.display()
                );
                seen.push(same);
            }
            return Ok(self.from.clone());
        }
        settle(&self.instance);
        let path = self.instance.history();
        match fs::metadata(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(StoreError::Missing(path))
                .context(format!("nothing is recorded for instance {}", self.instance)),
            _ => Ok(vec![path]),
        }
    }

    /// The generation that is judged by: the newest of all histories.
    fn newest<'e>(&self, evidence: &'e [Evidence], warnings: &mut Vec<String>) -> Option<&'e Generation> {
        let last = |one: &'e Evidence| one.generations.last();
        let newest = evidence.iter().filter_map(last).max_by_key(|one| one.from)?;
        let hash = |one: &Generation| -> Vec<String> {
            let of_site = one.files.iter().filter(|file| file.kind == StoredFile::SITE);
            of_site.map(|file| file.sha256.clone()).collect()
        };
        let other = evidence
            .iter()
            .find(|one| last(one).is_some_and(|last| hash(last) != hash(newest)));
        if self.site.is_none()
            && let Some(other) = other
        {
            let name = newest.files.first().map_or("", |file| file.path.as_str());
            warnings.push(format!(
                "{} was judged by another site file than the newest one, {name} of {}, by which all is judged here; \
                 --site names the right one",
                other.gateway.name, newest.from
            ));
        }
        Some(newest)
    }
}

/// Asks a daemon to write what it has. Where none runs, or it is too old to be asked, what is written is all there is.
fn settle(instance: &Instance) {
    let socket = instance.socket();
    if socket.exists()
        && let Err(error) = serve::ask(&socket, &Question::Settle)
    {
        log::debug!("what was counted in the last minute may be missing: {error:#}");
    }
}

/// The catalogue with the user's file over it: that of the command line, or that of the history.
fn read_catalogue(
    file: Option<&Path>,
    judged_by: Option<&Generation>,
) -> anyhow::Result<(Catalogue, Vec<SourceFile>)> {
    if let Some(path) = file {
        return Ok((Catalogue::load(Some(path))?, vec![of_disk(path)?]));
    }
    let files = judged_by.into_iter().flat_map(|generation| &generation.files);
    let mut files = files.filter(|file| file.kind == StoredFile::CATALOGUE);
    let Some(stored) = files.next() else {
        return Ok((Catalogue::embedded()?, Vec::new()));
    };
    let catalogue = Catalogue::with(&stored.path, &stored.text)
        .with_context(|| format!("the catalogue file that the history holds, {}", stored.path))?;
    Ok((catalogue, vec![source(stored)]))
}

/// The site file that the history holds.
fn stored_site(
    catalogue: &Catalogue,
    judged_by: Option<&Generation>,
    reading: &Reading,
) -> anyhow::Result<(SiteFile, Vec<SourceFile>)> {
    let generation = judged_by.context("the history holds no site file; name one by --site")?;
    let files = generation.files.iter();
    let of_site: Vec<_> = files
        .filter(|file| file.kind != StoredFile::CATALOGUE)
        .cloned()
        .collect();
    let gone = |file: &&StoredFile| file.text.is_empty() && file.sha256 != sha256(b"");
    if let Some(gone) = of_site.iter().find(gone) {
        anyhow::bail!(
            "the history holds the text of {} no more (sha256 {}); name the site file of that time by --site",
            gone.path,
            gone.sha256
        );
    }
    anyhow::ensure!(
        !of_site.is_empty(),
        "the history holds no site file; name one by --site"
    );
    let site = config::read_stored(catalogue, &of_site, reading)?;
    Ok((site, of_site.iter().map(source).collect()))
}

fn source(stored: &StoredFile) -> SourceFile {
    SourceFile {
        path: stored.path.clone(),
        sha256: stored.sha256.clone(),
    }
}

/// A file as it lies on the disk now.
pub(super) fn of_disk(path: &Path) -> anyhow::Result<SourceFile> {
    let name = path.display().to_string();
    let bytes = fs::read(path).with_context(|| format!("{name} cannot be read"))?;
    Ok(SourceFile {
        path: name,
        sha256: sha256(&bytes),
    })
}

#[cfg(test)]
mod tests;
