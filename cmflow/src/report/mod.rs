//! An audit as a document: pure, from [`crate::answer::Audit`] to text.
//!
//! `html` is one file that needs nothing beside it, `markdown` the same for a ticket or a wiki, `bundle` packs both with all
//! that they were made from. Both go by one order:
//! what was found, what it rests on, rules, openings, what nothing explains, what contradicts the site file.

mod bundle;
mod connections;
pub mod figures;
mod grades;
mod html;
pub mod lists;
mod markdown;
pub(crate) mod plain;
mod sheet;
#[cfg(test)]
mod tests;
mod verdict;

pub use bundle::bundle;
pub use html::html;
pub use markdown::markdown;
