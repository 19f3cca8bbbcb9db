//! The `chayan` program: parse, run, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    chayan::cli::run()
}
