//! The documented ports: data files, read and checked once, the same for everything that follows.
//!
//! `file` is what a TOML file may say, `draft` lays files over each other, `page` turns the draft into one page
//! for each edition with the rows of `row` and the lists of `list`, and checks every reference, `companion` does
//! the same for the companions, `errata` ties the errata to their rules. `find` answers what somebody asks for,
//! `view` and `detail` shape it for JSON, `words` and `change` for people. Users of the catalogue
//! see [`Catalogue`] only; `catalogue/README.md` tells how to read and extend the files.

mod change;
mod companion;
mod detail;
mod diff;
mod draft;
mod errata;
mod error;
mod file;
mod find;
mod group;
mod list;
mod load;
mod model;
mod page;
mod ports;
mod roles;
mod row;
#[cfg(test)]
mod tests;
mod view;
pub mod words;

pub use detail::{CompanionView, CompanionsView, RuleDetail, SelectionView};
pub use diff::{Change, Diff};
pub use error::CatalogueError;
pub use find::Selection;
pub use group::Group;
pub use model::{
    Alias, Cadence, Catalogue, Companion, Condition, Connection, Delivery, Edition, EditionId, Erratum,
    Level, List, Note, OpenedBy, Page, PortRange, Role, RoleId, RoleKind, Rule, Scope, Setting,
};
pub use view::{DiffView, EditionView, EditionsView, PageView, RuleView};
