//! The shape of a catalogue file. Nothing here is checked beyond what TOML itself can say.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::error::CatalogueError;
use super::group::Group;
use super::model::{Cadence, Level, OpenedBy, RoleKind, Scope};

/// One catalogue file with its text, so that an error can name the line.
pub(super) struct Source {
    pub(super) name: String,
    text: String,
    pub(super) file: File,
}

/// Where in which file an entry stands.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) file: String,
    pub(super) line: usize,
}

impl Source {
    pub(super) fn parse(name: &str, text: &str) -> Result<Self, CatalogueError> {
        let file = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| line_of(text, span.start));
            // toml says "expected one of" on lines of their own; a message is one line.
            let what = error.message().lines().collect::<Vec<_>>().join("; ");
            CatalogueError::syntax(
                &Place {
                    file: name.to_owned(),
                    line,
                },
                what,
            )
        })?;
        Ok(Self {
            name: name.to_owned(),
            text: text.to_owned(),
            file,
        })
    }

    /// The place of something that was read from this file.
    pub(super) fn place<T>(&self, entry: &Spanned<T>) -> Place {
        Place {
            file: self.name.clone(),
            line: line_of(&self.text, entry.span().start),
        }
    }

    /// The place of the file as a whole.
    pub(super) fn top(&self) -> Place {
        Place {
            file: self.name.clone(),
            line: 1,
        }
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct File {
    /// Only in a file of the user: this file stands alone, the built-in catalogue is left out.
    #[serde(default)]
    pub(super) replace: bool,
    #[serde(default)]
    pub(super) order: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) edition: Vec<RawEdition>,
    #[serde(default)]
    pub(super) role: Vec<RawRole>,
    #[serde(default)]
    pub(super) service: BTreeMap<String, Spanned<RawService>>,
    #[serde(default)]
    pub(super) setting: BTreeMap<String, Spanned<RawSetting>>,
    #[serde(default)]
    pub(super) condition: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) note: Vec<RawNote>,
    #[serde(default)]
    pub(super) connection: Vec<RawConnection>,
    #[serde(default)]
    pub(super) list: Vec<RawList>,
    #[serde(default)]
    pub(super) companion: Vec<RawCompanion>,
    #[serde(default)]
    pub(super) erratum: Vec<RawErratum>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawEdition {
    pub(super) id: Spanned<String>,
    pub(super) name: String,
    #[serde(default)]
    pub(super) languages: Vec<String>,
    /// An edition whose rows of earlier files stand in this one too.
    pub(super) like: Option<String>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawRole {
    pub(super) id: Spanned<String>,
    pub(super) name: String,
    pub(super) kind: RoleKind,
    pub(super) editions: Option<Vec<String>>,
    #[serde(default)]
    pub(super) implies: Vec<String>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawService {
    pub(super) name: String,
    pub(super) setting: Option<String>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawSetting {
    pub(super) name: String,
    pub(super) default: String,
    pub(super) level: Level,
    #[serde(default)]
    pub(super) ranges: bool,
    #[serde(default = "yes")]
    pub(super) configurable: bool,
}

fn yes() -> bool {
    true
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawNote {
    pub(super) number: Spanned<u8>,
    pub(super) title: String,
    pub(super) meaning: String,
    pub(super) editions: Option<Vec<String>>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawConnection {
    pub(super) id: Spanned<String>,
    pub(super) anchor: Option<String>,
    /// In a companion, what an anchor is on the page: where the rows are documented.
    pub(super) source: Option<String>,
    pub(super) opened_by: OpenedBy,
    pub(super) scope: Scope,
    pub(super) cadence: Cadence,
    pub(super) editions: Option<Vec<String>>,
    pub(super) context: Option<String>,
    #[serde(default)]
    pub(super) notes: Vec<u8>,
    #[serde(default)]
    pub(super) conditions: Vec<String>,
    #[serde(default)]
    pub(super) remarks: Vec<String>,
    pub(super) rows: Vec<RawRow>,
}

/// A row of a connection's table.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawRow {
    pub(super) service: Spanned<String>,
    pub(super) name: Option<String>,
    pub(super) source: Option<String>,
    /// Where the row differs from its table's arrow.
    pub(super) opened_by: Option<OpenedBy>,
    pub(super) udp: Option<String>,
    pub(super) tcp: Option<String>,
    #[serde(default)]
    pub(super) icmp_echo: bool,
    #[serde(default)]
    pub(super) groups: Vec<Group>,
    pub(super) group_senders: Option<OpenedBy>,
    pub(super) answered: Option<bool>,
    pub(super) udp_at_from: Option<String>,
    #[serde(default)]
    pub(super) notes: Vec<u8>,
    pub(super) setting: Option<String>,
    pub(super) editions: Option<Vec<String>>,
    pub(super) cadence: Option<Cadence>,
    #[serde(default)]
    pub(super) conditions: Vec<String>,
    #[serde(default)]
    pub(super) remarks: Vec<String>,
    #[serde(default)]
    pub(super) variants: Vec<RawVariant>,
}

/// What a row says differently in some editions; an empty string takes ports away.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawVariant {
    pub(super) editions: Vec<String>,
    pub(super) name: Option<String>,
    pub(super) udp: Option<String>,
    pub(super) tcp: Option<String>,
    pub(super) notes: Option<Vec<u8>>,
}

/// A companion; what an earlier file says of it may be left out.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawCompanion {
    pub(super) id: Spanned<String>,
    pub(super) name: Option<String>,
    pub(super) summary: Option<String>,
    pub(super) default: Option<bool>,
    #[serde(default)]
    pub(super) connection: Vec<RawConnection>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawList {
    pub(super) id: Spanned<String>,
    pub(super) name: String,
    pub(super) anchor: Option<String>,
    pub(super) editions: Option<Vec<String>>,
    #[serde(default)]
    pub(super) remarks: Vec<String>,
    #[serde(default)]
    pub(super) rules: Vec<RawListRule>,
    #[serde(default)]
    pub(super) aliases: Vec<RawAlias>,
    #[serde(default)]
    pub(super) sections: Vec<RawSection>,
}

/// A row of a list that no table covers.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawListRule {
    pub(super) id: Spanned<String>,
    pub(super) name: Option<String>,
    pub(super) opened_by: Option<OpenedBy>,
    pub(super) scope: Scope,
    pub(super) cadence: Cadence,
    pub(super) udp: Option<String>,
    pub(super) tcp: Option<String>,
    #[serde(default)]
    pub(super) icmp_echo: bool,
    #[serde(default)]
    pub(super) groups: Vec<Group>,
    pub(super) group_senders: Option<OpenedBy>,
    pub(super) answered: Option<bool>,
    pub(super) udp_at_from: Option<String>,
    #[serde(default)]
    pub(super) notes: Vec<u8>,
    pub(super) setting: Option<String>,
    pub(super) editions: Option<Vec<String>>,
    #[serde(default)]
    pub(super) conditions: Vec<String>,
    #[serde(default)]
    pub(super) remarks: Vec<String>,
}

/// A row of a list that tables cover: each pair of `from` and `to` is one.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawAlias {
    pub(super) service: Spanned<String>,
    /// Last part of the alias's id where the service alone does not tell rows apart.
    pub(super) row: Option<String>,
    pub(super) from: Vec<String>,
    pub(super) to: Vec<String>,
    pub(super) opened_by: Option<OpenedBy>,
    pub(super) udp: Option<String>,
    pub(super) tcp: Option<String>,
    pub(super) editions: Option<Vec<String>>,
    #[serde(default)]
    pub(super) covered_by: Vec<String>,
}

/// A row of a list that only points at a table.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawSection {
    pub(super) connection: Spanned<String>,
    pub(super) editions: Option<Vec<String>>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawErratum {
    pub(super) number: Spanned<u8>,
    #[serde(default)]
    pub(super) kept: bool,
    pub(super) documents: Vec<String>,
    pub(super) stood: String,
    pub(super) reading: String,
    #[serde(default)]
    pub(super) rules: Vec<String>,
    pub(super) udp_port: Option<u16>,
    #[serde(default)]
    pub(super) notes: Vec<u8>,
    #[serde(default)]
    pub(super) lists: Vec<String>,
}
