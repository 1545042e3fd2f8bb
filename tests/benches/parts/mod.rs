//! The parts of the bench: each section measures a few figures, and says why where it cannot.

pub mod asked;
pub mod audit;
pub mod beside;
pub mod browsers;
pub mod company;
pub mod cut_short;
pub mod daemon;
pub mod figure;
pub mod flood;
pub mod forwarding;
pub mod known;
pub mod machine;
pub mod million;
pub mod new;
pub mod replay;
pub mod report;
pub mod rounds;
pub mod tables;
pub mod web;
