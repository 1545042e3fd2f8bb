//! Captures that the project makes itself.

pub mod file;
pub mod page;
pub mod talk;
