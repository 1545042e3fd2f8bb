//! The tree of sites, with who holds which role in each.

use std::io::{self, Write};

use serde::Serialize;

use super::holders::{self, Holders, Holding};
use crate::site::{SiteIndex, SiteModel};

/// A site and who is in it.
#[derive(Debug, Serialize)]
pub(super) struct SiteMeaning<'a> {
    code: &'a str,
    name: Option<&'a str>,
    parent: Option<&'a str>,
    roles: Vec<Holders<'a>>,
    /// How many sites are above it.
    #[serde(skip)]
    depth: usize,
}

/// The sites, each followed by those below it; sisters in the order of the file.
pub(super) fn tree<'a>(site: &'a SiteModel, holding: &Holding<'a>) -> Vec<SiteMeaning<'a>> {
    let mut tree = Vec::new();
    below(site, holding, None, 0, &mut tree);
    tree
}

fn below<'a>(
    site: &'a SiteModel,
    holding: &Holding<'a>,
    parent: Option<SiteIndex>,
    depth: usize,
    tree: &mut Vec<SiteMeaning<'a>>,
) {
    let children = (0_u16..)
        .map(SiteIndex)
        .zip(&site.sites)
        .filter(|(_, one)| one.parent == parent);
    for (index, one) in children {
        tree.push(SiteMeaning {
            code: &one.code,
            name: one.name.as_deref(),
            parent: parent.map(|parent| site.code(parent)),
            roles: holding.of(|site| site == Some(index)),
            depth,
        });
        below(site, holding, Some(index), depth + 1, tree);
    }
}

impl SiteMeaning<'_> {
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let indent = "    ".repeat(self.depth) + "  ";
        match self.name {
            Some(name) => writeln!(out, "{indent}{}  {name}", self.code)?,
            None => writeln!(out, "{indent}{}", self.code)?,
        }
        if self.roles.is_empty() {
            writeln!(out, "{indent}  (no computer of it is named)")?;
        }
        holders::write(out, &format!("{indent}  "), &self.roles)
    }
}
