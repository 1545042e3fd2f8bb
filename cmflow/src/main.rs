//! The `cmflow` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    cmflow::cli::main()
}
