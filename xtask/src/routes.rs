//! `cargo xtask routes`: the routing diagram in `docs/rpc`, drawn from the route table.
use std::fs;

use anyhow::{Context, Result, bail, ensure};
use proconsul_mux::diagram;

use crate::interop::servers::workspace_root;

/// What `cargo xtask routes --help` prints.
const USAGE: &str = "\
cargo xtask routes [--check]

Writes docs/rpc/routing.mmd and docs/rpc/routing.svg from the route table (crates/mux/src/routes.rs).

  --check   writes nothing, and fails if a file is not what would be written";

/// A file and what draws it.
type Drawing = (&'static str, fn() -> String);

/// All of them.
const FILES: [Drawing; 2] = [("docs/rpc/routing.mmd", diagram::mermaid), ("docs/rpc/routing.svg", diagram::svg)];

/// Runs the command with the arguments that follow `cargo xtask routes`.
///
/// # Errors
/// A file that cannot be written, or with `--check` one that is out of date.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let check = match args.first().map(String::as_str) {
        None => false,
        Some("--check") => true,
        Some("-h" | "--help") => {
            println!("{USAGE}");
            return Ok(());
        }
        Some(other) => bail!("{other}: no such argument\n\n{USAGE}"),
    };
    for (file, draw) in FILES {
        let path = workspace_root().join(file);
        if check {
            let found = fs::read_to_string(&path).with_context(|| format!("reading {file}"))?;
            ensure!(found == draw(), "{file} is not what the route table says: run cargo xtask routes");
        } else {
            fs::write(&path, draw()).with_context(|| format!("writing {file}"))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_diagram_in_the_docs_is_that_of_the_table() {
        run(&["--check".to_owned()]).expect("docs/rpc/routing.mmd and routing.svg");
    }
}
