//! Crates that stand alone.
use anyhow::{Context, Result, ensure};

use super::{
    Checkout, Complaints, files,
    source::{is_test_file, look},
};
use crate::run::command;

/// Crates that somebody may use without the rest: each has a README with an example that runs.
const PRODUCTS: &[&str] = &[
    "crates/bexpr",
    "crates/client",
    "crates/methods",
    "crates/msgpack",
    "crates/mux",
    "crates/netrpc",
    "crates/structs",
    "crates/tls",
    "crates/yamux",
    "proto",
    "proto-public",
];

/// Crates whose core waits for nothing: without their default features they have no runtime in their tree.
const CORES: &[&str] = &["mux", "yamux", "netrpc", "msgpack", "tls"];

/// Crates that are told the time, and never look. Of the products, what drives their cores does.
const WITHOUT_CLOCKS: &[&str] = &["mux", "yamux", "netrpc", "msgpack", "structs", "bexpr", "types", "state"];

/// What waits, and so has a clock.
const DRIVERS: &[&str] =
    &["crates/mux/src/driver", "crates/yamux/src/driver", "crates/netrpc/src/server", "crates/netrpc/src/client"];

/// What a core may not depend on.
const RUNTIME: &str = "tokio";

pub(super) fn check_cores(_: &Checkout) -> Result<Complaints> {
    let mut complaints = Complaints::new();
    for core in CORES {
        let package = format!("proconsul-{core}");
        let args = ["tree", "--locked", "-p", &package, "--no-default-features", "-e", "normal", "--prefix", "none"];
        let out = command("cargo", &args).output().context("running cargo tree")?;
        ensure!(out.status.success(), "cargo tree: {}", String::from_utf8_lossy(&out.stderr).trim());
        let tree = String::from_utf8_lossy(&out.stdout);
        ensure!(tree.starts_with(&package), "cargo tree began with {:?}", tree.lines().next());
        complaints.extend(in_tree(&tree, RUNTIME).map(|found| {
            format!("{package} without its default features depends on {found}: see `cargo {}`", args.join(" "))
        }));
    }
    Ok(complaints)
}

/// The package `name` in what `cargo tree --prefix none` printed.
fn in_tree<'t>(tree: &'t str, name: &str) -> Option<&'t str> {
    tree.lines().find(|line| line.split(' ').next() == Some(name))
}

pub(super) fn check_readmes(checkout: &Checkout) -> Result<Complaints> {
    let missing = PRODUCTS.iter().filter(|product| !checkout.files.contains(&format!("{product}/README.md")));
    Ok(missing.map(|product| format!("{product} is a product and has no README.md")).collect())
}

pub(super) fn check_clocks(checkout: &Checkout) -> Result<Complaints> {
    let mut complaints = Complaints::new();
    for file in checkout.files.iter().filter(|file| is_told_the_time(file)) {
        let text = files::text(file)?.with_context(|| format!("{file} is not text"))?;
        let clocks = look(&text, false).with_context(|| file.clone())?.clocks;
        if clocks > 0 {
            complaints.push(format!("{file} asks the clock: a core is told the time, so that a test can move it"));
        }
    }
    Ok(complaints)
}

/// Whether a file is source of a core.
fn is_told_the_time(file: &str) -> bool {
    let of_core = WITHOUT_CLOCKS.iter().any(|core| file.starts_with(&format!("crates/{core}/src/")));
    of_core && file.ends_with(".rs") && !is_test_file(file) && !DRIVERS.iter().any(|driver| file.starts_with(driver))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_found_by_its_whole_name() {
        let tree = "proconsul-mux v0.1.0 (crates/mux)\ntokio-util v0.7.1\nbytes v1.0.0\n";
        assert_eq!(in_tree(tree, "tokio"), None);
        assert_eq!(in_tree(tree, "bytes"), Some("bytes v1.0.0"));
    }

    #[test]
    fn drivers_have_clocks_and_cores_do_not() {
        for core in ["crates/mux/src/verdict.rs", "crates/netrpc/src/intake.rs", "crates/state/src/tables.rs"] {
            assert!(is_told_the_time(core), "{core}");
        }
        for other in [
            "crates/mux/src/driver/log.rs",
            "crates/netrpc/src/server.rs",
            "crates/layers/src/measure.rs",
            "crates/yamux/tests/x.rs",
        ] {
            assert!(!is_told_the_time(other), "{other}");
        }
    }
}
