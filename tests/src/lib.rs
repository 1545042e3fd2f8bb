//! What the tests that look at cmflow from outside share.
pub mod binary;
pub mod gateway_daemon;
pub mod golden;
pub mod office;
pub mod raw_frame;
pub mod traffic;
