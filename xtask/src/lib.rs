//! What a developer or a newcomer runs, as a library.
//!
//! - [`lab`]: network namespaces around a gateway, for the demo and for the tests
//! - [`setup`]: what the BPF build and the demo need, found or installed
//! - [`check`]: test, lint and bench
//! - [`demo`]: Configuration Manager traffic through a gateway in namespaces
//!
//! This crate does not depend on `cmflow`: it has to build before the BPF toolchain is there.

pub mod check;
pub mod demo;
pub mod lab;
pub mod setup;
pub mod step;
