//! The documented ports: data files, read and checked once, the same for everything that follows.

mod model;

pub use model::{
    Alias, Cadence, Catalogue, Condition, Connection, Edition, EditionId, Level, List, Note, OpenedBy, Page,
    PortRange, Role, RoleId, RoleKind, Rule, Scope, Setting,
};
