//! The `cmflow` command.
fn main() {}
