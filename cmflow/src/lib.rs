//! cmflow: which documented Configuration Manager flow is it?
pub mod catalogue;
pub mod cli;
pub mod compile;
pub mod config;
pub mod nearest;
pub mod site;
