//! The web dashboard: what a browser is shown of one second's counters, as text. Pure: whoever serves it over HTTP gives
//! it a [`Source`] and a request, and gets a [`Page`].
//!
//! [`Snapshot`] -> models ([`map`], [`matrix`], [`groups`], [`blocked`], [`silent`], [`health`], [`evidence`]) ->
//! `pages/`, one view a file -> HTML and SVG; the same rows as CSV and JSON by [`sheet`].
//!
//! Pages work without script. With it, `assets/live.js` fetches the page anew at every tick and changes what differs.

pub mod asked;
pub mod assets;
pub mod blocked;
pub mod cast;
pub mod evidence;
pub mod groups;
pub mod health;
pub mod map;
pub mod matrix;
mod pages;
pub mod past;
mod quantity;
pub mod recent;
pub mod sheet;
pub mod silent;
mod snapshot;
mod taken;

pub use asked::{Asked, Range, View};
pub use cast::Cast;
pub use pages::{Page, Theme, respond};
pub use past::Past;
pub use recent::{Rate, Recent};
pub use snapshot::{FlowPage, FlowRow, FlowsAsked, Snapshot, Source, Talk};
