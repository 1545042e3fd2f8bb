//! What a developer or a newcomer runs, as a library.
//!
//! - [`lab`]: network namespaces around a gateway, for the demo and for the tests
//! - [`setup`]: what the BPF build and the demo need, found or installed
//! - [`frames`]: frames written down the way they are nested
//! - [`capture`]: capture files, and the traffic that the project writes into them
//! - [`certificate`]: for servers of the demo and of the tests
//! - [`check`]: test, lint and bench
//! - [`fuzz`]: fuzzing on demand
//! - [`browser`]: a real Chromium, for tests and [`screenshots`]
//! - [`demo`]: Configuration Manager traffic through a gateway in namespaces
//!
//! This crate does not depend on `cmflow`: it has to build before the BPF toolchain is there.

pub mod browser;
pub mod capture;
pub mod certificate;
pub mod check;
pub mod demo;
pub mod frames;
pub mod fuzz;
pub mod lab;
pub mod screenshots;
pub mod setup;
pub mod step;
