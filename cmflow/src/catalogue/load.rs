//! From files to a [`Catalogue`]: the built-in ones, and the one that a user adds or puts in their place.

use std::path::Path;

use super::draft::Draft;
use super::error::CatalogueError;
use super::file::Source;
use super::model::{Catalogue, Condition, Edition, EditionId, Note, Page, Setting};
use super::page::Pages;
use super::row::default_ports;
use super::{errata, roles};
use crate::spelling::did_you_mean;

/// A built-in file: its name from the root of the repository, and its text.
macro_rules! built_in {
    ($($name:literal),* $(,)?) => {
        [$((concat!("cmflow/catalogue/", $name), include_str!(concat!("../../catalogue/", $name)))),*]
    };
}

const BUILT_IN: [(&str, &str); 20] = built_in![
    "editions.toml",
    "roles.toml",
    "services.toml",
    "settings.toml",
    "conditions.toml",
    "notes.toml",
    "clients.toml",
    "console.toml",
    "site-systems.toml",
    "site-server.toml",
    "sql.toml",
    "cloud.toml",
    "lists.toml",
    "errata.toml",
    "companions/windows-domain.toml",
    "companions/client-installation.toml",
    "companions/sql-availability-group.toml",
    "companions/failover-cluster.toml",
    "companions/windows-update.toml",
    "companions/remote-administration.toml",
];

impl Catalogue {
    /// The built-in catalogue.
    ///
    /// # Errors
    /// None for the files that are built in: a test reads them.
    pub fn embedded() -> Result<Self, CatalogueError> {
        Self::load(None)
    }

    /// The built-in catalogue with the user's file over it, or that file alone where it says `replace = true`.
    ///
    /// # Errors
    /// Where the file cannot be read, or contradicts itself or the catalogue; the error names the line.
    pub fn load(extra: Option<&Path>) -> Result<Self, CatalogueError> {
        let Some(path) = extra else {
            return Self::from_texts(None);
        };
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|source| CatalogueError::Read {
            file: file.clone(),
            source,
        })?;
        Self::from_texts(Some((&file, &text)))
    }

    /// The built-in catalogue with the text of a user's file, as [`Catalogue::load`]; `file` is what messages call it.
    ///
    /// # Errors
    /// As [`Catalogue::load`].
    pub fn with(file: &str, text: &str) -> Result<Self, CatalogueError> {
        Self::from_texts(Some((file, text)))
    }

    /// As [`Catalogue::load`], of a name and a text.
    pub(super) fn from_texts(extra: Option<(&str, &str)>) -> Result<Self, CatalogueError> {
        let extra = extra.map(|(name, text)| Source::parse(name, text)).transpose()?;
        let top = extra.as_ref().map(Source::top);
        let mut draft = Draft::default();
        if !extra.as_ref().is_some_and(|source| source.file.replace) {
            let sources = BUILT_IN.iter().map(|(name, text)| Source::parse(name, text));
            draft.add(0, sources.collect::<Result<_, _>>()?)?;
        }
        draft.add(1, extra.into_iter().collect())?;
        let catalogue = assemble(&draft)?;
        match top {
            Some(place) if catalogue.editions.is_empty() => {
                let what = "'replace = true' leaves no edition; add an [[edition]]";
                Err(CatalogueError::entry(&place, what))
            }
            _ => Ok(catalogue),
        }
    }

    /// The page of the edition with that id.
    ///
    /// # Errors
    /// Where there is none; the error names the nearest one, or all.
    pub fn edition(&self, id: &str) -> Result<&Page, CatalogueError> {
        self.pages
            .iter()
            .find(|page| page.edition.0 == id)
            .ok_or_else(|| {
                let known: Vec<&str> = self
                    .editions
                    .iter()
                    .map(|edition| edition.id.0.as_str())
                    .collect();
                let hint = match did_you_mean(id, known.iter().copied()) {
                    nearest if nearest.is_empty() => format!("; there are {}", known.join(", ")),
                    nearest => nearest,
                };
                CatalogueError::missing("edition", id, hint)
            })
    }
}

fn assemble(draft: &Draft) -> Result<Catalogue, CatalogueError> {
    check_order(draft)?;
    check_like(draft)?;
    let roles = roles::resolve(draft)?;
    let builder = Pages::new(draft, &roles);
    let pages = draft
        .editions
        .iter()
        .map(|edition| builder.build(edition))
        .collect::<Result<_, _>>()?;
    let companions = builder.companions()?;
    let editions = draft.editions.iter().map(|entry| Edition {
        id: EditionId(entry.raw.id.get_ref().clone()),
        name: entry.raw.name.clone(),
        languages: entry.raw.languages.clone(),
    });
    let conditions = draft.conditions.iter().map(|(id, words)| Condition {
        id: id.clone(),
        words: words.clone(),
    });
    let mut catalogue = Catalogue {
        editions: editions.collect(),
        pages,
        companions,
        settings: settings(draft)?,
        conditions: conditions.collect(),
        notes: notes(draft)?,
        errata: Vec::new(),
        roles,
    };
    errata::attach(&mut catalogue, draft)?;
    Ok(catalogue)
}

fn check_order(draft: &Draft) -> Result<(), CatalogueError> {
    let known = || {
        draft
            .connections
            .iter()
            .map(|connection| connection.header.raw.id.get_ref().as_str())
    };
    match draft
        .order
        .iter()
        .find(|entry| !known().any(|id| id == entry.raw))
    {
        Some(entry) => Err(CatalogueError::unknown(
            &entry.place,
            "connection",
            &entry.raw,
            known(),
        )),
        None => Ok(()),
    }
}

fn check_like(draft: &Draft) -> Result<(), CatalogueError> {
    for entry in &draft.editions {
        let Some(like) = &entry.raw.like else { continue };
        let earlier = draft.editions.iter().filter(|known| known.layer < entry.layer);
        let mut earlier = earlier.map(|known| known.raw.id.get_ref().as_str());
        if !earlier.clone().any(|id| id == like) {
            let what = format!("'like' names no built-in edition: '{like}'");
            let hint = did_you_mean(like, &mut earlier);
            return Err(CatalogueError::entry(&entry.place, what + &hint));
        }
    }
    Ok(())
}

fn settings(draft: &Draft) -> Result<Vec<Setting>, CatalogueError> {
    let settings = draft.settings.iter().map(|(key, entry)| {
        Ok(Setting {
            key: key.clone(),
            name: entry.raw.name.clone(),
            default: default_ports(&entry.raw.default, &entry.place)?,
            ranges: entry.raw.ranges,
            configurable: entry.raw.configurable,
            level: entry.raw.level,
        })
    });
    let settings: Vec<Setting> = settings.collect::<Result<_, _>>()?;
    let known_key = |key: &str| settings.iter().any(|setting| setting.key == key);
    for (id, service) in &draft.services {
        if let Some(key) = service.raw.setting.as_ref().filter(|key| !known_key(key)) {
            let known = settings.iter().map(|setting| setting.key.as_str());
            let kind = format!("setting, for the service '{id}',");
            return Err(CatalogueError::unknown(&service.place, &kind, key, known));
        }
    }
    Ok(settings)
}

fn notes(draft: &Draft) -> Result<Vec<Note>, CatalogueError> {
    let notes = draft.notes.iter().map(|entry| {
        let named = entry.raw.editions.as_deref();
        draft.check_editions(named, &entry.place)?;
        let editions = draft
            .editions
            .iter()
            .filter(|edition| draft.stands_in(named, entry.layer, edition));
        Ok(Note {
            number: *entry.raw.number.get_ref(),
            title: entry.raw.title.clone(),
            meaning: entry.raw.meaning.clone(),
            editions: editions
                .map(|edition| EditionId(edition.raw.id.get_ref().clone()))
                .collect(),
        })
    });
    notes.collect()
}
