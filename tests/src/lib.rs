//! What the tests that look at cmflow from outside share.
pub mod audits;
pub mod binary;
pub mod calendar;
pub mod chance;
pub mod company;
pub mod corpus;
pub mod firewall_tools;
pub mod fuzzing;
pub mod gateway_daemon;
pub mod golden;
pub mod kernel_rig;
pub mod notes;
pub mod office;
pub mod pinned;
pub mod powershell;
pub mod recorded;
pub mod replayed;
pub mod screen;
pub mod sightings;
pub mod site_files;
pub mod slice_rig;
pub mod small_site;
pub mod tftp;
pub mod traffic;
pub mod web;

pub use xtask::frames;
