//! Captures that the project makes itself.

pub mod file;
