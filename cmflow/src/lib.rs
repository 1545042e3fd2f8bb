//! cmflow: which documented Configuration Manager flow is it?
//!
//! The way of a rule: [`catalogue`] + [`config`] (the site file, into a [`site`] model) -> [`compile`] ->
//! tables -> [`kernel`]; [`explain`] and
//! [`nearest`] answer questions from the same tables. The way of a count: [`kernel`] -> [`reader`] -> [`account`] -> [`answer`], over
//! [`serve`] to whoever asks. [`cli`] is what a user types, one file a verb.

pub mod account;
pub mod alert;
pub mod answer;
pub mod approve;
pub mod audit;
pub mod capture;
pub mod catalogue;
pub mod cli;
pub mod clock;
pub mod compile;
pub mod config;
pub mod daemon;
pub mod dashboard;
pub mod doctor;
pub mod explain;
pub mod export;
pub mod findings;
pub mod firewall;
pub mod history;
pub mod import;
pub mod kernel;
pub mod moment;
pub mod nearest;
pub mod reader;
pub mod replay;
pub mod report;
pub mod serve;
pub mod site;
pub mod snapshot;
pub mod spelling;
pub mod store;
pub mod suggest;
pub mod top;
pub mod whatif;
