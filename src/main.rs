//! Parse, run, exit.

use std::process::ExitCode;

fn main() -> ExitCode {
    lasthop::cli::main()
}
