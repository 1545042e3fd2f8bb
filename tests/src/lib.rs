//! What the tests that look at cmflow from outside share.
pub mod binary;
pub mod golden;
