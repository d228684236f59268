//! `cargo xtask test`: the tests that need more than one crate.
use anyhow::Result;

use crate::run::{command, succeed};

/// What `cargo xtask test --help` prints.
const USAGE: &str = "\
cargo xtask test [ARGUMENTS OF cargo test]

Runs the tests of proconsul-tests (recorded behaviour replayed against our binary) and of proconsul-testkit (the fuzz
targets over their corpora). `cargo test --workspace` runs them too.";

/// The packages whose tests are about several crates at once.
const PACKAGES: &[&str] = &["proconsul-tests", "proconsul-testkit"];

/// Runs the command with the arguments that follow `cargo xtask test`.
///
/// # Errors
/// A test that fails.
pub(crate) fn run(args: &[String]) -> Result<()> {
    if args.iter().any(|arg| matches!(arg.as_str(), "-h" | "--help")) {
        println!("{USAGE}");
        return Ok(());
    }
    let mut test = command("cargo", &["test"]);
    for package in PACKAGES {
        test.args(["-p", package]);
    }
    succeed(test.args(args))
}
