//! What the built-in catalogue promises, and what a file of the user may do to it.

mod companions;
mod content;
mod delivery;
mod errata;
mod extension;
mod lists;

use std::sync::LazyLock;

use super::{Catalogue, Page, Rule};

/// The built-in catalogue, read once for all tests.
fn embedded() -> &'static Catalogue {
    static CATALOGUE: LazyLock<Catalogue> =
        LazyLock::new(|| Catalogue::embedded().expect("the built-in files are checked by this test"));
    &CATALOGUE
}

fn page<'a>(catalogue: &'a Catalogue, edition: &str) -> &'a Page {
    catalogue.edition(edition).expect("a built-in edition")
}

fn rule<'a>(catalogue: &'a Catalogue, edition: &str, id: &str) -> &'a Rule {
    let found = page(catalogue, edition).rules().find(|rule| rule.id == id);
    found.unwrap_or_else(|| panic!("no rule {id} in edition {edition}"))
}
